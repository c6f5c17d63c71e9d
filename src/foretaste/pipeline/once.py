"""What is asked again and again of one long tuple or list, found out once.

A cache by equality would look at all of it every time: the clips of a dataset may be hundreds of thousands,
and every shard reads them all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Once:
    """``function`` of one value, which is not to change; asked again for the same value, not for an equal
    one, it answers as before.
    """

    def __init__(self, function: Callable[[Any], Any]):
        self._function = function
        self._known: dict[int, tuple[Any, Any]] = {}

    def __call__(self, value: Any) -> Any:
        # The value is kept, or another could come to lie where it did.
        if id(value) not in self._known:
            self._known[id(value)] = value, self._function(value)
        return self._known[id(value)][1]
