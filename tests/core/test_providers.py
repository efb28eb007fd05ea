"""The table of providers: a new one is its name and its record, and what is true of one follows from there."""

import json
import subprocess
import sys
from pathlib import Path
from pkgutil import resolve_name
from typing import get_args

import pytest

from core.providers import address_of, leaves_machine, place_of, provider_of
from tests.core.samples.fault_server import FaultServer
from ui.texts import KEYS
from utils.config import Provider, SftSettings

ROOT = Path(__file__).resolve().parents[2]
CHANGES = {
    "utils.config": ("Provider = Literal[", 'Provider = Literal["nearby", '),
    "core.providers": (
        '        case "practice":',
        '        case "nearby":\n'
        '            client = "core.samples.providers.open_ai_chat:client_of"\n'
        "            return Provider(client, ASKED, lambda: ADDRESS, seconds_per_request=(1.0, 2.0))\n"
        '        case "practice":',
    ),
}
PROGRAM = """
import importlib.util, json, sys
changes, address = json.loads(sys.stdin.readline()), sys.argv.pop()
for name, (old, new) in changes.items():
    spec = importlib.util.find_spec(name)
    source = open(spec.origin, encoding="utf-8").read()
    assert source.count(old) == 1, name
    sys.modules[name] = module = importlib.util.module_from_spec(spec)
    module.ADDRESS = address
    exec(compile(source.replace(old, new), spec.origin, "exec"), vars(module))
from ui.cli.command_line import run
for arguments in (["new", "p"], ["sft", "p", *sys.argv[2:], "--json"]):
    code = run([*arguments, "--projects", sys.argv[1]])
sys.exit(code)
"""


def test_a_new_provider_is_a_name_and_a_record_in_two_files(tmp_path):
    with FaultServer() as server:
        wishes = ["--provider", "nearby", "--model", "some/model", "--topic", "Wasser", "--samples", "3"]
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, str(tmp_path), *wishes, server.base_url],
            input=json.dumps(CHANGES),
            capture_output=True,
            text=True,
            cwd=ROOT,
        )
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout.splitlines()[-1])["samples"] == 3
        assert server.requests >= 3


@pytest.mark.parametrize("name", get_args(Provider))
def test_what_a_record_names_is_there(name):
    provider = provider_of(name)
    assert provider.writes_by_rules or callable(resolve_name(provider.client))
    assert provider.settings <= SftSettings.model_fields.keys()
    assert (provider.own_address is not None) == ("base_url" in provider.settings)
    assert f"choice.provider.{name}" in KEYS
    assert provider.writes_by_rules or f"writer.about.{name}" in KEYS
    assert provider.own_address is None or f"writer.address_about.{name}" in KEYS


def test_each_provider_has_its_own_address_unless_another_one_is_chosen(monkeypatch):
    monkeypatch.setenv("OLLAMA_HOST", "gpu-box")
    assert address_of(SftSettings(provider="openrouter")) == "https://openrouter.ai/api/v1"
    assert address_of(SftSettings(provider="ollama")) == "http://gpu-box:11434"
    assert address_of(SftSettings(provider="local")) == address_of(SftSettings(provider="practice")) == ""
    chosen = SftSettings(provider="openrouter", base_url="http://127.0.0.1:1/v1/")
    assert (address_of(chosen), place_of(chosen)) == ("http://127.0.0.1:1/v1", "127.0.0.1:1")


@pytest.mark.parametrize(
    ("settings", "leaves"),
    [
        (SftSettings(provider="openrouter"), True),
        (SftSettings(provider="openrouter", base_url="http://localhost:1234"), False),
        (SftSettings(provider="ollama"), False),
        (SftSettings(provider="ollama", base_url="http://gpu-box:11434"), True),
        (SftSettings(provider="local", model="model.gguf"), False),
        (SftSettings(), False),
    ],
)
def test_texts_leave_this_machine_only_for_another_ones_address(settings, leaves):
    assert leaves_machine(settings) == leaves
