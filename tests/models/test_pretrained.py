"""Folders of language models that are broken, or that bring code of their own."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
import tiny_lm

from foretaste.contracts.errors import DataError, ForetasteError
from foretaste.models.hf_folder import take_over
from foretaste.models.language_model import load_language_model
from foretaste.models.text_decoder import load_decoder
from foretaste.text.tokenizer import Tokenizer

CODE = """
import pathlib
pathlib.Path({marker!r}).touch()
from transformers import PretrainedConfig, PreTrainedModel
class Config(PretrainedConfig):
    model_type = "own"
class Model(PreTrainedModel):
    config_class = Config
"""


@pytest.mark.parametrize(
    "load",
    [
        load_language_model,
        load_decoder,
        lambda folder: take_over(folder, folder.with_name(f"{folder.name}-taken")),
    ],
)
@pytest.mark.parametrize("kind", ["own", "bert"])
def test_code_in_a_folder_is_never_run(tmp_path, load, kind):
    folder = tiny_lm.make(tmp_path)
    own = {
        "AutoConfig": "own.Config",
        "AutoModel": "own.Model",
        "AutoModelForMaskedLM": "own.Model",
        "AutoTokenizer": ["own.Model", "own.Model"],
    }
    for name in ("config.json", "tokenizer_config.json"):
        known = json.loads((folder / name).read_text()) if (folder / name).is_file() else {}
        known.pop("mask_token", None)
        (folder / name).write_text(
            json.dumps({**known, "auto_map": own, **({"model_type": kind} if name == "config.json" else {})})
        )
    (folder / "special_tokens_map.json").unlink(missing_ok=True)
    marker = tmp_path / "was run"
    (folder / "own.py").write_text(CODE.format(marker=str(marker)))
    with suppress(ForetasteError):
        load(folder)
    assert not marker.exists()


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("config.json", '{"model_type": "nothing"}', r"not readable.*config\.json"),
        ("config.json", "{", r"not readable.*config\.json"),
        ("config.json", "{}", r"not readable.*config\.json"),
        ("model.safetensors", "no weights", r"not readable.*weights that config\.json describes"),
        ("model.safetensors", None, r"not readable.*weights that config\.json describes"),
    ],
)
def test_a_broken_folder_is_named(tmp_path, name, content, complaint):
    folder = tiny_lm.make(tmp_path)
    (folder / name).unlink()
    if content is not None:
        (folder / name).write_text(content)
    with pytest.raises(DataError, match=complaint) as caught:
        load_language_model(folder)
    assert str(folder) in str(caught.value)


def test_a_broken_tokenizer_is_named(tmp_path):
    folder = tiny_lm.make(tmp_path)
    (folder / "tokenizer.json").write_text("{}")
    with pytest.raises(DataError, match=r"not a tokenizer.*tokenizer\.json"):
        Tokenizer(folder)
