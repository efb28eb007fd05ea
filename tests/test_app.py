"""The entry point: what importing and starting it may not do."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HEAVY = ("torch", "transformers", "trl", "peft", "datasets", "unsloth", "accelerate", "xllamacpp", "auto_round")


def python(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_all_that_serving_loads_is_free_of_machine_learning_libraries():
    loaded = python(
        "import sys, app, core.projects, ui.server.server, ui.cli.command_line;"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    assert loaded.strip() == "[]"


def test_a_command_about_documents_loads_no_numpy_and_no_gguf_library_which_cost_as_much_as_reading_a_book():
    loaded = python(
        "import sys, ui.cli.command_line, core.projects, core.rag_processor, core.jobs.worker, core.documents.ingest;"
        "print([name for name in ('numpy', 'gguf', 'core.trainer') if name in sys.modules])"
    )
    assert loaded.strip() == "[]"


def test_analytics_and_telemetry_are_off_before_any_library_is_loaded():
    assert python("import app, os; print(os.environ['GRADIO_ANALYTICS_ENABLED'])").strip() == "False"
