"""When the state of a training is kept, and when a training that is told to end does."""

from __future__ import annotations

import signal
import time
from types import FrameType

import torch
from accelerate import Accelerator

from foretaste.pipeline.interruption import SIGNALS
from foretaste.settings.training_config import LoopConfig
from foretaste.training.sums import total_of


class Interruptions:
    """Looks at the clock, and for the signals that schedulers send some time before they kill. ``to_end``:
    some process was told to end, and all know.
    """

    def __init__(self, config: LoopConfig):
        self._every_s, self._every_steps = 60 * config.checkpoint_minutes, config.checkpoint_steps
        self._last = time.monotonic()
        self._told = self.to_end = False

    def __enter__(self) -> Interruptions:
        self._before = {number: signal.signal(number, self._tell) for number in SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _tell(self, number: int, frame: FrameType | None) -> None:
        self._told = True

    def wished(self, accelerator: Accelerator) -> bool:
        """Whether the state after the step that now begins is kept: all processes ask at the same step, and
        get the same answer, whatever their clocks say.
        """
        late = accelerator.is_main_process and time.monotonic() - self._last >= self._every_s
        wishes = torch.tensor([late, self._told], dtype=torch.float64)
        late, told = total_of(accelerator, [wishes], 2)
        if late:
            self._last = time.monotonic()
        self.to_end = bool(told)
        return bool(late or told)

    def is_due(self, step: int) -> bool:
        """Whether the state after ``step`` updates is kept whatever the clock says."""
        return self._every_steps is not None and step % self._every_steps == 0
