"""Scores of other programs, read in every format and made into a cache."""

from __future__ import annotations

import json

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from damage import damaged, outcomes
from made_up_scores import CLASSES, digest, make_cache, make_record

from foretaste.__main__ import main
from foretaste.contracts.errors import ConfigError, DataError, ForetasteError
from foretaste.pipeline import artifact
from foretaste.scores.exchange import FORMATS, export, read_split
from foretaste.scores.importing import import_scores
from foretaste.scores.reader import open_scores
from foretaste.scores.verify import verify
from foretaste.scores.writer import ScoreWriter

IDS = [f"P01_{i}" for i in range(20)]
LOGITS = np.random.default_rng(0).normal(0, 4, (20, 5)).astype(np.float32)
FULL = {"npz": "F.npz", "hdf5": "F.h5", "parquet": "F.parquet"}


@pytest.fixture
def scores(tmp_path):
    make_cache(tmp_path / "scores")
    return open_scores(tmp_path / "scores")


@pytest.fixture
def classes(tmp_path):
    path = tmp_path / "classes.json"
    path.write_text(CLASSES.to_json())
    return path


def _npz(path, ids=IDS, **arrays):
    np.savez(path, sample_id=np.array(ids), **(arrays or {"action": LOGITS}))


def _h5(path, change=lambda file: None):
    """As AVT leaves it."""
    with h5py.File(path, "w") as file:
        file.create_dataset("logits/action", data=LOGITS, maxshape=(None, 5), compression="gzip")
        file.create_dataset("uid", data=np.array(IDS, dtype="S64"))
        file.create_dataset("target/action", data=np.zeros(20, dtype=np.int64))
        file.create_dataset("idx", data=np.arange(20))
        file.create_dataset("epoch", data=np.zeros(20))
        change(file)


def _table(path, change=lambda columns: None):
    best = np.argsort(-LOGITS, axis=1)
    log_prob = np.take_along_axis(LOGITS - np.log(np.exp(LOGITS).sum(1, keepdims=True)), best, axis=1)
    columns = {
        "sample_id": pa.array(IDS),
        "action.class_id": pa.array(best.tolist()),
        "action.log_prob": pa.array(log_prob.tolist(), pa.list_(pa.float32())),
        "action.tail": pa.array(np.zeros(20, dtype=np.float32)),
    }
    change(columns)
    pq.write_table(pa.table(columns), path)


@pytest.mark.parametrize("name", FULL)
def test_what_is_exported_whole_reads_back_as_the_cache(scores, tmp_path, name):
    export(scores, "validation", name, tmp_path / FULL[name], 5)
    ours, theirs = read_split(scores.folder, "validation"), read_split(tmp_path / FULL[name], "validation")
    assert theirs.sample_ids == ours.sample_ids
    assert theirs.classes == ours.classes == CLASSES
    for head in ("action", "verb"):
        shift = ours.logits[head].max(axis=1, keepdims=True)
        there = theirs.logits[head] - theirs.logits[head].max(axis=1, keepdims=True)
        np.testing.assert_allclose(there, ours.logits[head] - shift, atol=2.0**-13)


@pytest.mark.parametrize("name", FULL)
def test_an_import_is_a_cache_that_says_where_it_comes_from(scores, tmp_path, name):
    path, out = tmp_path / FULL[name], tmp_path / "imported"
    export(scores, "validation", name, path, 5)
    beside = path.with_suffix(".classes.json")
    import_scores({"validation": path}, beside, out, licence="CC BY 4.0")
    made = verify(out)
    assert made.sample_ids("validation") == scores.sample_ids("validation")
    assert made.scored("validation") == "not stated"
    assert made.manifest["facts"]["imported"] == [
        {"split": "validation", "file": FULL[name], "sha256": artifact.sha256(path)}
    ]
    logits = {head: made.logits("validation", head) for head in made.heads}
    for head, found in logits.items():
        wanted = scores.logits("validation", head)
        assert (found.argmax(1) == wanted.argmax(1)).all()
        apart = (found - found.max(1, keepdims=True)) - (wanted - wanted.max(1, keepdims=True))
        assert np.abs(apart).max() < 2e-2  # half precision once more
    sheet = (out / "README.md").read_text()
    assert "Licence of the data set that was scored: CC BY 4.0." in sheet
    assert "Terms of its use: not stated." in sheet
    assert f"`{FULL[name]}`, sha256 `{artifact.sha256(path)}`" in sheet
    with pytest.raises(DataError, match="it is there already"):
        import_scores({"validation": path}, beside, out)


def test_a_files_of_avt_are_read_as_they_are_and_by_the_command(tmp_path, classes, capsys):
    _h5(tmp_path / "0.h5")
    _npz(tmp_path / "train.npz", ids=[f"t{i}" for i in range(20)])
    files = [str(tmp_path / "train.npz"), str(tmp_path / "0.h5")]
    splits = ["--split", "training", "validation", "--trained-on", "training"]
    command = [
        "scores",
        "import",
        *files,
        *splits,
        "--classes",
        str(classes),
        "--out",
        str(tmp_path / "made"),
    ]
    assert main(command) == 0
    said = capsys.readouterr().out
    assert "training  20 samples, 20 distinct inputs, in-sample, seen as whole" in said
    assert "validation  20 samples, 20 distinct inputs, held-out, seen as whole" in said
    assert "licence  not stated" in said
    assert "imported  validation from 0.h5, sha256 " in said
    made = verify(tmp_path / "made")
    assert made.sample_ids("validation") == tuple(IDS)
    np.testing.assert_allclose(made.logits("validation", "action"), LOGITS, atol=2e-2)


