import argparse
import json

import numpy as np
import pytest
from damage import damaged, outcomes
from made_up_scores import CLASSES, digest, make_record
from safetensors import safe_open

from foretaste.contracts.classes import read_classes
from foretaste.contracts.errors import ConfigError, DataError
from foretaste.scores.exchange import FORMATS, export, read_split
from foretaste.scores.format import unpack
from foretaste.scores.plain import classes_beside
from foretaste.scores.writer import ScoreWriter
from foretaste.tools import scores as tool


def test_an_archive_reads_back_as_the_cache(scores, tmp_path):
    export(scores, "validation", "npz", tmp_path / "F.npz")
    assert sorted(f.name for f in tmp_path.iterdir()) == ["F.classes.json", "F.npz", "scores"]
    with np.load(tmp_path / "F.npz") as archive:
        assert sorted(archive.files) == ["action", "sample_id", "verb"]
        assert archive["action"].dtype == np.float32
    a, b = read_split(tmp_path / "F.npz", "validation"), read_split(scores.folder, "validation")
    assert a.sample_ids == b.sample_ids
    assert a.classes == b.classes == CLASSES
    for head in ("action", "verb"):
        np.testing.assert_array_equal(a.logits[head], b.logits[head])


def test_equal_exports_are_equal_bytes(scores, tmp_path):
    for name, kind in FORMATS.items():
        paths = [tmp_path / f"{which}{kind.suffixes[0]}" for which in "ab"]
        for path in paths:
            export(scores, "validation", name, path, 3)
        assert paths[0].read_bytes() == paths[1].read_bytes(), name


def test_scores_of_other_classes_are_not_read_by_this_list(scores, tmp_path):
    export(scores, "validation", "npz", tmp_path / "F.npz")
    other = tmp_path / "F.classes.json"
    other.write_text(other.read_text(encoding="utf-8").replace("cut", "chop"), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"class list of other scores.*F\.classes\.json"):
        export(scores, "validation", "hdf5", tmp_path / "F.h5")
    assert not (tmp_path / "F.h5").exists()


def test_top_k_lists_agree_with_the_full_logits(scores, tmp_path):
    export(scores, "validation", "topk", tmp_path / "top.safetensors", 3)
    assert read_classes(classes_beside(tmp_path / "top.safetensors")) == CLASSES
    with safe_open(tmp_path / "top.safetensors", "numpy") as file:
        cut = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a mapping)
        assert file.metadata() == {"identity": scores.identity}
    assert tuple(unpack(cut["sample_id"], cut["sample_id_stop"])) == scores.sample_ids("validation")
    logits = scores.logits("validation", "action")
    kept = np.take_along_axis(logits, cut["action.index"].astype(int), axis=1)
    np.testing.assert_allclose(
        cut["action.logit"].astype(np.float32) + cut["action.max"][:, None], kept, atol=2e-2
    )
    mass = np.exp(kept - cut["action.logsumexp"][:, None]).sum(axis=1)
    np.testing.assert_allclose(mass + cut["action.tail"], 1, atol=2e-3)
    assert cut["verb.index"].shape == (20, 2)  # no more than there are


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"action": np.zeros((2, 5))}, "sample_id"),
        ({"sample_id": np.array(["a", "b"])}, "no scores"),
        ({"sample_id": np.array(["a", "b"]), "action": np.zeros((2, 4))}, r"action of shape \(2, 4\)"),
        (
            {"sample_id": np.array(["a", "b"]), "action": np.full((2, 5), -np.inf)},
            "action is not finite, sample 'a'.*-30",
        ),
        ({"sample_id": np.array(["a", "b"]), "action": np.full((2, 5), 1e300)}, "action is not finite"),
        ({"sample_id": np.array(["a", "b"]), "action": np.array([[0.0] * 5, [np.nan] * 5])}, "sample 'b'"),
        ({"sample_id": np.array(["a", "b"]), "action": np.full((2, 5), "x")}, "type <U1"),
        ({"sample_id": np.array([["a"], ["b"]]), "action": np.zeros((2, 5))}, r"sample_id is <U1 \(2, 1\)"),
        ({"sample_id": np.array([b"a", b"b"]), "action": np.zeros((2, 5))}, r"sample_id is \|S1"),
        ({"sample_id": np.array(["a", "a"]), "action": np.zeros((2, 5))}, "occurs twice"),
        ({"sample_id": np.array(["a", "b"], dtype=object), "action": np.zeros((2, 5))}, "without pickles"),
    ],
)
def test_foreign_archives_are_checked(tmp_path, arrays, message):
    (tmp_path / "F.classes.json").write_text(CLASSES.to_json())
    np.savez(tmp_path / "F.npz", **arrays)
    with pytest.raises(DataError, match=message):
        read_split(tmp_path / "F.npz", "validation")


