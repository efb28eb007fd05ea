"""What all tests stand on: the same examples in each run, and nothing of the person or the machine that runs them.

Hypothesis takes its own profile for CI: examples follow from the test alone, so that a commit is green or red whoever
looks. To look for what nobody has thought of, `python -m pytest --hypothesis-profile=hunt` draws new ones each time.
"""

import os

import pytest
from hypothesis import HealthCheck, settings

from tests.real_models import real_model  # noqa: F401 – one for all tests

settings.register_profile("hunt", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ci")

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
PERSONS = ("OPENROUTER_API_KEY", "HF_TOKEN", "HF_ENDPOINT", "HF_HUB_OFFLINE", "OLLAMA_MODELS")
# At once, not in a hook: conftests of folders import modules that look at the environment.
for name in (*PROXIES, *map(str.lower, PROXIES), *PERSONS):
    os.environ.pop(name, None)


@pytest.fixture(scope="session", autouse=True)
def own_folders(tmp_path_factory: pytest.TempPathFactory):
    """What runs learn about a machine, its settings and its caches: empty at first, and gone afterwards."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CUSTOM_AI_CONFIG", str(tmp_path_factory.mktemp("config")))
        patch.setenv("CUSTOM_AI_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield
