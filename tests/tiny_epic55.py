"""A data folder in EPIC-55's layout, generated: 4 verbs, 5 nouns, 6 actions, and feature files of any width
for its videos.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from foretaste.features.shard import GRID_RULE, Origin, VideoFeatures, write_features

VERBS = ("take", "put", "open", "wash")
NOUNS = ("pan", "plate", "tap", "fridge", "knife")
ACTIONS = ((0, 0), (1, 1), (2, 2), (2, 3), (3, 1), (0, 4))
VIDEOS = {"P01_01": "training", "P01_02": "training", "P02_01": "validation", "P02_02": "validation"}
FPS, WIDTH = 2.0, 8
PER_VIDEO = 10

HEAD = (
    "uid,participant_id,video_id,narration,start_timestamp,stop_timestamp,start_frame,stop_frame,"
    "verb,verb_class,noun,noun_class,all_nouns,all_noun_classes"
)


def write_labels(root: Path, first_s: float = 0.4) -> None:
    """The official files and RULSTM's. In every video ``PER_VIDEO`` segments of 1.5 s, one every 2 s from
    ``first_s`` on; ids count up from 0.
    """
    official, rulstm = root / "epic55", root / "rulstm" / "ek55"
    official.mkdir(parents=True)
    rulstm.mkdir(parents=True)
    for head, names in (("verb", VERBS), ("noun", NOUNS)):
        rows = [f"{number},{name},\"['{name}']\"" for number, name in enumerate(names)]
        _write(official / f"EPIC_{head}_classes.csv", f"{head}_id,class_key,{head}s", rows)
        _write(
            official / f"EPIC_many_shot_{head}s.csv",
            f"{head}_class,{head}",
            [f"0,{names[0]}", f"1,{names[1]}"],
        )
    many = [f'"({verb}, {noun})",{verb},{noun}' for verb, noun in ACTIONS[:2]]
    _write(official / "EPIC_many_shot_actions.csv", "action_class,verb_class,noun_class", many)
    actions = [
        f"{number},{VERBS[verb]}_{NOUNS[noun]},{verb},{noun}" for number, (verb, noun) in enumerate(ACTIONS)
    ]
    _write(rulstm / "actions.csv", "id,action,verb,noun", actions)
    random = np.random.default_rng(0)
    labels: list[str] = []
    split_rows: dict[str, list[str]] = {"training": [], "validation": []}
    for video_id, split in VIDEOS.items():
        for number in range(PER_VIDEO):
            uid, action = len(labels), int(random.integers(len(ACTIONS)))
            verb, noun = ACTIONS[action]
            start_s = first_s + 2.0 * number
            stop_s = start_s + 1.5
            clocks = ",".join(f"00:{int(time // 60):02d}:{time % 60:05.2f}" for time in (start_s, stop_s))
            words = f"{VERBS[verb]},{verb},{NOUNS[noun]},{noun},\"['{NOUNS[noun]}']\",[{noun}]"
            labels.append(f"{uid},{video_id[:3]},{video_id},do it,{clocks},1,2,{words}")
            split_rows[split].append(
                f"{uid},{video_id},{round(start_s * 30)},{round(stop_s * 30)},{verb},{noun},{action}"
            )
    _write(official / "EPIC_train_action_labels.csv", HEAD, labels)
    for split, rows in split_rows.items():
        (rulstm / f"{split}.csv").write_text("\n".join(rows) + "\n")
        videos = [video_id for video_id, own in VIDEOS.items() if own == split]
        (rulstm / f"{split}_videos.csv").write_text("\n".join(videos) + "\n")


def write_given(
    path: Path,
    videos: Sequence[str] = tuple(VIDEOS),
    frames: int = 60,
    change: Mapping[str, slice] | None = None,
    nan: str = "",
) -> Path:
    """A feature file of noise, as a user brings it: ``frames`` vectors a video from 0 s on.

    change
        video_id -> the part of its vectors that is kept.
    nan
        The video of which the vector at 4 s holds one NaN.
    """
    origin = Origin(
        grid_fps=FPS,
        grid_rule=GRID_RULE,
        width=WIDTH,
        dtype="float32",
        backbone="{}",
        weights_sha256="",
        picture="{}",
    )
    random = np.random.default_rng(1)
    stored = []
    for video_id in videos:
        feat = random.standard_normal((frames, WIDTH)).astype(np.float32)
        if video_id == nan:
            feat[round(4 * FPS), 2] = np.nan
        kept = np.arange(frames)[(change or {}).get(video_id, slice(None))]
        stored.append(
            VideoFeatures(
                video_id=video_id,
                feat=feat[kept],
                grid_index=kept,
                pts_s=kept / FPS,
                valid=np.ones(len(kept), bool),
                source_sha256="",
                decoder="",
                rotation=0,
            )
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_features(path, origin, stored)
    return path


def _write(path: Path, head: str, rows: Sequence[str]) -> None:
    path.write_text("\n".join([head, *rows]) + "\n")
