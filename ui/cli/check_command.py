"""The command `check`: what keeps a training from starting, how the samples will be read, how long it will take."""

import argparse
from collections.abc import Callable
from typing import Any

from ui import texts
from ui.cli.command_tools import finish, opened
from ui.page.check_words import SIGNS, check_words
from ui.page.figures import duration_words, rounded


def add_command(add: Callable[..., argparse.ArgumentParser]) -> None:
    """`check PROJECT`; ends with 1 where a training would be refused."""
    check = add("check", check_command, "look at data, model and machine before a training", show=lines_of)
    check.set_defaults(exit_code=lambda result, _: 0 if result["ready"] else 1)
    check.add_argument("project")


def check_command(options: argparse.Namespace) -> dict[str, Any]:
    """Everything the page of step 4 shows before a start. The samples are only looked at where there are some."""
    from core import trainer

    services, project = opened(options)
    checks, expected = trainer.checks(services, project)
    refused = [check for check in checks if check.refusal]
    result: dict[str, Any] = {"ready": not refused, "checks": [check.as_json for check in checks]}
    if expected["memory"]:
        result["time"] = expected["time"]
    if not any(check.name in ("samples", "base") for check in refused):
        result["samples"] = finish(services, trainer.start_preflight(services, project))
    return result


def lines_of(result: dict[str, Any], language: str) -> str:
    """One line per check, as the page shows it."""
    found = [*result["checks"], *result.get("samples", {}).get("checks", [])]
    lines = [f"{SIGNS[check['state']]} {check_words(check, language)}" for check in found]
    if lasting := result.get("time"):
        lines.append(
            texts.text(
                "run_time.line", language, duration=duration_words(rounded(lasting["about_seconds"]), language)
            )
        )
    return "\n".join(lines)
