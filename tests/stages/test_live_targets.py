"""Presets whose students learn of live teachers, of maps and embeddings, through adapters: by the stages."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from preset_run import WIDTHS, PresetRun
from safetensors.torch import load_file

from foretaste.contracts.errors import ConfigError, DataError
from foretaste.scores.reader import open_scores
from foretaste.scores.verify import verify
from foretaste.settings import families
from foretaste.settings.model_config import TermConfig
from foretaste.training.live import Live, open_live
from foretaste.training.material import read_sources, rows_of
from foretaste.training.objective import build_objective
from foretaste.training.precision import place
from foretaste.training.progress import Progress
from foretaste.training.samples import Samples, join
from foretaste.training.targets import LiveTargets, Targets, open_targets

KL = {"kind": "kl", "temperature": 2.0, "t_squared": True}
LABELS = {"loss": {"kind": "cross_entropy"}, "of": "action"}
TRAINING = {
    "epochs": 3,
    "batch": 8,
    "checkpoint_steps": 2,
    "optimizer": {"kind": "adamw", "lr": 1e-2},
}
#: What a video model says, as cached scores keep it: in half precision.
LOGITS = {"loss": KL, "of": "action", "to": "watcher", "weight": 4.0}
#: What a text model says, kept in single precision; the student's vector is of another width.
EMBEDDING = {
    "loss": {"kind": "smooth_l1"},
    "of": "maps.future",
    "to": "reader.embedding",
    "through": {"kind": "linear"},
    "reduction": "elements",
    "over": "all",
}
MAPS = {**EMBEDDING, "of": "maps.hidden", "to": "watcher.maps.hidden"}
READER = {
    "role": "teacher",
    "label": "reads",
    "view": {"kind": "action_history"},
    "network": {"kind": "text_encoder"},
    "lm": "tiny",
    "objective": [LABELS],
    "training": TRAINING,
}


def watcher(role: str, backbone: str, width: int, *terms: dict, live: tuple[str, ...] = ()) -> dict:
    return {
        "role": role,
        "label": "watches",
        "view": {"kind": "features", "frames": 4, "rate": 1.0},
        "backbone": backbone,
        "network": {
            "kind": "avt", "width": width, "layers": 1, "heads": 2, "inner_dropout": 0.0,
            # A teacher's is asleep while it is asked; with one in a student, two processes are not as one.
            "dropout": 0.3 if role == "teacher" else 0.0,
            "attention_dropout": 0.0, "positions": 8, "init_std": 0.3,
        },
        "objective": [LABELS, *terms],
        "training": {**TRAINING, "precision": "fp64"},
        "live": list(live),
    }  # fmt: skip


MODELS = {
    "watcher": {**watcher("teacher", "wide", 16), "maps": ["hidden", "future"]},
    "reader": READER,
    "cached": watcher("student", "narrow", 8, LOGITS, EMBEDDING),
    "live": watcher("student", "narrow", 8, LOGITS, EMBEDDING, live=("watcher", "reader")),
    "mapped": watcher("student", "narrow", 8, LOGITS, MAPS, live=("watcher",)),
    "stored": watcher("student", "narrow", 8, LOGITS, MAPS),
}


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> PresetRun:
    run = PresetRun(tmp_path_factory.mktemp("live"), MODELS)
    run.tables()
    for model in ("watcher", "reader"):
        run.make("train", model)
        run.make("score", model)
    return run


#: What the models that the student `live` learns of are called where it is trained.
TARGETS = {"target_1": "watcher", "target_2": "reader"}


def shown_and_asked(run: PresetRun) -> tuple[Samples, dict[str, Live], Targets]:
    """The student's training samples as its stage shows them, the teachers beside it, and their caches."""
    step = run.step("train", "live")
    config, inputs = step.config, step.inputs
    live = open_live(inputs, config)
    sources = read_sources(inputs, config)
    view = families.build("views", config["model"]["view"], "view", sources=sources)
    samples = join(view, sources.samples, rows_of(sources.samples, "training"))
    terms = [TermConfig(**term) for term in config["model"]["objective"]]
    objective = build_objective([term for term in terms if term.teacher])
    kept = {target: run.of(teacher) / "scores" for target, teacher in TARGETS.items()}
    cached = open_targets(kept, objective, "training", samples.ids, sources.classes)
    return replace(samples, beside={target: one.view for target, one in live.items()}), live, cached


