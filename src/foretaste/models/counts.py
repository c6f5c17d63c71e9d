"""Teachers that only count: what followed which actions in the training samples.

On the real labels an average of such tables passes published language models, so they are the mark to beat. A
count is turned into a probability by Witten-Bell interpolation (Witten and Bell 1991; Chen and Goodman 1999,
eq. 17), with c(h, a) how often action a followed context h, N(h) = sum of c(h, .), and T(h) the number of
different actions that followed it:

    P(a | h) = (c(h, a) + T(h) P_lower(a)) / (N(h) + T(h));      P_lower(a) where h was never seen

The beginning of a video ("no action yet") is a context like any other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from foretaste.contracts.batch import UNLABELLED, Batch, Outputs
from foretaste.contracts.classes import ClassSpace
from foretaste.contracts.errors import ConfigError, DataError
from foretaste.contracts.view import Sources
from foretaste.settings.options import Options

#: How far back ``distances`` looks.
DISTANCES = 5
#: Probability that stands for 0 in the logits: so small that no temperature in use lifts it (log = -69; at T
#: = 5, 1e-6).
FLOOR = 1e-30

Table = Literal["unigram", "repeat", "bigram", "trigram", "distances", "parts"]

#: What it gives, as terms call it.
GIVES = ("<heads>",)


class Config(Options):
    tables: tuple[Table, ...] = Field(("trigram", "distances", "parts"), min_length=1)
    """Whose probabilities are averaged. `unigram`: class frequency. `repeat`: the last action again, then
    class frequency. `bigram`, `trigram`: given the last action, the last two; each backs off to the next
    shorter. `distances`: mean of the tables given the action d back, d = 1 to 5, weighted 1/d. `parts`:
    of a class that is made of others, each given the same part of the last: (verb given the last verb) x
    (noun given the last noun).
    """


class CountTable(nn.Module):
    """Which classes followed a context, how often; sparse, contexts in ascending order of their code.

    Buffers: ``contexts`` (H,) codes; ``starts`` (H + 1,): context h's entries are starts[h] to starts[h + 1]
    of ``classes`` and ``counts`` (E,). All int64.
    """

    def __init__(self):
        super().__init__()
        for name, size in (("contexts", 0), ("starts", 1), ("classes", 0), ("counts", 0)):
            self.register_buffer(name, torch.zeros(size, dtype=torch.int64))

    def fit(self, context: Tensor, target: Tensor) -> None:
        """Count pairs of context code and class, both (S,) int64; replaces what was counted before."""
        base = target.max() + 1
        pairs, self.counts = torch.unique(context * base + target, return_counts=True)
        self.contexts, entries = torch.unique_consecutive(pairs // base, return_counts=True)
        self.starts = functional.pad(entries.cumsum(0), (1, 0))
        self.classes = pairs % base

    def interpolate(self, context: Tensor, lower: Tensor) -> Tensor:
        """P(. | context) for (B,) codes, backing off to ``lower`` (B, C) float64; (B, C)."""
        if not len(self.contexts):
            return lower
        place = torch.searchsorted(self.contexts, context).clamp(max=len(self.contexts) - 1)
        seen = self.contexts[place] == context
        first = self.starts[place]
        kinds = torch.where(seen, self.starts[place + 1] - first, 0)
        row = torch.repeat_interleave(torch.arange(len(context), device=context.device), kinds)
        entry = torch.arange(len(row), device=row.device) + (first - (kinds.cumsum(0) - kinds))[row]
        total = torch.zeros(len(context), dtype=lower.dtype, device=lower.device).index_add(
            0, row, self.counts[entry].to(lower.dtype)
        )
        weight = torch.where(seen, kinds / (total + kinds).clamp(min=1), 1.0).to(lower.dtype)
        mixed = lower * weight[:, None]
        mixed[row, self.classes[entry]] += self.counts[entry] / (total + kinds)[row]
        return mixed


class CountTeacher(nn.Module):
    """Counts over histories of action ids; no parameters, all buffers."""

    def __init__(self, config: Config, classes: ClassSpace):
        super().__init__()
        self.config = config
        self.main, made_of = classes.main, classes.parts(classes.main)
        if "parts" in config.tables and not made_of:
            to_do = "set tables: [trigram, distances]"
            what = f"a dataset whose {self.main} classes are made of others"
            raise ConfigError("parts counted", "network: tables", what, to_do)
        self.parts = list(made_of)
        self.sizes = classes.sizes((self.main, *self.parts))
        for head in self.sizes:
            self.register_buffer(f"{head}_counts", torch.zeros(self.sizes[head], dtype=torch.int64))
            ids = list(made_of[head] if head in made_of else range(self.sizes[head]))
            self.register_buffer(f"{head}_of", torch.tensor(ids, dtype=torch.int64), persistent=False)
        names = {"bigram": ["back1"], "trigram": ["back1", "pair"], "parts": self.parts}
        names["distances"] = [f"back{distance}" for distance in range(1, DISTANCES + 1)]
        self.tables = nn.ModuleDict(
            {name: CountTable() for table in config.tables for name in names.get(table, ())}
        )

    @torch.no_grad()
    def fit(self, history: Tensor, target: Tensor) -> None:
        """Count S training samples; replaces what was counted before.

        history
            (S, L) int64 action ids, the latest last, ``UNLABELLED`` on the left where there are fewer than L.
        target
            (S,) int64 action ids.

        Raises DataError for an id that is no action, or no samples at all.
        """
        actions = self.sizes[self.main]
        if (
            not len(target)
            or target.min() < 0
            or target.max() >= actions
            or (len(history.flatten()) and history.max() >= actions)
        ):
            raise DataError(
                f"{len(target)} training samples",
                "counts",
                f"some, with action ids from 0 to {actions - 1}",
                "check the labels",
            )
        for head in self.sizes:
            getattr(self, f"{head}_counts").copy_(
                torch.bincount(self._of(head, target), minlength=self.sizes[head])
            )
        contexts = self._contexts(history)
        for name, table in self.tables.items():
            table.fit(contexts[name], self._of(name if name in self.sizes else self.main, target))

    @torch.no_grad()
    def forward(self, batch: Batch) -> Outputs:
        """Log probabilities from ``history`` (B, L) int64, as in ``fit``: the dataset's main head, and what
        it is made of, summed from it.

        A class of probability 0 (an action never seen, a verb that no action has) gets log ``FLOOR``.
        """
        contexts = self._contexts(batch.inputs["history"])
        parts = [getattr(self, f"_{table}")(contexts) for table in self.config.tables]
        action = torch.stack(parts).mean(0)
        logits = {self.main: action.clamp(min=FLOOR).log().float()}
        for head in self.parts:
            summed = action.new_zeros(len(action), self.sizes[head]).index_add(1, self._of(head), action)
            logits[head] = summed.clamp(min=FLOOR).log().float()
        return Outputs(logits=logits)

    def resize(self, shapes: Mapping[str, torch.Size]) -> None:
        """Make the tables as large as those of a checkpoint, whose size is what was counted; the buffers that
        ``shapes`` names.
        """
        for name, shape in shapes.items():
            module, _, buffer = name.rpartition(".")
            if module.startswith("tables.") and module in dict(self.named_modules()):
                setattr(self.get_submodule(module), buffer, torch.zeros(shape, dtype=torch.int64))

    def _of(self, head: str, actions: Tensor | None = None) -> Tensor:
        """The parts, or the classes of the main head, of ``actions`` (of all, in the order of their ids)."""
        made_of = getattr(self, f"{head}_of")
        return made_of if actions is None else made_of[actions]

    def _contexts(self, history: Tensor) -> dict[str, Tensor]:
        """Context codes (B,) by table: an id + 1, 0 where the video has just begun."""
        history = functional.pad(history, (DISTANCES, 0), value=UNLABELLED)
        contexts = {f"back{distance}": history[:, -distance] + 1 for distance in range(1, DISTANCES + 1)}
        contexts["pair"] = contexts["back2"] * (self.sizes[self.main] + 1) + contexts["back1"]
        last = history[:, -1]
        for head in self.parts:
            contexts[head] = torch.where(last < 0, 0, self._of(head, last.clamp(min=0)) + 1)
        return contexts

    def _frequency(self, head: str, rows: int) -> Tensor:
        """(rows, C) float64 class frequencies."""
        counts = getattr(self, f"{head}_counts").double()
        return (counts / counts.sum().clamp(min=1)).expand(rows, -1)

    def _unigram(self, contexts: Mapping[str, Tensor]) -> Tensor:
        return self._frequency(self.main, len(contexts["back1"]))

    def _repeat(self, contexts: Mapping[str, Tensor]) -> Tensor:
        last = contexts["back1"]
        again = functional.one_hot(last, self.sizes[self.main] + 1)[:, 1:].double()
        # Halves: no class frequency reaches 1/2 + its own half, so the last action always comes first.
        return torch.where(
            (last > 0)[:, None], (again + self._unigram(contexts)) / 2, self._unigram(contexts)
        )

    def _bigram(self, contexts: Mapping[str, Tensor]) -> Tensor:
        return self.tables["back1"].interpolate(contexts["back1"], self._unigram(contexts))

    def _trigram(self, contexts: Mapping[str, Tensor]) -> Tensor:
        return self.tables["pair"].interpolate(contexts["pair"], self._bigram(contexts))

    def _distances(self, contexts: Mapping[str, Tensor]) -> Tensor:
        total = sum(1 / distance for distance in range(1, DISTANCES + 1))
        unigram = self._unigram(contexts)
        return sum(
            self.tables[f"back{distance}"].interpolate(contexts[f"back{distance}"], unigram)
            / (distance * total)
            for distance in range(1, DISTANCES + 1)
        )

    def _parts(self, contexts: Mapping[str, Tensor]) -> Tensor:
        product = torch.ones((), dtype=torch.float64)
        for head in self.parts:
            lower = self._frequency(head, len(contexts[head]))
            product = product * self.tables[head].interpolate(contexts[head], lower)[:, self._of(head)]
        return product / product.sum(1, keepdim=True)


def build(config: Config, sources: Sources) -> CountTeacher:
    """Empty tables for the classes of ``sources``; ``fit`` fills them."""
    return CountTeacher(config, sources.need("classes", "counts"))
