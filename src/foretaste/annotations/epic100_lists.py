"""EPIC-KITCHENS-100's groups: tail verbs and nouns, and the videos of participants whom no training video
shows. Both layouts of the files (``epic100``) name the same groups, each in its own way.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from foretaste.annotations.rows import Found, Row, RowError, read_rows
from foretaste.contracts.errors import DataError

OFFICIAL_LISTS = (
    "EPIC_100_tail_verbs.csv",
    "EPIC_100_tail_nouns.csv",
    "EPIC_100_unseen_participant_ids_validation.csv",
)
RULSTM_LISTS = tuple(
    f"validation_{part}_ids.csv"
    for part in ("tail_verbs", "tail_nouns", "unseen_participants", "tail_actions")
)

#: Ids of tail verbs, ids of tail nouns, and the videos of unseen participants.
Lists = tuple[tuple[int, ...], tuple[int, ...], tuple[str, ...]]


@dataclass(frozen=True)
class Entry:
    """One row whose ids are good: where it stands, its segment, and the pair of verb and noun (None without
    labels).
    """

    row: Row
    split: str
    segment_id: str
    video_id: str
    pair: tuple[int, int] | None

    @property
    def participant(self) -> str:
        """ "P01" of "P01_101"."""
        return self.video_id.partition("_")[0]


def official_lists(
    folder: Path, entries: list[Entry], found: Found, verb: tuple[str, ...], noun: tuple[str, ...]
) -> Lists:
    """As the official files in ``folder`` list them: classes, and participants."""
    verbs, nouns, unseen = (folder / name for name in OFFICIAL_LISTS)
    tails = []
    for head, path, names in (("verb", verbs, verb), ("noun", nouns, noun)):
        try:
            ids = tuple(
                sorted({row.class_id(head, names) for row in read_rows(path, found, (head,), header=True)})
            )
            tails.append(ids)
        except RowError as reason:
            raise DataError(
                f"bad class list ({reason})", path, f"ids of {head} classes", "use the published file"
            ) from reason
    column = "participant_id"
    try:
        people = {row.text(column) for row in read_rows(unseen, found, (column,), header=True)}
    except RowError as reason:
        raise DataError(
            f"bad list ({reason})", unseen, "a participant a line", "use the published file"
        ) from reason
    videos = {
        entry.video_id for entry in entries if entry.split == "validation" and entry.participant in people
    }
    if people and not videos:
        raise DataError(
            f"no validation video of {', '.join(sorted(people))}",
            unseen,
            "participants of validation",
            "use the published file",
        )
    return tails[0], tails[1], tuple(sorted(videos))


def rulstm_lists(folder: Path, entries: list[Entry], found: Found) -> Lists:
    """RULSTM lists the validation segments of each group; a group is a set of classes, or of videos."""
    listed = []
    for name in RULSTM_LISTS:
        rows = read_rows(folder / name, found, ("narration_id",), header=False)
        listed.append({row.cells["narration_id"] for row in rows})
    left_out = {issue.key for issue in found.issues}
    validation = [entry for entry in entries if entry.split == "validation"]
    tails = [
        {entry.pair[head] for entry in validation if entry.segment_id in listed[head]} for head in (0, 1)
    ]
    unseen = {entry.video_id for entry in validation if entry.segment_id in listed[2]}
    groups = (
        {entry.segment_id for entry in validation if entry.pair[0] in tails[0]},
        {entry.segment_id for entry in validation if entry.pair[1] in tails[1]},
        {entry.segment_id for entry in validation if entry.video_id in unseen},
        {entry.segment_id for entry in validation if entry.pair[0] in tails[0] or entry.pair[1] in tails[1]},
    )
    for name, ids, group in zip(RULSTM_LISTS, listed, groups, strict=True):
        if odd := sorted((ids - left_out) ^ group):
            path = folder / name
            raise DataError(
                f"a list that parts a class or a video ({len(odd)} segments, e.g. {odd[0]})",
                path,
                "all validation segments of each class or video that it names, and no others",
                "use the published file",
            )
    return tuple(sorted(tails[0])), tuple(sorted(tails[1])), tuple(sorted(unseen))
