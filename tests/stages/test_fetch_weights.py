"""A model in a folder becomes an artifact: which files it has, and where they come from."""

from __future__ import annotations

import hashlib
import json

import pytest
import torch
from fetching import from_folder, step_of
from language_models import KINDS, publish
from safetensors.torch import load_file
from vision_folders import write

from foretaste.models.hf_folder import take_over
from foretaste.models.language_model import load_language_model
from foretaste.models.vision_folder import read_pixels
from foretaste.pipeline.running import run_job
from foretaste.pipeline.store import RECORD, Store
from foretaste.stages import fetch_weights
from foretaste.text.tokenizer import Tokenizer


@pytest.mark.parametrize("kind", KINDS)
def test_every_architecture_as_the_hub_has_it(kind, tmp_path):
    published = publish(tmp_path / "hub", kind)
    assert take_over(published, tmp_path / "own") == {"converted": [], "written": ["special_tokens_map.json"]}
    tokenizer = Tokenizer(tmp_path / "own")
    assert tokenizer.mask_token == ("<mask>" if kind == "roberta" else "[MASK]")
    assert tokenizer.pad == (1 if kind == "roberta" else 0) and len(tokenizer.special) == 5
    assert not (tmp_path / "own" / "README.md").exists()
    facts = load_language_model(tmp_path / "own").facts()
    assert bool(facts["newly_initialised"]) == (kind in ("minilm", "electra"))
    assert facts.get("electra") == ("discriminator_as_mlm" if kind == "electra" else None)


def test_the_manifest_holds_the_sha256_of_every_file(tmp_path):
    published = publish(tmp_path / "hub", "bert")
    entry = from_folder(tmp_path / "results", published)
    folder = tmp_path / "results" / "weights" / "tiny"
    manifest = json.loads((folder / "manifest.json").read_text())
    files = {path.name for path in folder.iterdir()} - {"manifest.json"}
    assert manifest["sha256"] == {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in files
    }
    assert (manifest["source"], manifest["name"]) == ("folder", "tiny")
    assert str(tmp_path) not in json.dumps(manifest) + (entry / RECORD).read_text()


def test_other_bytes_are_another_identity(tmp_path):
    published = publish(tmp_path / "hub", "bert")
    first = from_folder(tmp_path / "results", published)
    assert from_folder(tmp_path / "results", published) == first
    publish(published, "bert", seed=1)
    assert from_folder(tmp_path / "results", published) != first


def test_a_bin_becomes_safetensors_with_tied_weights(tmp_path):
    published = publish(tmp_path / "hub", "bert")
    model = load_language_model(published)
    state = load_file(published / "model.safetensors")
    (published / "model.safetensors").unlink()
    state["cls.predictions.decoder.weight"] = state[
        "bert.embeddings.word_embeddings.weight"
    ]  # one tensor, two names
    halves = [dict(list(state.items())[::2]), dict(list(state.items())[1::2])]
    for number, half in enumerate(halves, 1):
        torch.save(half, published / f"pytorch_model-0000{number}-of-00002.bin")
    (published / "pytorch_model.bin.index.json").write_text("{}")
    assert take_over(published, tmp_path / "own")["converted"] == ["model.safetensors"]
    again = load_language_model(tmp_path / "own")
    assert again.loading.newly_initialised == again.loading.unused == () and again.tied
    for name, value in model.state_dict().items():
        assert torch.equal(value, again.state_dict()[name]), name


def test_an_older_tokenizer_is_written_anew(tmp_path):
    published = publish(tmp_path / "hub", "bert")
    vocabulary = json.loads((published / "tokenizer.json").read_text())["model"]["vocab"]
    (published / "vocab.txt").write_text("\n".join(sorted(vocabulary, key=vocabulary.get)) + "\n")
    (published / "tokenizer.json").unlink()
    assert take_over(published, tmp_path / "own")["written"] == ["tokenizer.json", "special_tokens_map.json"]
    before = [vocabulary[word] for word in ("[CLS]", "take", "pan", "[SEP]")]
    assert Tokenizer(tmp_path / "own").ids("Take pan").tolist() == before


def test_a_network_of_pictures_needs_no_tokenizer_and_says_how_it_reads_pixels(tmp_path):
    write(tmp_path / "dino", "dinov2")
    files = [tmp_path / "dino" / name for name in ("config.json", "preprocessor_config.json")]
    files.append(tmp_path / "dino" / "model.safetensors")
    path = step_of(tmp_path, {"source": "folder", "name": "dino", "revision": None}, files)
    run_job(path, fetch_weights.run)
    fetched = Store(tmp_path).find(json.loads(path.read_text())["key"]) / "weights"
    manifest = json.loads((fetched / "manifest.json").read_text())
    assert set(manifest["sha256"]) == {file.name for file in files} and not manifest["written"]
    assert read_pixels(fetched).mean == (0.4, 0.5, 0.6)
