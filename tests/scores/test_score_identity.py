"""What tells one cache from another: its identity, and what a reader refuses of a manifest."""

import hashlib
import json
import shutil

import pytest
from made_up_scores import make_cache, make_record

from foretaste.contracts.errors import DataError
from foretaste.scores.format import canonical
from foretaste.scores.reader import open_scores
from foretaste.scores.verify import verify


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


def test_a_copy_elsewhere_is_the_same_cache(cache, tmp_path):
    shutil.copytree(cache, tmp_path / "else" / "where")
    assert verify(tmp_path / "else" / "where").identity == open_scores(cache).identity


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
