"""What the tests of training share: a model to start from, and a project."""

import pytest


@pytest.fixture
def private_base(tmp_path):
    """Such a model in a folder whose name is nobody's business."""
    from tests.core.training.training_material import make_base

    return make_base(tmp_path / "private" / "my-model")


@pytest.fixture
def home(tmp_path):
    """A project with samples, in a folder of its own."""
    from tests.core.training.training_material import make_project

    return make_project(tmp_path / "home")
