"""The last step of an export to Ollama: how the model is asked there, its Modelfile, the import and the checks.

Knows the verified GGUF, the reference and llama.cpp. Nothing that goes wrong with Ollama costs the export: its folder
holds all that `ollama create` needs.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import jinja2

from core.export.go_template import Message, fill
from core.export.template import CONVERSATIONS, Recipe, find_recipe
from core.jobs.job import JobContext
from core.models import unpacked
from core.models.llama_server import LlamaServer
from core.ollama_client import MODELFILE, Imported, NewModel, import_model, modelfile
from core.proof import verify
from core.proof.reference import ANSWER_TOKENS, LONGEST_TOKENS, Reference
from core.proof.verify import Check
from utils.files import parse_json, read_json, write_json, write_text_atomic

NOTE = "ollama.json"
KNOWN_PARAMETERS = {
    *("frequency_penalty", "main_gpu", "min_p", "num_batch", "num_ctx", "num_gpu", "num_keep", "num_predict"),
    *("num_thread", "presence_penalty", "repeat_last_n", "repeat_penalty", "seed", "stop", "temperature"),
    *("top_k", "top_p", "use_mmap"),
}
"""What every version of Ollama takes. Older models have more, and one unknown name spoils the whole Modelfile."""
USUAL_CONTEXT_TOKENS = 8192
UNTOLD = '"""'  # a Modelfile has no way to say it


@dataclass(frozen=True)
class Handover:
    """What is handed over: a GGUF in its folder, the base that it was trained from, and the name it shall have.

    `context_tokens` is what the model can read at most, `former` the folder of the project's last export to Ollama.
    """

    file: Path
    base: Path
    name: str
    quantization: str
    context_tokens: int | None
    former: Path


def hand_over(context: JobContext, reference: Reference, what: Handover) -> tuple[dict[str, Any], dict[str, Any]]:
    """Write the Modelfile, create the model where Ollama runs, and ask it once.

    Returns the entry of verification.json, and what became of the import.
    """
    context.progress(0, None, "export.ollama_template")
    brought = texts_of_base(what.base)
    first = reference.asked[0]
    with LlamaServer(what.file, 2 * (LONGEST_TOKENS + ANSWER_TOKENS)) as server:
        recipe = recipe_of(server, reference, brought)
        checks = [check_template(recipe), check_prompts(server, reference, recipe)] if recipe else [NO_RECIPE]
        expected = server.complete(first.prompt_ids, ANSWER_TOKENS).text
    folder = what.file.parent
    if recipe is None:
        outcome = Imported("failed", what.name, "")
    else:
        if recipe.all_turns and recipe.same < len(CONVERSATIONS):
            context.log("export.ollama_no_system")
        model = new_model(reference, what, recipe, brought)
        write_text_atomic(folder / MODELFILE, modelfile(model))
        context.checkpoint()
        outcome = import_model(context, model, first.messages, ANSWER_TOKENS)
        checks += check_import(outcome, len(first.prompt_ids), expected)
    told = {**asdict(outcome), "command": f"ollama create {outcome.name} -f {MODELFILE}"}
    tell(context, outcome, told["command"])
    write_json(folder / NOTE, told)
    more = {"bytes": what.file.stat().st_size}
    return verify.report(MODELFILE, what.quantization, checks, [], more), told


def recipe_of(server: LlamaServer, reference: Reference, brought: dict[str, Any]) -> Recipe | None:
    """How the model is asked in Ollama so that it reads what it was trained on."""

    def ask(messages: Sequence[Message]) -> str | None:
        try:
            return reference.tokenizer.apply_chat_template(
                [dict(message) for message in messages], add_generation_prompt=True, tokenize=False
            )
        except (jinja2.TemplateError, TypeError):
            return None

    begin = "".join(reference.tokenizer.convert_ids_to_tokens(server.prompt_ids("")))
    template, system = (text if UNTOLD not in text else "" for text in (brought["template"], brought["system"]))
    return find_recipe(ask, begin, template, system)


