"""Masked language modelling: windows of recipe phrases with some of their tokens hidden.

A row is a window that ends at one phrase of a recipe, so that one pass over the rows has every phrase last
once (``stride`` 1); how far the window reaches back is drawn once a row. Without ``window`` a row is a whole
recipe (the published corpus). Masks are a function of (look, row); without a look they are those of seed 0
and epoch 0. The texts stay where the table keeps them (``text/phrase_store.py``: on disk); here are
only the rows at which windows begin and end.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch
from pydantic import Field, PositiveInt, model_validator

from foretaste.contracts.errors import DataError
from foretaste.contracts.view import AnyLook, Fetched, Look, RowIds, Sources
from foretaste.settings.options import Options
from foretaste.text import masking
from foretaste.text.packing import places
from foretaste.text.phrase_store import Mapped, recipe_starts
from foretaste.text.templates import TEMPLATES, template
from foretaste.text.tokenizer import Tokenizer, most_tokens, pad

#: What it is made from: what a step with this view reads.
SHOWS = "text"


class Config(Options):
    partition: Literal["train", "val", "test"] = "train"
    """Which recipes."""
    window: tuple[PositiveInt, PositiveInt] | None = None
    """Fewest and most phrases of a window; null: whole recipes."""
    stride: PositiveInt = 1
    """Windows end at a recipe's last phrase and at every `stride`-th before it."""
    mask: Literal["tokens", "words", "phrases", "verb", "object"] = "tokens"
    """`tokens`: each with probability `rate`, replaced as in BERT. `words`: the same, but nothing between
    verbs and objects. `phrases`: the words of one whole phrase. `verb`, `object`: that part of the last
    phrase (for measuring).
    """
    rate: float = Field(0.15, gt=0, lt=1)
    """Of `tokens` and `words`."""
    last: float = Field(0.6, ge=0, le=1)
    """Of `phrases`: how often it is the last one of the window, else one of the others."""
    template: Literal[tuple(TEMPLATES)] = "plain"
    """How phrases are worded and joined."""
    longest: int | None = Field(None, ge=8)
    """Of a longer text so many tokens are read, the closing special ones among them, as published; null: 512,
    or as many as the language model has positions if they are fewer.
    """
    pack: PositiveInt | None = None
    """Sequences of a batch share rows of at most so many tokens, none seeing another; null: one sequence a
    row.
    """

    @model_validator(mode="after")
    def _window_in_order(self) -> Config:
        if self.window and self.window[0] > self.window[1]:
            raise ValueError("window is (fewest, most)")
        if self.stride > (self.window[0] if self.window else 1):
            raise ValueError("with a stride above the shortest window some phrases would never be shown")
        return self


#: Recipes whose windows are found together: enough to be quick, few enough to need little memory.
RECIPES_AT_ONCE = 1 << 17


@dataclass(frozen=True)
class Windows:
    """first, stop: (R,) int32 or int64, rows of the phrase table [first, stop) that each window shows."""

    first: np.ndarray
    stop: np.ndarray


