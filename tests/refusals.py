"""What a person is told where something is refused."""

from collections.abc import Callable

import pytest

from utils.errors import AppError


def refusal_of(action: Callable[[], object]) -> AppError:
    """The error that `action` raises."""
    with pytest.raises(AppError) as refused:
        action()
    return refused.value


def code_of(action: Callable[[], object]) -> str:
    """The code of the error that `action` raises."""
    return refusal_of(action).code
