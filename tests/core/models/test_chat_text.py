"""Questions and answers in tokens: begin tokens, thinking, control tokens that are meant as text, SentencePiece."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from tokenizers.processors import TemplateProcessing
from transformers import PreTrainedTokenizerFast

from core.models.chat_text import BEGIN, ensure_chat_template, without_thoughts
from core.samples.store.sample import Sample
from core.training.training_data import Language, encode_prompt, encode_rows
from tests.material import ENERGY_TEXT

CONTROLS = ["<s>", "</s>", "<|im_start|>", "<|im_end|>", "<|User|>", "<|Assistant|>"]
CHATML = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] | trim }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
# As DeepSeek-R1's distillations have it: asked with an open tag, while no thinking is written down for later turns.
FORGETS = (
    "{{% for m in messages %}}{{% if m['role'] == 'user' %}}<|User|>{{{{ m['content'] }}}}{{% else %}}"
    "<|Assistant|>{{{{ m['content'].split('</think>')[-1] }}}}</s>{{% endif %}}{{% endfor %}}"
    "{{% if add_generation_prompt %}}<|Assistant|>{}{{% endif %}}"
)
# As Qwen 3's thinking models have it: an answer without thoughts is written down with empty ones.
WRITES_EMPTY = CHATML.replace("<|im_start|>assistant\n{% endif", "<|im_start|>assistant\n<think>\n{% endif").replace(
    "{{ m['content'] | trim }}",
    "{% if m['role'] == 'assistant' and loop.last %}<think>\n\n</think>\n\n{% endif %}{{ m['content'] | trim }}",
)


def by_bytes(template=CHATML, *, begins=False):
    """A byte-level tokenizer with control tokens, which may put its begin token before a text."""
    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer, backend.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=500, special_tokens=CONTROLS, initial_alphabet=alphabet, show_progress=False
    )
    backend.train_from_iterator([ENERGY_TEXT], trainer)
    backend.add_tokens([AddedToken("<think>", special=False), AddedToken("</think>", special=False)])
    return wrapped(backend, template, begins)


def by_pieces(template=CHATML, *, begins=True):
    """SentencePiece's BPE, as of Llama 2: a text that stands alone gets a space in front."""
    backend = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True))
    backend.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    letters = [*map(chr, range(33, 127)), "\n", *"äöüÄÖÜß"]
    trainer = trainers.BpeTrainer(
        vocab_size=500, special_tokens=["<unk>", *CONTROLS], initial_alphabet=letters, show_progress=False
    )
    backend.train_from_iterator([ENERGY_TEXT], trainer)
    backend.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    return wrapped(backend, template, begins)


def wrapped(backend, template, begins):
    if begins:
        backend.post_processor = TemplateProcessing(
            single="<s> $A", special_tokens=[("<s>", backend.token_to_id("<s>"))]
        )
    roles = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "</s>"}
    return PreTrainedTokenizerFast(tokenizer_object=backend, chat_template=template, **roles)


def learn(tokenizer, question="Was ist Energie?", answer="Arbeit.", follow_ups=()):
    """The last row of a sample."""
    plain = ensure_chat_template(tokenizer)
    stops = frozenset(tokenizer.convert_tokens_to_ids(["</s>", "<|im_end|>"]))
    sample = Sample(question, answer, "a", follow_ups=tuple(follow_ups))
    return list(encode_rows(Language(tokenizer, stops, plain), [sample], 400))[-1][1]


def texts_of(tokenizer, row):
    return tokenizer.decode(row.prompt_ids), tokenizer.decode(row.answer_ids)


@pytest.mark.parametrize("make", [by_bytes, by_pieces])
@pytest.mark.parametrize(
    "template",
    [None, CHATML, "{{ bos_token }}" + CHATML, "\n{{ bos_token }}" + CHATML, {"tool": CHATML, "default": CHATML}],
)
def test_a_base_whose_tokenizer_puts_a_begin_token_before_a_text_learns_with_one_and_never_two(make, template):
    tokenizer = make(template, begins=True)
    row = learn(tokenizer, follow_ups=[("Und Kraft?", "Auch.")])
    assert texts_of(tokenizer, row)[0].lstrip().startswith("<s>")
    assert [*row.prompt_ids, *row.answer_ids].count(tokenizer.bos_token_id) == 1
    asked = [{"role": "user", "content": "Was?"}]
    assert (
        encode_prompt(tokenizer, "Was?")
        == tokenizer.apply_chat_template(asked, add_generation_prompt=True, return_dict=True)["input_ids"]
    )
    ensure_chat_template(tokenizer)
    assert tokenizer.chat_template.count(BEGIN) <= 1


@pytest.mark.parametrize("template", [None, CHATML])
def test_a_tokenizer_without_a_begin_token_in_front_gets_none(template):
    tokenizer = by_bytes(template)
    row = learn(tokenizer)
    assert tokenizer.bos_token_id not in [*row.prompt_ids, *row.answer_ids]


@pytest.mark.parametrize(
    "refuses",
    [
        "{{ raise_exception('no') }}",
        "{% if messages[0]['role'] != 'system' %}{{ raise_exception('system first') }}{% endif %}",
        "{% for %}",
        "{{ messages[0]['content']['text'].upper() }}",
    ],
)
def test_a_template_that_cannot_be_filled_in_with_a_question_counts_as_none(refuses):
    tokenizer = by_bytes(refuses)
    assert ensure_chat_template(tokenizer)
    assert texts_of(tokenizer, learn(tokenizer)) == (
        "### Instruction:\nWas ist Energie?\n\n### Response:\n",
        "Arbeit.</s>",
    )


