"""CONTRIBUTING's recipes, each done in a copy of the code exactly as it stands there, and used afterwards."""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from core.project_manager import ProjectStore
from tests.core.samples.fault_server import FaultServer
from utils.files import read_json

ROOT = Path(__file__).resolve().parents[1]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PLACE = re.compile(r"# (\S+), (new|(after|before|instead of): (.+))\n")
# How many files of code each recipe may touch. Its words are one thing more, a key in each language.
MOST_FILES = {
    "A document format": 3,
    "A provider": 2,
    "An export format": 3,
    "A training setting": 2,
    "A language": 0,
    "A kind of job": 2,
}


def recipes() -> dict[str, list[tuple[str, str]]]:
    """Each recipe's blocks, language and content, by its title."""
    sections = (ROOT / "CONTRIBUTING.md").read_text("utf-8").split("\n### ")[1:]
    return {section.partition("\n")[0]: BLOCK.findall(section) for section in sections}


class Tree:
    """A copy of the code with one recipe done in it, and an empty folder of projects."""

    def __init__(self, folder: Path, title: str) -> None:
        self.folder = folder / "tree"
        self.projects = ProjectStore(folder / "projects")
        for name in ("core", "ui", "utils"):
            shutil.copytree(ROOT / name, self.folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy2(ROOT / "app.py", self.folder)
        self.changed: set[str] = set()
        for language, content in recipes()[title]:
            if language == "sh":
                subprocess.run(content, shell=True, cwd=self.folder, check=True)
            else:
                self._apply(content)
        code = {name for name in self.changed if not name.startswith("ui/texts/")}
        assert len(code) <= MOST_FILES[title], code
        words = {name.replace("/en/", "/de/") for name in self.changed if "/en/" in name}
        assert words == {name for name in self.changed if "/de/" in name}

    def _apply(self, content: str) -> None:
        place = PLACE.match(content)
        assert place, content
        name, new, where, anchor = place.groups()
        path, block = self.folder / name, content[place.end() :]
        self.changed.add(name)
        if new == "new":
            assert not path.exists()
            path.write_text(block, "utf-8")
            return
        lines = path.read_text("utf-8").splitlines(keepends=True)
        (at,) = (number for number, line in enumerate(lines) if line.lstrip().startswith(anchor))
        lines[at + (where == "after") : at + (where != "before")] = [block]
        path.write_text("".join(lines), "utf-8")

    def python(self, *arguments: object, **environment: str) -> str:
        """What a Python in this tree printed."""
        done = subprocess.run(
            [sys.executable, *map(str, arguments)],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(self.folder), "LC_ALL": "en_US.UTF-8", **environment},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def app(self, *words: object) -> dict:
        """The result of a command of the app."""
        printed = self.python("app.py", *words, "--json", "--projects", self.projects.folder)
        return json.loads(printed.splitlines()[-1])


PAGE = """
import sys
from html import unescape
from pathlib import Path
from core.jobs.services import Services
from core.project_manager import ProjectStore
from ui import layout, texts
from ui.page.view import View
services = Services(ProjectStore(Path(sys.argv[2])))
print(layout.build(sys.argv[1]).get_config_file())
view = View(services, sys.argv[1], next(iter(services.projects.names()), ""))
for part in (layout.FRAME, *layout.SCREENS.values()):
    print(*(unescape(render(view)) for render in part.places.values()))
print(texts.person_language(), texts.text("job.count", sys.argv[1], done=1200, total=1))
"""


def test_each_recipe_has_its_test_and_none_is_without_a_limit():
    assert list(recipes()) == list(MOST_FILES)


def test_a_presentation_is_read_slide_by_slide(tmp_path):
    tree = Tree(tmp_path, "A document format")
    tree.projects.make_folder()
    tree.projects.create("p")
    drawing = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
    slides = {10: "Wärme fließt von selbst nur zum Kälteren.", 2: "Energie bleibt erhalten.", 1: "Physik"}
    with zipfile.ZipFile(tmp_path / "talk.pptx", "w") as archive:
        for number, words in slides.items():
            first, rest = words[:3], words[3:]
            paragraph = f"<a:p><a:r><a:t>{first}</a:t></a:r><a:r><a:t>{rest}</a:t></a:r></a:p>"
            archive.writestr(f"ppt/slides/slide{number}.xml", f"<p {drawing}>{paragraph}</p>")
        archive.writestr("ppt/slides/slide3.xml", "<broken")
    (tmp_path / "torn.pptx").write_bytes((tmp_path / "talk.pptx").read_bytes()[:200])
    result = tree.app("rag", "p", tmp_path / "talk.pptx", tmp_path / "torn.pptx")
    rows = {row["filename"]: row for row in result["documents"]}
    assert (rows["talk.pptx"]["status"], rows["talk.pptx"]["pages"]) == ("partial", 4)
    assert rows["torn.pptx"]["status"] == "failed"
    (hit,) = tree.app("search", "p", "Kälteren")["hits"]
    assert hit["document"] == "talk.pptx" and "Wärme fließt" in hit["text"]
    shown = tree.python("-c", "from core.rag_processor import readable_formats; print(readable_formats())")
    assert "PPTX" in shown


def test_a_provider_writes_samples(tmp_path):
    tree = Tree(tmp_path, "A provider")
    tree.projects.make_folder()
    tree.projects.create("p")
    with FaultServer() as server:
        wishes = ["--provider", "llama_cpp", "--model", "m", "--base-url", server.base_url, "--topic", "Wasser"]
        assert tree.app("sft", "p", *wishes, "--samples", 3)["samples"] == 3
        assert server.requests >= 3
    shown = tree.python("-c", PAGE, "en", tree.projects.folder)
    assert "llama.cpp's server" in shown


def test_the_adapter_alone_is_exported_and_checked(tmp_path):
    tree = Tree(tmp_path, "An export format")
    shutil.unpack_archive(ROOT / "tests" / "fixtures" / "old_trained.tar.xz", tree.projects.folder)
    result = tree.app("export", "trained", "--format", "adapter")
    assert result["format"] == "adapter" and result["verification"]["passed"], result["verification"]
    folder = Path(result["folder"])
    assert folder.name == "adapter"
    assert {"adapter_model.safetensors", "adapter_config.json", "model_card.md"} <= {
        path.name for path in folder.iterdir()
    }
    assert read_json(folder / "verification.json")["run"] == result["run"]
    shown = tree.python("-c", PAGE, "de", tree.projects.folder)
    assert "Nur der Adapter (PEFT)" in shown


SETTING = """
import sys
from pathlib import Path
from types import SimpleNamespace

from core import hardware_detector, trainer
from core.export import model_card
from core.jobs.services import Services
from core.project_manager import ProjectStore
from core.training import derived_runs, presets, provenance, train
from ui import tab_training
from ui.cli import command_line
from ui.page.view import View
from ui.training import history_words
from utils.config import TrainingSettings

hardware = hardware_detector.detect(Path("."), force_cpu=True)
services = Services(ProjectStore(Path(sys.argv[1])))
assert "Größter Gradient (Norm)" in tab_training.settings_html(View(services, "de", ""))
assert command_line.parser().parse_args(["train", "p", "--max-grad-norm", "0.5"]).max_grad_norm == "0.5"
project = ProjectStore(Path(sys.argv[1])).create("p")
project.set("training", {"max_grad_norm": "0.5"})
own = project.load_config().training
record = {"training": own.model_dump()}
assert [(fact.name, fact.values) for fact in provenance.facts([record]) if fact.values == (0.5,)]
assert history_words.fact_label("training.max_grad_norm", "en") == "Largest gradient (norm)"
assert derived_runs.changed_settings(own, None, {"max_grad_norm": 0.75}).max_grad_norm == 0.75
assert model_card.settings_shown(record["training"])["max_grad_norm"] == 0.5
preset = presets.choose("quick", presets.Situation(None, 90, 10, 400, hardware), own)
assert preset.values["max_grad_norm"] == 1.0
filled = TrainingSettings(**{**own.model_dump(), **preset.values})
assert preset.equals(filled) and not preset.equals(filled.model_copy(update={"max_grad_norm": 0.5}))
loaded = SimpleNamespace(
    device=SimpleNamespace(kind="cpu", bf16=False), model=SimpleNamespace(get_base_model=lambda: None)
)
run = SimpleNamespace(trainer_folder=Path("trainer"))
assert train.arguments(run, own, loaded, measure=False)["max_grad_norm"] == 0.5
"""


def test_a_training_setting_reaches_form_flag_run_card_presets_and_trainer(tmp_path):
    tree = Tree(tmp_path, "A training setting")
    tree.projects.make_folder()
    tree.python("-c", SETTING, tree.projects.folder)


def test_a_language_is_spoken_by_page_terminal_and_numbers(tmp_path):
    tree = Tree(tmp_path, "A language")
    tree.projects.make_folder()
    shown = tree.python("-c", PAGE, "fr", tree.projects.folder, LC_ALL="fr_FR.UTF-8")
    assert "Français" in shown and "Langue au début" in shown
    assert shown.splitlines()[-1] == "fr 1 200/1"
    changed = {Path(name).parts[:3] for name in tree.changed}
    assert changed == {("ui", "texts", "fr")}


KIND = """
import sys, time
from pathlib import Path
from core.jobs.job import JobState
from core.jobs.kinds import of_tab
from core.jobs.services import Services, reattach, start_child_job
from core.project_manager import ProjectStore
from ui.page.job_panel import progress_html
from ui.page.view import View
from utils.files import read_lines

services = Services(ProjectStore(Path(sys.argv[1])))
project = services.projects.open("p")
job = start_child_job(services, project, "count_words", {})
while services.runner.get(job.id).done < 2:
    time.sleep(0.02)
services.runner.pause(job.id)
assert services.runner.wait(job.id, 20).state == JobState.PAUSED
view = View(services, "en", "p")
assert "Counting words" in progress_html(view, view.job(of_tab("documents")))
(counted,) = project.runs_folder.glob("*-count_words/counted")
before = list(read_lines(counted))
next_app = Services(services.projects)
reattach(next_app)
(found,) = next_app.runner.jobs()
assert (found.id, found.state) == (job.id, JobState.PAUSED)
next_app.runner.resume(job.id)
result = next_app.runner.wait(job.id, 60).result
after = list(read_lines(counted))
assert 2 <= len(before) < result["chunks"] == len(after) and after[: len(before)] == before
assert result["words"] == sum(map(int, after)) >= result["chunks"]
"""


def test_a_kind_of_job_runs_in_a_child_is_shown_and_goes_on_after_a_restart(tmp_path):
    tree = Tree(tmp_path, "A kind of job")
    tree.projects.make_folder()
    tree.projects.create("p")
    text = tmp_path / "long.txt"
    text.write_text("\n\n".join(f"Absatz {number} sagt etwas Eigenes über {number}." for number in range(2000)))
    tree.app("rag", "p", text, "--chunk-tokens", 32, "--overlap-tokens", 0)
    tree.python("-c", KIND, tree.projects.folder)
