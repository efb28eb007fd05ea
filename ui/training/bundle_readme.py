"""The README of a bundle in the language of whoever takes it along. Knows words; writes no file."""

from typing import TYPE_CHECKING

from ui.texts import text

if TYPE_CHECKING:
    from core.trainer import Contents


def readme(language: str, contents: "Contents") -> str:
    """Markdown: how to repeat the run, from which model, what came of it, and what each part is."""

    def t(name: str, /, **params: object) -> str:
        return text(f"readme.{name}", language, **params)

    request, result, base = contents.request, contents.result, contents.request["base"]
    blocks = [t("title", run=contents.run.id), t("about"), t("repeat_title"), t("repeat", run=contents.run.id)]
    if (branch := request.get("branch")) and branch["step"]:
        blocks.append(t("branch", parent=branch["run"], step=branch["step"]))
    named = {name: base.get(name) or "–" for name in ("name", "source", "revision", "fingerprint")}
    blocks += [t("base_title"), t("base", **named), t("base_outside")]
    names = {"first": "first_loss", "last": "loss", "steps": "steps", "samples": "samples"}
    figures = {name: result[of] for name, of in names.items()}
    adapter = t("adapter", step=contents.adapter.step) if contents.adapter else t("adapter_none")
    blocks += [t("came_of_it_title"), t("came_of_it", **figures), adapter, t("parts_title"), t("parts")]
    versions = request.get("versions") or {}
    blocks += [t("versions_title"), "\n".join(f"- {name} {number}" for name, number in versions.items())]
    return "\n\n".join(blocks) + "\n"