def test_a_live_teacher_says_what_its_cached_scores_say(run):
    """On looks that disturb nothing, however the batch is cut: 1e-6 of what is kept in single precision, and
    1e-6 nats of what is kept in half.
    """
    shown, live, cached = shown_and_asked(run)
    asked = LiveTargets({name: one.model for name, one in live.items()}, torch.device("cpu"), "fp32")
    for positions in (range(len(shown)), [3, 1, 4]):
        batch = place(shown.batch(positions), torch.device("cpu"), "fp32")
        assert batch.beside["target_1"]["features"].shape[-1] == WIDTHS["wide"]
        assert batch.inputs["features"].shape[-1] == WIDTHS["narrow"]
        said, kept = asked(batch), cached(batch)
        assert not said["target_1"].logits["action"].requires_grad
        np.testing.assert_allclose(said["target_2"].embedding, kept["target_2"].embedding, atol=1e-6, rtol=0)
        p, q = (log_softmax(one["target_1"].logits["action"]) for one in (said, kept))
        assert (p.exp() * (p - q)).sum(-1).abs().max() < 1e-6
        below = (p - p.max(-1, keepdim=True).values).abs()  # what is stored in half precision
        assert ((p - q).abs() <= 2**-11 * (below + below.max(-1, keepdim=True).values) + 1e-6).all()


def log_softmax(logits: torch.Tensor) -> torch.Tensor:
    return torch.log_softmax(logits.double(), -1)


@pytest.mark.parametrize("processes", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_student_learns_the_same_of_a_live_teacher_and_of_its_cache(run, processes):
    first = {}
    for model in ("cached", "live"):
        run.make("train", model, processes)
        first[model] = run.log(model)[0]["parts"]
    name = "maps.future.smooth_l1.target_2.embedding"
    assert first["live"][name] == pytest.approx(first["cached"][name], abs=1e-6)
    assert first["live"]["action.kl.target_1"] == pytest.approx(
        first["cached"]["action.kl.target_1"], abs=1e-4
    )
    assert first["live"] != first["cached"], "the cache is rounded"


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "checkpoint" / "model.safetensors")


@pytest.fixture(scope="module")
def mapped(run) -> dict[str, bytes]:
    """The files of a student that was taught maps through an adapter, undisturbed."""
    return contents(run.make("train", "mapped"))


def contents(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in ("checkpoint/model.safetensors", "log.jsonl")}


def test_what_is_deployed_holds_no_adapter_and_scores(run, mapped):
    trained = weights(run.of("mapped"))
    assert set(trained) == set(weights(run.make("train", "cached"))) and trained
    assert "maps.hidden.smooth_l1.target_1.maps.hidden" in run.log("mapped")[0]["parts"]
    run.make("score", "mapped")
    assert verify(run.of("mapped") / "scores").splits == ("training", "validation")


@pytest.mark.parametrize("interrupted", [2, 4])
def test_killed_and_resumed_it_ends_with_the_same_bytes(run, mapped, monkeypatch, interrupted):
    save, saved = Progress.save, []

    def dies(*arguments):
        saved.append(arguments)
        if len(saved) == interrupted:
            raise KeyboardInterrupt
        save(*arguments)

    run.forget("train", "mapped")
    monkeypatch.setattr(Progress, "save", dies)
    with pytest.raises(KeyboardInterrupt):
        run.make("train", "mapped")
    assert not (run.of("mapped") / "checkpoint").exists()
    (kept,) = (run.results / ".scratch").glob("train-*/work/whole/step-*/model.safetensors")
    assert "objective.maps_hidden_smooth_l1_target_1_maps_hidden.weight" in load_file(kept)
    run.make("train", "mapped")
    assert contents(run.of("mapped")) == mapped


@pytest.mark.slow
def test_workers_prepare_what_its_teacher_sees_too(run, mapped):
    """Also of views that were asked in this process before, for the widths of the adapter."""
    settings = {"training": {**MODELS["mapped"]["training"], "workers": 1}}
    run.write_preset({**MODELS, "mapped": {**MODELS["mapped"], **settings}})
    assert contents(run.make("train", "mapped")) == mapped
    run.write_preset(MODELS)


@pytest.mark.slow
def test_two_processes_train_it_as_one_does(run, mapped):
    alone, steps = weights(run.of("mapped")), run.log("mapped")
    shared = weights(run.make("train", "mapped", processes=2))
    for one, other in zip(steps, run.log("mapped"), strict=True):
        assert {**one.pop("parts", {}), **one} == pytest.approx({**other.pop("parts", {}), **other}, abs=1e-9)
    for name, tensor in alone.items():  # trained in fp64, kept in fp32
        torch.testing.assert_close(shared[name], tensor, atol=1e-9, rtol=2e-7)


