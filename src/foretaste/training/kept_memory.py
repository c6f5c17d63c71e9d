"""Memory of batches is kept for the next ones."""

from __future__ import annotations

import ctypes
from functools import cache

#: What glibc calls them (malloc.h): free memory that it keeps, and from which size on it asks the system for
#: memory of an allocation's own, which is handed back at once. Its own most is 32 MB.
_M_TRIM_THRESHOLD, _KEPT = -1, 256 << 20
_M_MMAP_THRESHOLD, _OF_ITS_OWN = -3, 32 << 20


@cache
def keep_memory() -> None:
    """Have the C library keep what a batch leaves. Otherwise every page of the next one is faulted in anew,
    which takes longer than copying into it (bench/loading.py). Of other libraries than glibc nothing is
    asked.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _OF_ITS_OWN)
        mallopt(_M_TRIM_THRESHOLD, _KEPT)
