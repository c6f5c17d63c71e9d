"""Pretraining of every architecture by the real stage, on several processes, and after a kill."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from language_models import KINDS, publish
from launching import torchrun
from tiny_pretraining import run, settings, write_corpus

from foretaste.__main__ import main
from foretaste.models.hf_folder import take_over
from foretaste.models.language_model import load_language_model

SCRIPT = Path(__file__).parents[1] / "tiny_pretraining.py"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A corpus and every kind of language model."""
    folder = tmp_path_factory.mktemp("pretrain")
    write_corpus(folder / "phrases.parquet")
    for kind in (*KINDS, "electra_generator"):
        take_over(publish(folder / "hub" / kind, kind), folder / kind)
    (folder / "lm").symlink_to(folder / "bert")
    return folder


def lines(out: Path) -> list[dict]:
    return [json.loads(line) for line in (out / "scratch" / "log.jsonl").read_text().splitlines()]


def launch(folder: Path, out: Path, config: dict, processes: int = 1, check: bool = True, **more) -> int:
    command = [
        sys.executable,
        *torchrun(processes),
        str(SCRIPT),
        str(folder),
        json.dumps({"out": str(out), "config": config, **more}),
    ]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "FORETASTE_PLAIN": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert not check or done.returncode == 0, done.stderr[-3000:]
    return done.returncode


@pytest.mark.parametrize("kind", KINDS)
def test_every_architecture_learns_and_is_kept(kind, folder, tmp_path, capsys):
    config = settings(training={"steps": 60, "batch": 16, "checkpoint_steps": 100}, view={"longest": 60})
    metrics = run(folder / "phrases.parquet", folder / kind, tmp_path, config)
    gc.collect()  # of other tests' objects too
    assert "phrases.arrow" not in Path("/proc/self/maps").read_text(), (
        "its folder can be removed, on a network's file system too"
    )
    new_head = kind in ("minilm", "electra")  # it starts from the frequencies of words
    assert metrics["after"]["perplexity"] < (0.75 if new_head else 0.6) * metrics["before"]["perplexity"]
    kept = load_language_model(tmp_path / "checkpoint")
    assert kept.loading.newly_initialised == kept.loading.unused == (), (
        "the masked-word head is kept with the encoder"
    )
    manifest = json.loads((tmp_path / "checkpoint" / "manifest.json").read_text())
    new = {
        "minilm": "cls.predictions.transform.dense.weight",
        "electra": "generator_predictions.dense.weight",
    }.get(kind)
    assert (new in manifest["newly_initialised"]) if new else manifest["newly_initialised"] == []
    assert (
        manifest.get("electra")
        == metrics.get("electra")
        == ("discriminator_as_mlm" if kind == "electra" else None)
    )
    assert (manifest["newly_initialised"], manifest["unused"]) == (
        metrics["newly_initialised"],
        metrics["unused"],
    )
    assert main(["fill", "take pan, open fridge, [MASK] onion", "--lm", str(tmp_path / "checkpoint")]) == 0
    said = capsys.readouterr()
    assert len(said.out.split()) == 10 and "random" not in said.err


def test_replaced_token_detection(folder, tmp_path):
    config = settings(
        generator="tiny-generator",
        network={"kind": "replaced_token_detection"},
        training={"steps": 60, "batch": 16, "checkpoint_steps": 100},
        objective=[
            {"loss": {"kind": "cross_entropy"}, "of": "token"},
            {"loss": {"kind": "cross_entropy"}, "of": "verdict", "weight": 50.0},
        ],
    )
    metrics = run(
        folder / "phrases.parquet", folder / "electra", tmp_path, config, folder / "electra_generator"
    )
    assert metrics["electra"] == "replaced_token_detection" and metrics["newly_initialised"] == []
    assert metrics["after"]["perplexity"] < 0.7 * metrics["before"]["perplexity"], "of the generator"
    verdicts = [line["parts"]["verdict.cross_entropy"] for line in lines(tmp_path)]
    assert sum(verdicts[-10:]) < 0.8 * sum(verdicts[:10])
    assert json.loads((tmp_path / "checkpoint" / "config.json").read_text())["architectures"] == [
        "ElectraForPreTraining"
    ]
    assert load_language_model(tmp_path / "checkpoint" / "generator").loading.newly_initialised == ()


@pytest.mark.slow
@pytest.mark.parametrize("pack", [None, 48], ids=["rows", "packed"])
def test_two_processes_equal_one(folder, tmp_path, pack):
    """fp64, no dropout: the same masks, hence the same loss in every step; 9 steps of 8 do not divide the
    rows.
    """
    config = settings(view={"pack": pack}, training={"precision": "fp64", "batch": 7})
    run(folder / "phrases.parquet", folder / "lm", tmp_path / "one", config)
    launch(folder, tmp_path / "two", config, processes=2)
    one, two = lines(tmp_path / "one"), lines(tmp_path / "two")
    assert len(one) == len(two) == 9
    for a, b in zip(one, two, strict=True):
        assert a["loss"] == pytest.approx(b["loss"], rel=0, abs=1e-9)
        assert a["gradient_norm"] == pytest.approx(b["gradient_norm"], rel=0, abs=1e-9)
    first, second = (json.loads((tmp_path / name / "metrics.json").read_text()) for name in ("one", "two"))
    assert first["after"] == pytest.approx(second["after"], rel=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("attention", ["eager", "sdpa"])
def test_killed_in_mid_epoch_gives_the_same_bytes(folder, tmp_path, attention):
    config = settings(view={"pack": 48}, network={"dropout": 0.1, "attention": attention})
    run(folder / "phrases.parquet", folder / "lm", tmp_path / "whole", config)
    assert launch(folder, tmp_path / "killed", config, check=False, kill_at=6) == -9
    assert (tmp_path / "killed" / "scratch" / "step-3").is_dir() and not (
        tmp_path / "killed" / "checkpoint"
    ).exists()
    launch(folder, tmp_path / "killed", config)
    files = sorted(
        path.relative_to(tmp_path / "whole") for path in (tmp_path / "whole").rglob("*") if path.is_file()
    )
    assert {Path("checkpoint/model.safetensors"), Path("metrics.json"), Path("scratch/log.jsonl")} <= set(
        files
    )
    for file in files:
        assert (tmp_path / "killed" / file).read_bytes() == (tmp_path / "whole" / file).read_bytes(), file
