"""A set of texts in 16 bytes or so each: whether an id was met before, among millions."""

from __future__ import annotations

from array import array
from hashlib import blake2b


class Digests:
    """Holds 64-bit digests in an open-addressing table. Two texts of a million share a digest with chance
    3e-8.
    """

    def __init__(self):
        self.table = array("Q", bytes(8 << 12))
        self.count = 0

    def add(self, text: str) -> bool:
        """Add ``text``; False if it was there."""
        if 2 * self.count >= len(self.table):
            held = [digest for digest in self.table if digest]
            self.table = array("Q", bytes(16 * len(self.table)))
            for digest in held:
                self.table[self._slot(digest)] = digest
        digest = int.from_bytes(blake2b(text.encode(), digest_size=8).digest()) or 1
        slot = self._slot(digest)
        if self.table[slot]:
            return False
        self.table[slot] = digest
        self.count += 1
        return True

    def _slot(self, digest: int) -> int:
        """Where ``digest`` is or would be."""
        mask = len(self.table) - 1
        slot = digest & mask
        while self.table[slot] and self.table[slot] != digest:
            slot = (slot + 1) & mask
        return slot
