"""How a comparison, an export and an answer look. Knows the results' shapes; starts nothing."""

from html import escape
from typing import Any

from ui import html
from ui.view import View


def evaluation_html(view: View) -> str:
    """Base and tuned model side by side, with the number of samples and the uncertainty."""
    result = view.result("evaluate")
    return "" if result is None else html.muted(str(result))


def export_html(view: View) -> str:
    """The files with the verdict on each: does the exported file itself answer as the trained model does?"""
    result = view.result("export")
    if result is None:
        return ""
    reports = (result.get("verification") or {}).get("files", [])
    files = "".join(file_html(view, report) for report in reports)
    place = f"<p class='muted'>{escape(view.t('export.folder'))}<br><code>{escape(str(result['folder']))}</code></p>"
    return f'<div class="export-result">{files}{place}</div>'


def file_html(view: View, report: dict[str, Any]) -> str:
    """One exported file: its name and size, green or red, and what was checked."""
    passed = report["passed"]
    badge = html.badge("good" if passed else "bad", view.t("export.passed" if passed else "export.failed"))
    size = f" <small>{escape(size_words(view, report['bytes']))}</small>" if "bytes" in report else ""
    name = view.t("choice.format.safetensors") if report["file"] == "." else report["file"]
    reasons = "".join(
        html.box("bad", view.t(f"verify.{check['name']}"), view.t(f"verify.reason.{check['reason']}"))
        for check in report["checks"]
        if not check["passed"]
    )
    checks = "".join(f"<li>{escape(check_words(view, check))}</li>" for check in report["checks"])
    details = html.more(view.t("export.checks", count=len(report["checks"])), f"<ul class='checks'>{checks}</ul>")
    return f"<div class='file-row'><strong>{escape(name)}</strong>{size} {badge}{reasons}{details}</div>"


def check_words(view: View, check: dict[str, Any]) -> str:
    """`✓ The same answers as in training (9 of 10)`"""
    figures = check["figures"]
    counted = f" ({view.t('export.counted', **figures)})" if {"same", "of"} <= figures.keys() else ""
    return f"{'✓' if check['passed'] else '✗'} {view.t('verify.' + check['name'])}{counted}"


def size_words(view: View, size_bytes: int) -> str:
    gib = size_bytes / 2**30
    return view.t("export.size_gib", size=gib) if gib >= 1 else view.t("export.size_mib", size=gib * 1024)


def answer_html(view: View) -> str:
    """The newest answer, and which file gave it."""
    job = view.job(["ask"])
    if job and job.error:
        return html.box("bad", *view.error(job.error))
    result = view.result("ask")
    if result is None:
        return ""
    source = view.t("ask.source", file=result["file"], seconds=result["seconds"])
    words = result["answer"] or view.t("ask.empty")
    return f'<blockquote class="answer">{escape(words)}</blockquote>{html.muted(source)}'
