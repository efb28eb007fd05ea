"""How llama.cpp cuts text before it looks words up: the split rules behind the names in `tokenizer.ggml.pre`.

From llama.cpp's llama-vocab.cpp and unicode.cpp, as Oniguruma reads them: each expression cuts what the one before it
left. Where llama.cpp is coarser than the tokenizer's own rule, as with upper and lower case outside of ASCII, this
is coarser too: the finished model is asked there. Knows names and expressions; loads no library.
"""

from dataclasses import dataclass

SPACES = r"\s*[\r\n]+|\s+(?!\S)|\s+"
CONTRACTIONS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
MARKS = r" ?[^\s\p{L}\p{N}]+[\r\n]*"
GPT_2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
BLOOM = r" ?[^(\s|.,!?…。，、।۔،)]+"
NOT_LOWER, NOT_UPPER = r"(?:(?=\p{L})[^a-z])", r"(?:(?=\p{L})[^A-Z])"


def words(
    digits: str, start: str = CONTRACTIONS + "|", letters: str = r"\p{L}+", end: str = f"{MARKS}|{SPACES}"
) -> str:
    """The rule of Llama 3 and its kin: contractions, words, numbers, marks, spaces."""
    return rf"{start}[^\r\n\p{{L}}\p{{N}}]?{letters}|{digits}|{end}"


def cased(digits: str, suffix: str = "") -> str:
    """The rule of GPT-4o and its kin, which also cuts where small letters are followed by capital ones."""
    first, second = f"{NOT_LOWER}*{NOT_UPPER}+{suffix}", f"{NOT_LOWER}+{NOT_UPPER}*{suffix}"
    return words(digits, "", rf"{first}|[^\r\n\p{{L}}\p{{N}}]?{second}", rf" ?[^\s\p{{L}}\p{{N}}]+[\r\n/]*|{SPACES}")


@dataclass(frozen=True)
class SplitRule:
    """`patterns` cut one after the other; `whole_words` takes a word that is a token as it is, whatever the merges
    say; `begins` tells whether texts open with the begin token where the file does not say."""

    patterns: tuple[str, ...]
    whole_words: bool = False
    begins: bool = False


LLAMA_3 = SplitRule((words(r"\p{N}{1,3}"),), whole_words=True, begins=True)
PLAIN = SplitRule((GPT_2,))
ONE_DIGIT = SplitRule((r"\p{N}", GPT_2))
QWEN_2 = SplitRule((words(r"\p{N}"),))
DEEPSEEK_3 = SplitRule(
    (
        r"\p{N}{1,3}",
        "[一-龥぀-ゟ゠-ヿ]+",
        r"[!-/:-@\[-`{-~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}~]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|" + SPACES,
    )
)
GPT_4O = SplitRule((cased(r"\p{N}{1,3}", r"(?:'(?:[sStTmMdD]|[rRvV][eE]|[lL][lL]))?"),))

BY_RULE = {
    LLAMA_3: "llama-bpe llama3 llama-v3 falcon3 falcon-h1 pixtral midm-2.0 lfm2 jina-v5-nano",
    SplitRule(LLAMA_3.patterns): "dbrx smaug-bpe glm4 chatglm-bpe",
    QWEN_2: "qwen2 deepseek-r1-qwen kormo f2llmv2 megrez stablelm2 hunyuan solar-open grok-2",
    PLAIN: "gpt-2 phi-2 gigachat a.x-4.0 mellum exaone4 mpt olmo jais trillion granite-docling",
    ONE_DIGIT: "smollm starcoder refact command-r codeshell exaone minerva-7b mellum2",
    DEEPSEEK_3: "deepseek-v3 hunyuan-dense joyai-llm",
    GPT_4O: "gpt-4o llama4 kanana2 minimax-m2",
    SplitRule((cased(r"\p{N}"),), whole_words=True, begins=True): "tekken",
    SplitRule((r"[\p{P}$+<=>^~|`]+", GPT_2, "[0-9][0-9][0-9]")): "falcon",
    SplitRule((r"[\p{P}$+<=>^~|]+", GPT_2, r"\p{N}+", "[0-9][0-9][0-9]")): "default",
    SplitRule((r"[\r\n]", r"\s?\p{L}+", r"\s?\p{P}+", "[一-龥ࠀ-一가-퟿]+", r"\p{N}")): "deepseek-coder",
    SplitRule((BLOOM,)): "bloom poro-chat gpt3-finnish",
    SplitRule((BLOOM, r"\p{N}")): "viking",
    SplitRule(
        (words(r"\p{N}", letters=r"[\p{L}\p{M}]+", end=rf" ?[^\s\p{{L}}\p{{M}}\p{{N}}]+[\r\n]*|{SPACES}"),)
    ): "qwen35",
    SplitRule((words(r"\p{N}", end=rf" ?[^\s\p{{L}}\p{{N}}\r\n]+|{SPACES}"),)): "seed-coder",
    SplitRule((words(r"\p{N}", end=MARKS + r"|\s*[\r\n]|\s+(?!\S)|\s+"),)): "bailingmoe bailingmoe2 llada-moe",
    SplitRule((r"\p{N}{1,3}", words(r"\p{N}+")), whole_words=True): "minicpm5",
    SplitRule((r"\p{N}+", r"(?=(\d{3})+(?!\d))")): "superbpe",
}
SPLIT_RULES = {name: rule for rule, names in BY_RULE.items() for name in names.split()}
NAMES = {rule.patterns: names.split()[0] for rule, names in reversed(BY_RULE.items())}
"""The expressions of a rule → llama.cpp's name for it."""


def is_known(kind: object, pre: object) -> bool:
    """Whether a tokenizer of llama.cpp's `tokenizer.ggml.model` and `.pre` can be rebuilt so that both read alike."""
    return kind == "llama" or (kind == "gpt2" and (pre or "default") in SPLIT_RULES)
