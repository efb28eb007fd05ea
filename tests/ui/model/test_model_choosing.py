"""Taking a model by a click, or by a name that was typed; and when none can be taken."""

import pytest

from core import access, base_models
from core.access import Visitor
from tests.core.models.ollama_material import put_model
from tests.refusals import code_of
from tests.ui.conftest import Clicks
from ui.model import choosing
from utils.errors import AppError


@pytest.fixture
def started(monkeypatch):
    """What was begun, instead of beginning it."""
    found = []
    monkeypatch.setattr(
        base_models, "start_child_job", lambda services, project, kind, request: found.append((kind, request))
    )
    return found


@pytest.mark.parametrize(
    ("of", "kind", "name"),
    [
        ("hf:Qwen/Qwen3-0.6B", "download", "Qwen/Qwen3-0.6B"),
        ("hf:gpt2", "download", "gpt2"),
        ("ollama:qwen3:0.6b", "unpack_base", "qwen3:0.6b"),
    ],
)
def test_a_click_takes_a_model_and_gets_it_ready(act, project, store, started, of, kind, name):
    put_model(store, "registry.ollama.ai/library/qwen3/0.6b", config={"model_family": "qwen3"})
    assert name in act("model.take", of).notice
    assert project.load_config().base.model_dump() == {"source": of.partition(":")[0], "name": name}
    assert started == [(kind, {"name": name})]


@pytest.mark.parametrize("of", ["", "hf", "hf:", "cloud:x", ":x", "hf:../../etc", "ollama:none", "path:/nowhere"])
def test_what_is_no_model_is_refused_and_nothing_changes(act, project, store, started, of):
    with pytest.raises(AppError):
        act("model.take", of)
    assert project.load_config().base is None and not started


@pytest.mark.parametrize(("source", "typed"), [("hf", "  vendor/model "), ("hf", "model"), ("hf", "a.b/c-d_e")])
def test_a_name_may_be_typed(act, project, started, source, typed):
    act("model.take_named", source, **{f"base_{source}": typed})
    assert project.load_config().base.name == typed.strip()
    assert started == [("download", {"name": typed.strip()})]


@pytest.mark.parametrize("source", ["hf", "path"])
def test_an_empty_name_says_which_field_is_empty(act, project, source):
    assert code_of(lambda: act("model.take_named", source, **{f"base_{source}": " "})) == "field_empty"
    assert project.load_config().base is None


def test_a_guest_takes_no_folder_of_this_machine(services, tmp_path):
    with access.acting_as(Visitor("anna")):
        annas = Clicks(services, services.projects.create("Annas"))
        assert code_of(lambda: annas("model.take_named", "path", base_path=str(tmp_path))) == "guest_no_files"


def test_without_chunks_there_is_no_practice_model_and_the_choice_stays(act, project, view):
    assert choosing.practice_why_not(view())
    assert code_of(lambda: act("model.take", "practice:practice")) == "no_chunks"
    assert project.load_config().base is None


@pytest.mark.parametrize("kind", ["download", "unpack_base", "practice_base"])
def test_nothing_else_is_chosen_while_a_model_is_being_made_ready(view, puppet, kind):
    assert not choosing.why_not(view())
    puppet(kind)
    assert choosing.practice_why_not(view())
    assert bool(choosing.why_not(view())) == (kind != "practice_base")
    assert ("disabled" in choosing.take_button(view(), "hf", "a/b")) == (kind != "practice_base")
