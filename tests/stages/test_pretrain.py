from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest
import tiny_lm
from tiny_pretraining import CHAIN

from foretaste.__main__ import main
from foretaste.contracts.tables import PHRASES, write_table
from foretaste.models.language_model import load_language_model
from foretaste.pipeline.step import Step
from foretaste.stages import pretrain


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    random, rows = np.random.default_rng(0), []
    for recipe in range(60):
        start = random.integers(len(CHAIN))
        for order in range(5):
            verb, thing = CHAIN[(start + order) % len(CHAIN)]
            partition = "val" if recipe % 5 == 0 else "train"
            rows.append((f"r{recipe}", partition, order, verb, thing, f"{verb} {thing}" if thing else verb))
    write_table(
        folder / "phrases.parquet",
        PHRASES,
        pa.table(
            [pa.array(c, type=f.type) for c, f in zip(zip(*rows), PHRASES.schema)], schema=PHRASES.schema
        ),
    )
    tiny_lm.make(folder / "lm", head=False)
    return folder


def _run(corpus, out, **training):
    config = {
        "init": "tiny",
        "view": {"kind": "masked_text", "window": [2, 4], "mask": "phrases", "last": 0.6},
        "network": {"kind": "masked_lm"},
        "objective": [{"loss": {"kind": "cross_entropy"}, "of": "token"}],
        "training": {
            "steps": 160,
            "batch": 16,
            "buckets": True,
            "optimizer": {"kind": "adamw", "lr": 0.003},
            "groups": [{"match": "position_embeddings", "lr": 0}],
            **training,
        },
    }
    step = Step(
        stage="pretrain",
        inputs={"phrases": corpus / "phrases.parquet", "lm": corpus / "lm"},
        outputs={"checkpoint": out / "checkpoint", "metrics": out / "metrics.json"},
        config=config,
        scratch=out / "scratch",
    )
    pretrain.run(step)
    return json.loads((out / "metrics.json").read_text())


@pytest.fixture(scope="module")
def pretrained(corpus, tmp_path_factory):
    out = tmp_path_factory.mktemp("out")
    return out, _run(corpus, out)


def test_held_out_words_are_learnt(pretrained):
    _, metrics = pretrained
    assert metrics["before"]["perplexity"] > 8  # the head starts from the frequencies of eleven words
    assert metrics["after"]["perplexity"] < 3
    assert metrics["after"]["verb_top5"] > 95 and metrics["after"]["object_top5"] > 95
    assert metrics["before"]["verb_top5"] < 80
    assert (
        metrics["after"]["perplexity"]
        < metrics["frequency_perplexity"]
        == pytest.approx(metrics["before"]["perplexity"], rel=0.5)
    )
    assert "cls.predictions.bias" in metrics["newly_initialised"] and "pooler.dense.bias" in metrics["unused"]


def test_the_checkpoint_is_a_language_model_to_start_from(pretrained, corpus):
    out, _ = pretrained
    lm, start = load_language_model(out / "checkpoint"), load_language_model(corpus / "lm")
    assert lm.loading.newly_initialised == lm.loading.unused == ()
    positions = "encoder.embeddings.position_embeddings.weight"
    assert lm.state_dict()[positions].equal(start.state_dict()[positions])  # frozen
    assert not lm.word_vectors().equal(start.word_vectors())
    assert not lm.transform.dense.weight.equal(start.transform.dense.weight)
    stored = json.loads((out / "checkpoint" / "manifest.json").read_text())
    assert "cls.predictions.transform.dense.weight" in stored["newly_initialised"]


def test_the_same_again_to_the_byte(pretrained, corpus, tmp_path):
    out, _ = pretrained
    _run(corpus, tmp_path, checkpoint_steps=50)
    for path in (out / "checkpoint").iterdir():
        assert (tmp_path / "checkpoint" / path.name).read_bytes() == path.read_bytes(), path.name
    assert (tmp_path / "metrics.json").read_bytes() == (out / "metrics.json").read_bytes()


def test_perplexity_does_not_depend_on_the_batch(corpus, tmp_path):
    measured = [_run(corpus, tmp_path / str(batch), steps=1, batch=batch)["before"] for batch in (3, 16)]
    assert measured[0]["perplexity"] == pytest.approx(measured[1]["perplexity"], rel=1e-5)
    assert measured[0]["verb_top5"] == measured[1]["verb_top5"]


def test_fill_prints_five_words_a_mask(pretrained, capsys):
    out, _ = pretrained
    assert main(["fill", "take pan, open fridge, [MASK] [MASK]", "--lm", str(out / "checkpoint")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["wash", "onion"]
    assert all(len(line.split()) == 10 for line in lines)


def test_fill_without_a_mask_or_a_head(corpus, capsys):
    assert main(["fill", "take pan " * 600 + "[MASK]", "--lm", str(corpus / "lm")]) == 1
    assert "tokens: TEXT: at most" in capsys.readouterr().err
    assert main(["fill", "take pan", "--lm", str(corpus / "lm")]) == 1
    assert "no trained masked-word head" in (said := capsys.readouterr().err)
    assert "error: no [MASK]: TEXT" in said
