"""How a process of the app ends."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
A_THREAD_THAT_NEVER_ENDS = "threading.Thread(target=threading.Event().wait).start()"
"""As gloo's in torch 2.13, which now and then waits for ever for an interpreter that is already going."""


def lived(work: str) -> "subprocess.CompletedProcess[str]":
    """A process of the app that defines and does this work."""
    code = f"import sys, threading\n{work}\nfrom utils.process_life import live\nlive(work)"
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("code", [0, 1, 75])
def test_a_child_ends_with_its_code_though_a_librarys_thread_does_not(code):
    end = lived(f"def work():\n    {A_THREAD_THAT_NEVER_ENDS}\n    print('written', end='')\n    return {code}")
    assert (end.returncode, end.stdout) == (code, "written")


def test_a_child_that_fails_says_why_and_ends_too():
    end = lived(f"def work():\n    {A_THREAD_THAT_NEVER_ENDS}\n    raise ValueError('no such layer')")
    assert end.returncode == 1
    assert "ValueError: no such layer" in end.stderr


@pytest.mark.skipif(os.name == "nt", reason="Windows closes no standard streams like this")
def test_a_child_without_a_console_ends_too():
    assert lived("def work():\n    sys.stdout = sys.stderr = None\n    return 3").returncode == 3
