"""Writer, reader and verify together."""

import hashlib
import json
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
from damage import damaged, malformed, outcomes
from made_up_scores import CLASSES, digest, make_cache, make_record
from safetensors.numpy import load_file, save_file

import foretaste
from foretaste.__main__ import main
from foretaste.contracts.errors import ConfigError, DataError
from foretaste.pipeline import artifact
from foretaste.pipeline.records import identity as identity_of
from foretaste.pipeline.store import RECORD, Cost, Store
from foretaste.scores import writer as writer_module
from foretaste.scores.format import canonical, identity
from foretaste.scores.reader import open_scores
from foretaste.scores.verify import verify
from foretaste.scores.writer import ScoreWriter


@pytest.fixture
def cache(tmp_path):
    """Folder of a small score cache."""
    make_cache(tmp_path / "scores")
    return tmp_path / "scores"


def _writer(folder, **options):
    return ScoreWriter(folder, **{"model": "m", "record": make_record(), "classes": CLASSES, **options})


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
    writer = _writer(tmp_path, trained_on=("training",))
    for split in ("training", "validation"):
        writer.write(split, ["a"], [digest("a")], {"action": np.zeros((1, 5))})
    splits = writer.finish()["splits"]
    assert (splits["training"]["scored"], splits["validation"]["scored"]) == ("in-sample", "held-out")


def test_some_rows_with_a_fold_and_some_without_are_refused(tmp_path):
    writer = _writer(tmp_path)
    writer.write(
        "training", ["a", "b"], [digest("a"), digest("b")], {"action": np.zeros((2, 5))}, fold=[0, -1]
    )
    with pytest.raises(DataError, match="with and without a fold"):
        writer.finish()


def test_equal_inputs_share_a_row_and_equal_runs_give_equal_bytes(tmp_path):
    for name in ("one", "two"):
        writer = _writer(tmp_path / name, facts={"b": 1, "a": 2})
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
    writer = _writer(tmp_path)
    with pytest.raises(DataError, match=r"action.logits of b differs by .* from those of an equal input"):
        writer.write(
            "validation",
            ["a", "b"],
            [digest("x")] * 2,
            {"action": np.array([[3.0, 0, 0, 0, 0], [0, 3.0, 0, 0, 0]])},
        )
    # The cross-fitting models are different models: the same input may differ between folds.
    writer = _writer(tmp_path)
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
    writer = _writer(tmp_path)
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
        _writer(tmp_path).write(
            "validation", given["ids"], given["digests"], given["logits"], embedding=given["embedding"]
        )


def test_heads_may_not_change_between_calls(tmp_path):
    writer = _writer(tmp_path)
    writer.write("validation", ["a"], [digest("a")], {"action": np.zeros((1, 5))})
    with pytest.raises(DataError, match="in every call"):
        writer.write("training", ["b"], [digest("b")], {"verb": np.zeros((1, 2))})


def test_the_record_must_be_whole(tmp_path):
    record = make_record()
    del record["context"]
    with pytest.raises(ConfigError, match="'context'"):
        _writer(tmp_path, record=record)


def test_the_identity_follows_the_record_and_the_class_names(tmp_path):
    make_cache(tmp_path / "a")
    make_cache(tmp_path / "b", record=make_record(context={"history_rule": "end"}))
    make_cache(tmp_path / "c", floor=-30.0)
    identities = {open_scores(tmp_path / name).identity for name in "abc"}
    assert len(identities) == 3


def test_a_mismatch_names_the_field(tmp_path):
    make_cache(tmp_path / "scores", record=make_record(context={"history_rule": "end", "tau_a": 1.0}))
    open_scores(
        tmp_path / "scores", expect={"context": {"history_rule": "end", "tau_a": 1.0}, "view": "view-1"}
    )
    with pytest.raises(DataError, match=r"differ in context.history_rule \('end'\).*'start'"):
        open_scores(tmp_path / "scores", expect={"context": {"history_rule": "start", "tau_a": 1.0}})


