"""The history of runs on the page: the table, the comparison of some, and one in detail. Only renders."""

import os
import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from html import escape

from core import trainer
from core.jobs.job import ACTIVE, JobSnapshot, JobState
from core.jobs.runs import Run, list_runs
from core.trainer import Entry, Fact, Loss
from ui.page import clickable, html
from ui.page.downloads import link_html
from ui.page.figures import size_words
from ui.page.job_panel import STATE_TONES
from ui.page.plot import line_plot
from ui.page.remembered import Remembered
from ui.page.view import Position, View
from ui.texts import text
from ui.training import history_words as words
from ui.training.bundle_download import download_address
from utils.files import file_stamp

ROWS_SHOWN = 10
LEAST_COMPARED, MOST_COMPARED = 2, 4
RUN_ID = re.compile(r"[0-9][0-9a-f-]{0,60}-train")
ENTRIES = Remembered(400)
SHOWN_FIGURES = ("run.samples", "run.held_out", "run.steps", "run.memory_gib")
COLUMNS = ("tick", "run", "state", "base", "loss", "eval", "time", "size")


@dataclass(frozen=True)
class HistoryPosition(Position):
    """What a viewer looks at: a page of the table, one run in detail, some compared. `round` grows to untick all."""

    page: int = 0
    chosen: str = ""
    compared: tuple[str, ...] = ()
    round: int = 0


def runs_of(view: View) -> list[Run]:
    """All training runs, newest first; their folders are not read yet."""
    return list_runs(view.project, "train")[::-1] if view.project else []


def run_of(view: View, run_id: str) -> Run | None:
    """A run by its id, which may come from a browser: only a plain name can be one."""
    if view.project is None or not RUN_ID.fullmatch(run_id):
        return None
    run = Run(view.project.runs_folder / run_id)
    return run if (run.folder / "run.json").is_file() else None


def entry_of(view: View, run: Run) -> Entry | None:
    """What is known of a run, read again only after something was written; None where it cannot be read."""
    published = run == view.trained
    entry = ENTRIES.get((trainer.run_stamp(run), published), lambda: trainer.read_run(run, published))
    if entry is None:
        return None
    job = job_of(view, run.id)
    if job:
        return replace(entry, state=job.state)
    lost = entry.state in ACTIVE and not run.read_state().process  # nobody was there to write it down
    return replace(entry, state=JobState.INTERRUPTED) if lost else entry


def job_of(view: View, run_id: str) -> JobSnapshot | None:
    return next((job for job in view.all_jobs if job.id == run_id), None)


def chosen(view: View, position: HistoryPosition) -> Entry | None:
    """The run that is shown in detail."""
    run = run_of(view, position.of(view.project_name).chosen)
    return entry_of(view, run) if run else None


