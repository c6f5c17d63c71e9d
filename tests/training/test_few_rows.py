"""Two processes with less than a row each: every process takes part in every exchange, or all of them would
wait for ever.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from started_trainings import launch
from tiny_training import C, TinyNet, TinyView, config, kept, samples

from foretaste.contracts.batch import UNLABELLED
from foretaste.contracts.view import Fetched
from foretaste.pipeline import ranks
from foretaste.settings.model_config import TermConfig
from foretaste.training.loop import fit
from foretaste.training.objective import build_objective
from foretaste.training.samples import Loader, class_counts
from foretaste.training.scoring import score

#: What each of these trainings is monitored on, by name -> rows of the view.
MONITORS = {
    "one row": [7],
    "no labelled row": [5, 10],
    "labels on one process only": [5, 1],
    "three rows": [1, 2, 3],
}
#: Rows that are trained on, by their number.
TRAINED = {1: [4], 3: [1, 2, 3]}


class Heads(TinyNet):
    """A second head, whose labels only the view knows, and only of odd rows."""

    def forward(self, batch):
        outputs = super().forward(batch)
        outputs.logits["verb"] = outputs.logits["action"] * 2
        return outputs


class HeadsView(TinyView):
    """A batch without an odd row says nothing of the second head's labels."""

    def fetch(self, rows, look=None) -> Fetched:
        fetched = super().fetch(rows, look)
        verbs = torch.tensor([row % C if row % 2 else UNLABELLED for row in rows])
        return (
            replace(fetched, labels={**fetched.labels, "verb": verbs})
            if (verbs != UNLABELLED).any()
            else fetched
        )


def run_all(folder: Path) -> Path:
    """Every training, each in a folder of its own."""
    for name, monitored in MONITORS.items():
        for rows, chosen in TRAINED.items():
            out = folder / name / str(rows)
            out.mkdir(parents=True, exist_ok=True)
            run_one(out, chosen, monitored)
    return folder


def run_one(out: Path, rows: list[int], monitored: list[int]) -> None:
    """Train on ``rows``, one sample a batch; follow and score ``monitored``."""
    view = HeadsView()
    torch.manual_seed(1)
    model, chosen = Heads(), samples(rows, view)
    settings = config(epochs=2, batch=1)
    objective = build_objective(
        [TermConfig(**{"loss": {"kind": "cross_entropy"}, "of": "action"})], class_counts(chosen)
    )
    loaders = {
        "training": Loader(samples=chosen, batch=settings.batch, seed=1),
        "held_out": Loader(samples=samples(monitored, view), batch=4),
    }
    fit(model, lambda batch: {}, objective, loaders, settings, out)
    scored = score(model, samples(monitored, view))
    if os.environ.get("RANK", "0") == "0":
        save_file(
            {
                "scores": torch.from_numpy(scored.logits["action"]),
                "embedding": torch.from_numpy(scored.embedding),
            },
            out / "scores.safetensors",
        )


@pytest.fixture(scope="module")
def alone(tmp_path_factory) -> Path:
    """Every training in this process."""
    return run_all(tmp_path_factory.mktemp("alone"))


@pytest.fixture(scope="module")
def together(tmp_path_factory) -> Path:
    """Every training in two processes; none of them waits for the other in vain."""
    folder = tmp_path_factory.mktemp("together")
    launch([str(Path(__file__)), str(folder)], folder, processes=2)
    return folder


@pytest.mark.parametrize("rows", TRAINED)
@pytest.mark.parametrize("name", MONITORS)
@pytest.mark.slow
def test_two_processes_see_what_one_sees(name, rows, alone, together):
    one, two = alone / name / str(rows), together / name / str(rows)
    for a, b in zip(lines(one), lines(two), strict=True):
        assert a.keys() == b.keys()
        for key in a:
            assert a[key] == pytest.approx(b[key], abs=1e-9), key
    for key, tensor in kept(one).items():
        torch.testing.assert_close(kept(two)[key], tensor, rtol=0, atol=1e-9)
    found, expected = (load_file(out / "scores.safetensors") for out in (two, one))
    assert found.keys() == expected.keys() == {"scores", "embedding"}
    for key in expected:
        np.testing.assert_allclose(found[key].numpy(), expected[key].numpy(), atol=1e-6)


def test_the_labels_of_one_process_reach_the_log(together):
    monitored, _ = (
        line for line in lines(together / "labels on one process only" / "3") if "monitor" in line
    )
    assert set(monitored) == {
        "epoch",
        "step",
        "monitor",
        "action_loss",
        "action_top1",
        "verb_loss",
        "verb_top1",
    }


def lines(out: Path) -> list[dict]:
    return [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]


if __name__ == "__main__":
    run_all(Path(sys.argv[1]))
    torch.distributed.destroy_process_group()
    ranks.leave()
