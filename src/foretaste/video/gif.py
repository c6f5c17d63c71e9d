"""The blocks of a GIF (GIF89a, appendix A): whether it is whole, and which of its packets hold a picture.

A GIF says for how many hundredths of a second each picture is shown. FFmpeg's clock is followed: 0 stands
for a tenth of a second, as in players, which show 1 so, too; a picture that says nothing is shown as long as
the one before it.
"""

from __future__ import annotations

from pathlib import Path

_SIGNATURE = b"GIF8"

#: How blocks begin: an extension, a picture, the end.
_EXTENSION, _PICTURE, _END = 0x21, 0x2C, 0x3B


def fault(path: Path) -> str | None:
    """What is wrong with the file; None where its blocks lead to its end mark, and at most zeros follow."""
    content = Path(path).read_bytes()
    kinds, end = _blocks(content)
    if _END not in kinds:
        return "cut off: its end mark is missing"
    if content[end:].strip(b"\0"):
        return "joined with another file, or damaged: it goes on after its end mark"
    return None


def holds_picture(packet: bytes) -> bool:
    """Whether a packet has one: what is said after the last picture (a comment) is a packet of its own."""
    return _PICTURE in _blocks(packet)[0]


def _blocks(content: bytes) -> tuple[list[int], int]:
    """How each block begins, up to the end mark or to what is none; and where the last one ends."""
    at = 13 + _colours(content, 10) if content.startswith(_SIGNATURE) else 0
    kinds = []
    while at < len(content) and content[at] in (_EXTENSION, _PICTURE, _END):
        kinds.append(content[at])
        if kinds[-1] == _END:
            return kinds, at + 1
        at += 11 + _colours(content, at + 9) if kinds[-1] == _PICTURE else 2
        while at < len(content) and content[at]:  # blocks of up to 255 bytes
            at += content[at] + 1
        at += 1
    return kinds, at


def _colours(content: bytes, at: int) -> int:
    """Bytes of the table of colours that the flags at ``at`` announce."""
    flags = content[at] if at < len(content) else 0
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0
