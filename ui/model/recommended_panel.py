"""Three models that suit this machine and the documents' language, each a card, and the one for practice. Renders."""

from html import escape

from core import access, base_models, rag_processor, trainer
from core.base_models import FIRST_SAMPLES, Candidate
from ui.model import choosing, hub_panel, ollama_panel
from ui.model.choosing import PRACTICE
from ui.page import html
from ui.page.figures import about_words, size_words
from ui.page.remembered import FREE_LASTS_SECONDS, Remembered, moment
from ui.page.view import View
from utils import config
from utils.config import ProjectConfig

FOUND = Remembered(16)


def language_of(view: View) -> str:
    """The language that a model should speak: that of the documents, else that of the page."""
    return rag_processor.main_language([] if view.problem else view.documents) or view.language


def settings_of(view: View) -> config.TrainingSettings:
    """The training settings as they would be with a model that is not for practice."""
    training = (view.config or ProjectConfig()).training
    return config.changed(training, **base_models.suited_values(training, False))


def samples_of(view: View) -> int:
    """How many samples the time is told for: those of the project, but no fewer than a first training has."""
    return max(FIRST_SAMPLES, view.status.samples if view.status else 0)


def recommended(view: View) -> dict[str, Candidate]:
    """The models to take first, by what speaks for them: fastest, balanced, best."""
    training = settings_of(view)
    listed, ollama = hub_panel.models(), ollama_panel.models()

    def find() -> list[Candidate]:
        rows = None
        if view.project and samples_of(view) > FIRST_SAMPLES:
            # Any folder without a tokenizer: how long samples are is told well enough without the model's own one.
            rows = trainer.read_rows(view.project.samples_file, view.project.root, training)
        return base_models.candidates(listed, ollama, training, view.hardware, rows)

    # Their number grows with what was downloaded and fetched; a guest is offered less than the host.
    key = (view.training_data, training.model_dump_json(), len(listed), len(ollama), moment(FREE_LASTS_SECONDS))
    found = FOUND.get((access.asking().is_host, base_models.hub_stamp(), *key), find)
    return base_models.recommended(found, language_of(view))


def cards_html(view: View) -> str:
    """The recommended models, and the one for practice. After a practice run, a real one is next."""
    found, base = recommended(view), view.config.base if view.config else None
    practised = bool(base and base.source == PRACTICE and view.status and view.status.trained)
    times = {"samples": samples_of(view), "epochs": settings_of(view).epochs}
    about = html.muted(view.t("model.cards_about", **times) if found else view.t("model.nothing_fits"))
    if found and practised:
        words = {"name": found["fastest"].short, "time": time_words(view, found["fastest"]), **times}
        about = html.box("good", view.t("model.first_success"), view.t("model.first_success_about", **words)) + about
    first = next(iter(found), PRACTICE) if practised or base is None else ""
    cards = "".join(card_html(view, role, one, role == first) for role, one in found.items())
    title = f'<h2 class="section">{view.html("model.cards")}</h2>{about}'
    return f'{title}<ul class="model-cards">{cards}{practice_html(view, first == PRACTICE)}</ul>'


def card_html(view: View, role: str, one: Candidate, proposed: bool) -> str:
    """What speaks for it, its name, what it is in a line, and the button that takes it."""
    if choosing.is_chosen(view, one.source, one.name):
        button = html.badge("good", view.t("model.is_chosen"))
    else:
        button = choosing.take_button(view, one.source, one.name, tone="good" if proposed else "")
    facts = " · ".join(facts_of(view, one))
    return _card(f"{one.source}:{one.name}", view.t(f"model.role.{role}"), one.short, facts, button)


def facts_of(view: View, one: Candidate) -> list[str]:
    """Language, memory, where it comes from, time: `speaks German · fits · downloads 1.5 GB · about 20 min`."""
    wanted = language_of(view)
    language = view.t("model.speaks", language=view.language_name(wanted))
    if not one.speaks(wanted):
        language = view.t("hub.german" if "de" in one.languages else "hub.english")
    origin = view.t("model.in_ollama" if one.source == "ollama" else "hub.here")
    if one.download_bytes:
        origin = view.t("model.downloads", size=size_words(one.download_bytes, view.language))
    return [language, view.t(f"hub.light.{one.light}"), origin, time_words(view, one)]


def time_words(view: View, one: Candidate) -> str:
    """How long its training takes."""
    return about_words(one.seconds, one.runs_known, view.language)


def practice_html(view: View, proposed: bool) -> str:
    """The card of the practice model, which is made from the documents."""
    again = choosing.is_chosen(view, PRACTICE, PRACTICE) and view.status and view.status.base_ready
    words, why_not = view.t("model.create_again" if again else "model.create"), choosing.practice_why_not(view)
    of, tone = f"{PRACTICE}:{PRACTICE}", "small primary" if proposed else "small"
    mend = choosing.practice_mended_at(view)
    button = html.button("model.take", words, of=of, why_not=why_not, mend=mend, tone=tone, key="create-practice")
    about = view.t("model.role.practice"), view.t("model.source.practice"), view.t("model.about.practice")
    return _card(PRACTICE, *about, button)


def _card(key: str, role: str, name: str, words: str, button: str) -> str:
    kind = f"card {PRACTICE}" if key == PRACTICE else "card"
    head = f"<span>{escape(role)}</span><h3>{escape(name)}</h3>"
    return f'<li class="{kind}" data-key="{escape(key)}">{head}<p>{escape(words)}</p>{button}</li>'
