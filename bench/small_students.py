"""The students of ``bench/student.py``, how the loop trains them, and a teacher's scores in memory."""

from __future__ import annotations

from pathlib import Path

import torch
from random_trainings import Sizes, Training, student

from foretaste.contracts.batch import Batch, Outputs
from foretaste.settings.model_config import TermConfig
from foretaste.settings.training_config import LoopConfig
from foretaste.training.objective import Objective, build_objective
from foretaste.training.targets import Targets

TEACHER = "teacher"
SEED = 0
#: Steps of a round that are not counted: memory is taken.
FIRST = 5
#: Width -> of what the student is made.
SIZES = {
    64: Sizes(width=64, layers=2, features=128, actions=90),
    512: Sizes(width=512, layers=2),
}


def settings(training: Training, steps: int) -> LoopConfig:
    """Of a loop that is broken off before it would write a checkpoint."""
    return LoopConfig(
        steps=steps + FIRST + 2,
        batch=training.batch,
        optimizer=training.optimizer,
        checkpoint_steps=10**9,
        checkpoint_minutes=10**6,
    )


def objective_of(training: Training) -> Objective:
    """What the student is trained by."""
    return build_objective([TermConfig(**term) for term in training.terms])


def in_memory(teacher: torch.Tensor) -> Targets:
    """A teacher's scores; a sample is called s and its row."""

    def targets(batch: Batch) -> dict[str, Outputs]:
        rows = torch.tensor([int(sample[1:]) for sample in batch.ids])
        return {TEACHER: Outputs(logits={"action": teacher[rows]})}

    return targets


def made(width: int) -> Training:
    """The student of this width, the same every time."""
    torch.manual_seed(SEED)
    return student(SIZES[width], Path())
