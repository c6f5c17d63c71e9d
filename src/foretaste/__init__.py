"""Video models that anticipate actions, taught by what video does not show."""

from __future__ import annotations

import signal
import sys
from typing import Any

# `python -m foretaste` sets this word while it looks for the module: as long as that takes, an interrupt ends
# the process without a traceback (__main__ sets it back, and tells of it from then on).
if sys.argv[:1] == ["-m"] and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)

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