def test_equal_imports_are_equal_bytes(tmp_path, classes):
    _h5(tmp_path / "F.h5")
    for name in "ab":
        import_scores({"test": tmp_path / "F.h5"}, classes, tmp_path / name)
    files = [file for file in (tmp_path / "a").rglob("*") if file.is_file()]
    assert len(files) == 5
    for file in files:
        assert file.read_bytes() == (tmp_path / "b" / file.relative_to(tmp_path / "a")).read_bytes()


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


SOFTMAX = np.exp(LOGITS) / np.exp(LOGITS).sum(1, keepdims=True)
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
    (_h5 if name == "F.h5" else _table)(tmp_path / name)
    import_scores({"test": tmp_path / name}, classes, tmp_path / "good")
    (_h5 if name == "F.h5" else _table)(tmp_path / name, change)
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


def test_an_import_needs_a_class_list_and_a_split_for_every_file(tmp_path, capsys):
    _npz(tmp_path / "F.npz")
    out = ["--out", str(tmp_path / "made")]
    assert main(["scores", "import", str(tmp_path / "F.npz"), "--split", "test", *out]) == 1
    assert "F.classes.json" in capsys.readouterr().err
    assert main(["scores", "import", str(tmp_path / "F.npz"), "--split", "a", "b", *out]) == 1
    assert "1 files of splits a, b" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["scores", "import", str(tmp_path / "F.npz"), *out])


@pytest.mark.parametrize(
    ("split", "trained_on"),
    [("validaton", "training"), ("test", "trainig"), ("../../x", "training"), ("", "training")],
)
def test_a_misspelt_split_is_no_split(split, trained_on, classes, tmp_path, capsys):
    """Its rows would count as held out."""
    _npz(tmp_path / "F.npz")
    words = ["--classes", str(classes), "--out", str(tmp_path / "made"), "--trained-on", trained_on]
    assert main(["scores", "import", str(tmp_path / "F.npz"), "--split", split, *words]) == 1
    assert "one of held_out, test, training, validation" in capsys.readouterr().err
    assert not (tmp_path / "made").exists()


def test_the_sidecar_holds_the_best_classes_their_mass_and_what_is_left(scores, tmp_path):
    export(scores, "validation", "parquet", tmp_path / "F.parquet", 3)
    file = pq.ParquetFile(tmp_path / "F.parquet", page_checksum_verification=True)
    table = file.read()
    logits = scores.logits("validation", "action").astype(np.float64)
    share = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    index = np.array(table["action.class_id"].to_pylist())
    kept = np.exp(np.array(table["action.log_prob"].to_pylist()))
    np.testing.assert_array_equal(index, np.argsort(-logits, axis=1, kind="stable")[:, :3])
    np.testing.assert_allclose(kept, np.take_along_axis(share, index, axis=1), rtol=2.0**-14)
    tail = table["action.tail"].to_numpy()
    np.testing.assert_allclose(tail, 1 - np.take_along_axis(share, index, axis=1).sum(1), atol=1e-6)
    assert table["sample_id"].to_pylist() == list(scores.sample_ids("validation"))
    assert table.schema.metadata == {b"identity": scores.identity.encode(), b"split": b"validation"}
    assert len(table["verb.class_id"][0]) == 2  # no more than there are


def test_a_few_rows_of_the_sidecar_can_be_fetched_alone(tmp_path):
    make_cache(tmp_path / "scores", samples=2500)
    export(open_scores(tmp_path / "scores"), "validation", "parquet", tmp_path / "F.parquet", 3)
    facts = pq.ParquetFile(tmp_path / "F.parquet").metadata
    assert facts.num_row_groups == 3
    for column in range(facts.num_columns):
        chunk = facts.row_group(1).column(column)
        assert chunk.has_offset_index and chunk.has_column_index, chunk.path_in_schema
    found = pq.read_table(tmp_path / "F.parquet", filters=[("sample_id", "=", "validation-1500")])
    assert found["sample_id"].to_pylist() == ["validation-1500"]


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


def test_a_file_of_a_wrong_name_is_not_written(scores, tmp_path):
    for name in FORMATS:
        with pytest.raises(ConfigError, match=f"of format {name}"):
            export(scores, "validation", name, tmp_path / "F.txt", 3)
    (tmp_path / "F.txt").write_text("")
    with pytest.raises(ConfigError, match=r"a file \.txt"):
        read_split(tmp_path / "F.txt", "validation")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["F.txt", "scores"]


def test_nobody_knows_of_an_average_what_nobody_said_of_a_part(tmp_path, classes):
    from foretaste.scores.average import joint_terms, joint_trained_on

    _npz(tmp_path / "F.npz")
    import_scores({"training": tmp_path / "F.npz"}, classes, tmp_path / "a", licence="CC BY 4.0")
    import_scores({"training": tmp_path / "F.npz"}, classes, tmp_path / "b", trained_on=["training"])
    sources = [open_scores(tmp_path / name) for name in "ab"]
    assert joint_trained_on(sources) is None
    assert joint_trained_on(sources[1:] * 2) == ["training"]
    assert joint_terms(sources) == {"licence": "CC BY 4.0; not stated", "terms": None}


def test_a_cache_of_probabilities_is_refused_as_a_file_of_them_is(tmp_path):
    writer = ScoreWriter(tmp_path / "s", record=make_record(), classes=CLASSES)
    writer.write("test", IDS, [digest(i) for i in IDS], {"action": SOFTMAX})
    writer.finish()
    with pytest.raises(ForetasteError, match="action holds probabilities"):
        read_split(tmp_path / "s", "test")
    assert json.loads((tmp_path / "s" / "manifest.json").read_text())["facts"] == {}
