"""What a text teacher reads: the actions before the target, as text (Ghosh et al. 2022).

Which segments are shown is decided by ``annotations.history`` alone; how they are worded, by
``text.wording``. With ``slots`` the text goes on with two masks, for the verb and the noun of what comes
next.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa
import torch
from pydantic import Field, PositiveInt

from foretaste.annotations.history import check_histories, histories
from foretaste.contracts.tables import heads_of
from foretaste.contracts.view import AnyLook, Fetched, Look, Sources
from foretaste.settings.options import Options
from foretaste.text.masking import uniform
from foretaste.text.templates import TEMPLATES, template, words
from foretaste.text.tokenizer import Tokenizer, most_tokens, pad
from foretaste.text.wording import Repeats, Wording

#: The stream of random numbers that past actions are dropped by.
DROP = 16

#: What it is made from: what a step with this view reads.
SHOWS = "history"


class Config(Options):
    rule: Literal["end", "start", "all"] = "start"
    """With t the end of the window: segments that stop by t, that start before t, or all that start before
    the target.
    """
    source: Literal["all_splits", "own_split"] = "all_splits"
    """Segments of the whole video, or only those of the sample's own split ("gappy")."""
    length: PositiveInt | None = 5
    """How many of the latest are shown; null: all."""
    template: Literal[tuple(TEMPLATES)] = "plain"
    """How actions are worded and joined."""
    elapsed: bool = False
    """Each action says how many seconds before t it began (rule `end`: was over)."""
    repeats: Repeats = "each"
    """`merged`: equal actions in a row are told once, with their number."""
    drop: float = Field(0.0, ge=0, lt=1)
    """In training each past action is left out with this probability, anew in every epoch."""
    slots: bool = False
    """Two masks at the end, for the verbaliser head."""
    longest: int | None = Field(None, ge=8)
    """Of a longer text only so many tokens are kept, the last ones, as published; null: 512, or as many as
    the language model has positions if they are fewer.
    """


@dataclass(frozen=True, kw_only=True)
class Histories:
    """What S samples are shown, before it is text.

    phrases
        Every segment as text.
    shown, elapsed_s
        S times (h,): rows of ``phrases``, oldest first; seconds from each to the end of the sample's window.
    ask
        What follows a history ("" where nothing does).
    longest
        Most tokens of a row.
    """

    phrases: Sequence[str]
    shown: Sequence[np.ndarray]
    elapsed_s: Sequence[np.ndarray]
    wording: Wording
    ask: str
    longest: int

    def text(self, row: int, kept: np.ndarray | None = None) -> str:
        """The row as it is read; of its actions those that are ``kept`` (h,) bool, None: all."""
        kept = slice(None) if kept is None else kept
        told = self.wording.text(
            [self.phrases[i] for i in self.shown[row][kept]], self.elapsed_s[row][kept].tolist()
        )
        return self.wording.template.join.join(part for part in (told, self.ask) if part)


class ActionHistory:
    """One row a sample: the token ids of its history, made once."""

    workers = 0

    def __init__(self, config: Config, told: Histories, newest_s: Sequence[float], tokenizer: Tokenizer):
        self.config, self._told, self._tokenizer, self._newest_s = config, told, tokenizer, newest_s
        self._texts = [told.text(row) for row in range(len(told.shown))]
        ids = {text: self._read(text) for text in dict.fromkeys(self._texts)}
        self._ids = [ids[text] for text in self._texts]

    def __len__(self) -> int:
        return len(self._ids)

    def text(self, row: int) -> str:
        """The row as it is read when it is scored."""
        return self._texts[row]

    def fetch(self, rows: Sequence[int], look: AnyLook = None) -> Fetched:
        """``input_ids`` (B, N) int64, ``attention_mask`` (B, N) bool, and with slots ``slots`` (B, 2) int64,
        the places of the masks.
        """
        found = [self._ids[row] for row in rows]
        if isinstance(look, Look) and self.config.drop:
            longest = max((len(self._told.shown[row]) for row in rows), default=0)
            kept = uniform(look.seed, look.epoch, DROP, np.asarray(rows), longest) >= self.config.drop
            found = [
                self._read(self._told.text(row, keep[: len(self._told.shown[row])]))
                for row, keep in zip(rows, kept)
            ]
        ids, real = pad(found, self._tokenizer.pad)
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

    def _read(self, text: str) -> np.ndarray:
        return self._tokenizer.ids(text)[-self._told.longest :]


def build(config: Config, sources: Sources) -> ActionHistory:
    """The histories of ``sources.samples`` among ``sources.segments``, checked against the rule by their time
    stamps, in the tokens of ``sources.pretrained``.
    """
    samples, segments = sources.need("samples", "action_history"), sources.need("segments", "action_history")
    folder = sources.need("pretrained", "action_history")
    tokenizer = Tokenizer(folder, masked=config.slots)
    shown = histories(samples, segments, rule=config.rule, source=config.source, length=config.length)
    check_histories(samples, segments, shown, rule=config.rule)
    # Of a segment that goes on beyond the window only its start may be told: its stop is not known yet.
    times = segments["stop_s" if config.rule == "end" else "start_s"].to_numpy()
    ends = samples["window_stop_s"].to_numpy()
    told = Histories(
        phrases=_phrases(segments, config.template),
        shown=shown,
        elapsed_s=[end - times[rows] for end, rows in zip(ends, shown)],
        wording=Wording(template=template(config.template), elapsed=config.elapsed, repeats=config.repeats),
        ask=f"{tokenizer.mask_token} {tokenizer.mask_token}" if config.slots else "",
        longest=most_tokens(config.longest, folder),
    )
    return ActionHistory(config, told, [float(times[rows].max(initial=-np.inf)) for rows in shown], tokenizer)


def _phrases(segments: pa.Table, name: str) -> list[str]:
    """Every segment as text: its verb and noun by the template, or the words of its class in the main head
    where the dataset has neither.
    An unlabelled one, which no history shows, is an empty string.
    """
    word = template(name).phrase
    heads = heads_of(segments)
    told = ("verb", "noun") if {"verb", "noun"} <= set(heads) else heads[:1]
    labels = list(zip(*(segments[head].to_pylist() for head in told)))
    worded: dict[tuple, str] = {}
    for label in dict.fromkeys(labels):
        if None in label:
            worded[label] = ""
        else:
            worded[label] = word(*label) if len(label) == 2 else " ".join(words(*label))
    return [worded[label] for label in labels]
