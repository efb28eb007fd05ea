"""A text's language, by its script and its commonest words. Knows no file and no model."""

import re
from collections import Counter, defaultdict

MOST_CHARACTERS = 20_000
LEAST_WORDS = 12
LEAST_SHARE = 0.08  # of the words that are stop words of the language; prose has 0.25 to 0.5, tables and code less
LEAST_DIFFERENT = 3  # stop words: a program names a few again and again
LEAST_LEAD = 1.25  # how many times more than in the next language
LEAST_OF_SCRIPT = 0.5  # of the letters

# Words that are frequent in one of these languages and in as few of the others as can be.
STOP_WORDS = {
    "de": "der die das und ist nicht ein eine einen einem einer eines mit auf für von zu den dem des im sich "
    "auch wird werden sind bei oder als wie kann aus nach durch wenn dass über nur sie es er wir ich "
    "haben hat zum zur vom noch aber mehr man so diese dieser dieses war wurde sein unter bis können",
    "en": "the of and to in is that it for as with was on be by this are or at from not have which you can an "
    "but if will has were their there when they would what all we one may use its been other must should "
    "how then so do",
    "fr": "le la les de des du et un une est en que qui dans pour sur pas par au aux avec ce cette ces il elle "
    "ils nous vous sont ne se plus ou mais être fait peut comme son sa ses leur été ont c'est d'un d'une "
    "n'est",
    "es": "el la los las de del y un una es en que por para con no se al lo como más su sus o pero este esta "
    "estos son ha hay si le ser también puede entre cuando muy sin sobre todo desde fue",
    "it": "il lo la gli le di del della dei delle e un una è in che per con non si al alla nel nella da dal "
    "come più sono anche ma questo questa o se ha suo sua essere può tra quando i degli ai",
    "pt": "o a os as de do da dos das e um uma é em que por para com não se ao no na nos nas como mais seu sua "
    "ou mas este esta são também pode foi ser pelo pela entre quando muito sem já você",
    "nl": "de het een en van is in dat op te zijn voor met niet aan er om ook als bij naar uit door maar wordt "
    "worden deze dit heeft hebben kan die of nog over tot je wat zich werd meer dan wel geen",
    "pl": "i w na z się nie do to jest że o jak po przez dla od są oraz lub ale może tym tego które który która "
    "jego przy co za być ten tak został było jej ich czy już",
    "sv": "och att det som en på är av för med den till inte om ett han men var jag sig från vi så kan när "
    "eller ska har de i också efter vid mot detta över",
    "da": "og at det som en på er af for med den til ikke om et han men var jeg sig fra vi så kan når eller "
    "skal har de i også efter ved mod dette over blev være",
    "fi": "ja on ei se että oli hän mutta ovat kun niin myös joka sen tai jos kuin ole voi mukaan sekä vain tämä",
    "cs": "a je se na v že to s z do o i k pro jako ale by jsou které který nebo při jeho také byl jen může být po",
    "tr": "ve bir bu da de için ile olarak daha çok olan gibi ancak kadar ne sonra en var değil veya her ise",
    "hu": "a az és hogy nem is egy ez van meg csak de vagy mint már volt ha ki kell lehet amely azt még",
    "ro": "și de la în cu un o pe care nu este din sau pentru mai că se al ale sunt fi dar prin ce poate",
}
_LANGUAGES_OF = defaultdict[str, set[str]](set)
for _language, _words in STOP_WORDS.items():
    for _word in _words.split():
        _LANGUAGES_OF[_word].add(_language)
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_SCRIPTS = {
    "kana": re.compile(r"[\u3040-\u30ff]"),
    "han": re.compile(r"[\u3400-\u9fff\uf900-\ufaff]"),
    "ko": re.compile(r"[\uac00-\ud7af]"),
    "cyrillic": re.compile(r"[\u0400-\u04ff]"),
    "el": re.compile(r"[\u0370-\u03ff\u1f00-\u1fff]"),
    "ar": re.compile(r"[\u0600-\u06ff]"),
    "he": re.compile(r"[\u0590-\u05ff]"),
    "th": re.compile(r"[\u0e00-\u0e7f]"),
    "hi": re.compile(r"[\u0900-\u097f]"),
}
_UKRAINIAN = re.compile(r"[іїєґ]", re.IGNORECASE)
LEAST_KANA = 0.05  # of the letters: Japanese is never without, Chinese always
CHARACTERS_FOR_LETTERS = 5  # of Latin script say as much as one of Chinese or Japanese


def language_of(text: str) -> str:
    """The language of a text as a code such as "de", or "" where it is not clear.

    Only the first 20,000 characters count. A page of contents, a table or a program has no language.
    """
    text = text[:MOST_CHARACTERS]
    return (not text.isascii() and _by_script(text)) or _by_words(text)


def _by_script(text: str) -> str:
    counts = {name: len(pattern.findall(text)) for name, pattern in _SCRIPTS.items()}
    others = sum(counts.values())
    letters = sum(map(str.isalpha, text))
    latin = max(0, letters - others)
    east = counts["kana"] + counts["han"] + counts["ko"]
    if east and east >= LEAST_OF_SCRIPT * (east + latin / CHARACTERS_FOR_LETTERS) and east >= LEAST_WORDS:
        if counts["ko"] > 0.3 * east:
            return "ko"
        return "ja" if counts["kana"] >= LEAST_KANA * east else "zh"
    for name in ("cyrillic", "el", "ar", "he", "th", "hi"):
        if counts[name] > LEAST_OF_SCRIPT * max(letters, 1) and counts[name] >= 3 * LEAST_WORDS:
            if name == "cyrillic":
                return "uk" if len(_UKRAINIAN.findall(text)) > 0.02 * counts[name] else "ru"
            return name
    return ""


def _by_words(text: str) -> str:
    words = [word.lower().replace("’", "'") for word in _WORD.findall(text)]
    if len(words) < LEAST_WORDS:
        return ""
    scores: Counter[str] = Counter()
    for word in words:
        for language in _LANGUAGES_OF.get(word, ()):
            scores[language] += 1
    different = Counter(language for word in set(words) for language in _LANGUAGES_OF.get(word, ()))
    ranked = [*scores.most_common(2), ("", 0), ("", 0)]
    (best, hits), (_, next_hits) = ranked[:2]
    if different[best] < LEAST_DIFFERENT:
        return ""
    return best if hits >= LEAST_SHARE * len(words) and hits >= LEAST_LEAD * next_hits else ""
