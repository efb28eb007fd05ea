"""A zip archive with XML inside, with bounds on what it may unpack to. Knows no format."""

import posixpath
import zipfile
import zlib
from pathlib import Path
from typing import IO

from lxml import etree

# What broken archives raise: bad structure or XML, broken compression, methods nobody knows, encrypted entries.
ARCHIVE_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    etree.XMLSyntaxError,
    OSError,
    EOFError,
    ValueError,
    NotImplementedError,
    RuntimeError,
)
TREE_BYTES = 16 * 1024 * 1024  # of XML that is held as a tree, which takes about ten times as much
# Nothing is fetched, no entity is expanded, and a comment inside a text does not part it.
PARSING: dict[str, bool] = {
    "resolve_entities": False,
    "load_dtd": False,
    "no_network": True,
    "huge_tree": False,
    "remove_comments": True,
    "remove_pis": True,
}


class TooLargeError(Exception):
    """A part of an archive, or all of it, would unpack to more than is held."""


class Archive:
    """A zip archive by the names inside. Everything may raise ARCHIVE_ERRORS where the file is broken."""

    def __init__(self, file: Path | IO[bytes]) -> None:
        self.zip = zipfile.ZipFile(file)
        self.sizes = {entry.filename: entry.file_size for entry in self.zip.infolist()}

    def has(self, name: str) -> bool:
        return name in self.sizes

    def open(self, name: str) -> IO[bytes]:
        """A part as a stream; zipfile never unpacks more of it than the directory says."""
        return self.zip.open(name)

    def bytes_of(self, name: str) -> bytes:
        """A part as a whole. Raises TooLargeError."""
        if self.sizes.get(name, 0) > TREE_BYTES:
            raise TooLargeError(name)
        return self.zip.read(name)

    def tree(self, name: str) -> etree._Element | None:
        """The root of an XML part, or None where there is no such part. Raises TooLargeError."""
        return etree.fromstring(self.bytes_of(name), etree.XMLParser(**PARSING)) if self.has(name) else None


def path_inside(base: str, target: str) -> str:
    """Where a link in the part `base` leads inside the archive."""
    if target.startswith("/"):
        return posixpath.normpath(target.lstrip("/"))
    return posixpath.normpath(posixpath.join(posixpath.dirname(base), target))
