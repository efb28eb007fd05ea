import pytest
from pydantic import ValidationError

from utils.config import SftSettings
from utils.validators import http_address


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("localhost:1234", "http://localhost:1234"),
        ("127.0.0.1:1234/v1", "http://127.0.0.1:1234/v1"),
        (" http://127.0.0.1:1234/v1 \n", "http://127.0.0.1:1234/v1"),
        ("http://127.0.0.1:1234/v1/?api-version=2024-10-21", "http://127.0.0.1:1234/v1"),
        ("http://127.0.0.1:1234/v1/models", "http://127.0.0.1:1234/v1"),
        ("http://127.0.0.1:11434/api/chat", "http://127.0.0.1:11434"),
        ("https://host.example/v1/chat/completions/", "https://host.example/v1"),
        ('"http://host:1/v1"', "http://host:1/v1"),
        ("<https://host.example/v1#top>", "https://host.example/v1"),
        ("api.openai.com/v1", "https://api.openai.com/v1"),
        ("openrouter.ai/api/v1", "https://openrouter.ai/api/v1"),
        ("ollama.corp.local", "http://ollama.corp.local"),
        ("gpu-box", "http://gpu-box"),
        ("[::1]:11434", "http://[::1]:11434"),
        ("https://openrouter.ai/api", "https://openrouter.ai/api"),
        ("HTTP://Host:1/v1", "http://Host:1/v1"),
        ("", ""),
        ("  ", ""),
    ],
)
def test_an_address_is_understood_as_people_type_it(typed, address):
    assert http_address(typed) == address
    if address:
        assert SftSettings(base_url=typed).base_url == address


@pytest.mark.parametrize("typed", ["http://user:secret@host/v1", "ftp://host", "http://", "two words", "http://a b"])
def test_what_is_no_address_is_refused(typed):
    with pytest.raises(ValidationError):
        SftSettings(base_url=typed)
