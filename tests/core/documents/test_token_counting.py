import random
from string import ascii_lowercase

import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizer_material import GERMAN, byte_level, choose, model_folder, save, with_prefix_space

from core.documents.token_counting import (
    LOCAL_NAME,
    Remembered,
    counter_name,
    counter_of,
    local_counter,
    tokenizer_counter,
)
from utils.errors import AppError


def test_the_local_vocabulary_counts_about_as_models_do():
    count = local_counter().count
    assert count("") == 0
    assert 14 <= count("Energie ist die Fähigkeit eines Körpers, Arbeit zu verrichten.") <= 22
    assert 9 <= count("The quick brown fox jumps over the lazy dog.") <= 18
    assert 5 <= count("エネルギーは保存されます。") <= 20


@settings(deadline=None)
@given(st.text())
def test_any_text_is_counted_and_never_above_its_bytes_and_words(text):
    tokens = local_counter().count(text)
    words = text.split()
    assert len(words) <= tokens <= len(text.encode("utf-8", "surrogatepass")) + len(words) + text.count("\n")


@settings(deadline=None)
@given(st.text("ab .,-_\n"), st.text("ab .,-_\n"))
def test_the_local_count_of_two_texts_is_the_sum_of_theirs(one, other):
    count = local_counter().count
    assert count(f"{one} {other}") == count(one) + count(other)


@pytest.mark.parametrize("tokenizer", [byte_level(), with_prefix_space()], ids=["byte-level", "prefix-space"])
def test_counting_from_memory_agrees_with_the_tokenizer(tokenizer, tmp_path):
    counter = tokenizer_counter(save(tokenizer, tmp_path), "m")
    (exact,) = counter.exact([GERMAN])
    assert exact == len(tokenizer.encode(GERMAN, add_special_tokens=False).ids)
    assert abs(counter.count(GERMAN) - exact) <= 0.02 * exact


def test_a_tokenizers_own_truncation_does_not_count(tmp_path):
    tokenizer = byte_level(256)
    tokenizer.enable_truncation(4)
    counter = tokenizer_counter(save(tokenizer, tmp_path), "tiny")
    assert (counter.name, counter.exact(["größer"])) == ("tiny", [8])


def test_a_broken_tokenizer_says_so(tmp_path):
    (tmp_path / "broken.json").write_text("{}")
    with pytest.raises(AppError, match="tokenizer_unreadable"):
        tokenizer_counter(tmp_path / "broken.json", "m")


def test_memory_stays_bounded_however_many_words_there_are(monkeypatch):
    monkeypatch.setattr("core.documents.token_counting.MAX_REMEMBERED", 10)
    remembered = Remembered(len)
    assert [remembered["x" * n] for n in range(100)] == list(range(100))
    assert len(remembered) <= 10


def test_a_model_that_is_counted_with_again_and_again_leaves_no_memory_behind(tmp_path):
    """The app counts whenever the samples change; what the library keeps of words was never given back."""
    file = save(byte_level(), tmp_path)
    dice = random.Random(1)
    texts = [" ".join("".join(dice.choices(ascii_lowercase, k=20)) for _ in range(20)) for _ in range(400)]
    process = psutil.Process()
    held = []
    for _ in range(12):
        tokenizer_counter(file, "m", forgetful=True).exact(texts)
        held.append(process.memory_info().rss / 2**20)
    assert held[-1] - held[3] < 20  # MiB; it was 65


def test_before_a_choice_the_local_vocabulary_counts_and_then_the_models_own_tokenizer(project, tmp_path):
    assert counter_name(project) == counter_of(project).name == LOCAL_NAME
    choose(project, tmp_path / "gone")  # a model that is not there counts as no choice
    assert counter_name(project) == LOCAL_NAME
    choose(project, model_folder(tmp_path / "mini", byte_level(256)))
    assert counter_of(project).exact(["größer"]) == [8]
    before = counter_name(project)
    save(byte_level(300), tmp_path / "mini")
    assert (
        before.startswith("mini#") and counter_name(project).startswith("mini#") and counter_name(project) != before
    )
