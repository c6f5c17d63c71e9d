"""What other loaders have read, on made-up segments in EPIC-KITCHENS-100's official columns: both slips that
public code has made are found and named, and a right loader passes.
"""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from foretaste.__main__ import main
from foretaste.evaluation.window_audit import Windows, explained, histogram, late

COLUMNS = [
    "narration_id", "participant_id", "video_id", "narration_timestamp", "start_timestamp", "stop_timestamp",
    "start_frame", "stop_frame", "narration", "verb", "verb_class", "noun", "noun_class", "all_nouns",
    "all_noun_classes",
]  # fmt: skip
RATES = {"P01_11": 60000 / 1001, "P18_02": 50.0, "P22_107": 60000 / 1001}
TAU_A = 1.0


@dataclass(frozen=True)
class Segment:
    name: str
    video: str
    start_s: float
    stop_s: float


def clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds * 1000), 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d}.{rest % 1000:03d}"


def written(path: Path, columns, rows) -> Path:
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(rows)
    return path


@pytest.fixture
def kitchen(tmp_path):
    """The official files, and the segments that stand in them."""
    luck = np.random.default_rng(0)
    segments, rows = [], []
    for video in RATES:
        starts = np.sort(luck.uniform(3, 1500, 120)).round(3)
        for number, start in enumerate(starts.tolist()):
            stop = round(start + float(luck.uniform(0.5, 6)), 3)
            segments.append(Segment(f"{video}_{number}", video, start, stop))
            frames = (round(start * 60), round(stop * 60))
            texts = (clock(start), clock(start), clock(stop), *frames, "take cup", "take", 0, "cup", 1)
            rows.append((f"{video}_{number}", video[:3], video, *texts, "['cup']", "[1]"))
    written(tmp_path / "EPIC_100_validation.csv", COLUMNS, rows)
    facts = [(video, 1600, f"{fps:.6f}", "1920x1080") for video, fps in RATES.items()]
    written(tmp_path / "EPIC_100_video_info.csv", ("video_id", "duration", "fps", "resolution"), facts)
    return tmp_path, segments


def audit(folder: Path, *words: str) -> int:
    at = (
        "--segments",
        str(folder / "EPIC_100_validation.csv"),
        "--videos",
        str(folder / "EPIC_100_video_info.csv"),
    )
    return main(["audit-windows", str(folder / "windows.csv"), *at, *words])


def test_a_right_loader_passes(kitchen, capsys):
    folder, segments = kitchen
    rows = []
    for one in segments:
        last = int(np.floor((one.start_s - TAU_A) * RATES[one.video]))
        rows.append(
            (one.name, one.video, " ".join(str(last - 15 * k) for k in range(8) if last - 15 * k >= 0))
        )
    written(folder / "windows.csv", ("narration_id", "video_id", "frame"), rows)
    assert audit(folder) == 0
    said = capsys.readouterr().out
    assert "0 samples (0.0 %) see the action" in said
    assert "explained: windows end 1.01 s before the action's start\n" in said
    # The same frames, numbered from 1: one frame too late where nobody says so, right where it is said.
    rows = [(name, video, " ".join(str(int(f) + 1) for f in frames.split())) for name, video, frames in rows]
    written(folder / "windows.csv", ("narration_id", "video_id", "frame"), rows)
    assert audit(folder) == 1 and audit(folder, "--first-frame", "1") == 0


def test_windows_before_the_end_of_the_action(kitchen, capsys):
    folder, segments = kitchen
    rows = [
        (one.name, f"[{one.stop_s - 3}, {one.stop_s - 2:.3f}, {one.stop_s - TAU_A:.3f}]") for one in segments
    ]
    written(folder / "windows.csv", ("narration_id", "time_s"), rows)
    assert audit(folder) == 1
    said = capsys.readouterr().out
    assert "explained: windows end 1.00 s before the action's stop\n" in said
    seen = sum(one.stop_s - TAU_A > one.start_s for one in segments)
    assert f"{seen} samples ({100 * seen / len(segments):.1f} %) see the action; P" in said


def test_frame_numbers_of_a_60_fps_clock_at_the_videos_own_rate(kitchen, capsys):
    folder, segments = kitchen
    rows = []
    for one in segments:
        last = int((one.start_s - TAU_A) * 60)
        rows += [(one.name, last - 30), (one.name, last)]
    written(folder / "windows.csv", ("narration_id", "frame"), rows)
    assert audit(folder, "--json") == 1
    found = json.loads(capsys.readouterr().out)
    assert found["explanation"]["anchor"] == "start" and found["explanation"]["clock_fps"] == 60
    assert found["explanation"]["before_s"] == pytest.approx(TAU_A, abs=0.02)
    late_ones = [
        one for one in segments if int((one.start_s - TAU_A) * 60) / RATES[one.video] > one.start_s + 1e-6
    ]
    assert found["sees_action"] == len(late_ones) > 0
    assert audit(folder) == 1
    assert "if frames are counted at 60 a second, not at the videos' own rate" in capsys.readouterr().out


