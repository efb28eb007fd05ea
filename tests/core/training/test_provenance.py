"""What is noted of model and app."""

import subprocess

from core.models import unpacked
from core.training import provenance


def test_the_revision_of_a_snapshot_is_its_commit_and_of_an_unpacked_model_its_digest(tmp_path):
    assert provenance.revision_of(tmp_path / "snapshots" / "abc") == "abc"
    kind = {"name": "qwen3", "digest": "d1gest", "family": "qwen3", "quantization": "q8_0", "parameters": 1}
    unpacked.write_note(tmp_path, unpacked.Note(1.0, 0.0, 1, 1, 1, **kind))
    assert provenance.revision_of(tmp_path) == "sha256:d1gest"
    assert provenance.revision_of(tmp_path / "folder") == ""


def test_the_apps_commit_is_told_and_whether_files_differ_from_it(tmp_path):
    assert provenance.git_commit(tmp_path) == ""
    (tmp_path / "a").write_text("1")
    who = ("-c", "user.name=a", "-c", "user.email=a@b")
    for command in (("init", "-q"), ("add", "a"), (*who, "commit", "-qm", "a")):
        subprocess.run(("git", *command), cwd=tmp_path, check=True)
    clean = provenance.git_commit(tmp_path)
    assert len(clean) == 40
    (tmp_path / "a").write_text("2")
    assert provenance.git_commit(tmp_path) == f"{clean}-dirty"
    (tmp_path / "inner").mkdir()
    assert provenance.git_commit(tmp_path / "inner") == ""  # a repository around the app is not the app's
