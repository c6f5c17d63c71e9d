"""docs/tutorial.md and docs/own-data.md to the letter: their files are written and their commands run, in an
environment into which the wheel was installed; what needs a clone, in a checkout.
"""

from __future__ import annotations

import csv
import json
import re
import resource
import shlex
import shutil
import subprocess
import zipfile
from pathlib import Path

import lmdb
import numpy as np
import pyarrow.parquet as pq
import pytest
from barcode import write_clip
from installed import Installed, build_wheel, empty_environment

pytestmark = pytest.mark.slow

DOCS = Path(__file__).parents[2] / "docs"
TUTORIAL, OWN_DATA = DOCS / "tutorial.md", DOCS / "own-data.md"
FPS = 10
#: Seconds of processor time that the tutorial may take.
FIVE_MINUTES = 300


def blocks(page: Path) -> list[tuple[str, str, str]]:
    """A page's blocks that name a file or a story: language, name, content."""
    return re.findall(r"^```(\w+) (\S+)\n(.*?)^```", page.read_text(encoding="utf-8"), re.M | re.S)


def write_files(page: Path, folder: Path) -> list[str]:
    """Every file of a page, where it says, below ``folder``; their names."""
    written = [(name, content) for language, name, content in blocks(page) if language != "sh"]
    for name, content in written:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return [name for name, _ in written]


def commands(story: str, page: Path = OWN_DATA) -> list[list[str]]:
    """The lines of a page's ``sh`` blocks of one story, in order."""
    lines = [
        line
        for language, name, content in blocks(page)
        if (language, name) == ("sh", story)
        for line in content.splitlines()
    ]
    return [shlex.split(line) for line in lines]


