"""Small random GPT-2 and Llama models made on disk, with a tokenizer of their own."""

from __future__ import annotations

import json

import pytest
import tiny_lm
import torch
from spaces import verb_noun
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

from foretaste.contracts.batch import Batch
from foretaste.contracts.errors import ConfigError, DataError
from foretaste.contracts.view import Sources
from foretaste.settings import families
from foretaste.text.tokenizer import Tokenizer as OurTokenizer
from foretaste.training.checkpoint import load_model, save_model

SPACE = verb_noun(
    action=("take_pan", "take_lid", "open_lid"), verb=("take", "open"), noun=("pan", "lid"), action_verb=(0,
    0, 1), action_noun=(0, 1, 1)
)  # fmt: skip
SIZE = 24
SIZES = {"vocab_size": SIZE, "bos_token_id": 0, "eos_token_id": 0, "initializer_range": 0.3}


def make(folder, kind: str):
    """A decoder and a word-level tokenizer without padding, as GPT-2 has none."""
    torch.manual_seed(0)
    if kind == "gpt2":
        model = GPT2LMHeadModel(GPT2Config(**SIZES, n_embd=16, n_layer=2, n_head=2, n_positions=32))
    else:
        heads = {"num_attention_heads": 2, "num_key_value_heads": 1}
        model = LlamaForCausalLM(
            LlamaConfig(**SIZES, hidden_size=16, intermediate_size=24, num_hidden_layers=2, **heads)
        )
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder)
    words = ("<|endoftext|>", "take", "open", "pan", "lid", ",", *(f"w{i}" for i in range(SIZE - 6)))
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, unk_token=words[0]))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.add_special_tokens([words[0]])
    tokenizer.save(str(folder / "tokenizer.json"))
    named = {"bos_token": words[0], "eos_token": words[0]}
    (folder / "tokenizer_config.json").write_text(json.dumps(named))
    return folder


@pytest.fixture(scope="module", params=["gpt2", "llama"])
def folder(request, tmp_path_factory):
    return make(tmp_path_factory.mktemp(request.param), request.param)


def build(folder, **settings):
    torch.manual_seed(1)
    return families.build(
        "models", {"kind": "text_decoder", **settings}, sources=Sources(pretrained=folder, classes=SPACE)
    ).eval()


def batch(*rows, pad=0, extra=0):
    width = max(len(row) for row in rows) + extra
    ids = torch.tensor([[*row, *[pad] * (width - len(row))] for row in rows])
    real = torch.tensor([[i < len(row) for i in range(width)] for row in rows])
    return Batch(ids=tuple("abcdef"[: len(rows)]), inputs={"input_ids": ids, "attention_mask": real})


ROWS = ([0, 1, 3, 5, 2, 4], [0, 1, 3], [0])


@pytest.mark.parametrize("lora", [None, {"rank": 2}])
def test_padding_changes_no_logit(folder, lora):
    model = build(folder, lora=lora)
    with torch.no_grad():
        together, other = model(batch(*ROWS)), model(batch(*ROWS, pad=7, extra=5))
        for row, ids in enumerate(ROWS):
            alone = model(batch(ids))
            for head in ("action", "verb", "noun"):
                torch.testing.assert_close(
                    together.logits[head][row], alone.logits[head][0], rtol=0, atol=1e-5
                )
                torch.testing.assert_close(other.logits[head][row], alone.logits[head][0], rtol=0, atol=1e-5)


def test_the_last_real_token_stands_for_the_text(folder):
    model = build(folder)
    kind = GPT2LMHeadModel if "gpt2" in str(folder) else LlamaForCausalLM
    published = kind.from_pretrained(folder, output_hidden_states=True).eval()
    with torch.no_grad():
        outputs = model(batch(*ROWS))
        for row, ids in enumerate(ROWS):
            vector = published(input_ids=torch.tensor([ids])).hidden_states[-1][0, -1]
            torch.testing.assert_close(outputs.embedding[row], vector, rtol=0, atol=1e-5)
            torch.testing.assert_close(
                outputs.logits["verb"][row], model.classifiers["verb"](vector), rtol=0, atol=1e-5
            )


def test_adapters_start_as_no_change_and_are_all_that_is_trained(folder):
    plain, model = build(folder), build(folder, lora={"rank": 2, "alpha": 4.0})
    model.classifiers.load_state_dict(plain.classifiers.state_dict())
    with torch.no_grad():
        torch.testing.assert_close(
            model(batch(*ROWS)).logits["action"], plain(batch(*ROWS)).logits["action"], rtol=0, atol=1e-6
        )
    trained = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    assert all(name.startswith("classifiers.") or ".lora_" in name for name in trained) and any(
        ".lora_" in name for name in trained
    )
    before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.5)
    for _ in range(2):  # the first step moves B alone: A times B starts at zero through B
        optimizer.zero_grad()
        model(batch(*ROWS)).logits["action"][:, 1].sum().backward()
        optimizer.step()
    moved = {name for name, parameter in model.named_parameters() if not torch.equal(parameter, before[name])}
    assert moved == {name for name in trained if ".lora_" in name or "classifiers.action" in name}


@pytest.mark.parametrize("lora", [None, {"rank": 2}])
def test_a_checkpoint_gives_the_same_outputs(folder, tmp_path, lora):
    model = build(folder, lora=lora)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.add_(0.1 * torch.randn_like(parameter))
        before = model(batch(*ROWS))
    save_model(tmp_path / "checkpoint", model, {"kind": "text_decoder", "lora": lora}, SPACE, {})
    again, _ = load_model(tmp_path / "checkpoint", Sources(pretrained=folder, classes=SPACE))
    with torch.no_grad():
        after = again(batch(*ROWS))
    for head in ("action", "verb", "noun"):
        assert torch.equal(before.logits[head], after.logits[head])


def test_the_tokenizer_of_a_decoder_begins_every_text_and_pads_with_its_end(folder):
    tokenizer = OurTokenizer(folder, masked=False)
    assert tokenizer.ids("").tolist() == [0] and tokenizer.ids("take pan, open lid").tolist() == [
        0,
        1,
        3,
        5,
        2,
        4,
    ]
    assert (tokenizer.pad, tokenizer.mask, tokenizer.mask_token) == (0, None, None)
    with pytest.raises(DataError, match="tokenizer without mask_token and pad_token"):
        OurTokenizer(folder)


def test_other_models_and_other_weights_are_refused(folder, tmp_path):
    with pytest.raises(ConfigError, match="bert is no causal language model"):
        build(tiny_lm.make(tmp_path / "bert"))
    other = make(tmp_path / "other", "gpt2")
    config = json.loads((other / "config.json").read_text())
    (other / "config.json").write_text(json.dumps({**config, "n_layer": 3}))
    with pytest.raises(DataError, match="weights that do not fit"):
        build(other)
    with pytest.raises(ConfigError, match="one of"):
        families.build(
            "models",
            {"kind": "text_decoder", "lora": {"rang": 2}},
            sources=Sources(pretrained=folder, classes=SPACE),
        )


def test_dropout_is_replaced(folder):
    model = build(folder, dropout=0.3)
    config = model.lm.config
    assert {
        getattr(config, name)
        for name in ("attn_pdrop", "resid_pdrop", "attention_dropout")
        if hasattr(config, name)
    } == {0.3}
