"""`python -m benchmarks.fidelity CORPUS`: how much of what a document says is in the database, and in which order.

Documents are read by `python app.py rag` as a user runs it. What is compared is the stored text alone, put together
from the chunks; the reference is poppler's `pdftotext` for PDF, the XML for DOCX and the file itself for TXT.
"""

import argparse
import re
import resource
import shutil
import subprocess
import tempfile
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from lxml import etree

from benchmarks.documents import StoredDocument, files_in, read_into_database, sha256_of, stored_documents

WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
# Scripts without spaces between words: each character counts as a word.
CJK = "\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f"
TOKEN = re.compile(rf"[{CJK}]|[^\W{CJK}]+")
PLAIN_TOKEN = re.compile(r"\w+")
HYPHENS = "\u00ad\u0002\ufffe\u2010\u2011-"
# A hyphen between letters is no part of a word here: whether one at a line end belongs to the word, a program can
# only guess, and pdftotext guesses that it never does ("GNU-" and "Projekt" become "GNUProjekt").
INNER_HYPHEN = re.compile(rf"(?<=\w)[{HYPHENS}](?:[ \t]*\r?\n\s*)?(?=\w)")
PDFTOTEXT_SECONDS = 60
PDFTOTEXT_BYTES = 2 * 2**30
EDGE_LINES = 3
REPEATED_ON_PAGES = 3
REPEATED_WITHIN_PAGES = 8
GERMAN_NAME = re.compile(r"[._-](de|DE)[._-]|l2kurz|-deu?\b")
GERMAN_FILES = 3
PARTS_OF_DOCX = re.compile(r"word/(document|footnotes|endnotes|header\d*|footer\d*)\.xml$")


@dataclass
class Score:
    """Words and pairs of neighbouring words of the reference, and how many of each were found again."""

    words: int = 0
    words_found: int = 0
    pairs: int = 0
    pairs_found: int = 0
    missing: Counter[str] = field(default_factory=Counter)

    @property
    def recall(self) -> float:
        return self.words_found / self.words if self.words else 1.0

    @property
    def order(self) -> float:
        return self.pairs_found / self.pairs if self.pairs else 1.0

    def add(self, other: "Score") -> None:
        self.words += other.words
        self.words_found += other.words_found
        self.pairs += other.pairs
        self.pairs_found += other.pairs_found


def words(text: str) -> list[str]:
    """The words of a text: NFKC, without case, hyphens inside words taken out, CJK character by character."""
    return TOKEN.findall(INNER_HYPHEN.sub("", unicodedata.normalize("NFKC", text).casefold()))


def plain_words(text: str) -> list[str]:
    """What somebody in a hurry would compare: every run of \\w, in lower case."""
    return PLAIN_TOKEN.findall(text.lower())


def compare(reference: Sequence[str], ours: Sequence[str]) -> Score:
    """How many of the reference's words and word pairs are in ours, counted as often as they occur."""
    wanted, there = Counter(reference), Counter(ours)
    pairs_wanted, pairs_there = Counter(pairwise(reference)), Counter(pairwise(ours))
    return Score(
        words=wanted.total(),
        words_found=(wanted & there).total(),
        pairs=pairs_wanted.total(),
        pairs_found=(pairs_wanted & pairs_there).total(),
        missing=wanted - there,
    )


def without_running_lines(pages: Sequence[str]) -> list[str]:
    """The pages without what repeats at their edges: page numbers, and lines that differ from page to page at most
    in their digits."""
    lines_of = [page.split("\n") for page in pages]
    edges = [{_shape(lines[at]) for at in _edge_places(lines)} for lines in lines_of]
    kept = []
    for index, lines in enumerate(lines_of):
        around = edges[max(0, index - REPEATED_WITHIN_PAGES) : index + REPEATED_WITHIN_PAGES + 1]
        dropped = {
            at
            for at in _edge_places(lines)
            if not _shape(lines[at]).strip("#ivxlc -–·|")
            or sum(_shape(lines[at]) in shapes for shapes in around) >= REPEATED_ON_PAGES
        }
        kept.append("\n".join(line for at, line in enumerate(lines) if at not in dropped))
    return kept


def _edge_places(lines: Sequence[str]) -> set[int]:
    filled = [at for at, line in enumerate(lines) if line.strip()]
    return {*filled[:EDGE_LINES], *filled[-EDGE_LINES:]}


