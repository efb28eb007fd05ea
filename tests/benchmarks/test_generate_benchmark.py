"""The benchmark of sample writing notices what it is there to notice."""

import json
from pathlib import Path

from benchmarks.generate import Outcome, outcome, written_documents

WHOLE = {"Die Pumpe läuft.", "Die Feder hält."}


def samples(project: Path, *lines: object) -> Outcome:
    file = project / "data" / "sft_data.jsonl"
    file.parent.mkdir(parents=True, exist_ok=True)
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    file.write_text("\n".join(texts) + "\n", encoding="utf-8")
    return outcome(project, WHOLE)


def sample(number: int, output: str = "Die Pumpe läuft.", question: str = "") -> dict[str, str]:
    return {"instruction": question or f"Was {number}?", "output": output, "id": f"s{number}"}


def test_whole_samples_that_are_there_once_are_good_and_what_is_not_so_is_noticed(tmp_path):
    assert outcome(tmp_path, WHOLE) == Outcome(0, 0, 0, 0)
    assert samples(tmp_path, sample(1), sample(2, "Die Feder hält.")) == Outcome(2, 0, 0, 0)
    assert samples(tmp_path, sample(1), sample(1)).twice == 1
    assert samples(tmp_path, sample(1, question="Was?"), sample(2, question="Was?")).twice == 1
    found = samples(tmp_path, sample(1, "Die Pumpe"), '{"instruction": "Was')
    assert (found.not_whole, found.unreadable, found.good) == (1, 1, False)


def test_the_documents_hold_more_sentences_than_samples_are_asked_for(tmp_path):
    sentences = written_documents(tmp_path, seed=3)
    assert len(sentences) > 2000
    assert sentences == written_documents(tmp_path, seed=3)
