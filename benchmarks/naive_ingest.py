"""The design that most tutorials end in, as a process of its own: what `benchmarks.ingest` measures ours against.

pypdf page by page, LangChain's splitter with a Hugging Face tokenizer, one INSERT and one commit for each chunk.
`python -m benchmarks.naive_ingest DATABASE TOKENIZER FILE…`
"""

import json
import logging
import sqlite3
import sys
from pathlib import Path

from langchain_text_splitters import RecursiveCharacterTextSplitter
from pypdf import PdfReader
from transformers import PreTrainedTokenizerFast


def main(database: str, tokenizer_file: str, *files: str) -> None:
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    logging.getLogger("transformers").setLevel(logging.ERROR)
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=tokenizer_file)
    splitter = RecursiveCharacterTextSplitter.from_huggingface_tokenizer(tokenizer, chunk_size=512, chunk_overlap=50)
    connection = sqlite3.connect(database)
    connection.execute(
        "CREATE TABLE documents (id INTEGER PRIMARY KEY AUTOINCREMENT, filename TEXT NOT NULL, chunk_index INTEGER, "
        "chunk_text TEXT NOT NULL, metadata JSON, created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP)"
    )
    pages = 0
    for file in files:
        reader = PdfReader(file)
        pages += len(reader.pages)
        text = "\n".join(page.extract_text() for page in reader.pages)
        for index, chunk in enumerate(splitter.split_text(text)):
            connection.execute(
                "INSERT INTO documents (filename, chunk_index, chunk_text, metadata) VALUES (?, ?, ?, ?)",
                (Path(file).name, index, chunk, json.dumps({"file": file})),
            )
            connection.commit()
    chunks = connection.execute("SELECT COUNT(*) FROM documents").fetchone()[0]
    print(json.dumps({"pages": pages, "chunks": chunks}))


if __name__ == "__main__":
    main(*sys.argv[1:])