class MaskedText:
    """Rows of hidden and shown tokens; ``ids[row]`` names one ("<recipe>/<order of the last phrase>")."""

    workers = 0

    def __init__(self, config: Config, phrases: pa.Table | Mapped, tokenizer: Tokenizer):
        self.config, self.tokenizer = config, tokenizer
        self.template = template(config.template)
        self.ordinary = np.setdiff1d(np.arange(tokenizer.size), tokenizer.special)
        self._phrases = phrases
        starts = recipe_starts(phrases)
        stops = np.append(starts[1:], phrases.num_rows)
        chosen = _holds(phrases["partition"], config.partition, starts)
        if not chosen.any():
            raise DataError(
                f"no phrases of partition {config.partition}",
                "phrases table",
                "recipes of every partition",
                "check the recipes",
            )
        self._windows = _windows(starts[chosen], stops[chosen], config.window, config.stride)

    def __len__(self) -> int:
        return len(self._windows.stop)

    @property
    def ids(self) -> RowIds:
        """The names of the rows. Made anew each time: kept here, it would keep the mapped table alive in a
        cycle.
        """
        return RowIds(len(self), self._id)

    def _id(self, row: int) -> str:
        last = int(self._windows.stop[row]) - 1
        recipe, order = (self._phrases[column][last].as_py() for column in ("recipe_id", "order"))
        return f"{recipe}/{order}"

    def fetch(self, rows: Sequence[int], look: AnyLook = None) -> Fetched:
        """``input_ids`` (B, N) int64, ``attention_mask`` (B, N) bool, ``masked_positions`` (M,) int64 into B
        * N, ``draws`` (M,) float32 in [0, 1), one random number a hidden token; label ``token`` (M,) int64,
        what was there, and ``verdict``, a 1 for each real token (``models/replaced_token_detection.py``).

        With ``pack`` B are rows, not sequences, and there are ``sequence`` (B, N) int64, to which sequence a
        token belongs (-1: padding), and ``position`` (B, N) int64, where in it, from 0.
        """
        look = look if isinstance(look, Look) else Look(seed=0, epoch=0)
        drawing = masking.Drawing(seed=look.seed, epoch=look.epoch, rows=np.asarray(rows))
        shown = [self._tokens(row) for row in rows]
        ids, real = pad([tokens for tokens, _, _ in shown], self.tokenizer.pad)
        phrase, _ = pad([phrase for _, phrase, _ in shown], -1)
        verb, _ = pad([verb for _, _, verb in shown], 0)
        chosen = self._choose(drawing, phrase, verb == 1)
        if self.config.mask in ("tokens", "words"):
            hidden = masking.replace_tokens(drawing, ids, chosen, self.tokenizer.mask, self.ordinary)
        else:
            hidden = np.where(chosen, self.tokenizer.mask, ids)
        draws = drawing.uniform(masking.SAMPLE, ids.shape[1]).astype(np.float32)
        inputs = {"input_ids": hidden, "attention_mask": real}
        if self.config.pack is not None:
            place, sequence, position = places(real, self.config.pack)
            inputs = {
                "input_ids": np.where(sequence >= 0, hidden.flat[place], self.tokenizer.pad),
                "attention_mask": sequence >= 0,
            }
            inputs |= {"sequence": sequence, "position": position}
            ids, draws, chosen = ids.flat[place], draws.flat[place], chosen.flat[place] & (sequence >= 0)
        inputs |= {"masked_positions": np.flatnonzero(chosen), "draws": draws[chosen]}
        labels = {"token": ids[chosen], "verdict": np.ones(int(real.sum()), dtype=np.int64)}
        return Fetched(
            inputs={name: torch.from_numpy(value) for name, value in inputs.items()},
            labels={name: torch.from_numpy(value) for name, value in labels.items()},
        )

    def _choose(self, drawing: masking.Drawing, phrase: np.ndarray, verb: np.ndarray) -> np.ndarray:
        if self.config.mask == "tokens":
            return masking.choose_tokens(drawing, phrase != -1, self.config.rate)
        if self.config.mask == "words":
            return masking.choose_tokens(drawing, phrase >= 0, self.config.rate)
        if self.config.mask == "phrases":
            return masking.choose_phrases(drawing, np.maximum(phrase, -1), self.config.last)
        last = (phrase == phrase.max(1, initial=-1, keepdims=True)) & (phrase >= 0)
        return last & (verb if self.config.mask == "verb" else ~verb)

    def _tokens(self, row: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Ids (N,), the phrase each belongs to (-1 special, -2 between phrases), and whether it is part of a
        verb.
        """
        text, phrase, verb = self._text(row)
        encoding = self.tokenizer.encode(text)
        ids = np.asarray(encoding.ids, dtype=np.int64)
        # A token that begins with the space before a word belongs to the word: its last character says which.
        at = np.array([stop - 1 for _, stop in encoding.offsets], dtype=np.int64)
        special = np.asarray(encoding.special_tokens_mask, dtype=bool)
        return ids, np.where(special, -1, phrase[at]), np.where(special, 0, verb[at])

    def _text(self, row: int) -> tuple[str, np.ndarray, np.ndarray]:
        """The window as text; for each character its phrase (-2 between phrases or words) and whether a
        verb's.
        """
        first, stop = int(self._windows.first[row]), int(self._windows.stop[row])
        parts: list[str] = []
        phrase: list[int] = []
        verb: list[bool] = []

        def add(text: str, number: int, of_verb: bool = False) -> None:
            parts.append(text)
            phrase.extend([number] * len(text))
            verb.extend([of_verb] * len(text))

        columns = (self._phrases["verb"], self._phrases["object"])
        pairs = zip(*(column.slice(first, stop - first).to_pylist() for column in columns))
        for number, (said, thing) in enumerate(pairs):
            if number:
                add(self.template.join, -2)
            add(said, number, of_verb=True)
            if thing is not None:
                add(self.template.between, -2)
                add(thing, number)
        return "".join(parts), np.array([*phrase, -2]), np.array([*verb, False])

    def text(self, row: int) -> str:
        """What the row reads, nothing hidden."""
        return self._text(row)[0]

    def digest(self, row: int) -> bytes:
        """16 bytes of the sha256 of the window's text."""
        return hashlib.sha256(self.text(row).encode()).digest()[:16]

    def newest_s(self, row: int) -> float:
        """-inf: a recipe shows nothing of any video."""
        return -np.inf

    def weights(self) -> np.ndarray:
        """(R,) int64: words and separators of each window, near enough to its tokens to batch like with
        like.
        """
        total = [np.zeros(1, dtype=np.int64)]
        for verbs, things in zip(self._phrases["verb"].chunks, self._phrases["object"].chunks):
            words = sum(
                pc.fill_null(pc.add(pc.count_substring(column, " "), 1), 0).to_numpy()
                for column in (verbs, things)
            )
            total.append(total[-1][-1] + np.cumsum(words + len(self.template.join.split())))
        total = np.concatenate((total[0], *total[1:]))
        return total[self._windows.stop] - total[self._windows.first]


def _holds(partitions: pa.ChunkedArray, partition: str, rows: np.ndarray) -> np.ndarray:
    """(rows,) bool: which of ``rows`` are of the partition."""
    found, at = [np.zeros(0, dtype=bool)], 0
    for chunk in partitions.chunks:
        found.append(
            pc.equal(chunk, partition).to_numpy(zero_copy_only=False)[
                rows[(rows >= at) & (rows < at + len(chunk))] - at
            ]
        )
        at += len(chunk)
    return np.concatenate(found)


def _windows(starts: np.ndarray, stops: np.ndarray, window: tuple[int, int] | None, stride: int) -> Windows:
    """Windows over recipes, each the rows [start, stop) of a table.

    With (fewest, most): one for each ``stride``-th phrase, counted from the recipe's end, that has ``fewest``
    phrases up to it, and the whole of a recipe that is shorter; its length is uniform in [fewest, most], as
    far as the recipe reaches back.
    """
    if window is None:
        return Windows(_small(starts), _small(stops))
    parts, count = [], 0
    for at in range(0, len(starts), RECIPES_AT_ONCE):
        part = _part(
            starts[at : at + RECIPES_AT_ONCE], stops[at : at + RECIPES_AT_ONCE], window, stride, count
        )
        parts.append(part)
        count += len(part.first)
    return Windows(
        np.concatenate([part.first for part in parts]), np.concatenate([part.stop for part in parts])
    )


def _part(starts: np.ndarray, stops: np.ndarray, window: tuple[int, int], stride: int, count: int) -> Windows:
    """The windows of some recipes, after ``count`` windows of those before them."""
    fewest, most = window
    sizes = stops - starts
    begin = np.repeat(starts, sizes)
    last = begin + np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    left = np.repeat(stops, sizes) - 1 - last
    enough = last - begin + 1 >= fewest
    kept = (enough & (left % stride == 0)) | (~enough & (left == 0))
    begin, last = begin[kept], last[kept]
    draw = masking.uniform(0, 0, masking.WINDOW, np.arange(count, count + len(last)), 1)[:, 0]
    length = fewest + np.floor(draw * (most - fewest + 1)).astype(np.int64)
    first = np.where(
        last - begin + 1 < fewest + stride, begin, last + 1 - length
    )  # a recipe's first window has its beginning
    return Windows(_small(np.maximum(begin, first)), _small(last + 1))


def _small(rows: np.ndarray) -> np.ndarray:
    """Row numbers in four bytes, as far as they fit."""
    return rows.astype(np.int32 if rows.max(initial=0) < 2**31 else np.int64)


def build(config: Config, sources: Sources) -> MaskedText:
    """Windows of ``sources.phrases``, in the tokens of the language model ``sources.pretrained``."""
    phrases, folder = sources.need("phrases", "masked_text"), sources.need("pretrained", "masked_text")
    return MaskedText(config, phrases, Tokenizer(folder, longest=most_tokens(config.longest, folder)))
