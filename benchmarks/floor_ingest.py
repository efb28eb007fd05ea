"""What the libraries alone cost, as a process of its own: the limit that `benchmarks.ingest` measures ours against.

pdfium's text of every page and one pass of the raw tokenizer over it; nothing is cleaned, cut or stored.
`python -m benchmarks.floor_ingest TOKENIZER FILE…`
"""

import json
import sys
import time

import pypdfium2
from tokenizers import Tokenizer


def main(tokenizer_file: str, *files: str) -> None:
    tokenizer = Tokenizer.from_file(tokenizer_file)
    pages = characters = tokens = 0
    tokenizing_seconds = 0.0
    for file in files:
        document = pypdfium2.PdfDocument(file)
        texts = []
        for page in document:
            text_page = page.get_textpage()
            texts.append(text_page.get_text_bounded())
            text_page.close()
            page.close()
        document.close()
        started = time.monotonic()
        tokens += sum(len(found) for found in tokenizer.encode_batch_fast(texts, add_special_tokens=False))
        tokenizing_seconds += time.monotonic() - started
        pages += len(texts)
        characters += sum(map(len, texts))
    result = {"pages": pages, "characters": characters, "tokens": tokens, "tokenizing": tokenizing_seconds}
    print(json.dumps(result))


if __name__ == "__main__":
    main(*sys.argv[1:])