def _shape(line: str) -> str:
    return re.sub(r"\d+", "#", line.strip().casefold())


def pdftotext_pages(path: Path, *options: str) -> list[str]:
    """What poppler reads, page by page; nothing where it cannot, within a minute and 2 GiB."""
    try:
        done = subprocess.run(
            ["pdftotext", *options, "-q", str(path), "-"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=False,
            timeout=PDFTOTEXT_SECONDS,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (PDFTOTEXT_BYTES, PDFTOTEXT_BYTES)),
        )
    except subprocess.TimeoutExpired:
        return []
    return done.stdout.decode("utf-8", "replace").split("\f")[:-1]


@dataclass
class PdfScores:
    """One PDF: by page and as a whole, with and without running lines, and as an outsider would measure it."""

    name: str
    pages: list[tuple[int, Score]]
    strict: Score
    clean: Score
    plain: Score


def pdf_scores(path: Path, stored: StoredDocument) -> PdfScores:
    reference = pdftotext_pages(path)
    ours = [stored.pages.get(number, "") for number in range(1, len(reference) + 1)]
    clean_pages = without_running_lines(reference)
    by_page = [
        (number, compare(words(a), words(b))) for number, (a, b) in enumerate(zip(clean_pages, ours, strict=True), 1)
    ]
    ours_words = words(stored.text)
    return PdfScores(
        path.name,
        by_page,
        strict=compare(words("\n".join(reference)), ours_words),
        clean=compare(words("\n".join(clean_pages)), ours_words),
        plain=compare(plain_words("\n".join(reference)), plain_words(stored.text)),
    )


def docx_words(path: Path, parts: re.Pattern[str] = PARTS_OF_DOCX) -> list[str]:
    """Every word in a DOCX's XML: text, notes, text boxes, headers and footers."""
    found: list[str] = []
    with zipfile.ZipFile(path) as archive:
        for name in sorted(archive.namelist()):
            if not parts.match(name):
                continue
            root = etree.fromstring(archive.read(name), etree.XMLParser(resolve_entities=False, huge_tree=True))
            for fallback in list(root.iter(FALLBACK)):  # the same text once more, for old versions of Word
                fallback.getparent().remove(fallback)
            for paragraph in root.iter(f"{WORD}p"):
                found.extend(words("".join(_own_text(paragraph))))
    return found


def _own_text(paragraph: etree._Element) -> Iterator[str]:
    """The text of a paragraph, without that of paragraphs inside it."""
    for element in paragraph.iter(f"{WORD}t", f"{WORD}tab", f"{WORD}br", f"{WORD}cr", f"{WORD}noBreakHyphen"):
        if next(element.iterancestors(f"{WORD}p")) is paragraph:
            if element.tag == f"{WORD}t":
                yield element.text or ""
            else:
                yield "-" if element.tag == f"{WORD}noBreakHyphen" else " "


def lost_characters(source: str, stored: str) -> Counter[str]:
    """The characters other than white space that are in the source more often than in what was stored."""
    return Counter("".join(source.split())) - Counter("".join(stored.split()))


def german_texts(files: Iterable[Path], folder: Path) -> Iterator[tuple[Path, str]]:
    """German texts as files in the encodings that old and new Windows programs write, and what they say.

    The texts come from the corpus's German PDFs, reduced to what CP1252 can hold.
    """
    folder = folder / "texts"
    folder.mkdir()
    for path in [path for path in files if path.suffix == ".pdf" and GERMAN_NAME.search(path.name)][:GERMAN_FILES]:
        text = clean_of_cp1252("\n".join(pdftotext_pages(path)))
        for encoding in ("cp1252", "utf-16", "utf-16-le", "utf-16-be", "utf-8"):
            # With something of its own in each, or the later ones were refused as duplicates of the content.
            own = f"{text}\n{encoding}\n"
            target = folder / f"{path.stem}.{encoding}.txt"
            target.write_bytes(own.encode(encoding))
            yield target, own


def clean_of_cp1252(text: str) -> str:
    """The text without what CP1252 cannot hold, and without soft hyphens, which no reader sees."""
    text = unicodedata.normalize("NFC", text).replace("\u00ad", "").encode("cp1252", "ignore").decode("cp1252")
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", "", text)


