"""Video models that anticipate actions, taught by what video does not show."""

from __future__ import annotations

from typing import Any

__all__ = ["open_scores"]


def __getattr__(name: str) -> Any:
    """``foretaste.open_scores`` is imported when it is first asked for (NumPy and safetensors, no torch)."""
    if name == "open_scores":
        from foretaste.scores.reader import open_scores

        return open_scores
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
