"""A model in numbers: what its folder tells, and when it tells nothing."""

import json
from pathlib import Path

from core.training import model_shape
from tests.core.training.machine_material import write_model


def test_a_model_is_read_from_its_config_and_what_is_no_model_is_not(tmp_path: Path) -> None:
    write_model(tmp_path, embed=[400, 64], head=[400, 64], layers=[1000])
    shape = model_shape.read_shape(tmp_path)
    assert shape is not None
    assert (shape.queries, shape.keys, shape.embeddings, shape.linear) == (64, 32, 51_200, 1000)
    (tmp_path / "config.json").write_text(json.dumps({"architectures": ["OtherForCausalLM"]}))
    assert model_shape.read_shape(tmp_path) is None
    (tmp_path / "config.json").write_text("{")
    assert model_shape.read_shape(tmp_path) is None
