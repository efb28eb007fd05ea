"""Whatever an action is told, it answers in words: nothing that comes from outside is a bug of ours."""

import logging
import random

import pytest
from documents_material import store_document
from samples_material import store_samples

from core import access
from core.access import Visitor
from ui import layout
from ui.page.parts import Act, done, shown
from ui.page.view import View
from utils.errors import AppError

PARTS = [layout.FRAME, *(screen.part for screen in layout.SCREENS.values())]
ACTIONS = {name: work for part in PARTS for name, work in part.actions.items()}
ODD = (
    *("", "a", "\0", "\n", "../..", "/etc/passwd", "*", "0", "-1", "1e999", "NaN", "9" * 5000, "٣", "²", "１", "1_0"),
    *("hf:", "hf:a/b", "path:/", "hf:../../x", "<script>", "'\"", "x" * 900_000, "\u202e", "é" * 300, "sft.topic"),
    *("training.epochs", "sft", "training.", "%s", "{0}", "[", "(", "AND OR", "a*", "😀", "nul.txt", "a\\b", "done"),
    *("accepted", "a.txt", "s1", "5:7", ":", "practice", "ollama", "openrouter", "train", "en"),
)
NAMES = (
    *("value", "name", "key", "point", "remember", "question", "document", "document-password", "chunks-search"),
    *("base_hf", "base_path", "review_loaded", "review_sample", "review.instruction", "review.output"),
    *("review.words", "review.document", "samples", "target", "folder", "words"),
)
GUEST = Visitor(id="0123456789abcdef" * 2)


@pytest.fixture
def begins_nothing(services, monkeypatch):
    """What is asked for is checked, and not begun."""

    def refused(job):
        raise AppError("job_already_running")

    monkeypatch.setattr(services.runner, "start", refused)


@pytest.mark.parametrize("visitor", [access.HOST, GUEST], ids=["host", "guest"])
def test_odd_words_are_answered_and_no_bug_of_ours(services, begins_nothing, caplog, visitor):
    chance = random.Random(7)
    with access.acting_as(visitor), caplog.at_level(logging.ERROR):
        project = services.projects.create("Physik")
        store_document(project, "a.txt", ["Wärme ist Energie.", "Kälte nicht."])
        store_samples(project, 5)
        positions: dict = {}
        for action in sorted(ACTIONS) * 4:
            values = {name: chance.choice([*ODD, True, [], ["a"] * 1000]) for name in NAMES}
            ticked = chance.choice([(), ("*",), ("*", "a.txt"), ("\0",), tuple(map(str, range(20_000)))])
            name = next(iter(services.projects.names()), "") if chance.random() < 0.8 else chance.choice(ODD)
            done(ACTIONS[action], Act(services, "de", name, positions, chance.choice(ODD), ticked, values))
        for part in PARTS:
            for render in part.places.values():
                assert len(shown(render, View(services, "de", name, positions, "documents"))) < 400_000
    assert not [record for record in caplog.records if record.exc_info], caplog.text[-3000:]