def texts_of_base(base: Path) -> dict[str, Any]:
    """Template, system text and parameters that a base from Ollama's store brought along; empty ones without any."""
    note = unpacked.read_note(base)
    texts = note.ollama if note else {}
    try:
        parameters = parse_json(texts.get("params") or "{}")
    except ValueError:
        parameters = {}
    return {
        "template": texts.get("template", ""),
        "system": texts.get("system", "").strip(),
        "parameters": parameters if isinstance(parameters, dict) else {},
    }


def new_model(reference: Reference, what: Handover, recipe: Recipe, brought: dict[str, Any]) -> NewModel:
    """The model with its stop words, each way an answer may end, and a context that it can read."""
    own = {name: value for name, value in brought["parameters"].items() if name in KNOWN_PARAMETERS}
    stops = [reference.tokenizer.decode([token]) for token in reference.stop_ids]
    given = own.get("stop")
    given = [given] if isinstance(given, str) else given if isinstance(given, list) else []
    given = [word for word in given if isinstance(word, str)]
    context = min(what.context_tokens or USUAL_CONTEXT_TOKENS, USUAL_CONTEXT_TOKENS)
    parameters = {"num_ctx": context, **own, "stop": list(dict.fromkeys(filter(None, [*stops, *given])))}
    try:
        former = str(read_json(what.former / NOTE)["name"])
    except (OSError, ValueError, KeyError, TypeError):
        former = ""
    return NewModel(what.name, what.file, recipe.template, recipe.system, parameters, former)


NO_RECIPE = Check("ollama_template", False, {}, "ollama_no_template")


def check_template(recipe: Recipe) -> Check:
    """Ollama makes the same text of a conversation as training did, with several turns and a system text too."""
    figures = {"same": recipe.same, "of": recipe.conversations, "source": recipe.source}
    return Check("ollama_template", recipe.all_turns, figures, "ollama_one_turn")


def check_prompts(server: LlamaServer, reference: Reference, recipe: Recipe) -> Check:
    """Ollama's prompt, in llama.cpp's tokens, is the one of the training, the begin token included."""
    prompts = [fill(recipe.template, asked.messages, recipe.system) for asked in reference.asked]
    same = sum(
        server.prompt_ids(prompt)[-LONGEST_TOKENS:] == asked.prompt_ids
        for prompt, asked in zip(prompts, reference.asked, strict=True)
    )
    figures = {"same": same, "of": len(prompts)}
    return Check("ollama_prompts", same == len(prompts), figures, "ollama_prompts_differ")


def check_import(outcome: Imported, prompt_tokens: int, expected: str) -> list[Check]:
    """Whether Ollama made the model, and whether it was then given as many tokens as in training.

    Its answer is only noted: two engines round differently, and one token may decide about all that follow.
    """
    if outcome.state == "failed":
        return [Check("ollama_created", False, {"problem": outcome.problem}, "ollama_refused")]
    if outcome.state != "created":
        return []
    created = Check("ollama_created", True)
    if outcome.prompt_tokens is None:
        return [created]
    same = (outcome.answer or "").strip() == expected.strip()
    figures = {"tokens": outcome.prompt_tokens, "expected": prompt_tokens, "same_answer": same}
    return [
        created,
        Check("ollama_asked", outcome.prompt_tokens == prompt_tokens, figures, "ollama_asked_differently"),
    ]


def tell(context: JobContext, outcome: Imported, command: str) -> None:
    """For the log what the page says too."""
    words = {"name": outcome.name, "problem": outcome.problem, "command": command}
    context.log(f"ollama.{outcome.state}", **words)
    context.log(f"ollama.{outcome.state}_about", **words)
    if outcome.state == "created" and outcome.problem:
        context.log("export.ollama_not_asked", problem=outcome.problem)
