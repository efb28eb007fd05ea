import json

from hypothesis import given
from hypothesis import strategies as st

from core.documents.store.chunk_store import Chunk
from core.samples import prompts
from core.samples.drafts import Task
from core.samples.prompts import filled, messages_for, problems, schema_for
from utils.config import SftSettings

GERMAN = "Die Pumpe ist ein Teil der Maschine, und sie liegt mit den anderen im Keller, weil es dort kühl ist."


def task(text=GERMAN, turn=0, count=1, asked=()):
    return Task(Chunk(7, "maschine.pdf", 0, text, {}), turn, count, asked)


def asked(settings, **wishes):
    return messages_for(task(**wishes), settings)[-1]["content"]


@given(st.text())
def test_a_document_with_braces_stands_in_the_prompt_as_it_is(text):
    document = f"{{topic}} {text} {{chunk}} {{0}} {{}} %s {{{{x}}}}"
    assert document in asked(SftSettings(topic="Maschinen", language="de"), text=document)


def test_a_german_document_is_asked_about_in_german_and_any_other_in_english():
    english = "The pump is a part of the machine, and it is in the cellar with the others because it is cool there."
    french = "La pompe est une partie de la machine, et elle se trouve dans la cave avec les autres pour la machine."
    assert "Schreibe ein Beispiel" in asked(SftSettings())
    assert "Language: English" in asked(SftSettings(), text=english)
    assert "Language: French" in asked(SftSettings(), text=french)
    assert "Sprache: Deutsch" in asked(SftSettings(language="de"), text=english)


def test_lines_about_a_topic_are_left_out_where_there_is_none():
    system, content = (message["content"] for message in messages_for(task(), SftSettings(topic="Pumpen")))
    assert system.startswith("Du bist Fachmann für Pumpen.") and "Thema: Pumpen" in content
    system, content = (message["content"] for message in messages_for(task(), SftSettings()))
    assert "Fachmann" not in system and "Thema" not in content


def test_a_topic_alone_is_asked_about_without_any_document():
    content = messages_for(Task(None, 3), SftSettings(topic="Optik", language="de"))[-1]["content"]
    assert "zum Thema Optik" in content and "Text:" not in content
    for written in ("Experte für [THEMA]", "Experte für [TOPIC]", "Experte für {topic}"):
        settings = SftSettings(topic="Optik", system_prompt=written)
        assert messages_for(task(), settings)[0]["content"] == "Experte für Optik"


def test_the_kinds_of_questions_take_turns():
    settings = SftSettings(styles=("question", "summary"))
    assert [prompts.style_of(task(turn=turn), settings) for turn in range(3)] == ["summary", "question", "summary"]


def test_questions_that_are_there_already_are_named():
    assert "- Was ist eine Pumpe?" in asked(SftSettings(), asked=("Was ist eine Pumpe?",))


def test_the_form_that_is_shown_fits_the_schema_that_is_sent():
    for turns in (1, 3):
        settings = SftSettings(turns=turns)
        schema = schema_for(task(), settings)
        for language in prompts.WORDS:
            form = prompts.WORDS[language]["form" if turns == 1 else "form_of_turns"]
            shown = json.loads(form)["samples"][0]
            assert list(shown) == schema["properties"]["samples"]["items"]["required"]
            assert form in asked(settings.model_copy(update={"language": language}), text=GERMAN)


def test_words_in_braces_that_are_no_variables_are_told_and_stay():
    found = problems("Schreibe zu {thema} aus {chunk} als {{json}} {a}")
    assert [(problem.code, problem.params["name"]) for problem in found] == [("prompt_unknown_variable", "thema")]
    assert filled("Zu {thema}", dict.fromkeys(prompts.VARIABLES, "")) == "Zu {thema}"


def test_a_task_without_the_text_is_told_where_there_are_documents():
    assert [problem.code for problem in problems("Schreibe etwas")] == ["prompt_without_chunk"]
    assert not problems("Schreibe etwas", with_chunk=False)
    assert not problems("") and not problems(prompts.default_template("de"))
