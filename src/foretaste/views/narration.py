"""The narration of the segment itself, as text: what somebody says is done in the clip (Sun et al. 2024,
LanViKD).

    inputs    input_ids (B, N) int64, attention_mask (B, N) bool

Who reads it knows the label, or nearly so: it is a teacher that says which classes are alike, not one that
predicts, and it is for recognition alone. Samples without a narration are said before anything is trained.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import torch
from pydantic import Field

from foretaste.contracts.errors import DataError
from foretaste.contracts.view import AnyLook, Fetched, Sources
from foretaste.settings.options import Options
from foretaste.text.tokenizer import Tokenizer, most_tokens, pad
from foretaste.views.observed import usable

#: What it is made from: what a step with this view reads.
SHOWS = "narration"


class Config(Options):
    longest: int | None = Field(None, ge=8)
    """A longer text is cut to so many tokens; null: 512, or as many as the language model has positions if
    they are fewer.
    """


class Narration:
    """One row a sample: the token ids of its narration, made once a text."""

    workers = 0

    def __init__(self, ids: Sequence[np.ndarray], stops_s: np.ndarray, padding: int):
        self._ids, self._stops_s, self._padding = ids, stops_s, padding

    def __len__(self) -> int:
        return len(self._ids)

    def fetch(self, rows: Sequence[int], look: AnyLook = None) -> Fetched:
        """The same under every look."""
        ids, real = pad([self._ids[row] for row in rows], self._padding)
        return Fetched(inputs={"input_ids": torch.from_numpy(ids), "attention_mask": torch.from_numpy(real)})

    def digest(self, row: int) -> bytes:
        """16 bytes of the sha256 of the token ids."""
        return hashlib.sha256(self._ids[row].astype("<i8").tobytes()).digest()[:16]

    def newest_s(self, row: int) -> float:
        """The end of the action, all of which it tells."""
        return float(self._stops_s[row])

    def weights(self) -> np.ndarray:
        """Tokens of each row."""
        return np.array([len(ids) for ids in self._ids], dtype=np.float64)


def unseen(config: Config, sources: Sources) -> np.ndarray:
    """(n,) object: "no narration" for a sample of ``sources.samples`` whose segment has none; None where it
    has.
    """
    texts = _texts(sources.samples, sources.need("segments", "views.narration"))
    return np.array([None if text else "no narration" for text in texts], dtype=object)


def build(config: Config, sources: Sources) -> Narration:
    """The narrations of ``sources.samples``, in the tokens of ``sources.pretrained``. Raises DataError for a
    sample without one.
    """
    samples = usable(sources.need("samples", "views.narration"))
    folder = sources.need("pretrained", "views.narration")
    texts = _texts(samples, sources.need("segments", "views.narration"))
    if "" in texts:
        sample = samples["sample_id"][texts.index("")].as_py()
        raise DataError(
            f"sample {sample!r} has no narration",
            "segments",
            "a narration for every sample",
            "write one, or drop the sample for all models with on_bad_input: skip",
        )
    tokenizer = Tokenizer(folder, longest=most_tokens(config.longest, folder))
    ids = {text: tokenizer.ids(text) for text in dict.fromkeys(texts)}
    return Narration([ids[text] for text in texts], samples["target_stop_s"].to_numpy(), tokenizer.pad)


def _texts(samples: pa.Table, segments: pa.Table) -> list[str]:
    """The narration of each sample, "" where there is none, or none that anybody could see."""
    told = dict(zip(segments["segment_id"].to_pylist(), segments["narration"].to_pylist()))
    texts = [(told.get(segment) or "").strip() for segment in samples["segment_id"].to_pylist()]
    return [text if any(map(str.isprintable, text.replace(" ", ""))) else "" for text in texts]