def test_a_record_that_was_edited_is_noticed(cache):
    manifest = json.loads((cache / "manifest.json").read_text())
    manifest["record"]["weights"] = "another teacher"
    (cache / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(DataError, match="does not give the stated identity"):
        open_scores(cache)


def test_other_class_names_are_noticed(cache):
    text = (cache / "classes.json").read_text()
    (cache / "classes.json").write_text(text.replace("cut_a", "cut_z"))
    with pytest.raises(DataError, match="scores differ in classes"):
        open_scores(cache)


def test_a_newer_format_is_refused(cache):
    manifest = json.loads((cache / "manifest.json").read_text())
    (cache / "manifest.json").write_text(json.dumps(manifest | {"format": 4}))
    with pytest.raises(DataError, match=r"format 4.*newer foretaste"):
        open_scores(cache)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"record": None}, "record: Field required"),
        ({"shards": [{"file": "../else.safetensors"}]}, "shards.0.file: .*should match pattern"),
        ({"splits": {"training": 3}}, "splits.training"),
        ({"shards": []}, "the shards of training have 0 rows, the split 20"),
        ({"heads": {"action": 5.0}}, "heads.action"),
        ({"record": {"weights": 1}}, "record of weights instead of"),
        ({"facts": {"protocol": [1]}}, "facts.protocol"),
        ({"identity": "x"}, "identity"),
        ({"more": 1}, "more: Extra inputs"),
    ],
)
def test_a_manifest_that_is_none_is_refused(cache, change, message):
    manifest = json.loads((cache / "manifest.json").read_text()) | change
    (cache / "manifest.json").write_text(
        json.dumps({key: value for key, value in manifest.items() if value is not None or key == "embedding"})
    )
    with pytest.raises(DataError, match=message):
        open_scores(cache)
    (cache / "manifest.json").write_text("[]")
    with pytest.raises(DataError, match=r"no score cache, not a table of JSON but \[\]"):
        open_scores(cache)


def test_a_flipped_bit_is_noticed(cache):
    shard = cache / "shards" / "validation-0.safetensors"
    data = bytearray(shard.read_bytes())
    data[-3] ^= 1
    shard.write_bytes(data)
    open_scores(cache).logits("training", "action")
    with pytest.raises(DataError, match=r"damaged shard.*validation-0"):
        open_scores(cache).logits("validation", "action")
    with pytest.raises(DataError, match="split validation: damaged shard"):
        verify(cache)


def test_nothing_appears_when_writing_fails(tmp_path):
    with pytest.raises(DataError, match="twice"), artifact.whole(tmp_path / "scores") as folder:
        writer = _writer(folder)
        writer.write("validation", ["a", "a"], [digest("a")] * 2, {"action": np.zeros((2, 5))})
    assert list(tmp_path.iterdir()) == []


def _restate(cache, change=lambda manifest: None):
    """Edit the manifest and make everything fit that its editor can compute: the sha256 of the shards, and
    the identity.
    """
    manifest = json.loads((cache / "manifest.json").read_text())
    change(manifest)
    for shard in manifest["shards"]:
        shard |= {
            "sha256": artifact.sha256(cache / shard["file"]),
            "bytes": (cache / shard["file"]).stat().st_size,
        }
    (cache / "manifest.json").write_text(json.dumps(manifest | {"identity": identity(manifest)}))


def _forge(cache, change):
    """Rewrite the validation shard, and everything that must fit it."""
    shard = cache / "shards" / "validation-0.safetensors"
    tensors = load_file(shard)
    change(tensors)
    save_file({name: np.ascontiguousarray(values) for name, values in tensors.items()}, shard)
    _restate(cache)


def _set(name, index, value):
    def change(tensors):
        tensors[name][index] = value

    return change


