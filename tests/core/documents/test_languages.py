import pytest
from hypothesis import given
from hypothesis import strategies as st
from material import ENERGY_TEXT

from core.documents.languages import STOP_WORDS, language_of

TEXTS = {
    "de": "Der Wirkungsgrad ist das Verhältnis von nutzbarer zu zugeführter Energie und wird in Prozent angegeben.",
    "en": "The efficiency of a machine is the ratio of the useful energy to the energy that is supplied to it.",
    "fr": "Le rendement est le rapport entre l'énergie utile et l'énergie fournie, et il est donné dans une table.",
    "es": "El rendimiento es la relación entre la energía útil y la energía suministrada, y no tiene una unidad.",
    "it": "Il rendimento è il rapporto tra l'energia utile e quella fornita, e non è mai più di uno.",
    "pt": "O rendimento é a razão entre a energia útil e a energia fornecida, e não pode ser maior do que um.",
    "nl": "Het rendement is de verhouding van de nuttige energie tot de energie die wordt toegevoerd.",
    "pl": "Sprawność jest to stosunek energii użytecznej do energii dostarczonej i nie może być większa.",
    "sv": "Verkningsgraden är förhållandet mellan den nyttiga energin och den som tillförs, och det är inte samma.",
    "ja": "この章では計算機の基本的な使い方を説明します。電源を入れてからログインするまでの手順は次のとおりです。",
    "zh": "本章介绍计算机的基本使用方法。从打开电源到登录系统的步骤如下所示，请按照说明操作。",
    "ko": "이 장에서는 컴퓨터의 기본적인 사용법을 설명합니다. 전원을 켜고 로그인하는 순서는 다음과 같습니다.",
    "ru": "Коэффициент полезного действия есть отношение полезной энергии к подведённой и выражается в процентах.",
    "uk": "Коефіцієнт корисної дії є відношенням корисної енергії до підведеної і виражається у відсотках.",
    "el": "Ο βαθμός απόδοσης είναι ο λόγος της ωφέλιμης ενέργειας προς την ενέργεια που προσφέρεται.",
    "ar": "الكفاءة هي نسبة الطاقة المفيدة إلى الطاقة المزودة ويعبر عنها بالنسبة المئوية في الجداول التالية.",
    "he": "נצילות היא היחס בין האנרגיה המועילה לבין האנרגיה המושקעת והיא נמדדת בדרך כלל באחוזים.",
}


@pytest.mark.parametrize(
    ("text", "language"),
    [
        *((text, language) for language, text in TEXTS.items()),
        (ENERGY_TEXT * 3, "de"),
        (TEXTS["ja"] + " Debian GNU/Linux installer /etc/apt/sources.list" * 2, "ja"),
        *(("", ""), ("   ", ""), ("42 17 3.5 | 18 22", ""), ("Energie", ""), ("Hallo Welt " * 30, "")),
        ("for (int i = 0; i < n; i++) { sum += values[i]; }", ""),
        ("import os\nfrom pathlib import Path\nclass A:\n    def f(self): return None", ""),
        ("rm -rf /tmp/x && sudo apt-get install gcc | grep -v foo; sudo apt-get update", ""),
        ("Pumpe 29 | 87 bar | 203 kW\nPumpe 30 | 90 bar | 210 kW\n" * 9, ""),
    ],
)
def test_a_text_tells_its_language_and_what_is_no_prose_has_none(text, language):
    assert language_of(text) == language


@given(st.text(max_size=400))
def test_any_text_has_an_answer(text):
    assert language_of(text) in {"", *TEXTS, *STOP_WORDS, "th", "hi"}
