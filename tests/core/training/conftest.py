"""What the tests of training share: a model to start from."""

from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Llama with random weights, for all tests of a file."""
    from tests.core.training.training_material import make_base  # brings torch along, which not every test here needs

    return make_base(tmp_path_factory.mktemp("base"))
