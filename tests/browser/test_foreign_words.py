"""Words of others in every place of the page: none of them becomes a part of it, let alone runs."""

import os

import pytest
from documents_material import store_document

from core.jobs.job import JobState
from core.jobs.runs import create_run
from core.project_manager import ProjectStore
from core.samples.store.sample import Sample, Source
from core.samples.store.sample_store import SampleStore
from core.samples.store.sft_dataset import append_samples
from ui import layout
from utils.files import write_json

HOSTILE = (
    """<img src=x onerror=window.hit=1>"'`<svg onload=window.hit=1><script>window.hit=1<\u200b&#60;b>&lt;{x}%s"""
)


@pytest.fixture(scope="module")
def hostile(app):
    """A project in which all that a person, a file, a helper or another program can name is hostile."""
    project = ProjectStore(app.projects).create("harmlos")
    store_document(project, HOSTILE, [HOSTILE, f"Wärme {HOSTILE}"], language=HOSTILE)
    store_document(project, f"2 {HOSTILE}", [], status="failed", detail="pdf_page_failed", params={"page": HOSTILE})
    texts = [Sample(HOSTILE, HOSTILE, f"{HOSTILE}{n}", source=Source(HOSTILE, 1, 1)) for n in range(12)]
    append_samples(project.samples_file, texts)
    SampleStore(project).set_status([f"{HOSTILE}1"], "accepted")
    project.set("sft", {"topic": HOSTILE, "system_prompt": HOSTILE, "model": HOSTILE, "provider": "ollama"})
    project.set("documents", {"tokenizer": HOSTILE} if hasattr(project.load_config().documents, "tokenizer") else {})
    for kind in ("train", "export", "verify", "rag", "sft"):
        run = create_run(
            project, kind, {"settings": {"base_model": HOSTILE}, "base": {"source": "hf", "name": HOSTILE}}
        )
        run.write_state(JobState.FAILED, error={"code": HOSTILE, "params": {"name": HOSTILE}})
        write_json(run.folder / "more.json", {"name": HOSTILE})
        lines = [{"message": {"key": "training.epoch", "params": {"epoch": HOSTILE}}}, {"key": HOSTILE}]
        run.events_file.write_text("".join(f"{line}\n" for line in map(str, lines)))
    odd = project.root.with_name(HOSTILE)
    os.rename(project.root, odd)
    return odd.name


def inert(page) -> None:
    page.wait_for_timeout(400)
    assert page.evaluate("window.hit") is None
    assert (
        page.locator("img[src=x], svg[onload], body script:not([src])").evaluate_all(
            "(found) => found.filter((one) => /hit=1/.test(one.outerHTML)).length"
        )
        == 0
    )
    assert (
        page.evaluate("""[...document.querySelectorAll('*')].flatMap((one) => [...one.attributes]).filter(
        ({name}) => /^on/.test(name)).map(({value}) => value).filter((value) => /hit/.test(value))""")
        == []
    )


@pytest.mark.parametrize("tab", list(layout.SCREENS))
def test_words_of_others_stay_words_on_each_screen(open_page, hostile, tab):
    page = open_page()
    page.evaluate("(to) => go(to)", {"project": hostile, "tab": tab})
    page.wait_for_function("(name) => look.project === name", arg=hostile)
    assert hostile in page.locator("#field-project").input_value()
    inert(page)
    page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    count = page.locator(f"#screen-{tab} button[data-do]:visible:not([disabled]):not(.stop)").count()
    for number in range(count):
        button = page.locator(f"#screen-{tab} button[data-do]:visible:not([disabled]):not(.stop)").nth(number)
        if button.count():
            button.dispatch_event("click")
            page.wait_for_timeout(60)
    inert(page)
    page.reload()
    page.wait_for_selector("#field-project")
    inert(page)


@pytest.mark.parametrize("where", ["?project={}", "?tab={}", "?project=x&tab={}#{}", "?host={}", "?project=&tab=%00"])
def test_words_of_an_address_stay_words(open_page, where):
    from urllib.parse import quote

    page = open_page("/de/" + where.replace("{}", quote(HOSTILE)))
    inert(page)


@pytest.mark.parametrize("purpose", ["create", "rename"])
def test_words_that_are_typed_stay_words_in_the_answer(open_page, purpose):
    page = open_page()
    page.evaluate("(name) => ask('project.create', {values: {name}})", HOSTILE + "/")
    page.wait_for_selector("#notice .box")
    assert "hit" in page.locator("#notice").inner_text() or page.locator("#notice .box.bad").count()
    page.evaluate("(name) => ask('set', {of: name, values: {value: name}})", HOSTILE)
    page.evaluate("(name) => ask('set', {of: 'training.epochs', values: {value: name}})", HOSTILE)
    inert(page)
