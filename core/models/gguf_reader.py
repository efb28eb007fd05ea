"""The library of GGUF, made to read no further than a file's head. Heavy: it loads numpy and much more."""

import struct

import gguf
import numpy as np

LONGEST_LIST, MOST_TOKENS = 1 << 10, 1 << 21
Parts = tuple[int, list[np.ndarray], list[int], list[gguf.GGUFValueType]]


class Head(gguf.GGUFReader):
    """A file up to its tensors. Overrides internals of the library, which is pinned.

    It reads a list value by value, which takes seconds for a vocabulary. Of long lists only the length is kept here.
    """

    def _get_field_parts(self, orig_offs: int, raw_type: int) -> Parts:
        """How many bytes a value takes, its arrays, which of these are the value, and its types."""
        if raw_type == gguf.GGUFValueType.ARRAY:
            kind, count = struct.unpack_from("<IQ", self.data.data, orig_offs)
            if count > LONGEST_LIST:
                length = np.array([count], np.uint64)
                return 12 + self._bytes_of(kind, count, orig_offs + 12), [length], [0], [gguf.GGUFValueType.UINT64]
        return super()._get_field_parts(orig_offs, raw_type)

    def _bytes_of(self, kind: int, count: int, start: int) -> int:
        if count > MOST_TOKENS:
            raise ValueError("a list that is too long")
        if kind != gguf.GGUFValueType.STRING:
            return count * np.dtype(self.gguf_scalar_to_np[gguf.GGUFValueType(kind)]).itemsize
        length, content = struct.Struct("<Q").unpack_from, self.data.data
        place = start
        for _ in range(count):
            place += 8 + length(content, place)[0]
        return place - start

    def _build_tensor_info(self, offs: int, count: int) -> tuple[int, list[gguf.ReaderField]]:
        return offs, []
