"""Which models the chosen helper offers, in words. Asks nobody: what it said last is what is shown."""

from collections.abc import Sequence

from core import exporter
from core.jobs.job import JobState
from core.providers import HelperModel, provider_of
from core.sft_generator import known_model, known_models
from ui.page import html
from ui.page.figures import size_words
from ui.page.view import View
from ui.texts import error_text

MILLION = 1_000_000


def offered(view: View) -> Sequence[HelperModel]:
    """The models to choose from. Without asking anybody: the usual ones, or the project's own GGUF files."""
    if view.project is None or view.config is None:
        return ()
    found = known_models(view.config.sft)
    if found:
        return found.models
    provider = provider_of(view.config.sft.provider)
    if provider.takes_file:
        files = exporter.exported_files(view.project)
        return [HelperModel(str(file), file.name, size_bytes=file.stat().st_size) for file in files]
    return provider.models


def model_words(view: View, model: HelperModel) -> str:
    """`openai/gpt-4o-mini · $0.15 in, $0.60 out · 128,000 tokens`, as far as it is known."""
    return " · ".join([model.label or model.name, *figures(view, model)])


def figures(view: View, model: HelperModel) -> list[str]:
    """Price, size and context of a model in words."""
    parts = []
    if model.prompt_usd is not None and model.answer_usd is not None:
        if model.prompt_usd or model.answer_usd:
            prompt, answer = model.prompt_usd * MILLION, model.answer_usd * MILLION
            parts.append(view.t("writer.price", prompt=prompt, answer=answer))
        elif view.config and provider_of(view.config.sft.provider).is_priced:
            parts.append(view.t("writer.free"))
    if model.size_bytes:
        parts.append(size_words(model.size_bytes, view.language))
    if model.context_tokens:
        parts.append(view.t("writer.context", tokens=model.context_tokens))
    return parts


def was_pulled(view: View) -> bool:
    """Whether the chosen model has just been fetched, which a list that was asked for before does not know."""
    job = view.job(("pull",))
    pulled = job.result["model"] if job and job.state == JobState.DONE and job.result else ""
    return bool(pulled and view.config and pulled == view.config.sft.model)


def about_html(view: View) -> str:
    """Why the list is not there, or what is known of the chosen model."""
    if view.config is None:
        return ""
    settings = view.config.sft
    found = known_models(settings)
    if found and found.problem:
        return view.error_box(found.problem)
    model = known_model(settings)
    if model and model.problem:
        return html.box("warn", *error_text(model.problem, view.language, {"model": model.name}))
    if model:
        known_words = figures(view, model)
        if model.follows_schema:
            known_words.append(view.t("writer.follows_schema"))
        return html.muted(" · ".join(known_words))
    if provider_of(settings.provider).takes_file:
        return ""
    if found is None:
        return html.muted(view.t("writer.not_asked"))
    if was_pulled(view):
        return html.box("good", view.t("writer.pulled", model=settings.model))
    if not found.models:
        return html.muted(view.t("writer.no_models"))
    return html.box("warn", view.t("writer.not_in_list", model=settings.model)) if settings.model else ""
