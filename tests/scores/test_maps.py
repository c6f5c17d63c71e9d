"""The store of feature maps: what is written is read, by sample and look, and nothing else is."""

from __future__ import annotations

import json

import numpy as np
import pytest
from safetensors.numpy import load_file

from foretaste.contracts.errors import ConfigError, DataError
from foretaste.contracts.view import Look
from foretaste.scores.maps import MapWriter, open_maps

RANDOM = np.random.default_rng(0)
PLACES = RANDOM.normal(size=(7, 2, 3, 5)).astype(np.float32)
VECTORS = RANDOM.normal(size=(7, 4)).astype(np.float32)
IDS = tuple(f"s{i}ü" for i in range(7))
LOOK = Look(3, 1)


@pytest.fixture
def store(tmp_path):
    writer = MapWriter(tmp_path / "maps", ("places", "vectors"))
    writer.begin("training", IDS[:4])
    for positions in ([2, 0], [1, 3, 2]):
        writer.write(np.array(positions), {"places": PLACES[positions], "vectors": VECTORS[positions]})
    writer.begin("training", IDS[4:6])
    writer.write(np.array([0, 1]), {"places": PLACES[4:6], "vectors": VECTORS[4:6]})
    writer.begin("training", IDS[:4], LOOK)
    writer.write(np.arange(4), {"places": -PLACES[:4], "vectors": -VECTORS[:4]})
    writer.begin("validation", IDS[6:])
    writer.write(np.array([0]), {"places": PLACES[6:], "vectors": VECTORS[6:]})
    writer.finish()
    return tmp_path / "maps"


def test_maps_come_back_by_sample_and_look_in_half_precision(store):
    maps = open_maps(store)
    assert open_maps(store).identity == maps.identity
    for name, values in (("places", PLACES), ("vectors", VECTORS)):
        rows = maps.rows("training", name, (IDS[5], IDS[0], IDS[3]))
        found = rows[[2, 0, 2, 1]]
        assert found.dtype == np.float32
        np.testing.assert_array_equal(found, values[[3, 5, 3, 0]].astype(np.float16).astype(np.float32))
        np.testing.assert_allclose(found, values[[3, 5, 3, 0]], rtol=2**-11)
        disturbed = maps.rows("training", name, IDS[:4], Look(3, 1))[[1]]
        np.testing.assert_array_equal(disturbed, -maps.rows("training", name, IDS[:4])[[1]])
        assert maps.rows("validation", name, IDS[6:])[[0]].shape == (1, *values.shape[1:])


def test_anybody_reads_a_shard(store):
    tensors = load_file(store / "training-0.safetensors")
    assert set(tensors) == {"maps.places", "maps.vectors", "sample_id", "sample_id_stop"}
    np.testing.assert_array_equal(tensors["maps.vectors"], VECTORS[:4].astype(np.float16))
    assert tensors["sample_id"].tobytes().decode() == "".join(IDS[:4])


def test_what_is_not_there_is_named(store):
    maps = open_maps(store)
    with pytest.raises(ConfigError, match=r"unknown map 'place'.*places, vectors"):
        maps.rows("training", "place", IDS[:1])
    with pytest.raises(DataError, match=f"no maps of sample '{IDS[6]}'"):
        maps.rows("training", "places", IDS)
    with pytest.raises(DataError, match=f"no maps of sample '{IDS[4]}'.*'epoch': 1"):
        maps.rows("training", "places", IDS[:6], LOOK)


@pytest.mark.parametrize("at", ["first", "middle", "last", "shorter", "gone"])
def test_damage_is_one_line(store, at):
    file = store / "training-0.safetensors"
    data = bytearray(file.read_bytes())
    if at == "gone":
        file.unlink()
    else:
        data[{"first": 9, "middle": len(data) // 2}.get(at, -1)] ^= 1
        file.write_bytes(data[:-1] if at == "shorter" else data)
    with pytest.raises(DataError, match=r"(damaged|missing) shard.*training-0.safetensors"):
        open_maps(store).rows("training", "places", IDS[:1])
    open_maps(store).rows("validation", "places", IDS[6:])  # others are not concerned
    with pytest.raises(DataError, match="shard"):
        open_maps(store).check()


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda manifest: manifest["maps"].update(places=[2, 3, 6]), "gives the identity"),
        (lambda manifest: manifest["shards"][0].update(split="validation"), "gives the identity"),
        (lambda manifest: manifest["shards"][0].update(file="../x.safetensors"), "file"),
        (lambda manifest: manifest.pop("shards"), "shards"),
        (lambda manifest: manifest.update(format=2), "format"),
    ],
)
def test_a_manifest_that_was_edited_is_refused(store, edit, message):
    manifest = json.loads((store / "manifest.json").read_text())
    edit(manifest)
    (store / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(DataError, match=message):
        open_maps(store)


def test_without_its_manifest_it_is_no_store(store):
    (store / "manifest.json").unlink()
    with pytest.raises(DataError, match=r"manifest\.json"):
        open_maps(store)


def test_maps_that_cannot_be_kept_are_refused_with_the_sample(tmp_path):
    writer = MapWriter(tmp_path / "maps", ("places",))
    writer.begin("training", IDS[:2])
    with pytest.raises(DataError, match=f"map places of {IDS[1]} is not finite in half precision"):
        writer.write(np.array([1]), {"places": np.full((1, 2), 7e4, dtype=np.float32)})
    writer.write(np.array([1]), {"places": np.ones((1, 2), dtype=np.float32)})
    with pytest.raises(DataError, match=r"map places of shape \(3,\)"):
        writer.write(np.array([0]), {"places": np.ones((1, 3), dtype=np.float32)})
    with pytest.raises(DataError, match=f"no maps of {IDS[0]}"):
        writer.finish()
    assert not (tmp_path / "maps" / "manifest.json").exists()
