"""Networks of several views whose logits are averaged."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from foretaste.contracts.batch import Batch, Outputs
from foretaste.contracts.errors import ConfigError
from foretaste.models.late_fusion import LateFusion


class Says(nn.Module):
    """Its input, as the logits of some heads."""

    def __init__(self, *heads: str):
        super().__init__()
        self.heads = heads

    def forward(self, batch: Batch) -> Outputs:
        return Outputs(logits=dict.fromkeys(self.heads, batch.inputs["x"]))


BATCH = Batch(ids=("a",), inputs={"rgb.x": torch.tensor([[1.0, 3.0]]), "flow.x": torch.tensor([[3.0, 9.0]])})


def test_each_network_sees_its_own_view_and_their_mean_counts():
    found = LateFusion({"rgb": Says("action"), "flow": Says("action")})(BATCH)
    assert found.logits["action"].tolist() == [[2.0, 6.0]]


@pytest.mark.parametrize("names", [("rgb", "flow"), ("flow", "rgb")])
def test_a_head_that_one_of_them_lacks_is_not_left_out_in_silence(names):
    networks = dict(zip(names, (Says("action"), Says("action", "verb")), strict=True))
    with pytest.raises(ConfigError, match=f"{names[0]} says action; {names[1]} says action, verb"):
        LateFusion(networks)(BATCH)
