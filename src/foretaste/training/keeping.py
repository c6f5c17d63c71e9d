"""Keeping the feature maps of a model while it is scored: batch by batch, in however many processes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from foretaste.contracts.batch import MAPS, Outputs
from foretaste.contracts.view import Look
from foretaste.scores.maps import MapWriter
from foretaste.training import processes
from foretaste.training.objective import select
from foretaste.training.samples import Samples


class MapKeeper:
    """Writes the maps ``names`` to a store in ``folder``; the first process does, the others hand theirs
    over.
    """

    def __init__(self, names: Sequence[str], folder: Path):
        self._names = tuple(names)
        main = processes.accelerator().is_main_process
        self._writer = MapWriter(folder, names) if main else None

    def begin(self, split: str, samples: Samples, look: Look | None = None) -> None:
        """What is kept next belongs to ``samples``, which are of that split and shown under ``look``."""
        if self._writer is not None:
            self._writer.begin(split, samples.ids, look)

    def keep(self, positions: np.ndarray, outputs: Outputs) -> None:
        """The maps of the samples at ``positions`` (B,). Raises ConfigError for one that the network does not
        make.
        """
        accelerator = processes.accelerator()
        made = {name: select(outputs, f"{MAPS}{name}", "the network").float() for name in self._names}
        gathered = {name: accelerator.gather(values.contiguous()) for name, values in made.items()}
        everyone = accelerator.gather(torch.from_numpy(positions).to(accelerator.device))
        if self._writer is not None:
            maps = {name: values.cpu().numpy() for name, values in gathered.items()}
            self._writer.write(everyone.cpu().numpy(), maps)

    def finish(self) -> str:
        """The identity of the whole store, which only the first process may ask for."""
        return self._writer.finish()
