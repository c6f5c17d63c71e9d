import pytest

from foretaste.annotations.video_folds import folds_by_video, for_choosing
from foretaste.contracts.errors import ConfigError


@pytest.fixture
def segments(make_segments):
    """Two segments of each of ten training videos, and one of another split."""
    rows = [(f"{video}.{at}", f"v{video}", 10.0 * at, 10.0 * at + 5) for video in range(10) for at in (1, 2)]
    return make_segments([*rows, ("w", "w", 1.0, 2.0)], splits=["training"] * 20 + ["validation"])


def test_settings_are_chosen_on_whole_training_videos(segments):
    found = for_choosing(segments, 5, "validation").to_pylist()
    assert len(found) == 20 and {row["split"] for row in found} == {"training", "validation"}
    kept, left = (
        {row["video_id"] for row in found if row["split"] == split} for split in ("validation", "training")
    )
    assert len(kept) == 2 and len(left) == 8 and kept.isdisjoint(left)
    videos = segments["video_id"].to_pylist()[:20]
    dealt = dict(zip(videos, folds_by_video(videos, 5, 0).tolist(), strict=True))
    assert kept == {video for video, fold in dealt.items() if fold == 0}


def test_what_is_not_of_training_is_left_out_whatever_it_says(segments):
    """So no reported label can move a choice."""
    others = segments.slice(0, 20)
    assert for_choosing(segments, 5, "test") == for_choosing(others, 5, "test")


def test_more_parts_than_videos_are_refused(segments):
    with pytest.raises(ConfigError, match=r"11 folds of 10 training videos.*dataset: choose"):
        for_choosing(segments, 11, "validation")
