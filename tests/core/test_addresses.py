"""Addresses: the providers' own, what OLLAMA_HOST stands for, and which of them are this machine."""

import pytest

from core.addresses import is_this_machine, ollama_address, place_of


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("", "http://127.0.0.1:11434"),
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("0", "http://127.0.0.1:11434"),
        ("0:8080", "http://127.0.0.1:8080"),
        ("0.0.0.0:8080", "http://127.0.0.1:8080"),
        (":8080", "http://127.0.0.1:8080"),
        ("gpu-box", "http://gpu-box:11434"),
        ("gpu-box:99", "http://gpu-box:99"),
        ("192.168.1.5", "http://192.168.1.5:11434"),
        ("http://gpu-box", "http://gpu-box:80"),
        ("https://ollama.example", "https://ollama.example:443"),
        ("https://ollama.example:1234/prefix/", "https://ollama.example:1234/prefix"),
        ("::", "http://[::1]:11434"),
        ("[::]:5000", "http://[::1]:5000"),
        ("::1", "http://[::1]:11434"),
        ("[fe80::1]", "http://[fe80::1]:11434"),
        ('"127.0.0.1:1"', "http://127.0.0.1:1"),
        ("gpu-box:many", "http://gpu-box:11434"),
        ("gpu-box:99999", "http://gpu-box:11434"),
    ],
)
def test_ollamas_own_variable_is_read_as_ollama_reads_it(host, address):
    assert ollama_address(host) == address


HERE = """http://localhost:1/v1 http://LOCALHOST. http://my.localhost http://127.0.0.1 http://127.8.9.1:80
    http://[::1]:11434 http://[::ffff:127.0.0.1] http://0.0.0.0:1234 http://0:11434 http://127.1:8080"""
ELSEWHERE = """https://openrouter.ai/api/v1 http://192.168.0.1 http://localhost.example.com http://127.0.0.1.example.com
    http://127.0.0.1@example.com http://notlocalhost http://[::ffff:8.8.8.8] http://[ http://10.1 http://8"""


@pytest.mark.parametrize(("urls", "is_here"), [(HERE.split(), True), (["", *ELSEWHERE.split()], False)])
def test_loopback_and_nothing_else_is_this_machine(urls, is_here):
    assert [url for url in urls if is_this_machine(url) is not is_here] == []


def test_a_place_is_a_host_with_its_port():
    assert place_of("http://user:secret@gpu-box:8080/v1") == "gpu-box:8080"
    assert place_of("https://openrouter.ai/api/v1") == "openrouter.ai"
