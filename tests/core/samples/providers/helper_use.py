"""A helper that is opened, used and closed."""

import asyncio

import pytest

from core.samples.providers.chat import HelperError


def using(helper, use):
    """What `use` gives for a helper, which is closed after."""

    async def run():
        try:
            return await use(helper)
        finally:
            await helper.close()

    return asyncio.run(run())


def refusal_of(helper, use):
    """The error that `use` ends with."""
    with pytest.raises(HelperError) as raised:
        using(helper, use)
    return raised.value


def said_of(error):
    """What is said to people, and what becomes of the work."""
    return error.error.code, error.reaction