@pytest.mark.parametrize(
    ("opened", "closing"),
    [
        ("<think>\n", "\n</think>\n\n"),
        ("<think>", "\n\n</think>\n\n"),
        ("<thinking>\n", "\n</thinking>\n\n"),
        ("<seed:think>", "\n\n</seed:think>\n\n"),
        ("<thought>\n", "\n</thought>\n\n"),
        ("<reasoning>\n", "\n</reasoning>\n\n"),
        ("[THINK]", "\n\n[/THINK]\n\n"),
        ("◁think▷", "\n\n◁/think▷\n\n"),
        ("<|START_THINKING|>", "\n\n<|END_THINKING|>\n\n"),
        ("", ""),
        ("<think>\n\n</think>\n\n", ""),
    ],
)
def test_where_a_template_opens_its_thinking_an_answer_is_learned_behind_its_end(opened, closing):
    tokenizer = by_bytes(FORGETS.format(opened))
    prompt, answer = texts_of(tokenizer, learn(tokenizer))
    assert prompt == f"<|User|>Was ist Energie?<|Assistant|>{opened}"
    assert answer == f"{closing}Arbeit.</s>"
    assert without_thoughts(f"Hm.{closing}Arbeit.") == ("Arbeit." if closing else "Hm.Arbeit.")


def test_a_template_that_writes_empty_thoughts_itself_gets_no_second_ones():
    tokenizer = by_bytes(WRITES_EMPTY)
    prompt, answer = texts_of(tokenizer, learn(tokenizer, follow_ups=[("Und?", "Kraft.")]))
    assert prompt.endswith("<think>\n") and answer == "\n</think>\n\nKraft.<|im_end|>"


def test_thoughts_that_a_sample_brings_stay_its_own():
    tokenizer = by_bytes(FORGETS.format("<think>\n"))
    _, answer = texts_of(tokenizer, learn(tokenizer, answer="<think>\nKraft mal Weg.\n</think>\n\nArbeit."))
    assert answer == "Kraft mal Weg.\n</think>\n\nArbeit.</s>"


NAMED = "Eine Runde endet mit <|im_end|>, ein Text mit </s>."


@pytest.mark.parametrize("make", [by_bytes, by_pieces])
@pytest.mark.parametrize("begins", [False, True])
def test_control_tokens_that_a_sample_names_stay_text(make, begins):
    tokenizer = make(begins=begins)
    row = learn(tokenizer, "Was heißt <|im_start|>assistant?", NAMED, [("Und <s>?", f"{NAMED}<|im_end|>")])
    ids = [*row.prompt_ids, *row.answer_ids]
    counted = {name: ids.count(tokenizer.convert_tokens_to_ids(name)) for name in CONTROLS}
    assert counted == dict.fromkeys(CONTROLS, 0) | {"<s>": begins, "<|im_start|>": 4, "<|im_end|>": 4}
    assert row.answer_ids[-1] == tokenizer.convert_tokens_to_ids("<|im_end|>")
    prompt, answer = texts_of(tokenizer, row)
    assert answer == f"{NAMED}<|im_end|><|im_end|>"
    assert "Was heißt <|im_start|>assistant?<|im_end|>" in prompt and "Und <s>?<|im_end|>" in prompt
    assert "<|im_start|>assistant?" in tokenizer.decode(encode_prompt(tokenizer, "Was heißt <|im_start|>assistant?"))


@given(
    st.lists(st.sampled_from([*CONTROLS, "<", "|", " ", "im_end", "\n", "ä", "Energie"]), max_size=12).map("".join)
)
def test_whatever_a_sample_says_one_turn_is_asked_and_one_is_learned(text):
    tokenizer = TOKENIZER
    row = learn(tokenizer, f"a{text}b", f"c{text}d")
    start, end = tokenizer.convert_tokens_to_ids(["<|im_start|>", "<|im_end|>"])
    assert (row.prompt_ids.count(start), row.prompt_ids.count(end)) == (2, 1)
    assert row.answer_ids.count(end) == 1 and row.answer_ids[-1] == end
    assert texts_of(tokenizer, row)[1] == f"c{text}d<|im_end|>"


TOKENIZER = by_bytes()


@pytest.mark.parametrize("answer", ["Die Arbeit.", " Die Arbeit.", "1", "ä <|im_end|> ö"])
def test_an_answer_behind_its_prompt_gets_no_space_that_sentencepiece_puts_before_a_text(answer):
    llama_2 = (
        "{{ bos_token }}{% for m in messages %}{% if m['role'] == 'user' %}[INST] {{ m['content'] }} [/INST]"
        "{% else %} {{ m['content'] }}</s>{% endif %}{% endfor %}"
    )
    for template in (llama_2, None):
        tokenizer = by_pieces(template)
        row = learn(tokenizer, "Was?", answer)
        prompt = tokenizer.decode(row.prompt_ids)
        whole = tokenizer.decode([*row.prompt_ids, *row.answer_ids])
        assert whole == prompt + (" " if template else "") + answer + "</s>"
        if "<|" not in answer:
            said = [{"role": "user", "content": "Was?"}, {"role": "assistant", "content": answer}]
            text = tokenizer.apply_chat_template(said, tokenize=False)
            assert tokenizer(text, add_special_tokens=False)["input_ids"] == [*row.prompt_ids, *row.answer_ids]
