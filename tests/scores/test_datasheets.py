"""What a cache says of itself, for people and for programs, and that every byte of it is bound."""

from __future__ import annotations

import json
import random

import numpy as np
import pytest
from damage import damaged
from made_up_scores import CLASSES, digest, make_cache, make_record
from safetensors.numpy import load_file, save_file

from foretaste.__main__ import main
from foretaste.contracts.errors import DataError
from foretaste.pipeline import artifact
from foretaste.scores.croissant import LEFT_OUT
from foretaste.scores.format import identity
from foretaste.scores.maps import MapWriter
from foretaste.scores.reader import open_scores
from foretaste.scores.verify import verify
from foretaste.scores.writer import ScoreWriter

DATA = {"licence": "CC BY-NC 4.0", "terms": "no commercial use"}

#: What the specification (MLCommons, Croissant 1.0) demands of a dataset, a file, a set of files, a set of
#: records and a field.
DATASET = {
    "@context", "@type", "conformsTo", "description", "license", "name", "url", "creator", "datePublished",
    "distribution",
}  # fmt: skip
FILE = {"@type", "@id", "name", "contentUrl", "contentSize", "encodingFormat", "sha256"}
FILES = {"@type", "@id", "name", "encodingFormat", "includes"}
RECORDS = {"@type", "@id", "name", "field"}
FIELD = {"@type", "@id", "name", "description", "dataType", "source"}


@pytest.fixture
def cache(tmp_path):
    make_cache(tmp_path / "scores", facts={"protocol": {"tau_a": 1.0}, "data": DATA})
    return tmp_path / "scores"


def test_the_datasheet_says_licence_terms_and_whether_rows_were_in_sample(cache, tmp_path, capsys):
    sheet = (cache / "README.md").read_text()
    assert "Licence of the data set that was scored: CC BY-NC 4.0." in sheet
    assert "Terms of its use: no commercial use." in sheet
    assert "| training | 20 | 20 | whole | out-of-fold: each row by a model trained without" in sheet
    assert main(["scores", "show", str(cache)]) == 0
    shown = capsys.readouterr().out
    assert "licence  CC BY-NC 4.0\nterms  no commercial use\n" in shown
    assert "training  20 samples, 20 distinct inputs, out-of-fold, seen as whole" in shown
    make_cache(tmp_path / "bare")
    assert "Licence of the data set that was scored: not stated." in (tmp_path / "bare/README.md").read_text()


def test_croissant_json_has_what_the_format_demands_and_tells_no_file_wrongly(cache):
    told = json.loads((cache / "croissant.json").read_text())
    assert DATASET - set(told) == set(LEFT_OUT)
    assert told["conformsTo"] == "http://mlcommons.org/croissant/1.0"
    assert told["@context"]["cr"] == "http://mlcommons.org/croissant/"
    assert told["license"]["name"] == DATA["licence"]
    files = {one["@id"]: one for one in told["distribution"] if one["@type"] == "cr:FileObject"}
    sets = {one["@id"]: one for one in told["distribution"] if one["@type"] == "cr:FileSet"}
    assert set(files) == {"classes.json", *(f"shards/{s}-0.safetensors" for s in ("training", "validation"))}
    for name, one in files.items():
        assert set(one) >= FILE - ({"contentSize"} if name == "classes.json" else set())
        assert one["sha256"] == artifact.sha256(cache / one["contentUrl"])
        assert one.get("contentSize", "B").endswith("B")
    for one in sets.values():
        assert set(one) >= FILES
        assert len(list(cache.glob(one["includes"]))) == 1
    named = [record["@id"] for record in told["recordSet"]]
    assert named == ["action classes", "verb classes", "training", "validation"]
    identifiers = [*files, *sets, *named]
    for record in told["recordSet"]:
        assert set(record) >= RECORDS
        for field in record["field"]:
            assert set(field) >= FIELD
            identifiers.append(field["@id"])
            source = {**field["source"]}
            assert source.pop("extract")
            ((kind, where),) = source.items()
            assert where["@id"] in (files if kind == "fileObject" else sets)
    assert len(set(identifiers)) == len(identifiers)
    tensors = load_file(cache / "shards/training-0.safetensors")
    fields = [field for record in told["recordSet"][2:] for field in record["field"]]
    assert all(field["source"]["extract"]["column"] in tensors for field in fields)


def test_a_field_of_terms_is_a_text_or_null(cache):
    manifest = json.loads((cache / "manifest.json").read_text())
    manifest["facts"]["data"]["licence"] = 3
    (cache / "manifest.json").write_text(json.dumps(manifest | {"identity": identity(manifest)}))
    with pytest.raises(DataError, match=r"facts\.data\.licence"):
        open_scores(cache)


def _whole(folder):
    """A cache with all that one can have: folds, two views and what they showed, an embedding, maps."""
    folder.mkdir()
    maps = MapWriter(folder / "maps", ["hidden"])
    maps.begin("validation", list("abcd"))
    maps.write(np.arange(4), {"hidden": np.random.default_rng(1).normal(size=(4, 2, 3))})
    facts = {"protocol": {"tau_a": 1.0}, "temperatures": {}, "data": DATA, "maps": maps.finish()}
    writer = ScoreWriter(
        folder, record=make_record(), classes=CLASSES, trained_on=("training",), facts=facts, model="m"
    )
    rng = np.random.default_rng(0)
    for split, ids in (("training", list("efgh")), ("validation", list("abcd"))):
        for view in ("centre", "left"):
            writer.write(
                split,
                ids,
                [digest(i + view) for i in ids],
                {"action": rng.normal(0, 4, (4, 5)), "verb": rng.normal(0, 4, (4, 2))},
                embedding=rng.normal(size=(4, 3)),
                fold=[0, 1, 0, 1] if split == "training" else -1,
                view=view,
                shown=[{"frames": [i]} for i in range(4)],
            )
    return writer.finish()


