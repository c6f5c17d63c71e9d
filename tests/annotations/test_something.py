"""Something-Something v2 and Something-Else, on made-up clips and on the real splits."""

from __future__ import annotations

import json

import pytest

from foretaste.annotations.something import class_texts
from foretaste.contracts.classes import read_classes
from foretaste.contracts.errors import ConfigError, DataError
from foretaste.settings import families

#: Numbers as in Something-Else, in no order of the alphabet.
LABELS = {"Pushing something": 2, "Opening something": 0, "Putting something next to something": 1}


def clip(number, label, template):
    return {"id": str(number), "label": label, "template": template, "placeholders": []}


CLIPS = {
    "train": [
        clip(30, "pushing a cup", "Pushing [something]"),
        clip(4, "putting pen next to cup", "Putting [something] next to [something]"),
    ],
    "validation": [clip(7, "opening a jar", "Opening [something]")],
    "test": [{"id": "99"}],
}


def write(folder, labels=LABELS, prefix="", **changed):
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in {"labels": labels, **CLIPS, **changed}.items():
        (folder / f"{prefix}{name}.json").write_text(json.dumps(content), encoding="utf-8")


def read(root, kind="ssv2", **settings):
    return families.build("annotations", {"kind": kind, **settings}, root=root, dataset="d").read()


def ssv2(root, **settings):
    return read(root, folder="s", prefix="", **settings)


def test_clips_are_whole_videos_and_the_test_split_has_no_labels(tmp_path):
    write(
        tmp_path / "ssv2", {text: str(number) for text, number in LABELS.items()}, "something-something-v2-"
    )
    got = read(tmp_path)
    rows = got.segments.to_pylist()
    assert [(row["segment_id"], row["split"], row["action"], row["action_id"]) for row in rows] == [
        ("99", "test", None, None),
        ("30", "training", "Pushing something", 2),
        ("4", "training", "Putting something next to something", 1),
        ("7", "validation", "Opening something", 0),
    ]
    assert {(row["start_s"], row["stop_s"]) for row in rows} == {(0.0, None)} and got.issues == []
    assert [row["narration"] for row in rows] == [
        None,
        "pushing a cup",
        "putting pen next to cup",
        "opening a jar",
    ]
    assert all(row["video_id"] == row["segment_id"] for row in rows)
    assert set(read(tmp_path, test=False).segments["split"].to_pylist()) == {"training", "validation"}


def test_class_ids_are_the_files_or_the_alphabets_and_the_texts_go_with_them(tmp_path):
    """The trap: the same clip has two ids, and only the texts tell which."""
    write(tmp_path / "s")
    by_file, by_alphabet = ssv2(tmp_path), ssv2(tmp_path, class_ids="alphabet")
    for got, ids in ((by_file, [2, 1, 0]), (by_alphabet, [1, 2, 0])):
        labelled = [row for row in got.segments.to_pylist() if row["action"]]
        assert [row["action_id"] for row in labelled] == ids
        assert [got.classes.names("action")[row["action_id"]] for row in labelled] == [
            row["action"] for row in labelled
        ]
        (tmp_path / "classes.json").write_text(got.classes.to_json(), encoding="utf-8")
        assert read_classes(tmp_path / "classes.json") == got.classes
    assert by_file.classes != by_alphabet.classes


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"template": "Pushing [somthing]"}, "one of the 3 classes; did you mean 'Pushing something'?"),
        ({"template": None}, "template is None, expected a text"),
        ({"label": " "}, "label is ' ', expected a text"),
        ({"label": "\u200b"}, r"label is '\u200b', expected no control or invisible characters"),
        ({"label": "push\u200bing it"}, "expected no control or invisible characters"),
        ({"label": "a\tb"}, r"label is 'a\tb', expected no control or invisible characters"),
        ({"id": "../4"}, "id is '../4', expected the number of a clip"),
        ({"id": 4}, "id is 4, expected a text"),
        ({"id": "7"}, "id 7 is in training already, expected each clip once"),
    ],
)
def test_a_bad_clip_is_left_out_and_listed(tmp_path, changed, reason):
    bad = {**CLIPS["train"][0], **changed}
    # It stands in front: of a clip that occurs twice the second is the bad one.
    write(tmp_path / "s", train=[bad, CLIPS["train"][1]])
    got = ssv2(tmp_path)
    (issue,) = got.issues
    in_validation = changed.get("id") == "7"
    assert (issue.file, issue.row) == (f"s/{'validation' if in_validation else 'train'}.json", "clip 1")
    assert reason in issue.reason and got.segments.num_rows == 3


