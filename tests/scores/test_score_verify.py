"""What verify notices of a cache that was damaged, forged or permuted."""

import json
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
from damage import damaged, malformed, outcomes
from made_up_scores import digest, make_writer
from safetensors.numpy import load_file, save_file

from foretaste.__main__ import main
from foretaste.contracts.errors import DataError
from foretaste.pipeline import artifact
from foretaste.pipeline.records import identity as identity_of
from foretaste.pipeline.store import RECORD, Cost, Store
from foretaste.scores.format import identity
from foretaste.scores.reader import open_scores
from foretaste.scores.verify import verify


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
    writer = make_writer(tmp_path, trained_on=("training",))
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