def _leaves(value, path=()):
    """The path of every value within a manifest that holds no other."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = [one for key, held in inner for one in _leaves(held, (*path, key))]
    return found or [path]


def _other(value):
    """Of the same type, and different."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, float):
        return value + 0.5
    if isinstance(value, str):
        return ("0" if value[0] != "0" else "1") + value[1:] if len(value) == 64 else value + "x"
    return ["x"] if isinstance(value, list) else {"x": 1} if isinstance(value, dict) else "x"


def _restated(cache, manifest):
    """What a forger does: the sha256 and sizes of the shards, and the identity, computed anew."""
    for shard in manifest["shards"]:
        if (cache / shard["file"]).is_file():
            shard["sha256"] = artifact.sha256(cache / shard["file"])
            shard["bytes"] = (cache / shard["file"]).stat().st_size
    (cache / "manifest.json").write_text(json.dumps(manifest | {"identity": identity(manifest)}))


def test_no_value_of_a_manifest_can_be_other_under_the_same_identity(tmp_path):
    """Each one, of whatever depth: refused as it stands, and re-hashed refused or another identity."""
    stated = _whole(tmp_path / "s")
    text = (tmp_path / "s" / "manifest.json").read_text()
    leaves = [path for path in _leaves(json.loads(text)) if path != ("identity",)]
    assert len(leaves) == 50
    for path in leaves:
        manifest = json.loads(text)
        *way, last = path
        holder = manifest
        for key in way:
            holder = holder[key]
        holder[last] = _other(holder[last])
        (tmp_path / "s" / "manifest.json").write_text(json.dumps(manifest))
        with pytest.raises(DataError):
            open_scores(tmp_path / "s")
        manifest["identity"] = identity(manifest)
        assert manifest["identity"] != stated["identity"], path


#: What of a manifest contradicts nothing when it is forged: what is only known to whoever made it.
TOLD = {"model", "record", "facts", "trained_on"}


def test_what_a_forger_re_hashes_is_refused_where_anything_else_tells_it(tmp_path):
    _whole(tmp_path / "s")
    text = (tmp_path / "s" / "manifest.json").read_text()
    believed = set()
    for path in _leaves(json.loads(text)):
        if path[0] == "identity":
            continue
        manifest = json.loads(text)
        *way, last = path
        holder = manifest
        for key in way:
            holder = holder[key]
        holder[last] = _other(holder[last])
        manifest["identity"] = identity(manifest)
        (tmp_path / "s" / "manifest.json").write_text(json.dumps(manifest))
        try:
            verify(tmp_path / "s")
            believed.add(".".join(map(str, path)))
        except DataError as error:
            said = str(error)
            assert any(str(key) in said for key in path if isinstance(key, str)) or "shard" in said, (
                path,
                said,
            )
    assert {one.partition(".")[0] for one in believed} <= TOLD | {"splits"}, believed
    assert {one for one in believed if one.startswith("splits")} <= {
        f"splits.{split}.views.{n}" for split in ("training", "validation") for n in (0, 1)
    }, believed
    assert not any(one.startswith(("record.classes", "facts.maps")) for one in believed)


@pytest.mark.parametrize("rehash", [False, True])
def test_no_byte_of_any_file_can_be_other_under_the_same_identity(tmp_path, rehash):
    """500 damages of every file in turn; where a forger would compute sums anew, the identity is another."""
    stated = _whole(tmp_path / "s")
    files = sorted(file for file in (tmp_path / "s").rglob("*") if file.is_file())
    assert len(files) == 8
    rng, believed = random.Random(0), 0
    whole = {file: file.read_bytes() for file in files}
    for seed in range(500 if not rehash else 200):
        file = files[seed % len(files)]
        if rehash and file.name == "manifest.json":
            continue
        file.write_bytes(damaged(whole[file], rng.randrange(10**6)))
        if rehash:
            _restated(tmp_path / "s", json.loads(whole[tmp_path / "s" / "manifest.json"]))
        try:
            found = verify(tmp_path / "s")
            if file.suffix == ".json" and json.loads(file.read_bytes()) == json.loads(whole[file]):
                continue  # a blank more or less: identities are of values
            assert rehash and file.parent.name == "shards" and found.identity != stated["identity"], file
            believed += 1
        except DataError as error:
            assert file.name in str(error) or file.parent.name in ("shards", "maps"), (file, error)
        for path, data in whole.items():
            path.write_bytes(data)
    assert verify(tmp_path / "s").identity == stated["identity"]
    assert believed == 0 or rehash


@pytest.mark.parametrize("name", ["README.md", "croissant.json"])
def test_a_datasheet_that_tells_other_terms_is_named(cache, name):
    text = (cache / name).read_text()
    assert "CC BY-NC 4.0" in text
    (cache / name).write_text(text.replace("CC BY-NC 4.0", "CC BY 4.0"))
    with pytest.raises(DataError, match=rf"{name} \(.*\) is not the one of the manifest"):
        verify(cache)
    (cache / name).unlink()
    with pytest.raises(DataError, match=rf"{name} \(missing\)"):
        verify(cache)


def test_shards_stay_those_of_the_manifest_whatever_order_their_tensors_have(cache):
    """The same tensors in other bytes are another shard."""
    shard = cache / "shards" / "validation-0.safetensors"
    save_file(load_file(shard), shard, metadata={"x": "y"})
    with pytest.raises(DataError, match="damaged shard"):
        verify(cache)