def _repeat_id(tensors):
    data = (
        tensors["entry.sample_id"]
        .tobytes()
        .replace(b"validation-1validation-2", b"validation-1validation-1", 1)
    )
    tensors["entry.sample_id"] = np.frombuffer(data, dtype=np.uint8).copy()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_set("action.logsumexp", 4, 99.0), "action: logsumexp of row 4"),
        (_set("action.logits", (3, 0), np.inf), "action.logits is not finite"),
        (_set("verb.max", 3, np.nan), "verb.max is not finite"),
        (_set("entry.row", 3, 20), "entry.row out of range"),
        (_set("entry.row", 3, -1), "entry.row out of range"),
        (_set("entry.row", 3, 2), "a row belongs to no sample"),
        (_set("entry.view", 3, 1), "entry.view out of range"),
        (_set("entry.sample_id_stop", 3, 1), "entry.sample_id does not end where its stops say"),
        (_set("entry.sample_id", 3, 255), "entry.sample_id is not readable"),
        (_set("fold", 3, 0), "say two kinds of rows, the manifest held-out"),
        (lambda tensors: tensors.pop("fold"), "tensor fold is missing"),
        (lambda tensors: tensors.update(more=np.zeros(3)), "tensor more is not known"),
        (
            lambda tensors: tensors.update({"verb.max": tensors["verb.max"].astype(np.float64)}),
            "verb.max is float64",
        ),
        (
            lambda tensors: tensors.update({"verb.logits": tensors["verb.logits"][:, :1]}),
            r"verb.logits is float16 \(20, 1\)",
        ),
        (_set("verb.logits", (3, slice(None)), -1.0), "verb: a row's maximum is not 0"),
        (_set("digest", 5, 0), None),
        (_set("entry.position", 0, 77), "entries are missing"),
        (_repeat_id, "sample .validation-1. occurs twice in view"),
        (lambda tensors: tensors.update(digest=np.zeros_like(tensors["digest"])), "an input is stored twice"),
        (lambda tensors: tensors["embedding"].fill(np.nan), "embedding is not finite"),
    ],
)
def test_verify_notices(cache, change, message):
    verify(cache)
    _forge(cache, change)
    if message is None:
        verify(cache)  # another digest is as good: nothing to compare it with
        return
    with pytest.raises(DataError, match=message):
        verify(cache)


def test_verify_notices_files_that_do_not_belong(cache):
    (cache / "shards" / "old.safetensors").write_bytes(b"")
    with pytest.raises(DataError, match=r"old.safetensors is not in the manifest"):
        verify(cache)


def test_a_copy_elsewhere_is_the_same_cache(cache, tmp_path):
    shutil.copytree(cache, tmp_path / "else" / "where")
    assert verify(tmp_path / "else" / "where").identity == open_scores(cache).identity


def test_the_public_reader_imports_no_torch(cache):
    code = (
        f"import sys, foretaste; s = foretaste.open_scores({str(cache)!r}); s.logits('validation', 'action');"
        " assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda manifest: manifest["splits"]["training"].update(scored="held-out"),
            "split training: .*say out-of-fold, the manifest held-out",
        ),
        (
            lambda manifest: manifest["splits"]["training"].update(folds=3),
            "split training: 2 folds, the manifest says 3",
        ),
        (
            lambda manifest: manifest["splits"]["validation"].update(samples=19),
            "split validation: 20 samples, the manifest says 19",
        ),
        (
            lambda manifest: manifest.update(trained_on=["validation"]),
            "split validation: .*say in-sample, the manifest held-out",
        ),
    ],
)
def test_verify_notices_a_manifest_that_contradicts_its_shards(cache, change, message):
    _restate(cache, change)
    with pytest.raises(DataError, match=message):
        verify(cache)


def test_trained_on_that_was_emptied_contradicts_an_in_sample_split(tmp_path):
    writer = _writer(tmp_path, trained_on=("training",))
    writer.write("training", ["a"], [digest("a")], {"action": np.zeros((1, 5))})
    writer.finish()
    _restate(tmp_path, lambda manifest: manifest.update(trained_on=[]))
    with pytest.raises(DataError, match="say held-out, the manifest in-sample"):
        verify(tmp_path)


def _permute_rows(tensors):
    tensors["entry.row"] = tensors["entry.row"][::-1]


