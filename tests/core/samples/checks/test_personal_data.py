import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.samples.checks.personal_data import KINDS, is_card, is_iban, personal_data


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Schreib an erika.mustermann@web-post.de, bitte.", "email"),
        ("Mail: (max+liste@uni-köln.de)", "email"),
        ("Ruf 030 1234567 an.", "phone"),
        ("Tel.: 0171/2345678", "phone"),
        ("Tel. (089) 12345-67", "phone"),
        ("+49 (0)221 12 34 56-7", "phone"),
        ("0049 30 123456", "phone"),
        ("Call +44 20 7946 0958.", "phone"),
        ("+1-212-555-0173", "phone"),
        ("IBAN: DE89 3704 0044 0532 0130 00", "iban"),
        ("DE89370400440532013000", "iban"),
        ("AT61 1904 3002 3457 3201", "iban"),
        ("CH93 0076 2011 6238 5295 7", "iban"),
        ("Karte 4111 1111 1111 1112 ist falsch, 4539 1488 0343 6467 nicht.", "card"),
        ("5555-5555-5555-4444 oder 378282246310005", "card"),
    ],
)
def test_personal_data_are_found(text, kind):
    assert personal_data(text) == [kind]


@pytest.mark.parametrize(
    "text",
    [
        "Am 01.02.2024 um 10:30 Uhr waren es 3,6 Millionen Joule.",
        "Siehe user@example.com oder jemand@beispiel.de.",
        "ISBN 978-3-16-148410-0 und 0-306-40615-2",
        "Version 0.64.6, Adresse 192.168.178.100, Port 8080",
        "Binär 0001 0010 0100, PLZ 01067 Dresden",
        "DE88 3704 0044 0532 0130 00 hat falsche Prüfziffern.",
        "4539 1488 0343 6468 auch.",
        "Die Masse ist 1234567890 kg, π ist 3.14159265358979.",
        "@dataclass und foo@bar",
        "SHA 0123456789abcdef0123456789abcdef",
        "0,05 bis 0,123456789",
        "Im Jahr 2024 12345678 Euro",
    ],
)
def test_other_numbers_and_signs_are_none(text):
    assert personal_data(text) == []


def test_several_kinds_are_told_in_their_order():
    text = "DE89 3704 0044 0532 0130 00, Tel. 030 1234567, a.b@post.de, 4539148803436467"
    assert personal_data(text) == list(KINDS)


@given(st.text(st.sampled_from("0123456789")).filter(lambda digits: 11 <= len(digits) <= 30))
def test_exactly_one_check_pair_makes_an_iban(account):
    right = [check for check in range(2, 99) if is_iban(f"XX{check:02d}{account}")]
    assert len(right) == 1


@given(st.integers(10**14, 10**15 - 1))
def test_exactly_one_last_digit_makes_a_card_number(beginning):
    assert sum(is_card(f"{beginning}{last}") for last in range(10)) <= 1


@given(st.text())
def test_any_text_can_be_looked_through(text):
    assert set(personal_data(text)) <= set(KINDS)