def page_of(view: View, position: HistoryPosition) -> tuple[int, int, list[Run]]:
    """The page that is shown, how many there are, and its runs."""
    runs = runs_of(view)
    pages = max(1, -(-len(runs) // ROWS_SHOWN))
    page = min(position.of(view.project_name).page, pages - 1)
    return page, pages, runs[page * ROWS_SHOWN : (page + 1) * ROWS_SHOWN]


def list_depends(view: View, position: HistoryPosition) -> Hashable:
    """What the table is made of."""
    return len(runs_of(view)), tuple(run_depends(view, run) for run in page_of(view, position)[2])


def run_depends(view: View, run: Run | None) -> Hashable:
    """What is told of one run."""
    if run is None:
        return None
    job = job_of(view, run.id)
    places = (run.project.checkpoints_folder, trainer.bundle_file(run.project, run.id), run.project.config_file)
    return (trainer.run_stamp(run), job and (job.state, job.stopping), *map(file_stamp, places))


def chosen_depends(view: View, position: HistoryPosition) -> Hashable:
    """What the details are made of; what else is at work decides what can be done."""
    mine = view.jobs
    working = tuple((job.kind, job.state, job.fraction if job.kind == "bundle" else None) for job in mine)
    return run_depends(view, run_of(view, position.of(view.project_name).chosen)), working


def compared_depends(view: View, position: HistoryPosition) -> Hashable:
    return tuple(run_depends(view, run) for run in compared_runs(view, position))


def compared_runs(view: View, position: HistoryPosition) -> list[Run]:
    """Those that are still there."""
    return [run for run_id in position.of(view.project_name).compared if (run := run_of(view, run_id))]


def list_html(view: View, position: HistoryPosition) -> str:
    """The button to compare what is ticked, one page of the table, and the way to its other pages."""
    position = position.of(view.project_name)
    page, pages, runs = page_of(view, position)
    if not runs:
        return html.muted(view.t("history.none"))
    heads = [view.t(f"history.head_{name}") for name in COLUMNS]
    table = html.table(heads, (row_cells(view, run, position) for run in runs), "", "runs")
    compare = html.small_button("compare", "", view.t("history.compare"), needs_tick=True)
    pager = clickable.pages(view, page, pages, view.t("history.page", page=page + 1, pages=pages))
    about = escape(view.t("history.compare_about", least=LEAST_COMPARED, most=MOST_COMPARED))
    return (
        f'<div data-round="{escape(f"{position.project}/{position.round}")}">'
        f'<div class="ticked">{compare}<span>{about}</span></div>{table}{pager}</div>'
    )


def row_cells(view: View, run: Run, position: HistoryPosition) -> list[str]:
    """One run; one that cannot be read shows at least that it is there."""
    entry = entry_of(view, run)
    if entry is None:
        unreadable = html.badge("bad", view.t("history.unreadable"))
        return ["", f"<small>{escape(run.id)}</small>", unreadable, *([""] * (len(COLUMNS) - 3))]
    when = words.when_words(entry, view.language)
    return [
        html.tick(run.id, view.t("history.tick", run=when)),
        html.opener(entry.id, escape(when), run.id == position.chosen) + kind_html(view, entry),
        state_html(view, entry.state),
        escape(words.base_words(entry, view.language)),
        escape(words.loss_words(entry.first_loss, entry.loss, view.language)),
        escape(words.eval_words(entry.eval_loss, entry.best_epoch, view.language)),
        escape(words.time_words(entry.seconds, view.language)),
        escape(size_words(entry.size_bytes, view.language)),
    ]


def kind_html(view: View, entry: Entry) -> str:
    """Where it comes from, and whether its adapter is the one in use."""
    notes = [("history.is_branch", entry.parent), ("history.is_repeat", entry.repeats)]
    notes.append(("history.is_published", "yes" if entry.published else ""))
    return "".join(f"<small>{escape(view.t(key))}</small>" for key, there in notes if there)


def state_html(view: View, state: JobState) -> str:
    return html.badge(STATE_TONES[state], words.state_words(state, view.language))


def compared_html(view: View, position: HistoryPosition) -> str:
    """The curves of the chosen runs over each other, and what they differ in."""
    entries = [entry for run in compared_runs(view, position) if (entry := entry_of(view, run))]
    if len(entries) < LEAST_COMPARED:
        return ""
    # Oldest first, as the story went; numbers in front, since two runs may have begun in one minute.
    entries = sorted(entries, key=lambda entry: entry.run.order)
    names = [words.when_words(entry, view.language) for entry in entries]
    curves = [trainer.points_of(entry.run.metrics_file) for entry in entries]
    plots = "".join(
        line_plot(
            [(name, trainer.curve(points, part)) for name, points in zip(names, curves, strict=True)],
            view.t("training.steps"),
            view.t(f"history.plot_{part}"),
            numbered=True,
        )
        for part in ("loss", "eval_loss")
    )
    found = [*trainer.facts([entry.request for entry in entries]), *figures_of(entries)]
    heads = [view.t("history.setting"), *(f"{number} · {name}" for number, name in enumerate(names, 1))]
    different, same = ([fact for fact in found if fact.differs is wanted] for wanted in (True, False))
    table = html.table(heads, facts_rows(view, different), view.t("history.no_difference"))
    rest = html.more(view.t("history.same", count=len(same)), html.table(heads, facts_rows(view, same), ""))
    title = escape(view.t("history.compared"))
    return f'<div class="card"><h4>{title}</h4><div class="curves">{plots}</div>{table}{rest}</div>'


def figures_of(entries: Sequence[Entry]) -> list[Fact]:
    names = ("samples", "held_out", "steps", "loss", "eval_loss", "seconds", "memory_gib")
    return [Fact(f"run.{name}", tuple(getattr(entry, name) for entry in entries)) for name in names]


def facts_rows(view: View, facts: Sequence[Fact]) -> list[list[str]]:
    return [
        [
            escape(words.fact_label(fact.name, view.language)),
            *(escape(words.value_words(fact.name, value, view.language)) for value in fact.values),
        ]
        for fact in facts
    ]


def details_html(view: View, position: HistoryPosition) -> str:
    """One run: state, figures, where it comes from, how it compares with the run that it repeats, its bundle."""
    entry = chosen(view, position)
    if entry is None:
        return ""
    title = escape(view.t("history.details", when=words.when_words(entry, view.language)))
    figures = html.tiles(
        (words.fact_label(fact.name, view.language), words.value_words(fact.name, fact.values[0], view.language))
        for fact in figures_of([entry])
        if fact.name in SHOWN_FIGURES
    )
    error = html.box("bad", *view.error(entry.error)) if entry.error else ""
    origin = html.muted(words.origin_words(entry, view.language))
    head = f"<h4>{title} {state_html(view, entry.state)}</h4><small>{escape(entry.id)}</small>"
    return head + error + figures + origin + outcome_html(view, entry) + bundle_html(view, entry)


def outcome_html(view: View, entry: Entry) -> str:
    found = trainer.outcome(entry.run) if entry.repeats else None
    if found is None:
        return ""
    said = list(words.outcome_words(found, view.language))
    tone = "info" if found.identical is None else "good" if found.identical else "warn"
    return html.box(tone, view.t("history.repeat_title"), " ".join(said))


def bundle_html(view: View, entry: Entry) -> str:
    """The bundle that was written of this run, to download; or that one is being written."""
    if job := view.active(["bundle"]):
        return html.bar(job.fraction, view.t("job.kind.bundle"))
    file = trainer.bundle_file(entry.run.project, entry.id)
    try:
        found = os.stat(file)
    except OSError:
        return ""
    about = view.t("history.bundle_there", size=size_words(found.st_size, view.language))
    link = link_html(download_address(view.project_name, entry.id), view.t("documents.download"))
    return f"<p>{escape(about)} {link}</p>"


def point_choices(view: View, entry: Entry | None) -> list[tuple[str, str]]:
    """The checkpoints to continue from, newest first, each as what is shown and its step."""
    points = entry.points if entry else ()
    tested = [point for point in points if point.eval_loss is not None]
    best = min(tested, key=lambda point: point.eval_loss or 0.0) if len(tested) > 1 else None
    return [(words.point_words(point, view.language, point == best), str(point.step)) for point in reversed(points)]


def question_html(language: str, lost: Loss) -> str:
    """What would be lost with a run, before it is."""
    size = size_words(lost.size_bytes, language)
    parts = [text("history.lost", language, size=size, checkpoints=lost.checkpoints)]
    if lost.adapter:
        parts.append(text("history.lost_adapter", language))
    return html.box("warn", text("history.delete_question", language), " ".join(parts))