def _permute_columns(tensors):
    tensors["action.logits"] = tensors["action.logits"][:, ::-1]


def _published(cache, results):
    """The cache as a result of a store, whose files may be written to."""
    made, record = results / "made", {"stage": "score"}
    shutil.copytree(cache, made / "scores")
    key = f"score/{identity_of(record)}"
    entry = Store(results).publish(made, key, record, Cost(wall_s=1.0, cpu_s=1.0, max_rss_mb=1.0))
    for path in entry.rglob("*.*"):
        path.chmod(0o644)
    return entry


@pytest.mark.parametrize("change", [_permute_rows, _permute_columns])
def test_permuted_rows_and_columns_show_against_the_record_of_the_step(cache, tmp_path, change, capsys):
    """They contradict nothing: the identity shows them, and where it was computed anew, the record in the
    store.
    """
    entry = _published(cache, tmp_path / "results")
    cache = entry / "scores"
    assert main(["scores", "verify", str(cache)]) == 0
    assert "as the step left it, by its record" in capsys.readouterr().out
    stated = json.loads((cache / "manifest.json").read_text())["identity"]
    _forge(cache, change)
    assert main(["scores", "verify", str(cache)]) == 1
    said = capsys.readouterr().err
    for file in ("manifest.json", "shards/validation-0.safetensors"):
        assert re.search(f"by the record of the step, scores/{file}: .* recorded", said)
    (entry / RECORD).unlink()
    assert main(["scores", "verify", str(cache)]) == 0
    assert "outside a store there is no record of the step" in capsys.readouterr().out
    manifest = json.loads((cache / "manifest.json").read_text())
    (cache / "manifest.json").write_text(json.dumps(manifest | {"identity": stated}))
    assert main(["scores", "verify", str(cache)]) == 1
    assert "does not give the stated identity" in capsys.readouterr().err


@pytest.mark.parametrize(
    "change",
    [
        lambda manifest: manifest["splits"]["training"].update(scored="in-sample"),
        lambda manifest: manifest.update(trained_on=[]),
        lambda manifest: manifest["facts"].update(protocol={"history_rule": "end"}),
        lambda manifest: manifest.update(model="another"),
        lambda manifest: manifest["shards"].reverse(),
    ],
)
def test_no_field_can_be_edited_under_the_same_identity(cache, change):
    manifest = json.loads((cache / "manifest.json").read_text())
    change(manifest)
    (cache / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(DataError, match="does not give the stated identity"):
        open_scores(cache)


def test_a_cache_of_format_1_is_still_read(cache):
    """Its identity is the digest of its record."""
    manifest = json.loads((cache / "manifest.json").read_text()) | {"format": 1}
    del manifest["datasheets"]
    (cache / "croissant.json").unlink()
    digest_of_record = hashlib.sha256(canonical(manifest["record"])).hexdigest()
    (cache / "manifest.json").write_text(json.dumps(manifest | {"identity": digest_of_record}))
    assert verify(cache).identity == digest_of_record


def test_damaged_and_malformed_manifests_are_one_line_each(cache, recwarn):
    path = cache / "manifest.json"
    whole = path.read_bytes()

    def one(seed):
        path.write_bytes(damaged(whole, seed) if seed % 2 else malformed(whole, seed))
        verify(cache)

    lines, passed = outcomes(one, range(300))
    assert len(lines) >= 290 and not recwarn.list, (len(lines), passed)
    path.write_bytes(whole)
    verify(cache)


@pytest.mark.parametrize("seed", range(4))
def test_a_damaged_cache_is_one_line_of_the_command_and_exit_code_1(cache, seed):
    file = cache / ("manifest.json", "classes.json", "shards/training-0.safetensors", "manifest.json")[seed]
    file.write_bytes(damaged(file.read_bytes(), seed) if seed < 3 else b"[" * 100_000)
    command = [sys.executable, "-m", "foretaste", "scores", "verify", str(cache)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and not done.stdout
    assert done.stderr.startswith("error: ") and len(done.stderr.splitlines()) == 1, done.stderr
