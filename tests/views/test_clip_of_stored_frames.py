"""Clips whose frames are stored: as decoded ones, known by their bytes, of the files that were probed."""

from __future__ import annotations

import barcode
import pytest
from clip_views import build, fetch, sample, write_videos

from foretaste.contracts.errors import DataError
from foretaste.contracts.view import Look
from foretaste.pipeline.video_files import video_files
from foretaste.video.probe import probe


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_videos(tmp_path_factory.mktemp("videos"))


def test_stored_frames_are_shown_as_decoded_ones_are(folder):
    """In scoring and under 20 looks: resized, cut and mirrored alike, up to what JPEG and resizing twice
    change; a shift by one pixel would change more.
    """
    decoded, stored = build(folder), build(folder, stored={"side": 52})
    for look in (None, *(Look(3, epoch) for epoch in range(20))):
        ours, theirs = (fetch(view, [0, 1, 4], look).float() for view in (stored, decoded))
        shifted = (theirs[..., 1:] - theirs[..., :-1]).abs().mean()
        assert (ours - theirs).abs().mean() < min(6.0, 0.5 * shifted), look
    assert decoded.newest_s(0) == stored.newest_s(0)


def test_a_digest_of_stored_frames_is_of_their_bytes(folder, tmp_path):
    digests = [build(folder, stored=stored).digest(0) for stored in ({}, {}, {"quality": 80}, {"side": 60})]
    assert digests[0] == digests[1] and len(set(digests)) == 2, "no frame of 48 is enlarged to 60"


def test_a_store_of_other_files_or_frames_is_refused(folder, tmp_path):
    with pytest.raises(DataError, match="no frames of video 'b'"):
        build(folder, stored={"rows": [sample("a", 2.0)]})
    view = build(folder, [sample("a", 3.0)], stored={"rows": [sample("a", 2.0)]})
    with pytest.raises(DataError, match=r"frame 25 is not stored: .*\.h5: a: "):
        fetch(view, [0])
    columns = probe(folder, video_files(folder).items())[0]
    later = {**columns, "pts": [pts * 2 for pts in columns["pts"]]}
    with pytest.raises(DataError, match="frames of 'a' at other times than the probe says"):
        build(folder, [sample("a", 2.0)], probed=later, stored={"videos": folder})
    barcode.write_clip(tmp_path / "a.mp4", 40, x264="keyint=1:qp=20")
    columns = probe(tmp_path, video_files(tmp_path).items())[0]
    with pytest.raises(DataError, match="frames of another file of 'a'"):
        build(folder, [sample("a", 2.0)], probed=columns, stored={"videos": folder})
