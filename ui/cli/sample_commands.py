"""The commands of step 3: write samples, try a helper, check, bring in and out, and keep a helper's key."""

import argparse
import getpass
import sys
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from ui.cli.command_tools import add_fields, finish, given, opened, report, show_result
from ui.page.figures import cost_words, range_words
from ui.texts import person_language, text
from utils import config
from utils.errors import AppError


def add_commands(add: Callable[..., argparse.ArgumentParser]) -> None:
    """Declare the commands; `add(name, command, summary, *needed, **defaults)` makes one."""
    sft = add("sft", sft_command, "write training samples", "project", show=show_sft)
    sft.add_argument("--test", action="store_true", help="one real request, shown with what was understood of it")
    sft.add_argument("--estimate", action="store_true", help="only say what it will take, and what leaves")
    sft.add_argument("--unusable", action="store_true", help="show the last answers that held no sample, and why")
    sft.add_argument("--max-cost", dest="budget_usd", metavar="USD", help="the same as --budget-usd; 0 = no limit")
    add_fields(sft, config.SftSettings)
    add("check-samples", check_command, "check the samples: duplicates, language, support and more", "project")
    bring = add("import-samples", import_command, "add samples from JSONL, JSON, CSV or TSV", "project")
    bring.add_argument("file", type=Path)
    take = add("export-samples", export_command, "write the samples that nobody rejected to a file", "project")
    take.add_argument("target", type=Path)
    take.add_argument("--kind", default="jsonl", metavar="jsonl|messages|csv")
    key = add("key", key_command, "keep the key of a helper's server, typed or from standard input")
    key.add_argument("--base-url", default="", help="the server that it is for; without, OpenRouter")
    key.add_argument("--forget", action="store_true", help="let go of it instead")


def sft_command(options: argparse.Namespace) -> dict[str, Any]:
    from core import sft_generator

    services, project = opened(options)
    project.set("sft", given(options, config.SftSettings))
    settings = project.load_config().sft
    for problem in sft_generator.prompt_problems(settings.system_prompt, settings.user_template):
        report(problem.code, problem.params, person_language(), "warning")
    if options.unusable:
        return {"unusable": [asdict(answer) for answer in sft_generator.unusable_answers(project)]}
    if options.estimate:
        return asdict(sft_generator.estimate_samples(project))
    if options.test:
        return finish(services, sft_generator.start_test(services, project))
    return finish(services, sft_generator.start_samples(services, project))


def show_sft(result: dict[str, Any], language: str) -> str:
    """The result for people: of a run its figures, of an estimate its ranges, of a test what the helper said."""
    if "pairs" in result:
        from core.sft_generator import UNUSABLE

        pairs = (f"{pair['instruction']}\n→ {pair['output']}" for pair in result["pairs"])
        problem = text(f"error.{UNUSABLE[result['problem']]}", language) if result["problem"] else ""
        return "\n\n".join(filter(None, [result["answer"], *pairs, problem]))
    if "unusable" in result:
        return "\n\n".join(map(partial(unusable_lines, language), result["unusable"]))
    if "estimate" not in result:
        return show_result(result, language)
    found = result["estimate"]
    (least, most), (least_answers, most_answers) = found["prompt_tokens"], found["answer_tokens"]

    def whole(value: float) -> str:
        return text("figure.whole", language, value=round(value))

    figures = {
        "requests": range_words(found["requests"], whole, language),
        "tokens": range_words((least + least_answers, most + most_answers), whole, language),
        "cost": cost_words(found["cost_usd"], language),
    }
    lines = [text("estimate.title", language, count=found["samples"])]
    lines += [f"{text(f'estimate.{name}', language)}: {words}" for name, words in figures.items()]
    stays, leaves = text("estimate.stays", language), text("estimate.leaves", language, place=result["place"])
    return "\n".join([*lines, leaves if result["leaves_machine"] else stays])


def unusable_lines(language: str, answer: dict[str, Any]) -> str:
    """An answer that held no sample: where it is from, the reason, and its words."""
    from core.sft_generator import UNUSABLE

    page = f", {answer['page']}" if answer["page"] else ""
    why = text(f"error.{UNUSABLE[answer['problem']]}", language)
    return f"{answer['model']} · {answer['document']}{page} · {why}\n{answer['answer']}"


def check_command(options: argparse.Namespace) -> dict[str, Any]:
    from core import sft_generator

    services, project = opened(options)
    return finish(services, sft_generator.start_checks(services, project))


def import_command(options: argparse.Namespace) -> dict[str, Any]:
    from core import sft_generator

    services, project = opened(options)
    if not options.file.is_file():
        raise AppError("file_missing", file=options.file.name)
    return finish(services, sft_generator.start_import(services, project, options.file, options.file.name))


def export_command(options: argparse.Namespace) -> dict[str, Any]:
    from core.sft_generator import EXPORTS, export_samples

    _, project = opened(options)
    if options.kind not in EXPORTS:
        raise AppError("field_not_a_choice", field="kind", choices=", ".join(EXPORTS))
    options.target.parent.mkdir(parents=True, exist_ok=True)
    return {"samples": export_samples(project, options.kind, options.target), "file": str(options.target)}


def key_command(options: argparse.Namespace) -> dict[str, Any]:
    """The key is never an argument: what stands on a command line is there for everybody in the list of processes."""
    from core import keys

    address = options.base_url or keys.OPENROUTER
    if options.forget:
        keys.forget_key(address)
        return {"server": keys.origin_of(address), "key": "forgotten"}
    typed = getpass.getpass("Key: ") if sys.stdin.isatty() else sys.stdin.readline()
    keys.set_key(address, typed, remember=True)
    return {"server": keys.origin_of(address), "key": "kept"}
