"""The linear adapter: a map of the last dimension, whatever stands before it."""

from __future__ import annotations

import pytest
import torch

from foretaste.contracts.errors import ConfigError
from foretaste.settings import families


@pytest.mark.parametrize("shape", [(2, 3), (2, 4, 3), (2, 4, 5, 3)], ids=["embedding", "vectors", "maps"])
def test_the_last_dimension_is_mapped_and_the_others_stay(shape):
    adapter = families.build("adapters", {"kind": "linear"}, given=shape, wanted=(2, 7))
    given = torch.randn(*shape)
    found = adapter(given)
    assert found.shape == (*shape[:-1], 7)
    weight, bias = dict(adapter.named_parameters()).values()
    torch.testing.assert_close(found, given @ weight.T + bias)


def test_a_setting_that_it_does_not_have_lists_those_it_has():
    with pytest.raises(ConfigError, match="unknown key 'width'"):
        families.build("adapters", {"kind": "linear", "width": 3}, given=(2, 3), wanted=(2, 7))