def test_without_rates_times_alone_are_told(kitchen, capsys):
    folder, segments = kitchen
    luck = np.random.default_rng(1)
    rows = [(one.name, f"{one.start_s - luck.uniform(0, 9):.4f}") for one in segments]
    written(folder / "windows.csv", ("sample_id", "time_s"), rows)
    words = [
        "audit-windows",
        str(folder / "windows.csv"),
        "--segments",
        str(folder / "EPIC_100_validation.csv"),
    ]
    assert main([*words, "--tau-a", "0"]) == 0
    assert "no clock explains it" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("columns", "row", "words"),
    [
        (("narration_id", "frame"), ("P01_11_0", "12 x"), "frame is '12 x', expected numbers"),
        (("narration_id", "frame"), ("P01_11_0", ""), "frame is empty"),
        (("narration_id", "frame"), ("P01_11_0", "9" * 20), "expected numbers below 1e+12"),
        (("narration_id", "frame"), ("P01_11_0", "9" * 5000), "(5000 characters), expected numbers"),
        (("narration_id", "time_s"), ("P01_11_0", "nan"), "expected numbers below"),
        (("narration_id", "time_s"), ("P09_01_0", "3"), "no action 'P09_01_0'"),
        (("narration_id", "video_id", "time_s"), ("P01_11_0", "P18_02", "3"), "P01_11_0 in video 'P18_02'"),
        (("narration_id", "frame"), ("P01_11_0", "-3"), "frame -3, counted from 0"),
        (("narration_id", "frame"), ("P01_11_0", "12.5"), "a whole number, from 0"),
        (("narration_id", "seconds"), ("P01_11_0", "3"), "one of time_s, frame"),
        (("clip", "time_s"), ("P01_11_0", "3"), "one of sample_id"),
    ],
)
def test_a_table_that_cannot_be_read_is_one_line(kitchen, capsys, columns, row, words):
    folder, _ = kitchen
    written(folder / "windows.csv", columns, [row])
    assert audit(folder) == 1
    said = capsys.readouterr().err
    assert words in said and said.count("\n") == 1


@pytest.mark.parametrize("option", ["--tau-a", "--tolerance"])
@pytest.mark.parametrize("wrong", ["nan", "inf", "-1"])
def test_no_amount_lets_every_window_pass(kitchen, capsys, option, wrong):
    """Nothing is less than NaN."""
    folder, _ = kitchen
    with pytest.raises(SystemExit, match="2"):
        main(["audit-windows", str(folder / "windows.csv"), "--segments", str(folder), option, wrong])
    assert f"{wrong!r} is no number of at least 0" in capsys.readouterr().err


def test_a_frame_far_off_is_in_the_histogram(kitchen, capsys):
    folder, segments = kitchen
    rows = [(one.name, f"{at}") for one, at in zip(segments, (0.0, 9e11))]
    written(folder / "windows.csv", ("narration_id", "time_s"), rows)
    words = ["audit-windows", str(folder / "windows.csv"), "--segments"]
    assert main([*words, str(folder / "EPIC_100_validation.csv")]) == 1
    assert "2 samples: the last frame lies -899999999974.985 to" in capsys.readouterr().out


def test_frame_numbers_need_a_rate(kitchen, capsys):
    folder, _ = kitchen
    written(folder / "windows.csv", ("narration_id", "frame"), [("P01_11_0", 3)])
    assert (
        main(
            [
                "audit-windows",
                str(folder / "windows.csv"),
                "--segments",
                str(folder / "EPIC_100_validation.csv"),
            ]
        )
        == 1
    )
    assert "--fps or --videos" in capsys.readouterr().err


@pytest.mark.parametrize("fps", ["0", "-30", "nan", "inf"])
def test_a_rate_that_cannot_be(kitchen, capsys, fps):
    folder, _ = kitchen
    written(folder / "windows.csv", ("narration_id", "frame"), [("P01_11_0", 3)])
    segments = str(folder / "EPIC_100_validation.csv")
    assert main(["audit-windows", str(folder / "windows.csv"), "--segments", segments, "--fps", fps]) == 1
    assert "a number above 0" in capsys.readouterr().err


def test_few_samples_tell_no_clock(kitchen, capsys):
    folder, segments = kitchen
    rows = [(one.name, f"{one.start_s - 1:.4f}") for one in segments[:9]]
    written(folder / "windows.csv", ("sample_id", "time_s"), rows)
    assert audit(folder) == 0
    assert "too few samples to tell a clock (9, of at least 10)" in capsys.readouterr().out


def made(before_s, rate=None) -> Windows:
    start = np.linspace(10, 1000, len(before_s))
    return Windows(
        sample_ids=tuple(map(str, range(len(before_s)))), last_s=start - before_s, start_s=start,
        stop_s=start + np.random.default_rng(2).uniform(1, 5, len(before_s)), rate_fps=rate,
    )  # fmt: skip


def test_the_plainer_of_two_explanations_is_believed():
    found = explained(made(np.full(50, 1.0), rate=np.full(50, 60.0)))
    assert found.clock_fps is None and found.anchor == "start" and found.before_s == pytest.approx(1)


def test_every_sample_is_in_one_bin():
    luck = np.random.default_rng(3)
    for before_s in (luck.normal(1, 0.2, 1000), np.full(7, 1.0), np.append(luck.uniform(0, 1, 500), 1e4)):
        bars = histogram(before_s)
        assert sum(bars.counts) == len(before_s) and len(bars.counts) <= 17
        edges = [begin for begin, _ in bars.bins()]
        for (begin, count), end in list(zip(bars.bins(), edges[1:]))[1:-1]:
            assert count == ((before_s >= begin - 1e-9) & (before_s < end - 1e-9)).sum()


def test_equal_times_are_not_late_and_a_tolerance_is_added():
    windows = made(np.array([1.0, 0.999, 0.98]))
    assert late(windows, 1.0).tolist() == [False, True, True]
    assert late(windows, 1.0, tolerance_s=0.01).tolist() == [False, False, True]