def test_maps_that_are_kept_teach_as_live_ones_do(run, mapped):
    """Up to half precision; and the store lies in the folder of the scores, whole."""
    scores = verify(run.of("watcher") / "scores")
    assert {file.name for file in (scores.folder / "maps").iterdir()} == {
        "manifest.json", "training-0.safetensors", "validation-1.safetensors",
    }  # fmt: skip
    assert scores.manifest["facts"]["maps"] == scores.maps.identity
    run.make("train", "stored")
    kept, live = (run.log(model)[0]["parts"] for model in ("stored", "mapped"))
    assert kept["action.cross_entropy"] == pytest.approx(live["action.cross_entropy"], abs=1e-9)
    name = "maps.hidden.smooth_l1.target_1.maps.hidden"
    assert kept[name] == pytest.approx(live[name], rel=1e-3) and kept[name] != live[name]
    assert set(weights(run.of("stored"))) == set(weights(run.of("mapped")))


@pytest.mark.slow
def test_two_processes_keep_the_maps_that_one_keeps(run, tmp_path):
    whole = verify(run.of("watcher") / "scores").maps
    ids = verify(run.of("watcher") / "scores").sample_ids("training")
    before = {name: whole.rows("training", name, ids)[range(len(ids))] for name in ("hidden", "future")}
    shutil.move(run.of("watcher") / "scores", tmp_path / "scores")
    run.make("score", "watcher", processes=2)
    shared = verify(run.of("watcher") / "scores").maps
    for name, values in before.items():
        np.testing.assert_allclose(
            shared.rows("training", name, ids)[range(len(ids))], values, rtol=2**-10, atol=1e-6
        )


@pytest.mark.parametrize("file", ["manifest.json", "training-0.safetensors"])
def test_damaged_maps_are_one_line_and_verify_finds_them(run, tmp_path, file):
    shutil.copytree(run.of("watcher") / "scores", tmp_path / "scores")
    path = tmp_path / "scores" / "maps" / file
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.chmod(0o644)
    path.write_bytes(data)
    objective = build_objective([TermConfig(**MAPS)])
    folders, ids = {"watcher": tmp_path / "scores"}, open_scores(tmp_path / "scores").sample_ids("training")
    for read in (
        lambda: open_targets(folders, objective, "training", ids, open_scores(tmp_path / "scores").classes),
        lambda: verify(tmp_path / "scores"),
    ):
        with pytest.raises(DataError, match=re.escape(file)) as error:
            read()
        assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("models", "message"),
    [
        (
            {"watcher": watcher("teacher", "wide", 16)},
            "maps.hidden of watcher, which are not kept.*set maps: .hidden. of watcher, or live: .watcher.",
        ),
        ({"live": {**MODELS["live"], "objective": [LABELS, LOGITS]}}, "live: reader, which no term"),
        ({"watcher": {**MODELS["watcher"], "folds": 2}}, "watcher cannot speak live: its scores"),
        (
            {"watcher": {"label": "mean", "average": ["reader", "reader_too"]}, "reader_too": READER},
            "watcher cannot speak live: it is an average",
        ),
        (
            {"watcher": {**MODELS["watcher"], "held_out": 2, "calibrate": True}},
            "watcher cannot speak live: its scores are calibrated",
        ),
    ],
)
def test_who_cannot_speak_live_is_named_before_anything_runs(tmp_path, models, message):
    with pytest.raises(ConfigError, match=message):
        PresetRun(tmp_path / "run", {**MODELS, **models}).plan()


def test_inputs_of_teachers_are_none_of_the_students(run):
    inputs = run.step("train", "live").inputs
    assert {name for name in inputs if not name.startswith("live.")} == {
        "samples", "segments", "classes", "features",
    }  # fmt: skip
    assert {name for name in inputs if name.startswith("live.")} == {
        "live.target_1.features", "live.target_1.checkpoint", "live.target_2.lm", "live.target_2.checkpoint",
    }  # fmt: skip
    assert "scores_target_1" in run.step("train", "cached").inputs
    samples = run.step("make_samples")
    assert [view["backbone"] for view in samples.config["views"]] == ["wide", "narrow"]