def report_pdf(scores: Sequence[PdfScores], worst: int) -> None:
    if not scores:
        return
    print(f"PDF against pdftotext ({len(scores)} files, {sum(len(score.pages) for score in scores):,} pages)")
    print(f"{'':44}{'without running lines':>24}{'everything':>24}{'plain harness':>24}")
    print(f"{'':44}" + f"{'recall':>12}{'order':>12}" * 3 + f"{'pages<0.94':>12}")
    total = PdfScores("together", [], Score(), Score(), Score())
    for score in sorted(scores, key=lambda score: score.strict.recall):
        print(_line(score))
        total.pages.extend(score.pages)
        for kind in ("strict", "clean", "plain"):
            getattr(total, kind).add(getattr(score, kind))
    print(_line(total))
    pages = [
        (page.recall, score.name, number, page) for score in scores for number, page in score.pages if page.words > 20
    ]
    by_page = Score()
    for _, _, _, page in pages:
        by_page.add(page)
    print(f"page by page, without running lines: recall {by_page.recall:.4f}, order {by_page.order:.4f}")
    for recall, name, number, page in sorted(pages, key=lambda entry: entry[:3])[:worst]:
        some = " ".join(word for word, _ in page.missing.most_common(12))
        print(f"  {recall:.3f} {page.order:.3f} {name} page {number}: {some}")


def _line(score: PdfScores) -> str:
    bad = sum(page.recall < 0.94 for _, page in score.pages)
    figures = (f"{part.recall:12.4f}{part.order:12.4f}" for part in (score.clean, score.strict, score.plain))
    return f"{score.name[:43]:44}{''.join(figures)}{bad:12}"


def report_docx(documents: Sequence[tuple[Path, StoredDocument]]) -> None:
    if not documents:
        return
    body = re.compile(r"word/(document|footnotes|endnotes)\.xml$")
    everything, without_edges = Score(), Score()
    lines = []
    for path, document in documents:
        ours = words(document.text)
        whole, inner = compare(docx_words(path), ours), compare(docx_words(path, body), ours)
        everything.add(whole)
        without_edges.add(inner)
        lines.append((whole.recall, inner.recall, path.name, whole.missing))
    print(f"\nDOCX against the XML ({len(documents)} files)")
    print(f"  recall {everything.recall:.4f}, without headers and footers {without_edges.recall:.4f}")
    for recall, inner_recall, name, missing in sorted(lines, key=lambda line: line[:3]):
        if recall < 0.99:
            some = " ".join(word for word, _ in missing.most_common(12))
            print(f"  {recall:.3f} {inner_recall:.3f} {name}: {some}")


def report_text(texts: Sequence[tuple[Path, str]], stored: dict[str, StoredDocument]) -> None:
    print(f"\nGerman text in five encodings ({len(texts)} files)")
    for path, text in texts:
        document = stored.get(sha256_of(path))
        lost = lost_characters(text, document.text if document else "")
        added = lost_characters(document.text if document else "", text)
        counts = f"{len(text):9,} characters, lost {lost.total()}, added {added.total()}"
        print(f"  {path.name:40} {counts} {dict(lost.most_common(5) or added.most_common(5))}")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("corpus", type=Path, help="a folder, searched with all folders below it")
    options.add_argument("--database", type=Path, help="compare with this rag.db instead of reading the documents")
    options.add_argument("--worst", type=int, default=10, help="how many of the worst pages to list")
    given = options.parse_args()
    if not shutil.which("pdftotext"):
        raise SystemExit("this benchmark compares with pdftotext (Debian: poppler-utils), which is not installed")
    with tempfile.TemporaryDirectory() as temporary:
        files = files_in(given.corpus, (".pdf", ".docx"))
        texts = list(german_texts(files, Path(temporary)))
        database = given.database or read_into_database([*files, *(path for path, _ in texts)], Path(temporary))
        stored = {document.sha256: document for document in stored_documents(database)}
        by_hash = [(path, stored[digest]) for path in files if (digest := sha256_of(path)) in stored]
        report_pdf([pdf_scores(path, document) for path, document in by_hash if path.suffix == ".pdf"], given.worst)
        report_docx([(path, document) for path, document in by_hash if path.suffix == ".docx"])
        if not given.database:
            report_text(texts, stored)


if __name__ == "__main__":
    main()
