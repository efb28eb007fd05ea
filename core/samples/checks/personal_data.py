"""Personal data in a text: which kinds there are. Knows patterns and check digits; never gives away what it found.

E-mail addresses, telephone numbers as they are written in Germany and internationally, IBANs and card numbers. The
last two must also fit their check digits, so that serial numbers and the like are rarely taken for them.
"""

import re

# What comes back; the texts call them gate.detail.<kind>.
KINDS = ("email", "phone", "iban", "card")

_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?P<host>(?:[\w-]{1,63}\.){1,8}[A-Za-z]{2,24})(?![\w-])")
# Domains that are reserved for examples (RFC 2606), and what German texts use for that.
_EXAMPLE_HOST = re.compile(
    r"(?:.*\.)?(?:example|beispiel|muster|test|invalid|localhost)(?:\.\w{2,4})?", re.IGNORECASE
)
_SEPARATED = r"[\s()/–-]{0,3}"
_PHONE = re.compile(
    rf"(?<![\w.,+/-])(?<!\d )(?:(?:\+|00)[1-9]\d{{0,2}}{_SEPARATED}(?:\(0\){_SEPARATED})?\d(?:{_SEPARATED}\d){{5,12}}"
    rf"|\(?0[1-9]\d{{1,4}}(?:\)|\s?[/–-]\s?|\)?\s)\s?\d{{2,}}(?:[\s–-]?\d){{2,8}})(?![\w]|[.,:]\d)"
)
_LEAST_DIGITS, _MOST_DIGITS = 8, 15  # of a telephone number; 15 by E.164
_IBAN = re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?:[ ]?[A-Z0-9]{4}){2,7}(?:[ ]?[A-Z0-9]{1,3})?(?!\w)")
_IBAN_LENGTHS = {
    "AT": 20, "BE": 16, "BG": 22, "CH": 21, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "EE": 20, "ES": 24, "FI": 18,
    "FR": 27, "GB": 22, "GR": 27, "HR": 21, "HU": 28, "IE": 22, "IS": 26, "IT": 27, "LI": 21, "LT": 20, "LU": 20,
    "LV": 21, "MC": 27, "MT": 31, "NL": 18, "NO": 15, "PL": 28, "PT": 25, "RO": 24, "SE": 24, "SI": 19, "SK": 24,
    "TR": 26, "UA": 29,
}  # fmt: skip
_CARD = re.compile(r"(?<![\w.,-])(?:[2-6]\d{3}(?:[ -]?\d{4}){3}|3[47]\d{2}[ -]?\d{6}[ -]?\d{5})(?![\w]|[.,-]\d)")


def personal_data(text: str) -> list[str]:
    """The kinds of personal data in a text, in the order of KINDS; the data themselves are kept from the caller."""
    found = []
    if "@" in text and any(not _EXAMPLE_HOST.fullmatch(match["host"]) for match in _EMAIL.finditer(text)):
        found.append("email")
    if any(map(str.isdigit, text)):
        if any(_is_phone(match[0]) for match in _PHONE.finditer(text)):
            found.append("phone")
        if any(is_iban(match[0]) for match in _IBAN.finditer(text)):
            found.append("iban")
        if any(is_card(match[0]) for match in _CARD.finditer(text)):
            found.append("card")
    return found


def is_iban(written: str) -> bool:
    """Whether the check digits of an IBAN are right (ISO 13616: the remainder by 97 is 1), and its length."""
    iban = written.replace(" ", "")
    length = _IBAN_LENGTHS.get(iban[:2])
    if not 15 <= len(iban) <= 34 or (length is not None and len(iban) != length):
        return False
    return int("".join(str(int(character, 36)) for character in iban[4:] + iban[:4])) % 97 == 1


def is_card(written: str) -> bool:
    """Whether the digits of a card number pass Luhn's check (ISO/IEC 7812)."""
    digits = [int(digit) for digit in written if digit.isdigit()]
    doubled = [digit * 2 - 9 * (digit > 4) for digit in digits[-2::-2]]
    return len(set(digits)) > 2 and (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _is_phone(written: str) -> bool:
    digits = [digit for digit in written if digit.isdigit()]
    return _LEAST_DIGITS <= len(digits) <= _MOST_DIGITS and len(set(digits)) > 2
