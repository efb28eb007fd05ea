"""A model in numbers: what its folder tells, and when it tells nothing."""

import json

from hypothesis import example, given
from hypothesis import strategies as st

from core.models import model_shape
from tests.core.training.machine_material import write_model


def test_a_model_is_read_from_its_config_and_what_is_no_model_is_not(tmp_path):
    write_model(tmp_path, {"embed": [400, 64], "head": [400, 64], "layers": [1000]})
    shape = model_shape.read_shape(tmp_path)
    assert (shape.queries, shape.keys, shape.embeddings, shape.linear) == (64, 32, 51_200, 1000)
    (tmp_path / "config.json").write_text(json.dumps({"architectures": ["OtherForCausalLM"]}))
    assert model_shape.read_shape(tmp_path) is None
    (tmp_path / "config.json").write_text("{")
    assert model_shape.read_shape(tmp_path) is None


NAMES = ("hidden_size", "num_attention_heads", "num_hidden_layers", "vocab_size", "head_dim", "intermediate_size")
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.just(10**400), st.text(max_size=3), st.lists(st.none())
)
SIZES = st.integers(min_value=1, max_value=64)
ENTRIES = st.fixed_dictionaries(dict.fromkeys(NAMES, SIZES | VALUES))
WHOLE = dict.fromkeys(NAMES, 4)


@given(config=ENTRIES | VALUES | st.builds(lambda inner: {"text_config": inner}, ENTRIES | VALUES))
@example(config=WHOLE | {"num_attention_heads": 0, "head_dim": None})
@example(config=WHOLE | {"text_config": "llama"})
def test_no_config_of_a_foreign_model_breaks_what_is_told_of_it(config, tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    write_model(folder)
    (folder / "config.json").write_text(json.dumps(config))
    shape = model_shape.read_shape(folder)
    assert shape is None or shape.hidden > 0 < shape.layers
