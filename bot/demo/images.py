"""Width and height of PNG and JPEG pictures, read from their headers."""

from __future__ import annotations

import struct

from bot.demo.refusals import photo_unreadable

PNG = b"\x89PNG\r\n\x1a\n"
JPEG = b"\xff\xd8"
FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def size(data: bytes) -> tuple[int, int]:
    """Raises the server's refusal for what is neither PNG nor JPEG."""
    if data.startswith(PNG) and len(data) >= 24:
        width, height = struct.unpack(">II", data[16:24])
        return width, height
    if data.startswith(JPEG):
        return _jpeg_size(data)
    raise photo_unreadable()


def _jpeg_size(data: bytes) -> tuple[int, int]:
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker, length = data[at + 1], struct.unpack(">H", data[at + 2 : at + 4])[0]
        if marker in FRAME_MARKERS:
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        at += 2 + length
    raise photo_unreadable()