def film(labels: Path, folder: Path) -> list[dict[str, str]]:
    """Generated H.264 videos of the page's rows, which it returns: while action k goes on, 2 k cells of the
    picture are white.
    """
    with open(labels, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    actions = sorted({(row["verb"], row["noun"]) for row in rows})
    clips = dict.fromkeys(row["clip"] for row in rows)
    assert len(clips) == 5 and len(actions) == 6
    folder.mkdir(parents=True)
    for clip in clips:
        mine = [row for row in rows if row["clip"] == clip]
        numbers = [0] * round(FPS * (max(float(row["stop"]) for row in mine) + 1))
        for row in mine:
            cells = 2 * (1 + actions.index((row["verb"], row["noun"])))
            for frame in range(round(FPS * float(row["start"])), round(FPS * float(row["stop"]))):
                numbers[frame] = (1 << cells) - 1
        write_clip(folder / f"{clip}.mp4", len(numbers), fps=FPS, numbers=numbers)
    return rows


@pytest.fixture(scope="module")
def brought(tmp_path_factory) -> Installed:
    """The folder that the tutorial begins in: videos, labels, the wheel, and an environment without it."""
    folder = tmp_path_factory.mktemp("brought")
    _, labels, _ = blocks(TUTORIAL)[0]
    (folder / labels).write_text(blocks(TUTORIAL)[0][2])
    film(folder / labels, folder / "videos")
    wheel = build_wheel(folder / "wheel")
    wheel.rename(folder / wheel.name)
    return Installed(folder, empty_environment(folder / "environment"))


@pytest.fixture(scope="module")
def tutorial(brought) -> tuple[Installed, dict[str, str], float]:
    """The tutorial, followed: the project that it ends with, what each command printed, and how many seconds
    of processor time all of them took.
    """
    here, printed = brought, {}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    for line in commands("tutorial", TUTORIAL):
        if line[0] == "cd":
            here = here.inside(line[1])
            write_files(TUTORIAL, brought.folder)
        else:
            printed[" ".join(line[:2])] = here.run(*line).stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return here, printed, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@pytest.fixture(scope="module")
def project(tutorial) -> Installed:
    """The tutorial's project, with what own-data.md adds to it."""
    here, *_ = tutorial
    write_files(OWN_DATA, here.folder)
    return here


def test_the_tutorial_asks_for_no_more_than_it_says():
    assert len(commands("tutorial", TUTORIAL)) <= 6
    assert [name for language, name, _ in blocks(TUTORIAL) if language != "sh"] == [
        "actions.csv",
        "tea/workflow/datasets/tea.yaml",
    ]


def test_five_videos_and_a_csv_file_become_a_report_and_a_prediction(tutorial, brought):
    project, printed, seconds = tutorial
    with open(brought.folder / "actions.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    results = project.folder / "results/tea"
    metrics = json.loads((results / "lm_avt_own/seed0/student_lm/metrics.json").read_text())
    asked = sum(row["part"] == "val" for row in rows)
    assert (metrics["dataset"], metrics["model"], metrics["samples"]) == ("tea", "student_lm", asked)
    assert metrics["protocol"]["tau_a"] == 1.0
    # Six actions, each as common as the next: guessing finds a sixth.
    assert metrics["action"]["class_mean_recall1"] >= 50
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
    assert "FAIL" not in printed["foretaste doctor"] and "PASS" in printed["foretaste doctor"]
    assert "fill kettle" in printed["foretaste predict"] and "19.50 s" in printed["foretaste predict"]
    assert seconds < FIVE_MINUTES


def test_the_wheel_holds_every_file_of_the_sources(brought):
    (wheel,) = brought.folder.glob("*.whl")
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    tracked = subprocess.run(
        ["git", "ls-files", "src", "Snakefile", "workflow"], cwd=DOCS.parent, text=True, capture_output=True
    )
    if tracked.returncode:
        pytest.skip("no git repository")
    links = {"src/foretaste/Snakefile", "src/foretaste/workflow"}
    names = set(tracked.stdout.splitlines()) - links
    expected = {name.removeprefix("src/") for name in names if name.startswith("src/")}
    assert held == expected | {f"foretaste/{name}" for name in names if not name.startswith("src/")}


def test_the_package_is_read_where_it_was_installed(tutorial):
    project, *_ = tutorial
    place = "import foretaste, sys; print(foretaste.__file__.startswith(sys.prefix))"
    assert project.run("python", "-c", place).stdout == "True\n"


@pytest.mark.usefixtures("tutorial")  # it installs the wheel
def test_a_project_without_data_is_the_kitchen(brought):
    brought.run("foretaste", "init", "try")
    planned = brought.inside("try").run("snakemake", "-n", "--cores", "1", "demo").stdout
    assert "make_kitchen" in planned and "report " in planned
    assert "demo  " in brought.inside("try").run("foretaste", "targets").stdout


def test_features_of_ones_own_program_become_a_students_metrics(project):
    write, show, train = commands("mine")
    project.run(*write)
    lines = project.run(*show).stdout.splitlines()
    assert lines[0] == "5 videos, 188 rows of 64, float16" and "backbone  noise" in lines
    assert "tea5  40 rows from 0.000 s to 19.500 s" in lines
    project.run(*train)
    metrics = json.loads(
        (project.folder / "results/tea/tea_given/seed0/student_baseline/metrics.json").read_text()
    )
    assert (metrics["dataset"], metrics["samples"]) == ("tea", 6)


def test_features_of_others_come_in_by_one_command(project):
    folder = project.folder / "DIR/lmdb/ircsn152"
    folder.mkdir(parents=True)
    with lmdb.open(str(folder), map_size=1 << 24) as opened, opened.begin(write=True) as transaction:
        for frame in (frame for frame in range(1, 200) if frame % 6):
            transaction.put(f"P01_01_frame_{frame:010d}.jpg".encode(), np.zeros(2048, np.float32).tobytes())
    bring, verify = (project.run(*line).stdout.splitlines() for line in commands("import"))
    assert bring[-1] == "P01_01  167 rows from 0.000 s to 6.633 s"
    assert "backbone  irCSN-152 (IG-65M, EPIC-55), AVT" in bring and verify[-1].startswith("ok: 1 files")


def test_a_reader_of_ones_own_needs_no_more_than_the_page_names(own, brought):
    write_files(OWN_DATA, own.folder)
    shutil.copytree(brought.folder / "videos", own.folder / "data/tea/videos")
    for command in commands("diary"):
        own.run(*command)
    segments = pq.read_table(own.folder / "results/tea_diary/segments.parquet")
    assert segments["action"].to_pylist() == ["take_cup", "fill_kettle", "take_cup", "fill_kettle"]


def test_actions_alone_go_all_the_way_to_a_student(project):
    rows = (project.folder / "data/tea/actions.csv").read_text().splitlines()
    labelled = [line.replace("verb,noun", "action") if not at else line for at, line in enumerate(rows)]
    (project.folder / "data/tea/alone.csv").write_text(
        "".join(
            re.sub(r"^((?:[^,]*,){4}[^,]*),([^,]*),(train|val)$", r"\1 \2,\3", line) + "\n"
            for line in labelled
        )
    )
    page = (project.folder / "workflow/datasets/tea.yaml").read_text()
    (project.folder / "workflow/datasets/tea_alone.yaml").write_text(page.replace("actions.csv", "alone.csv"))
    folder = "results/tea_alone/lm_avt_own/seed0"
    wanted = [f"{folder}/{model}/metrics.json" for model in ("teacher_counts", "student_lm")]
    project.run("snakemake", "--cores", "2", *wanted, "--config", "dataset=tea_alone")
    for path in wanted:
        metrics = json.loads((project.folder / path).read_text())
        assert (
            "verb" not in metrics and "noun" not in metrics and metrics["action"]["class_mean_recall1"] >= 50
        )
    table = project.run(
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


def test_a_bad_row_of_the_page_is_named_by_its_line(project):
    path: Path = project.folder / "data/tea/actions.csv"
    good = path.read_text()
    path.write_text(good.replace("tea3,Bea,12.5,", "tea3,Bea,99,").replace("tea4,Bea,2.0,", 'tea4,"Bea,2.0,'))
    try:
        failed = project.run(
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
