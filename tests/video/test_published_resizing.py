"""Pictures as the decoder and the frame store resize them, beside those of the published pipelines: the frame
of full size, resized bilinearly with antialiasing (torchvision's of today, PIL's) or without (AVT's).
"""

from __future__ import annotations

import barcode
import cv2
import frame_files
import numpy as np
import pytest
import torch
from torch.nn import functional as F

from foretaste.features.frame_store import FrameStore
from foretaste.video.decode import frames_at
from foretaste.video.frame_table import look_at

FRAMES = np.array([0, 3])


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    """Texture of all grains, 360 x 640, as a camera's picture has it."""
    random, view = np.random.default_rng(0), np.zeros((400, 700, 3), np.float32)
    for octave in range(5):
        grains = random.random((9 << octave, 16 << octave, 3), np.float32)
        view += cv2.resize(grains, (700, 400), interpolation=cv2.INTER_CUBIC) / 2**octave
    view = cv2.normalize(view, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(barcode, "draw", lambda at, height, width: view[at : at + height, 2 * at :][:, :width])
        path = tmp_path_factory.mktemp("clips") / "a.mp4"
        return look_at(barcode.write_clip(path, 4, size=(360, 640), x264="keyint=4:qp=10"))


def published(video, size, antialias):
    whole, _ = frames_at(video, FRAMES / 10)
    planes = torch.from_numpy(whole).permute(0, 3, 1, 2).float()
    resized = F.interpolate(planes, size=size, mode="bilinear", antialias=antialias, align_corners=False)
    return resized.round().clamp(0, 255).permute(0, 2, 3, 1).numpy()


@pytest.mark.parametrize("antialias", [True, False])
@pytest.mark.parametrize("size", [(280, 498), (248, 441), (224, 398), (112, 199)])
def test_resized_pictures_are_the_published_ones_within_a_tolerance(video, size, antialias, tmp_path):
    """docs/own-data.md states it; a picture one pixel aside is further away."""
    theirs = published(video, size, antialias)
    plan = {"a": FRAMES}
    frame_files.write(tmp_path / "0.h5", plan, {"a": video}, frame_files.origin(side=280))
    aside = np.abs(theirs[:, :, 1:] - theirs[:, :, :-1]).mean()
    read = {
        "decoder": frames_at(video, FRAMES / 10, size)[0],
        "store": FrameStore([tmp_path / "0.h5"]).pictures("a", FRAMES, size),
    }
    for name, ours in read.items():
        apart = np.abs(ours - theirs)
        assert apart.mean() < min(3.0, 0.75 * aside) and apart.max() <= 30, (name, apart.mean(), apart.max())
