"""Video models that anticipate actions, taught by what video does not show."""

from __future__ import annotations

from typing import Any

__all__ = ["open_scores", "save_features"]


def __getattr__(name: str) -> Any:
    """What is imported when it is first asked for (NumPy, safetensors, h5py; no torch)."""
    if name == "open_scores":
        from foretaste.scores.reader import open_scores

        return open_scores
    if name == "save_features":
        from foretaste.features.given import save_features

        return save_features
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
