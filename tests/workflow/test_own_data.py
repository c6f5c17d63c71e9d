"""docs/own-data.md to the letter: its files are written, its commands run, in a checkout of one's own and an
empty data folder.
"""

from __future__ import annotations

import csv
import json
import re
import shlex
from pathlib import Path

import lmdb
import numpy as np
import pyarrow.parquet as pq
import pytest
from barcode import write_clip

pytestmark = pytest.mark.slow

PAGE = Path(__file__).parents[2] / "docs" / "own-data.md"
FPS = 10


def blocks() -> list[tuple[str, str, str]]:
    """The page's blocks that name a file or a story: language, name, content."""
    return re.findall(r"^```(\w+) (\S+)\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.M | re.S)


def write_files(checkout) -> None:
    """Every file of the page, where it says."""
    for language, name, content in blocks():
        if language != "sh":
            path = checkout.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")


def commands(story: str) -> list[list[str]]:
    """The lines of the page's ``sh`` blocks of one story, in order."""
    lines = [
        line
        for language, name, content in blocks()
        if (language, name) == ("sh", story)
        for line in content.splitlines()
    ]
    return [shlex.split(line) for line in lines]


def film(checkout) -> dict[str, list[dict[str, str]]]:
    """Generated H.264 videos of the page's rows: while action k goes on, 2 k cells of the picture are
    white.
    """
    with open(checkout.folder / "data/tea/actions.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    actions = sorted({(row["verb"], row["noun"]) for row in rows})
    videos = {
        clip: [row for row in rows if row["clip"] == clip]
        for clip in dict.fromkeys(row["clip"] for row in rows)
    }
    assert len(videos) == 5 and len(actions) == 6
    for clip, mine in videos.items():
        numbers = [0] * round(FPS * (max(float(row["stop"]) for row in mine) + 1))
        for row in mine:
            cells = 2 * (1 + actions.index((row["verb"], row["noun"])))
            for frame in range(round(FPS * float(row["start"])), round(FPS * float(row["stop"]))):
                numbers[frame] = (1 << cells) - 1
        path = checkout.folder / "data/tea/videos" / f"{clip}.mp4"
        path.parent.mkdir(exist_ok=True)
        write_clip(path, len(numbers), fps=FPS, numbers=numbers)
    return videos


@pytest.fixture(scope="module")
def checkout(own):
    write_files(own)
    return own


def test_five_videos_and_a_csv_file_become_a_students_metrics(checkout):
    make_folders, *the_rest = commands("tea")
    checkout.run(*make_folders)
    videos = film(checkout)
    for command in the_rest:
        printed = checkout.run(*command).stdout
    metrics = json.loads(printed)
    rows = [row for mine in videos.values() for row in mine]
    asked = sum(row["part"] == "val" for row in rows)
    assert (metrics["dataset"], metrics["model"], metrics["samples"]) == ("tea", "student_lm", asked)
    assert metrics["protocol"]["tau_a"] == 1.0
    # Six actions, each as common as the next: guessing finds a sixth.
    assert metrics["action"]["class_mean_recall1"] >= 50
    results = checkout.folder / "results/tea"
    classes = json.loads((results / "classes.json").read_text())
    assert classes["heads"]["action"] == [
        "fill_kettle",
        "pour_milk",
        "pour_water",
        "stir_tea",
        "take_cup",
        "take_milk",
    ]
    assert pq.read_table(results / "segments.parquet").num_rows == len(rows)
    assert (results / "lm_avt_own/report.html").exists()


def test_features_of_ones_own_program_become_a_students_metrics(checkout):
    film(checkout)
    write, show, train = commands("mine")
    checkout.run(*write)
    lines = checkout.run(*show).stdout.splitlines()
    assert lines[0] == "5 videos, 188 rows of 64, float16" and "backbone  noise" in lines
    assert "tea5  40 rows from 0.000 s to 19.500 s" in lines
    checkout.run(*train)
    metrics = json.loads(
        (checkout.folder / "results/tea/tea_given/seed0/student_baseline/metrics.json").read_text()
    )
    assert (metrics["dataset"], metrics["samples"]) == ("tea", 6)


def test_features_of_others_come_in_by_one_command(checkout):
    folder = checkout.folder / "DIR/lmdb/ircsn152"
    folder.mkdir(parents=True)
    with lmdb.open(str(folder), map_size=1 << 24) as opened, opened.begin(write=True) as transaction:
        for frame in (frame for frame in range(1, 200) if frame % 6):
            transaction.put(f"P01_01_frame_{frame:010d}.jpg".encode(), np.zeros(2048, np.float32).tobytes())
    bring, verify = (checkout.run(*line).stdout.splitlines() for line in commands("import"))
    assert bring[-1] == "P01_01  167 rows from 0.000 s to 6.633 s"
    assert "backbone  irCSN-152 (IG-65M, EPIC-55), AVT" in bring and verify[-1].startswith("ok: 1 files")


def test_a_reader_of_ones_own_needs_no_more_than_the_page_names(checkout):
    for command in commands("diary"):
        checkout.run(*command)
    segments = pq.read_table(checkout.folder / "results/tea_diary/segments.parquet")
    assert segments["action"].to_pylist() == ["take_cup", "fill_kettle", "take_cup", "fill_kettle"]


def test_actions_alone_go_all_the_way_to_a_student(checkout):
    rows = (checkout.folder / "data/tea/actions.csv").read_text().splitlines()
    labelled = [line.replace("verb,noun", "action") if not at else line for at, line in enumerate(rows)]
    (checkout.folder / "data/tea/alone.csv").write_text(
        "".join(
            re.sub(r"^((?:[^,]*,){4}[^,]*),([^,]*),(train|val)$", r"\1 \2,\3", line) + "\n"
            for line in labelled
        )
    )
    page = (checkout.folder / "workflow/datasets/tea.yaml").read_text()
    (checkout.folder / "workflow/datasets/tea_alone.yaml").write_text(
        page.replace("actions.csv", "alone.csv")
    )
    film(checkout)
    folder = "results/tea_alone/lm_avt_own/seed0"
    wanted = [f"{folder}/{model}/metrics.json" for model in ("teacher_counts", "student_lm")]
    checkout.snakemake(*wanted, "--config", "dataset=tea_alone")
    for path in wanted:
        metrics = json.loads((checkout.folder / path).read_text())
        assert (
            "verb" not in metrics and "noun" not in metrics and metrics["action"]["class_mean_recall1"] >= 50
        )
    table = checkout.run(
        "foretaste",
        "evaluate",
        "--scores",
        f"{folder}/student_lm/scores",
        "--samples",
        "results/tea_alone/samples/anticipation.parquet",
        "--split",
        "validation",
    ).stdout
    assert "action" in table and "verb" not in table


def test_a_bad_row_of_the_page_is_named_by_its_line(checkout):
    path: Path = checkout.folder / "data/tea/actions.csv"
    good = path.read_text()
    path.write_text(good.replace("tea3,Bea,12.5,", "tea3,Bea,99,").replace("tea4,Bea,2.0,", 'tea4,"Bea,2.0,'))
    try:
        failed = checkout.run(
            "snakemake",
            "--cores",
            "1",
            "results/tea/segments.parquet",
            "--config",
            "dataset=tea",
            check=False,
        )
    finally:
        path.write_text(good)
    assert failed.returncode and "2 bad inputs: tea/actions.csv, line 18: no CSV" in failed.stdout
    assert "tea/actions.csv, line 15, tea3: start 99 s and stop 15 s" in failed.stdout
