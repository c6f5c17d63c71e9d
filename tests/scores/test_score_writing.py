"""What a writer is given comes back from the reader, and what it refuses."""

import subprocess
import sys

import numpy as np
import pytest
from made_up_scores import digest, make_cache, make_record, make_writer

import foretaste
from foretaste.contracts.errors import ConfigError, DataError
from foretaste.pipeline import artifact
from foretaste.scores import writer as writer_module
from foretaste.scores.reader import open_scores
from foretaste.scores.verify import verify


def test_logits_come_back_in_the_order_asked_for(tmp_path):
    logits = make_cache(tmp_path / "scores")
    scores = foretaste.open_scores(tmp_path / "scores")
    assert scores.splits == ("training", "validation")
    assert scores.heads == ("action", "verb")
    ids = scores.sample_ids("validation")
    assert ids == tuple(f"validation-{i}" for i in range(20))
    for head in scores.heads:
        read = scores.logits("validation", head)
        assert read.dtype == np.float32
        np.testing.assert_allclose(read, logits[head], atol=2e-2)
        np.testing.assert_array_equal(read.argmax(axis=1), logits[head].argmax(axis=1))
        np.testing.assert_allclose(
            scores.logsumexp("validation", head), np.log(np.exp(logits[head]).sum(axis=1)), rtol=1e-6
        )
    picked = ["validation-7", "validation-3", "validation-7"]
    np.testing.assert_array_equal(
        scores.logits("validation", "verb", picked), scores.logits("validation", "verb")[[7, 3, 7]]
    )
    assert scores.digests("validation", picked)[1] == digest("validation-3")
    assert scores.embedding("validation", picked).shape == (3, 3)


def test_how_a_split_was_scored(cache):
    scores = open_scores(cache)
    assert (scores.scored("training"), scores.scored("validation")) == ("out-of-fold", "held-out")
    assert scores.folds("training", ["training-4", "training-5"]).tolist() == [0, 1]
    assert scores.manifest["splits"]["training"]["folds"] == 2
    assert "out-of-fold" in (cache / "README.md").read_text()


def test_rows_of_the_training_split_are_in_sample_without_folds(tmp_path):
    writer = make_writer(tmp_path, trained_on=("training",))
    for split in ("training", "validation"):
        writer.write(split, ["a"], [digest("a")], {"action": np.zeros((1, 5))})
    splits = writer.finish()["splits"]
    assert (splits["training"]["scored"], splits["validation"]["scored"]) == ("in-sample", "held-out")


def test_some_rows_with_a_fold_and_some_without_are_refused(tmp_path):
    writer = make_writer(tmp_path)
    writer.write(
        "training", ["a", "b"], [digest("a"), digest("b")], {"action": np.zeros((2, 5))}, fold=[0, -1]
    )
    with pytest.raises(DataError, match="with and without a fold"):
        writer.finish()


def test_equal_inputs_share_a_row_and_equal_runs_give_equal_bytes(tmp_path):
    for name in ("one", "two"):
        writer = make_writer(tmp_path / name, facts={"b": 1, "a": 2})
        logits = np.random.default_rng(0).normal(size=(1, 5))
        writer.write(
            "validation",
            ["a", "b", "c"],
            [digest("x"), digest("y"), digest("x")],
            {"action": np.concatenate([logits, -logits, logits])},
        )
        writer.finish()
    assert open_scores(tmp_path / "one").manifest["splits"]["validation"]["rows"] == 2
    read = open_scores(tmp_path / "one").logits("validation", "action")
    np.testing.assert_array_equal(read[0], read[2])
    files = [f.relative_to(tmp_path / "one") for f in (tmp_path / "one").rglob("*") if f.is_file()]
    assert len(files) == 5
    for file in files:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes(), file
    assert str(tmp_path) not in "".join(
        (tmp_path / "one" / f).read_text() for f in files if f.suffix in (".json", ".md")
    )


def test_one_input_with_two_outputs_is_refused(tmp_path):
    writer = make_writer(tmp_path)
    with pytest.raises(DataError, match=r"action.logits of b differs by .* from those of an equal input"):
        writer.write(
            "validation",
            ["a", "b"],
            [digest("x")] * 2,
            {"action": np.array([[3.0, 0, 0, 0, 0], [0, 3.0, 0, 0, 0]])},
        )
    # The cross-fitting models are different models: the same input may differ between folds.
    writer = make_writer(tmp_path)
    writer.write(
        "validation",
        ["a", "b"],
        [digest("x")] * 2,
        {"action": np.array([[3.0, 0, 0, 0, 0], [0, 3.0, 0, 0, 0]])},
        fold=[0, 1],
    )
    assert writer.finish()["splits"]["validation"]["rows"] == 2