def test_a_damaged_archive_is_one_clear_error(tmp_path):
    (tmp_path / "F.classes.json").write_text(CLASSES.to_json())
    pointer = b"version https://git-lfs.github.com/spec/v1\n"
    for content, message in (
        (b"", "empty"),
        (b"PK\x03\x04 nothing", "unreadable"),
        (b"text", "unreadable"),
        (pointer, "git lfs pull"),
    ):
        (tmp_path / "F.npz").write_bytes(content)
        with pytest.raises(DataError, match=message):
            read_split(tmp_path / "F.npz", "validation")


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_damaged_archives_are_one_line_each(tmp_path, save):
    (tmp_path / "F.classes.json").write_text(CLASSES.to_json())
    logits = np.random.default_rng(0).normal(size=(20, 5))
    save(tmp_path / "F.npz", sample_id=np.array([f"s{i}" for i in range(20)]), action=logits)
    whole = (tmp_path / "F.npz").read_bytes()

    def one(seed):
        (tmp_path / "F.npz").write_bytes(damaged(whole, seed))
        np.testing.assert_array_equal(
            read_split(tmp_path / "F.npz", "validation").logits["action"], logits.astype(np.float32)
        )

    lines, _ = outcomes(one, range(300))
    assert len(lines) > 280


def _likely(rows, classes, dtype=np.float32):
    """Probabilities as a model with a softmax writes them."""
    logits = np.random.default_rng(0).normal(0, 3, (rows, classes))
    share = np.exp(logits)
    return (share / share.sum(axis=1, keepdims=True)).astype(dtype)


@pytest.mark.parametrize(
    "given",
    [
        _likely(20, 5), _likely(1, 5), _likely(20, 5, np.float16), np.eye(5)[[0, 1, 2, 2] * 5],
        np.concatenate([_likely(15, 5), np.ones((5, 5))]),
        100 * _likely(20, 5), np.full((20, 5), 0.1) + 0.5 * np.eye(5)[[0] * 20],
    ],
    ids=["softmax", "one row", "half precision", "one-hot", "some rows not", "per cent", "by hand"],
)  # fmt: skip
def test_probabilities_are_refused_by_name_and_their_logarithms_taken(tmp_path, given):
    (tmp_path / "F.classes.json").write_text(CLASSES.to_json())
    ids = np.array([f"s{i}" for i in range(len(given))])
    np.savez(tmp_path / "F.npz", sample_id=ids, action=given)
    with pytest.raises(DataError, match=r"action holds probabilities.*numpy.log\(p\)"):
        read_split(tmp_path / "F.npz", "validation")
    np.savez(tmp_path / "F.npz", sample_id=ids, action=np.log(np.maximum(given, 1e-12)))
    read_split(tmp_path / "F.npz", "validation")


def test_logits_that_are_all_positive_are_logits(tmp_path):
    (tmp_path / "F.classes.json").write_text(CLASSES.to_json())
    for logits in (np.zeros((20, 5)), np.random.default_rng(0).uniform(0, 9, (20, 5))):
        np.savez(tmp_path / "F.npz", sample_id=np.array([f"s{i}" for i in range(20)]), action=logits)
        read_split(tmp_path / "F.npz", "validation")


def test_probabilities_in_a_score_cache_are_refused_too(tmp_path):
    writer = ScoreWriter(tmp_path / "s", model="m", record=make_record(), classes=CLASSES)
    writer.write("validation", list("abcdefgh"), [digest(i) for i in "abcdefgh"], {"action": _likely(8, 5)})
    writer.finish()
    with pytest.raises(DataError, match="action holds probabilities"):
        read_split(tmp_path / "s", "validation")


def _run(*arguments):
    parser = argparse.ArgumentParser()
    tool.add_arguments(parser)
    return tool.run(parser.parse_args([str(a) for a in arguments]))


def test_the_tool_shows_verifies_and_exports(scores, tmp_path, capsys):
    _run("show", scores.folder)
    shown = capsys.readouterr().out
    assert scores.identity in shown
    assert "training  20 samples, 20 distinct inputs, out-of-fold, seen as whole" in shown
    _run("verify", scores.folder)
    assert "ok: 2 shards" in capsys.readouterr().out
    _run("show", scores.folder, "--json")
    assert json.loads(capsys.readouterr().out) == scores.manifest
    _run(
        "export",
        scores.folder,
        "--split",
        "validation",
        "--format",
        "npz",
        "--out",
        tmp_path / "out" / "F.npz",
    )
    assert read_split(tmp_path / "out" / "F.npz", "validation").sample_ids == scores.sample_ids("validation")
    with pytest.raises(ConfigError, match="did you mean 'validation'"):
        _run("export", scores.folder, "--split", "validaton", "--out", tmp_path / "G.npz")
