"""A masked language model of Hugging Face in three parts: the encoder, the transform of its head, the
decoder.

The parts are separate because nobody here wants logits over the vocabulary at every token: pretraining wants
them at the masked positions, a teacher wants a few words at two. Loading says which weights were not in the
folder, and so are new, and which the folder holds but nothing uses.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import AutoModelForMaskedLM, PreTrainedModel

from foretaste.contracts.batch import Batch
from foretaste.contracts.errors import unknown
from foretaste.models.pretrained import MASKED, Attention, check_fits, load_network, read_config, save_network

#: Where each architecture of ``MASKED`` keeps what lies between its encoder and its decoder.
_TRANSFORMS = {
    "albert": lambda hf: nn.Sequential(
        hf.predictions.dense, hf.predictions.activation, hf.predictions.LayerNorm
    ),
    "bert": lambda hf: hf.cls.predictions.transform,
    "distilbert": lambda hf: nn.Sequential(hf.vocab_transform, hf.activation, hf.vocab_layer_norm),
    "electra": lambda hf: hf.generator_predictions,
    "roberta": lambda hf: nn.Sequential(hf.lm_head.dense, nn.GELU(), hf.lm_head.layer_norm),
}


@dataclass(frozen=True)
class Loading:
    """What reading a folder left open: weights that it lacked (initialised at random) and weights that
    nothing uses.
    """

    newly_initialised: tuple[str, ...]
    unused: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Packing:
    """sequence, position (B, N) int64: to which sequence of its row a token belongs (-1: padding), and where
    in it, from 0.
    """

    sequence: Tensor
    position: Tensor

    @classmethod
    def of(cls, batch: Batch) -> Packing | None:
        """The packing of a batch; None where a row is one sequence."""
        if "sequence" not in batch.inputs:
            return None
        return cls(sequence=batch.inputs["sequence"], position=batch.inputs["position"])


class LanguageModel(nn.Module):
    """encoder: ids (B, N) -> vectors (B, N, D); transform and decoder: vectors (..., D) -> logits (..., V).

    The decoder is the table of word embeddings (tied) wherever the architecture ties them; its rows are the
    words.
    """

    def __init__(self, hf: PreTrainedModel, loading: Loading):
        super().__init__()
        self._hf = (hf,)  # in a tuple: its parameters are those below, registered once
        self.loading = loading
        self.encoder = hf.base_model
        self.transform = _TRANSFORMS[hf.config.model_type](hf)
        decoder = hf.get_output_embeddings()
        self.bias = decoder.bias
        self.tied = decoder.weight is self.encoder.get_input_embeddings().weight
        self.decoder = None if self.tied else decoder.weight
        # RoBERTa counts positions from behind the padding token's id.
        self._first_position = hf.config.pad_token_id + 1 if hf.config.model_type == "roberta" else 0
        self.width = hf.config.hidden_size if hasattr(hf.config, "hidden_size") else hf.config.dim

    def encode(self, input_ids: Tensor, attention_mask: Tensor, packing: Packing | None = None) -> Tensor:
        """ids (B, N) int64, real tokens (B, N) bool -> (B, N, D), the last hidden layer.

        packing
            Where rows hold several sequences; each is then seen as if it were alone.
        """
        return self.encoder(input_ids=input_ids, **self._seen(attention_mask, packing)).last_hidden_state

    def embed(self, input_ids: Tensor) -> Tensor:
        """ids (B, N) -> what the encoder makes of them first, their rows of the table of word embeddings (B,
        N, D').
        """
        return self.encoder.get_input_embeddings()(input_ids)

    def encode_embedded(
        self, vectors: Tensor, attention_mask: Tensor, packing: Packing | None = None
    ) -> Tensor:
        """As ``encode``, from rows of one's own (B, N, D')."""
        return self.encoder(inputs_embeds=vectors, **self._seen(attention_mask, packing)).last_hidden_state

    def _seen(self, real: Tensor, packing: Packing | None) -> dict[str, Tensor]:
        return seen(real, packing, self.word_vectors().dtype, self._first_position)

    def share_embeddings(self, embeddings: nn.Module) -> None:
        """Use another encoder's embeddings, of the same shapes; a tied decoder follows."""
        self.encoder.embeddings = embeddings
        if self.tied:
            self._hf[0].get_output_embeddings().weight = embeddings.word_embeddings.weight

    def word_vectors(self) -> Tensor:
        """The decoder's rows (V, D'): a word's logit is its row times the transformed vector, plus its
        bias.
        """
        return self.encoder.get_input_embeddings().weight if self.tied else self.decoder

    def logits(self, vectors: Tensor) -> Tensor:
        """vectors (..., D) -> logits over the vocabulary (..., V)."""
        return F.linear(self.transform(vectors), self.word_vectors(), self.bias)

    def facts(self) -> dict[str, Any]:
        """What was newly initialised and what was not used when this model was loaded; of ELECTRA, what it is
        used as.
        """
        facts: dict[str, Any] = asdict(self.loading)
        if self._hf[0].config.model_type == "electra":
            new = any(name.startswith("generator_predictions.") for name in self.loading.newly_initialised)
            facts["electra"] = "discriminator_as_mlm" if new else "masked_lm"
        return facts

    def save(self, folder: Path) -> None:
        """Write a Hugging Face folder but for its tokenizer: config.json, model.safetensors with the
        masked-word head, and manifest.json with ``facts``.
        """
        write_folder(self._hf[0], folder, self.facts())


