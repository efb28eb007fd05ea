"""One module per document format: file → pages of text."""
