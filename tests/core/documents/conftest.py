"""What the tests of documents share: a store of chunks that holds nothing yet."""

import pytest

from core.documents.store.chunk_store import ChunkStore


@pytest.fixture
def store(tmp_path):
    return ChunkStore(tmp_path / "rag.db")
