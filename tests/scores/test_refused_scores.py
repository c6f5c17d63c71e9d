"""What is no file of logits is refused by name, and never filled up or made to fit."""

from __future__ import annotations

import json

import h5py
import numpy as np
import pyarrow as pa
import pytest
from damage import damaged, outcomes
from foreign_scores import FULL, IDS, LOGITS, SOFTMAX, h5, table
from made_up_scores import CLASSES, digest, make_record

from foretaste.contracts.errors import ConfigError, DataError, ForetasteError
from foretaste.scores.exchange import export, read_split
from foretaste.scores.importing import import_scores
from foretaste.scores.writer import ScoreWriter


def _without(name):
    def change(holder):
        del holder[name]

    return change


def _instead(name, value):
    def change(holder):
        if name in holder:
            del holder[name]
        holder[name] = value

    return change


def _elsewhere(file):
    del file["uid"]
    file["uid"] = h5py.ExternalLink("else.h5", "uid")


def _never_written(file):
    del file["logits/action"]
    file.create_dataset("logits/action", (20, 50_000_000), np.float32, chunks=(1, 1000))


BAD = {
    "no ids": ("F.h5", _without("uid"), "no sample ids.*row numbers are none"),
    "ids elsewhere": ("F.h5", _elsewhere, "uid is no data of this file"),
    "no logits": ("F.h5", _without("logits"), "no scores"),
    "a stranger": ("F.h5", _instead("weights", 3), "'weights' in it"),
    "an unknown head": ("F.h5", _instead("logits/acton", LOGITS), "scores of 'acton'.*action, verb, noun"),
    "a group": ("F.h5", _instead("logits/verb/x", LOGITS), "logits/verb is no data of this file"),
    "another width": ("F.h5", _instead("logits/action", LOGITS[:, :4]), r"action of shape \(20, 4\)"),
    "other rows": ("F.h5", _instead("logits/action", LOGITS[:19]), r"action of shape \(19, 5\)"),
    "padded": ("F.h5", _instead("uid", np.array([*IDS[:19], IDS[0]], "S9")), "'P01_0' occurs twice"),
    "no numbers": ("F.h5", _instead("logits/action", np.full((20, 5), np.nan)), "action is not finite"),
    "room only": ("F.h5", _never_written, "was not written whole"),
    "probabilities": ("F.h5", _instead("logits/action", SOFTMAX), r"action holds probabilities.*numpy.log"),
    "no column": ("F.parquet", _without("action.tail"), "column 'action.tail' is missing"),
    "a column": ("F.parquet", _instead("more", pa.array([0] * 20)), "column 'more' is not known"),
    "an empty row": ("F.parquet", _instead("sample_id", pa.array([None, *IDS[1:]])), "sample_id has empty"),
    "ids of bytes": ("F.parquet", _instead("sample_id", pa.array([b"x"] * 20)), "sample_id is object"),
    "twice": ("F.parquet", _instead("sample_id", pa.array(["a"] * 20)), "'a' occurs twice"),
    "no lists": ("F.parquet", _instead("action.log_prob", pa.array([0.0] * 20)), "action.log_prob is double"),
    "two lengths": (
        "F.parquet",
        _instead("action.class_id", pa.array([[0]] * 10 + [[0] * 9] * 10)),
        "action.class_id has lists",
    ),
    "a class twice": ("F.parquet", _instead("action.class_id", pa.array([[0] * 5] * 20)), "repeats a class"),
    "no class": (
        "F.parquet",
        _instead("action.class_id", pa.array([[0, 1, 2, 3, 9]] * 20)),
        "repeats a class",
    ),
    "shares": ("F.parquet", _instead("action.log_prob", pa.array(SOFTMAX.tolist())), "has values above 0"),
    "infinite": (
        "F.parquet",
        _instead("action.log_prob", pa.array([[-np.inf] * 5] * 20)),
        "action is not finite, sample 'P01_0'",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_taken_for_logits_is_refused_by_name(tmp_path, classes, case):
    name, change, message = BAD[case]
    (h5 if name == "F.h5" else table)(tmp_path / name)
    import_scores({"test": tmp_path / name}, classes, tmp_path / "good")
    (h5 if name == "F.h5" else table)(tmp_path / name, change)
    with pytest.raises(DataError, match=message):
        import_scores({"test": tmp_path / name}, classes, tmp_path / "bad")
    assert sorted(file.name for file in tmp_path.iterdir()) == [name, "classes.json", "good"]


def test_a_list_of_the_best_is_refused_and_never_filled_up(scores, tmp_path):
    export(scores, "validation", "parquet", tmp_path / "F.parquet", 3)
    for read in (
        lambda: read_split(tmp_path / "F.parquet", "validation"),
        lambda: import_scores(
            {"validation": tmp_path / "F.parquet"}, tmp_path / "F.classes.json", tmp_path / "made"
        ),
    ):
        with pytest.raises(DataError, match=r"action lists 3 of 5 classes.*full logits"):
            read()
    export(scores, "validation", "topk", tmp_path / "F.safetensors", 3)
    with pytest.raises(ConfigError, match=r"in a file .safetensors.*\.npz, \.h5, \.hdf5, \.parquet"):
        read_split(tmp_path / "F.safetensors", "validation")


@pytest.mark.parametrize("name", ["hdf5", "parquet"])
def test_damaged_files_are_one_line_each(scores, tmp_path, name):
    path = tmp_path / FULL[name]
    export(scores, "validation", name, path, 5)
    whole, wanted = path.read_bytes(), read_split(path, "validation")

    def one(seed):
        path.write_bytes(damaged(whole, seed))
        found = read_split(path, "validation")
        np.testing.assert_array_equal(found.logits["action"], wanted.logits["action"])

    lines, passed = outcomes(one, range(300))
    assert len(lines) > 100, passed


def test_a_cache_of_probabilities_is_refused_as_a_file_of_them_is(tmp_path):
    writer = ScoreWriter(tmp_path / "s", record=make_record(), classes=CLASSES)
    writer.write("test", IDS, [digest(i) for i in IDS], {"action": SOFTMAX})
    writer.finish()
    with pytest.raises(ForetasteError, match="action holds probabilities"):
        read_split(tmp_path / "s", "test")
    assert json.loads((tmp_path / "s" / "manifest.json").read_text())["facts"] == {}
