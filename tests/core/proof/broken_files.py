"""GGUF files with one thing broken on purpose, as hand-offs go wrong in the wild."""

import gguf
import numpy as np

from core.export.quantizing import add_tensor_info, new_writer, with_head
from core.models.gguf_tokenizer import read


def rewritten(source, file, change, tensors=None):
    """The GGUF `source` written anew; `change` maps its keys to changed ones, `tensors` the data of its tensors."""
    reader = gguf.GGUFReader(source)
    file_type = gguf.LlamaFileType(read(reader, gguf.Keys.General.FILE_TYPE))
    writer = new_writer(reader, file, file_type, change(reader))
    for tensor in reader.tensors:
        add_tensor_info(writer, tensor, tensor.tensor_type)
    with_head(writer)
    data = {tensor.name: tensor.data for tensor in reader.tensors}
    for name, values in (tensors(data) if tensors else data).items():
        assert values.shape == data[name].shape
        writer.write_tensor_data(np.ascontiguousarray(values))
    writer.close()
    return file


def template(old, new):
    """Another chat template."""

    def change(reader):
        known = read(reader, gguf.Keys.Tokenizer.CHAT_TEMPLATE)
        assert old in known
        return {gguf.Keys.Tokenizer.CHAT_TEMPLATE: known.replace(old, new)}

    return change


def keys(**values):
    """Other values of keys, whose dots are written as two underscores."""
    return lambda reader: {name.replace("__", "."): value for name, value in values.items()}


def swapped_tokens(first, second):
    """Two words of the vocabulary that have each other's number."""

    def change(reader):
        tokens = read(reader, gguf.Keys.Tokenizer.LIST)
        tokens[first], tokens[second] = tokens[second], tokens[first]
        return {gguf.Keys.Tokenizer.LIST: tokens}

    return change


def unknown_end(end, eos):
    """The token that ends a turn has a name that no program knows, and another one counts as the end."""

    def change(reader):
        tokens = read(reader, gguf.Keys.Tokenizer.LIST)
        known = read(reader, gguf.Keys.Tokenizer.CHAT_TEMPLATE)
        name, tokens[end] = tokens[end], "<|no_end|>"
        return {
            gguf.Keys.Tokenizer.LIST: tokens,
            gguf.Keys.Tokenizer.CHAT_TEMPLATE: known.replace(name, "<|no_end|>"),
            gguf.Keys.Tokenizer.EOS_ID: eos,
        }

    return change


def unchanged(reader):
    """All keys as they are."""
    return {}


def swapped_layers(first, second):
    """Two layers that stand in each other's place: the weights of another model."""

    def change(data):
        names = {f"blk.{first}.": f"blk.{second}.", f"blk.{second}.": f"blk.{first}."}
        place = lambda name: next((name.replace(one, other) for one, other in names.items() if one in name), name)  # noqa: E731
        return {name: data[place(name)] for name in data}

    return change


def truncated(source, file):
    """A file that lost its end."""
    content = source.read_bytes()
    file.write_bytes(content[: len(content) * 2 // 3])
    return file
