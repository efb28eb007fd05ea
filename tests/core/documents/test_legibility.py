import base64
import random
import string

import pytest

from core.documents.legibility import is_garbled

GERMAN = "Die Pumpe wird vor dem Start entlüftet und geprüft. Der Druck darf sechs Bar nicht übersteigen. " * 6
ENGLISH = "Before each start the pump is vented and checked. The pressure must not rise above six bar. " * 3
ENGLISH += (
    "Whoever opens its cover has to switch the main supply off first, wait for all moving parts to stand still, "
)
ENGLISH += "and keep children away from the machine; water on hot surfaces turns into steam within a moment. "
READABLE = {
    "German": GERMAN,
    "English": ENGLISH,
    "Polish": "Przed każdym uruchomieniem pompę należy odpowietrzyć i sprawdzić; ciśnienie nie może przekroczyć " * 6,
    "Finnish": "Ennen jokaista käynnistystä pumppu ilmataan ja tarkastetaan, eikä paine saa ylittää kuutta baaria. "
    * 6,
    "Turkish": "Her çalıştırmadan önce pompanın havası alınır ve kontrol edilir; basınç altı barı aşmamalıdır. " * 6,
    "Vietnamese": "Trước mỗi lần khởi động, máy bơm phải được xả khí và kiểm tra, áp suất không được vượt quá " * 6,
    "Hungarian": "Minden indítás előtt a szivattyút légteleníteni és ellenőrizni kell, a nyomás nem haladhatja meg "
    * 6,
    "Welsh": "Cyn pob cychwyn mae'r pwmp yn cael ei awyru a'i wirio. Ni ddylai'r pwysau godi uwchlaw chwe bar. " * 6,
    "Swahili": "Kabla ya kila kuanza pampu hutolewa hewa na kukaguliwa. Shinikizo lisizidi baa sita kamwe. " * 6,
    "Japanese": "始動の前に毎回ポンプの空気を抜いて点検してください。圧力は6バールを超えてはいけません。" * 9,
    "Chinese": "每次启动前必须对泵进行排气和检查。压力不得超过六巴。" * 20,
    "Korean": "시동하기 전에 매번 펌프의 공기를 빼고 점검하십시오. 압력은 6바를 초과할 수 없습니다. " * 9,
    "Russian": "Перед каждым пуском насос продувают и проверяют. Давление не должно превышать шести бар. " * 6,
    "Greek with Latin": "Πριν από κάθε εκκίνηση η αντλία PX-7 εξαερώνεται και ελέγχεται. " * 9,
    "Arabic": "قبل كل بدء تشغيل يتم تفريغ المضخة من الهواء وفحصها. يجب ألا يتجاوز الضغط ستة بار. " * 6,
    "a program": "for (int i = 0; i < n; i++) { if (buf[i] == '\\0') return strlen(buf); x ^= mask >> 4; }\n" * 9,
    "numbers": "12,5 | 17,3 | 400 kW | 12.03.2024 | -7 °C | 3.500,00 €\n" * 30,
    "formulas": "x^2 + y^2 = z^2; f(x) = ∫_0^1 g(t) dt; ∑_(k=1)^n k = n(n+1)/2; ∀ε>0 ∃δ>0: |x−y|<δ\n" * 20,
    "hexadecimal": "".join(random.Random(1).choices("0123456789abcdef", k=3000)),
    "base64": base64.b64encode(random.Random(1).randbytes(2000)).decode(),
    "genes": "".join(random.Random(1).choices("ACGT", k=2000)),
    "contents": "Einleitung ............................ 3\nMontage ............................. 17\n" * 20,
    "short": "Xqzj vkw",
    "a table of few words": "Typ | Prüfdruck | Leistung\n" + "Pumpe 29 | 87 bar | 203 kW\n" * 99,
    "a table of codes": "".join(f"XK-{n} | QJZ | {n} kVA | WXV-{n * 7} | BHQ\n" for n in range(99)),
    "abbreviations": "PKW LKW ABS ESP HWG BGB StVZO GmbH AG KG MwSt kWh DIN ISO EN IP65 NYM-J 3x1,5 mm² " * 9,
    "units": "kW kVA bar mbar hPa mm cm km kg mg °C K N Nm kN V mV A mA W kWh Hz kHz MHz lx lm cd mol s ms h " * 9,
    "file names": "".join(f"/usr/lib/x86_64-linux-gnu/libxcb-shm.so.{n}\n" for n in range(99)),
    "part numbers": "XK-4711-QZ 12 | VW-0815-XY 3 | QJ-2210-ZW 44\n" * 4,
}


@pytest.mark.parametrize("text", READABLE.values(), ids=READABLE)
def test_what_can_be_read_is_not_garbled(text):
    assert not is_garbled(text)


def shifted(text: str, by: int) -> str:
    return "".join(chr(ord(character) + by) for character in text)


def shuffled(text: str, seed: int) -> str:
    letters = list(string.ascii_lowercase)
    random.Random(seed).shuffle(letters)
    return text.lower().translate(str.maketrans(string.ascii_lowercase, "".join(letters)))


ONE_SENTENCE = "Die Pumpe wird vor dem Start entlueftet und geprueft. "
GARBLED = {
    **{f"one sentence shifted by {by}": shifted(ONE_SENTENCE, by) * 20 for by in (-29, -1, 1, 3)},
    "one sentence without spaces": shifted(ONE_SENTENCE, -29).replace("\x03", "") * 20,
    **{f"German shifted by {by}": shifted(GERMAN, by) for by in (-29, -2, -1, 1, 2, 3, 4)},
    **{f"English shifted by {by}": shifted(ENGLISH, by) for by in (-29, -3, 1, 5)},
    **{f"English shuffled {seed}": shuffled(ENGLISH, seed) for seed in (3, 5)},
    "a private font": shifted(GERMAN, 0xF000 - 0x20),
    "signs numbered from 1 on": GERMAN.translate(
        {ord(letter): 0x21 + at for at, letter in enumerate(dict.fromkeys(GERMAN))}
    ),
    "Russian read as Western": READABLE["Russian"].encode("cp1251").decode("cp1252"),
    "signs' numbers as characters": "".join(chr(random.Random(n).randrange(0x100, 0x2E00)) for n in range(600)),
    "replacement characters": "\ufffd" * 400,
}


@pytest.mark.parametrize("text", GARBLED.values(), ids=GARBLED)
def test_letters_that_are_not_those_that_were_printed_are_noticed(text):
    assert is_garbled(text)
