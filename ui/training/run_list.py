"""All training runs: a table of them, some over each other, and which one is looked at in detail."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from html import escape

from core import trainer
from core.jobs.job import ACTIVE, JobState
from core.jobs.runs import Run, list_runs
from core.trainer import Entry, Fact
from ui.page import html
from ui.page.figures import model_words
from ui.page.job_panel import STATE_TONES
from ui.page.moving import curve_words, thinned
from ui.page.pager import paged
from ui.page.parts import Act, Answer, Part
from ui.page.remembered import Remembered
from ui.page.view import Position, View
from ui.training import history_words as words
from utils.errors import AppError

ROWS_SHOWN = 10
LEAST_COMPARED, MOST_COMPARED = 2, 4
RUN_ID = re.compile(r"[0-9][0-9a-f-]{0,60}-train")
ENTRIES = Remembered(400)
COLUMNS = ("tick", "run", "state", "base", "loss", "eval", "time", "size")
FIGURES = ("samples", "held_out", "steps", "loss", "eval_loss", "seconds", "memory_gib")


@dataclass(frozen=True)
class HistoryPosition(Position):
    """What a viewer looks at: a page of the table, one run in detail, some compared. `round` grows to untick all;
    `asked` is whether to delete the run in detail is asked: not, `once`, or `sure` where more would go with it."""

    page: int = 0
    chosen: str = ""
    compared: tuple[str, ...] = ()
    round: int = 0
    asked: str = ""


def runs_of(view: View) -> list[Run]:
    """All training runs, newest first; their folders are not read yet."""
    return list_runs(view.project, "train")[::-1] if view.project else []


def entry_of(view: View, run_id: str) -> Entry | None:
    """What is known of a run, read again only after something was written; None where it cannot be read.

    The id may come from a browser: only a plain name can be one.
    """
    if view.project is None or not RUN_ID.fullmatch(run_id):
        return None
    run = Run(view.project.runs_folder / run_id)
    published = run == view.trained
    entry = ENTRIES.get((trainer.run_stamp(run), published), lambda: trainer.read_run(run, published))
    if entry is None:
        return None
    job = next((job for job in view.all_jobs if job.id == run_id), None)
    lost = not job and entry.state in ACTIVE and not run.read_state().process  # nobody was there to write it down
    return replace(entry, state=JobState.INTERRUPTED if lost else job.state if job else entry.state)


def list_html(view: View) -> str:
    """The button to compare what is ticked, one page of the table, and the way to its other pages."""
    position, runs = view.at(HistoryPosition), runs_of(view)
    title = f"<h2>{view.html('history.title')}</h2>"
    if not runs:
        to_training = html.link("training", view.t("history.to_training"), "primary")
        return f"{title}{html.muted(view.t('history.none'))}<p>{to_training}</p>"
    shown, pager = paged(view, "runs", runs, position.page, ROWS_SHOWN)
    heads = [view.t(f"history.head_{name}") for name in COLUMNS]
    table = html.table(heads, (row_cells(view, run.id, position.chosen) for run in shown), "", "runs")
    compare = html.small_button("runs.compare", "", view.t("history.compare"), needs_tick=True)
    about = view.html("history.compare_about", least=LEAST_COMPARED, most=MOST_COMPARED)
    return (
        f"{title}{html.muted(view.t('history.about'))}"
        f'<div data-list="runs" data-round="{escape(f"{position.project}/{position.round}")}">'
        f'<div class="ticked">{compare}<span>{about}</span></div>{table}{pager}</div>'
    )


def row_cells(view: View, run_id: str, chosen: str) -> list[str]:
    """One run; one that cannot be read shows at least that it is there."""
    entry = entry_of(view, run_id)
    if entry is None:
        unreadable = html.badge("bad", view.t("history.unreadable"))
        return ["", f"<small>{escape(run_id)}</small>", unreadable, *([""] * (len(COLUMNS) - 3))]
    when = words.when_words(entry, view.language)
    # Where it comes from, and whether its adapter is the one in use.
    notes = {"branch": entry.parent, "repeat": entry.repeats, "published": entry.published}
    about = "".join(f"<small>{view.html(f'history.is_{name}')}</small>" for name, is_so in notes.items() if is_so)
    base = model_words(entry.base_source, entry.base_name, view.language) or words.NOTHING
    return [
        html.tick(run_id, view.t("history.tick", run=when)),
        html.opener("runs.open", run_id, escape(when), run_id == chosen) + about,
        state_html(view, entry.state),
        *map(escape, (base, *words.figure_words(vars(entry), view.language))),
    ]


def state_html(view: View, state: JobState) -> str:
    return html.badge(STATE_TONES[state], view.t(f"job.state.{state}"))


def compared_html(view: View) -> str:
    """The curves of the chosen runs over each other, and what they differ in."""
    entries = [entry for run_id in view.at(HistoryPosition).compared if (entry := entry_of(view, run_id))]
    if len(entries) < LEAST_COMPARED:
        return ""
    # Oldest first, as the story went; numbers in front, since two runs may have begun in one minute.
    entries = sorted(entries, key=lambda entry: entry.run.order)
    names = [words.when_words(entry, view.language) for entry in entries]
    plots = "".join(plot_html(view, part, names, entries) for part in ("loss", "eval_loss"))
    found = [*trainer.facts([entry.request for entry in entries]), *figures_of(entries)]
    heads = [view.t("history.setting"), *(f"{number} · {name}" for number, name in enumerate(names, 1))]
    different, same = (facts_rows(view, (fact for fact in found if fact.differs is so)) for so in (True, False))
    table = html.table(heads, different, view.t("history.no_difference"))
    rest = html.more(view.t("history.same", count=len(same)), html.table(heads, same, ""))
    title = view.html("history.compared")
    return (
        f'<section class="card" id="compared" tabindex="-1"><h3>{title}</h3><div class="curves">{plots}</div>'
        f"{table}{rest}</section>"
    )


def plot_html(view: View, part: str, names: Sequence[str], entries: Sequence[Entry]) -> str:
    """One figure of all runs over the steps; nothing where none of them has it."""
    curves = [thinned(trainer.curve(trainer.points_of(entry.run.metrics_file), part)) for entry in entries]
    lines = [{"name": name, "points": points} for name, points in zip(names, curves, strict=True)]
    data = {**curve_words(view, f"history.plot_{part}"), "lines": lines, "numbered": True}
    return html.curve(f"compared-{part}", data) if any(curves) else ""


def figures_of(entries: Sequence[Entry], names: Iterable[str] = FIGURES) -> list[Fact]:
    return [Fact(f"run.{name}", tuple(getattr(entry, name) for entry in entries)) for name in names]


def facts_rows(view: View, facts: Iterable[Fact]) -> list[list[str]]:
    return [
        [
            escape(words.fact_label(fact.name, view.language)),
            *(escape(words.value_words(fact.name, value, view.language)) for value in fact.values),
        ]
        for fact in facts
    ]


def turn(act: Act) -> None:
    act.move(replace(act.at(HistoryPosition), page=act.number))


def open_run(act: Act) -> Answer:
    """Shows a run in detail, or no longer."""
    position = act.at(HistoryPosition)
    closes = position.chosen == act.of or entry_of(act.view, act.of) is None
    act.move(replace(position, chosen="" if closes else act.of, asked=""))
    return Answer(focus="" if closes else "#run-details")


def compare(act: Act) -> Answer:
    """Raises AppError `compare_count`."""
    ticked = act.chosen(run.id for run in runs_of(act.view))
    if not LEAST_COMPARED <= len(ticked) <= MOST_COMPARED:
        raise AppError("compare_count", least=LEAST_COMPARED, most=MOST_COMPARED, count=len(ticked))
    position = act.at(HistoryPosition)
    act.move(replace(position, compared=tuple(ticked), round=position.round + 1))
    return Answer(focus="#compared")


PART = Part(
    {"runs": list_html, "compared-runs": compared_html},
    {"runs.back": turn, "runs.onward": turn, "runs.open": open_run, "runs.compare": compare},
)