def test_what_is_no_clip_is_an_issue_too(tmp_path):
    write(tmp_path / "s", validation=[7, {}, *CLIPS["validation"]])
    assert [str(issue) for issue in ssv2(tmp_path).issues] == [
        "s/validation.json, clip 1: int in place of a clip",
        "s/validation.json, clip 2: no id",
    ]


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ({"a": 0, "b": 2}, "no class of number 1 among 2"),
        ({"a": 0, "b": 0}, "no class of number 1"),
        ({"a": 1.0}, r"number 1.0 of the class 'a'"),
        ({"a": True}, "number True"),
        ({"a\u200b": 0}, r"class is 'a\\u200b', expected no control or invisible"),
        ({}, "no class texts"),
        (["a"], "no class texts"),
    ],
)
def test_a_bad_class_list_is_refused(tmp_path, labels, message):
    write(tmp_path / "s", labels)
    with pytest.raises(DataError, match=message):
        ssv2(tmp_path)


def test_a_missing_file_and_a_file_of_something_else_are_refused(tmp_path):
    write(tmp_path / "s", train={"clips": []})
    with pytest.raises(DataError, match="no list of clips"):
        ssv2(tmp_path)
    (tmp_path / "s" / "train.json").unlink()
    with pytest.raises(DataError, match="missing file"):
        ssv2(tmp_path)


@pytest.mark.parametrize(
    ("split", "folder", "names"),
    [
        ("compositional", "compositional", ("labels", "train", "validation")),
        ("compositional_shuffled", "compositional_shuffled", ("labels", "train", "validation")),
        ("one_object", "compositional_oneobject", ("labels", "train", "validation")),
        ("fewshot_base", "fewshot", ("base_labels", "base_training_set", "base_validation_set")),
        *(
            (
                f"fewshot_{shots}",
                "fewshot",
                ("finetune_labels", f"finetune_{shots}shot_training", f"finetune_{shots}shot_validation"),
            )
            for shots in (5, 10)
        ),
    ],
)
def test_the_splits_of_something_else(tmp_path, split, folder, names):
    at = tmp_path / "something_else" / folder
    at.mkdir(parents=True)
    for name, content in zip(names, (LABELS, CLIPS["train"], CLIPS["validation"]), strict=True):
        (at / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    got = read(tmp_path, "something_else", split=split)
    assert got.segments["segment_id"].to_pylist() == ["30", "4", "7"]
    assert got.segments["action_id"].to_pylist() == [2, 1, 0]


def test_an_unknown_split_lists_the_choices(tmp_path):
    with pytest.raises(ConfigError, match="did you mean 'one_object'"):
        read(tmp_path, "something_else", split="oneobject")


def test_the_real_splits(tmp_path, shared_data):
    """All clips of the published few-shot files; the numbers of their classes are made up."""
    at = tmp_path / "something_else" / "fewshot"
    at.mkdir(parents=True)
    names = {}
    for part, name, count in (("base", "base_validation_set", 12467), ("5", "finetune_5shot_training", 430)):
        text = (shared_data / "something_else" / f"{name}.json").read_text(encoding="utf-8")
        texts = {clip["template"].replace("[", "").replace("]", "") for clip in json.loads(text)}
        names[part] = {text: number for number, text in enumerate(sorted(texts, key=lambda one: one[::-1]))}
        for file in ("base_training_set", "finetune_5shot_validation"):
            (at / f"{file}.json").write_text("[]", encoding="utf-8")
        for file in ("base", "finetune"):
            (at / f"{file}_labels.json").write_text(json.dumps(names[part]), encoding="utf-8")
        (at / f"{name}.json").write_text(text, encoding="utf-8")
        got = read(tmp_path, "something_else", split=f"fewshot_{part}")
        assert got.segments.num_rows == count and got.issues == []
        assert len(set(got.segments["action"].to_pylist())) == len(names[part])
    assert (len(names["base"]), len(names["5"])) == (88, 86) and not set(names["base"]) & set(names["5"])
    published = (shared_data / "ssv2" / "label_map.txt").read_text(encoding="utf-8").splitlines()
    assert set(names["base"]) | set(names["5"]) == set(published)


def test_the_numbers_of_something_something_are_those_of_the_alphabet(tmp_path, shared_data):
    texts = (shared_data / "ssv2" / "label_map.txt").read_text(encoding="utf-8").splitlines()
    path = tmp_path / "labels.json"
    path.write_text(json.dumps({text: str(number) for number, text in enumerate(texts)}), encoding="utf-8")
    assert class_texts(path, "file") == class_texts(path, "alphabet") == tuple(texts)
