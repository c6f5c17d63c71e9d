"""What a network asks of a batch."""

from __future__ import annotations

import pytest
import torch

from foretaste.contracts.batch import Batch
from foretaste.contracts.errors import ConfigError


def test_an_input_that_the_view_does_not_give_is_named():
    batch = Batch(ids=("a",), inputs={"input_ids": torch.zeros(1, 2)}).to("cpu")
    with pytest.raises(
        ConfigError, match=r"no slots among the inputs.*reads input_ids.*option that makes slots"
    ):
        batch.inputs["slots"]
    assert "slots" not in batch.inputs
