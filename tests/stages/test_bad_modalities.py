"""Clips of which one modality is bad: named where samples are made, under `skip` dropped for all models."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from test_one_look import SYSTEM, Run, write_clip

from foretaste.contracts.errors import DataError
from foretaste.contracts.tables import BOXES, SAMPLES, read_table, write_table
from foretaste.pipeline.plan import Plan
from foretaste.settings.catalogue import Catalogue
from foretaste.stages import make_samples, probe_videos, read_annotations


class Bad(Run):
    """The run of `test_one_look` after ``spoil`` has changed its data; video q is fine."""

    def __init__(self, folder: Path, spoil, on_bad_input: str):
        super().__init__(folder, SYSTEM)
        spoil(self.data)
        settings = {
            "dataset": "patterns",
            "data_root": str(self.data),
            "results_root": str(folder / "results"),
        }
        self.plan = Plan(Catalogue({**settings, "on_bad_input": on_bad_input}, folder))

    def samples(self) -> dict[str, str | None]:
        """video -> why its samples were dropped."""
        for stage in (read_annotations, probe_videos, make_samples):
            step = self.step(stage.__name__.rpartition(".")[2])
            stage.run(step)
        table = read_table(step.outputs["samples"], SAMPLES).to_pylist()
        return {row["video_id"]: row["dropped_because"] for row in table}


def boxes_with(**change):
    def spoil(data: Path) -> None:
        table = read_table(data / "boxes.parquet", BOXES).to_pydict()
        for name, value in change.items():
            table[name][0] = value
        write_table(data / "boxes.parquet", BOXES, table)

    return spoil


def boxes_of_q_alone(data: Path) -> None:
    rows = [row for row in read_table(data / "boxes.parquet", BOXES).to_pylist() if row["video_id"] == "q"]
    write_table(data / "boxes.parquet", BOXES, {name: [row[name] for row in rows] for name in rows[0]})


def boxes_until_half_a_second(data: Path) -> None:
    table = read_table(data / "boxes.parquet", BOXES).to_pylist()
    rows = [row for row in table if row["video_id"] == "q" or row["time_s"] < 0.5]
    write_table(data / "boxes.parquet", BOXES, {name: [row[name] for row in rows] for name in rows[0]})


def no_flow(data: Path) -> None:
    (data / "flow/p.mp4").unlink()


def short_flow(data: Path) -> None:
    write_clip(data / "flow/p.mp4", frames=6)


CASES = [
    (boxes_with(x1=1.5), "(p): a box with the edges 0.02", "a box with the edges 0.02"),
    (boxes_with(time_s=0.05), "(p): a box at 0.0500 s, where no frame begins", "a box at 0.0500 s"),
    (boxes_with(time_s=99.0), "(p): a box at 99.0000 s, where no frame begins", "a box at 99.0000 s"),
    (boxes_until_half_a_second, "(p): its boxes end at 0.40 s, before the window", "its boxes end at 0.40 s"),
    (boxes_of_q_alone, "(p): no boxes of its video", "no boxes of its video"),
    (no_flow, "p: flow: no video file of that name", "no usable video (flow)"),
    (short_flow, "p: flow: cut off, or another video: it ends at 1.20 s", "no usable video (flow)"),
]


@pytest.mark.parametrize(("spoil", "said", "reason"), CASES)
def test_a_clip_with_a_bad_modality_is_named_and_under_skip_dropped_for_all(tmp_path, spoil, said, reason):
    with pytest.raises(DataError) as raised:
        Bad(tmp_path / "fail", spoil, "fail").samples()
    assert said in str(raised.value) and "(q)" not in str(raised.value)
    found = Bad(tmp_path / "skip", spoil, "skip").samples()
    assert found["p"].startswith(reason) and found["q"] is None
    shutil.rmtree(tmp_path)
