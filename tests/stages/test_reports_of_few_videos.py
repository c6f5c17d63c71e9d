"""Few videos say little: the page, its log and its summary say so."""

from made_up_run import PAIRS, make_run
from report_pages import Page

from foretaste.pipeline import artifact
from foretaste.stages import report


def _small_run(folder, videos, capsys):
    step = make_run(
        folder, seeds=2, videos={"training": 2, "validation": videos}, actions=12, with_videos=False
    )
    report.run(step)
    text = step.outputs["report"].read_text(encoding="utf-8")
    Page(text)
    return artifact.read_json(step.outputs["summary"])["comparisons"], text, capsys.readouterr().err


def test_one_video_gives_no_interval_and_all_readers_say_why(tmp_path, capsys):
    compared, text, log = _small_run(tmp_path, 1, capsys)
    assert {(c["low"], c["high"], c["caution"], c["videos"]) for c in compared} == {
        (None, None, "one video", 1)
    }
    assert any(c["difference"] for c in compared)
    assert "There is no interval: one video. It does not say how others would differ." in text
    assert "cludes 0" not in text
    assert text.count('<tr class="diff unsure">') == len(PAIRS)
    assert 'class="range"' not in text
    assert log.count("no interval: one video") == len(PAIRS)
    assert "Small data, few videos (1)." in log


def test_few_videos_have_an_interval_that_nobody_calls_sure(tmp_path, capsys):
    compared, text, log = _small_run(tmp_path, 4, capsys)
    assert {c["caution"] for c in compared if c["low"] is not None} == {"few videos (4)"}
    assert all(c["low"] < c["difference"] < c["high"] for c in compared if c["low"] is not None)
    assert ", but few videos (4). Single videos decide such numbers" in text
    assert "cludes 0" not in text
    assert text.count('<tr class="diff unsure">') == len(PAIRS)
    assert ", few videos (4)" in log


def test_small_data_are_called_small_where_nothing_is_compared(tmp_path):
    step = make_run(
        tmp_path,
        seeds=1,
        videos={"training": 2, "validation": 4},
        actions=12,
        with_videos=False,
        models=("teacher_counts",),
    )
    report.run(step)
    assert "Small data, few videos (4). Single videos decide" in step.outputs["report"].read_text(
        encoding="utf-8"
    )
