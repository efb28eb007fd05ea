"""How time and memory of the `rag` command grow with a file's size: part of `python -m benchmarks.ingest --growth`.

Files of 1, 2 and 4 times 75 MB are made from the corpus: a PDF of its pages again and again, a PDF of pictures with
little text, and a text. Time should double from one to the next, and memory stay.
"""

import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from itertools import cycle
from pathlib import Path

import pypdfium2

from benchmarks.documents import files_in, new_project, rag_command
from benchmarks.fidelity import pdftotext_pages
from benchmarks.process_tree import watched

MB = 1_000_000
SIZE_MB = 75
FACTORS = (1, 2, 4)
PICTURE_BYTES = 100_000
LINES_ON_PICTURE = 20
SAVED_BYTES_PER_READ_BYTE = 1.3  # pdfium writes objects one by one that were packed together


def growth(corpus: Path) -> None:
    """Make, read and report one file after the other."""
    files = files_in(corpus, (".pdf",))
    for kind in MAKERS:
        print(f"{kind}:")
        first_seconds_per_mb = 0.0
        for factor in FACTORS:
            with tempfile.TemporaryDirectory() as temporary:
                folder = Path(temporary)
                # In a process of its own: the memory of making it is then given back.
                command = [sys.executable, "-m", "benchmarks.growth", kind, str(SIZE_MB * factor), str(folder)]
                subprocess.run([*command, *map(str, files)], check=True)
                (made,) = folder.iterdir()
                size_mb = made.stat().st_size / MB
                projects = folder / "projects"
                new_project(projects)
                run = watched(rag_command(projects, [made]))
            seconds_per_mb = run.seconds / size_mb
            first_seconds_per_mb = first_seconds_per_mb or seconds_per_mb
            (document,) = json.loads(run.last_line)["documents"]
            read = f"{document['status']}, {document['pages']:,} pages, {document['chunks']:,} chunks"
            print(
                f"  {size_mb:6.0f} MB, {read}: "
                f"{run.seconds:.1f} s ({seconds_per_mb / first_seconds_per_mb:.2f} × the first per MB), "
                f"at most {run.peak_pss_mib:.0f} MiB (PSS; RSS {run.peak_rss_mib:.0f})"
            )


def make_book(megabytes: int, folder: Path, sources: Sequence[Path]) -> None:
    """The sources' pages, again and again until the file is about large enough."""
    book = pypdfium2.PdfDocument.new()
    expected = 0.0
    for source in cycle(sources):
        if expected > megabytes * MB:
            break
        document = pypdfium2.PdfDocument(source)
        book.import_pages(document)
        document.close()
        expected += source.stat().st_size * SAVED_BYTES_PER_READ_BYTE
    book.save(folder / "book.pdf")


def make_pictures(megabytes: int, folder: Path, sources: Sequence[Path]) -> None:
    """Pages with a picture that does not compress and some lines of text each, as a scanner with OCR makes them."""
    lines = _lines_without_end(sources)
    noise = random.Random(1)
    count = megabytes * MB // PICTURE_BYTES
    with (folder / "pictures.pdf").open("wb") as file:
        offsets: list[int] = []

        def add(content: bytes) -> None:
            offsets.append(file.tell())
            file.write(b"%d 0 obj\n%s\nendobj\n" % (len(offsets), content))

        file.write(b"%PDF-1.4\n")
        add(b"<</Type/Catalog/Pages 2 0 R>>")
        kids = b" ".join(b"%d 0 R" % (4 + 3 * page) for page in range(count))
        add(b"<</Type/Pages/Count %d/Kids[%s]>>" % (count, kids))
        add(b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>")
        for page in range(count):
            text = b"".join(
                b"(%s)' " % next(lines).encode("cp1252", "ignore").translate(None, b"()\\\r\n")
                for _ in range(LINES_ON_PICTURE)
            )
            content = b"q 200 0 0 200 50 50 cm /P Do Q BT /F 9 Tf 11 TL 50 780 Td " + text + b"ET"
            add(
                b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents %d 0 R"
                b"/Resources<</Font<</F 3 0 R>>/XObject<</P %d 0 R>>>>>>" % (5 + 3 * page, 6 + 3 * page)
            )
            add(b"<</Length %d>>stream\n%s\nendstream" % (len(content), content))
            side = int(PICTURE_BYTES**0.5)
            add(
                b"<</Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceGray/BitsPerComponent 8"
                b"/Length %d>>stream\n%s\nendstream" % (side, side, side * side, noise.randbytes(side * side))
            )
        start = file.tell()
        file.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(offsets) + 1))
        file.writelines(b"%010d 00000 n \n" % offset for offset in offsets)
        file.write(b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(offsets) + 1, start))


def make_text(megabytes: int, folder: Path, sources: Sequence[Path]) -> None:
    """The sources' text, again and again."""
    texts = ["\n\n".join(pdftotext_pages(source)).encode() for source in sources]
    written = 0
    with (folder / "text.txt").open("wb") as file:
        for text in cycle(texts):
            written += file.write(text[: megabytes * MB - written])
            if written >= megabytes * MB:
                return


def _lines_without_end(sources: Sequence[Path]) -> Iterator[str]:
    for source in cycle(sources):
        for page in pdftotext_pages(source):
            yield from (line for line in page.split("\n") if line.strip())


MAKERS: dict[str, Callable[[int, Path, Sequence[Path]], None]] = {
    "PDF with the corpus's pages": make_book,
    "PDF with pictures": make_pictures,
    "text": make_text,
}


if __name__ == "__main__":
    kind, megabytes, folder, *sources = sys.argv[1:]
    MAKERS[kind](int(megabytes), Path(folder), [Path(source) for source in sources])
