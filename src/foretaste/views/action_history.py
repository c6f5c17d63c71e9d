"""What a text teacher reads: the actions before the target, as text (Ghosh et al. 2022).

Which segments are shown is decided by ``annotations.history`` alone; how they are worded, by a template. With ``slots`` the
text goes on with two masks, for the verb and the noun of what comes next.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Literal

import numpy as np
import pyarrow as pa
import torch
from pydantic import PositiveInt

from foretaste.annotations.history import check_histories, histories
from foretaste.contracts.view import Fetched, Sources
from foretaste.pipeline.options import Options
from foretaste.text.templates import TEMPLATES, template
from foretaste.text.tokenizer import Tokenizer, pad


class Config(Options):
    rule: Literal["end", "start", "all"] = "start"
    """With t the end of the window: segments that stop by t, that start before t, or all that start before the target."""
    source: Literal["all_splits", "own_split"] = "all_splits"
    """Segments of the whole video, or only those of the sample's own split ("gappy")."""
    length: PositiveInt | None = 5
    """How many of the latest are shown; null: all."""
    template: Literal[tuple(TEMPLATES)] = "plain"
    """How actions are worded and joined."""
    slots: bool = False
    """Two masks at the end, for the verbaliser head."""
    longest: PositiveInt = 512
    """Of a longer text only the last tokens are kept, as published."""


class ActionHistory:
    """One row a sample: the token ids of its history, made once."""

    def __init__(self, config: Config, texts: Sequence[str], newest_s: Sequence[float], tokenizer: Tokenizer):
        self.config, self._tokenizer, self._newest_s = config, tokenizer, newest_s
        ids = {text: tokenizer.ids(text)[-config.longest :] for text in dict.fromkeys(texts)}
        self._ids = [ids[text] for text in texts]
        self._texts = texts

    def __len__(self) -> int:
        return len(self._ids)

    def text(self, row: int) -> str:
        """The row as it is read."""
        return self._texts[row]

    def fetch(self, rows: Sequence[int], *, seed: int = 0, epoch: int = 0, training: bool = False) -> Fetched:
        """``input_ids`` (B, N) int64, ``attention_mask`` (B, N) bool, and with slots ``slots`` (B, 2) int64, the places of
        the masks."""
        ids, real = pad([self._ids[row] for row in rows], self._tokenizer.pad)
        inputs = {"input_ids": torch.from_numpy(ids), "attention_mask": torch.from_numpy(real)}
        if self.config.slots:
            inputs["slots"] = torch.from_numpy(np.nonzero(ids == self._tokenizer.mask)[1].reshape(-1, 2))
        return Fetched(inputs=inputs)

    def digest(self, row: int) -> bytes:
        """16 bytes of the sha256 of the token ids."""
        return hashlib.sha256(self._ids[row].astype("<i8").tobytes()).digest()[:16]

    def newest_s(self, row: int) -> float:
        """Of the segments shown, the latest stop (rule ``end``) or the latest start (the other rules)."""
        return self._newest_s[row]

    def weights(self) -> np.ndarray:
        """Tokens of each row."""
        return np.array([len(ids) for ids in self._ids], dtype=np.float64)


def build(config: Config, sources: Sources) -> ActionHistory:
    """The histories of ``sources.samples`` among ``sources.segments``, checked against the rule by their time stamps, in the
    tokens of ``sources.pretrained``."""
    samples, segments = sources.need("samples", "action_history"), sources.need("segments", "action_history")
    tokenizer = Tokenizer(sources.need("pretrained", "action_history"))
    shown = histories(samples, segments, rule=config.rule, source=config.source, length=config.length)
    check_histories(samples, segments, shown, rule=config.rule)
    phrases = _phrases(segments, config.template)
    joined = template(config.template).join
    ask = f"{tokenizer.mask_token} {tokenizer.mask_token}"
    texts = []
    for rows in shown:
        text = joined.join(phrases[row] for row in rows)
        texts.append((f"{text}{joined}{ask}" if len(rows) else ask) if config.slots else text)
    times = segments["stop_s" if config.rule == "end" else "start_s"].to_numpy()
    return ActionHistory(config, texts, [float(times[rows].max(initial=-np.inf)) for rows in shown], tokenizer)


def _phrases(segments: pa.Table, name: str) -> list[str]:
    """Every segment as text; an unlabelled one, which no history shows, as an empty string."""
    word = template(name).phrase
    pairs = list(zip(segments["verb"].to_pylist(), segments["noun"].to_pylist()))
    worded = {pair: word(*pair) for pair in dict.fromkeys(pairs) if None not in pair}
    return [worded.get(pair, "") for pair in pairs]