def test_a_split_of_many_shards_reads_like_one(tmp_path, monkeypatch):
    logits = make_cache(tmp_path / "one")
    monkeypatch.setattr(writer_module, "SHARD_ROWS", 7)
    make_cache(tmp_path / "many")
    assert len(list((tmp_path / "many" / "shards").iterdir())) == 6
    one, many = (verify(tmp_path / name) for name in ("one", "many"))
    assert many.manifest["record"] == one.manifest["record"] and many.identity != one.identity, "other bytes"
    assert many.sample_ids("validation") == one.sample_ids("validation")
    np.testing.assert_array_equal(many.logits("validation", "action"), one.logits("validation", "action"))
    np.testing.assert_allclose(many.logits("validation", "action"), logits["action"], atol=2e-2)
    np.testing.assert_array_equal(many.folds("training"), one.folds("training"))


def test_views_of_one_sample(tmp_path):
    writer = make_writer(tmp_path)
    for i, view in enumerate(("left", "right")):
        writer.write(
            "validation",
            ["a", "b"],
            [digest(view + s) for s in "ab"],
            {"action": np.eye(5)[[i, i + 2]] * 9},
            view=view,
            shown=[{"frames": [i, 1], "flip": bool(i)}, {"frames": [i, 2], "flip": bool(i)}],
        )
    writer.finish()
    scores = verify(tmp_path)
    assert scores.logits("validation", "action", ["b", "a"], view="right").argmax(axis=1).tolist() == [3, 1]
    assert scores.shown("validation", ["b"], view="right") == [{"frames": [1, 2], "flip": True}]
    assert scores.manifest["splits"]["validation"] == {
        "samples": 2,
        "entries": 4,
        "rows": 4,
        "views": ["left", "right"],
        "folds": 0,
        "scored": "held-out",
    }
    with pytest.raises(ConfigError, match="one of left, right"):
        scores.logits("validation", "action")


def test_a_missing_sample_split_or_head_is_named(cache):
    scores = open_scores(cache)
    with pytest.raises(DataError, match="no scores of sample 'training-0'"):
        scores.logits("validation", "action", ["validation-1", "training-0"])
    with pytest.raises(ConfigError, match=r"unknown split 'test'.*training, validation"):
        scores.sample_ids("test")
    with pytest.raises(ConfigError, match=r"unknown scores 'noun'.*action, embedding, verb"):
        scores.logits("validation", "noun")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"ids": ["a", "a"]}, "sample a twice"),
        ({"logits": {"action": np.zeros((2, 4))}}, r"action of shape \(2, 4\).*\(2, 5\)"),
        ({"logits": {"scene": np.zeros((2, 5))}}, "heads"),
        ({"digests": [b"short"] * 2}, "digest of 5 bytes"),
        ({"digests": [digest("a")]}, "differ in number"),
        ({"embedding": np.full((2, 3), np.nan)}, "embedding is not finite"),
    ],
)
def test_the_writer_refuses(tmp_path, arguments, message):
    given = {
        "ids": ["a", "b"],
        "digests": [digest("a"), digest("b")],
        "logits": {"action": np.zeros((2, 5))},
        "embedding": None,
    } | arguments
    with pytest.raises(DataError, match=message):
        make_writer(tmp_path).write(
            "validation", given["ids"], given["digests"], given["logits"], embedding=given["embedding"]
        )


def test_heads_may_not_change_between_calls(tmp_path):
    writer = make_writer(tmp_path)
    writer.write("validation", ["a"], [digest("a")], {"action": np.zeros((1, 5))})
    with pytest.raises(DataError, match="in every call"):
        writer.write("training", ["b"], [digest("b")], {"verb": np.zeros((1, 2))})


def test_the_record_must_be_whole(tmp_path):
    record = make_record()
    del record["context"]
    with pytest.raises(ConfigError, match="'context'"):
        make_writer(tmp_path, record=record)


def test_nothing_appears_when_writing_fails(tmp_path):
    with pytest.raises(DataError, match="twice"), artifact.whole(tmp_path / "scores") as folder:
        writer = make_writer(folder)
        writer.write("validation", ["a", "a"], [digest("a")] * 2, {"action": np.zeros((2, 5))})
    assert list(tmp_path.iterdir()) == []


def test_the_public_reader_imports_no_torch(cache):
    code = (
        f"import sys, foretaste; s = foretaste.open_scores({str(cache)!r}); s.logits('validation', 'action');"
        " assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
