"""Gradients are added up bucket by bucket while the backward pass runs: what comes out is their plain sum,
and what no process has stays without.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import torch
from started_trainings import launch
from torch import nn

from foretaste.pipeline import ranks
from foretaste.training.gradients import GradientSum
from foretaste.training.processes import accelerator

PROCESSES = 2
#: Bytes of a bucket: every parameter alone, a few together, all together.
SIZES = (1, 200, 2**24)


class Odd(nn.Module):
    """Parts that are used twice, by one process, in the first piece only, in another type, or never."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(3)
        self.low = nn.Parameter(torch.randn(4).bfloat16())
        self.never, self.early = nn.Linear(4, 4), nn.Linear(4, 4)
        self.shared, self.some = nn.Linear(4, 4), nn.Linear(4, 4)
        self.frozen = nn.Parameter(torch.ones(3), requires_grad=False)

    def forward(self, x, some: bool, early: bool):
        x = self.shared(self.shared(x).tanh()) * self.low.float()
        x = x + self.some(x) if some else x
        return (x + self.early(x) if early else x).square().sum()


def pieces(rank: int, step: int) -> list[tuple[torch.Tensor, bool, bool]]:
    """What a process is given: one of them has nothing in the third step."""
    if step == 2 and rank == 1:
        return []
    luck = torch.Generator().manual_seed(10 * step + rank)
    return [(torch.randn(3, 4, generator=luck), rank == 0, piece == 0) for piece in range(2)]


def gradients(model: nn.Module) -> dict[str, torch.Tensor | None]:
    return {name: parameter.grad for name, parameter in model.named_parameters()}


def one_of_two(out: Path) -> None:
    rank = accelerator().process_index
    sent = {}
    for size in SIZES:
        model = Odd()
        sums = GradientSum(accelerator(), model, size)
        for step in range(3):
            given = pieces(rank, step)
            for number, piece in enumerate(given, 1):
                if number == len(given):
                    sums.last_backward()
                model(*piece).backward()
            sent[f"{size} {step} {rank}"] = len(sums._sent)
            sums.add_up()
            torch.save(gradients(model), out / f"{size}-{step}-{rank}.pt")
            model.zero_grad()
        sums.leave()
        assert not any(parameter._post_accumulate_grad_hooks for parameter in model.parameters())
    (out / f"sent-{rank}.json").write_text(json.dumps(sent))


@pytest.fixture(scope="module")
def out(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("gradients")
    launch([str(Path(__file__)), str(folder)], folder, processes=PROCESSES)
    return folder


@pytest.mark.parametrize("step", range(3))
@pytest.mark.parametrize("size", SIZES)
def test_every_process_has_the_sum_of_all(size, step, out):
    model = Odd()
    for rank in range(PROCESSES):
        for piece in pieces(rank, step):
            model(*piece).backward()
    for rank in range(PROCESSES):
        found = torch.load(out / f"{size}-{step}-{rank}.pt", weights_only=True)
        assert found["never.weight"] is None and found["frozen"] is None
        for name, expected in gradients(model).items():
            if expected is not None:
                tolerance = 2e-2 if expected.dtype == torch.bfloat16 else 1e-6
                torch.testing.assert_close(found[name], expected, rtol=tolerance, atol=tolerance)
                assert found[name].dtype == expected.dtype


def test_what_is_complete_is_sent_before_the_backward_pass_ends(out):
    sent = json.loads((out / "sent-0.json").read_text()) | json.loads((out / "sent-1.json").read_text())
    assert sent["1 0 0"] == 4, "some and shared; early has no gradient in the last piece"
    assert sent["1 0 1"] == 0, "some is not used there, and nothing overtakes it"
    assert sent["1 2 1"] == 0, "without a piece there is no backward pass"


if __name__ == "__main__":
    one_of_two(Path(sys.argv[1]))
    torch.distributed.destroy_process_group()
    ranks.leave()