def seen(
    real: Tensor, packing: Packing | None, dtype: torch.dtype, first_position: int = 0
) -> dict[str, Tensor]:
    """What an encoder is told of who sees whom: ``attention_mask``, and with ``packing`` ``position_ids``.

    real (B, N) bool; with packing the mask is (B, 1, N, N), 0 within a sequence and the least number
    elsewhere.
    """
    if packing is None:
        return {"attention_mask": real.long()}
    same = packing.sequence[:, None, :, None] == packing.sequence[:, None, None, :]
    barred = torch.full((), torch.finfo(dtype).min, dtype=dtype, device=real.device)
    return {
        "attention_mask": torch.where(same, 0.0, barred).to(dtype),
        "position_ids": packing.position + first_position,
    }


def write_folder(hf: PreTrainedModel, folder: Path, facts: Mapping[str, Any]) -> None:
    """Write ``hf`` as a Hugging Face folder without its tokenizer, and ``facts`` as manifest.json."""
    folder.mkdir(parents=True, exist_ok=True)
    save_network(hf, folder)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config.pop("_name_or_path", None)  # a place, and so no part of what the model is
    (folder / "config.json").write_text(json.dumps(config, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    (folder / "manifest.json").write_text(
        json.dumps({"format": 1, **facts}, indent=1) + "\n", encoding="utf-8"
    )


def load_language_model(
    folder: Path, dropout: float | None = None, attention: Attention = "eager"
) -> LanguageModel:
    """The language model of a Hugging Face folder, in float32.

    dropout
        Replaces every dropout rate of the network; None keeps the folder's.

    Weights of the masked-word head that the folder lacks are drawn from torch's global generator, as the
    architecture draws them. Raises DataError if a weight of the encoder is missing or of another shape,
    ConfigError for an architecture that is not known here.
    """
    return LanguageModel(*load_pretrained(AutoModelForMaskedLM, folder, dropout, attention))


def load_pretrained(
    kind: type, folder: Path, dropout: float | None, attention: Attention
) -> tuple[PreTrainedModel, Loading]:
    """The model of a folder as ``kind``, a class of transformers, and what loading left open; errors as
    above.
    """
    folder = Path(folder)
    config = read_config(folder, dropout)
    if config.model_type not in MASKED:
        raise unknown("architecture", config.model_type, MASKED, folder / "config.json")
    hf, found = load_network(kind, folder, config, attention)
    missing, unused = sorted(found["missing_keys"]), sorted(found["unexpected_keys"])
    check_fits([name for name in missing if name.startswith(f"{hf.base_model_prefix}.")], found, folder)
    return hf, Loading(tuple(missing), tuple(unused))
