"""Screenshots made small enough to be committed: the 256 most frequent colours, compressed as far as it goes."""

import struct
import zlib
from collections import Counter
from collections.abc import Iterator

SIGNATURE = b"\x89PNG\r\n\x1a\n"
TRUE_COLOUR, PALETTE = 2, 3
PIXEL = 3  # bytes
MOST_COLOURS = 256


def shrunk(data: bytes) -> bytes:
    """A picture of eight bits a channel without transparency, as a browser takes it, with a palette instead."""
    parts = list(_chunks(data))
    width, height, depth, kind = struct.unpack(">IIBB", parts[0][1][:10])
    if (depth, kind) != (8, TRUE_COLOUR):
        raise ValueError(f"no plain true-colour picture: depth {depth}, kind {kind}")
    packed = zlib.decompress(b"".join(body for name, body in parts if name == b"IDAT"))
    rows = [[row[at : at + PIXEL] for at in range(0, len(row), PIXEL)] for row in _rows(packed, width * PIXEL)]
    counts = Counter(pixel for row in rows for pixel in row)
    colours = [colour for colour, _ in counts.most_common(MOST_COLOURS)]
    index = {colour: number for number, colour in enumerate(colours)}
    for colour in counts:
        if colour not in index:
            index[colour] = min(range(len(colours)), key=lambda number: _distance(colours[number], colour))
    lines = b"".join(b"\0" + bytes(index[pixel] for pixel in row) for row in rows)
    header = struct.pack(">IIBBBBB", width, height, 8, PALETTE, 0, 0, 0)
    body = _chunk(b"IHDR", header) + _chunk(b"PLTE", b"".join(colours)) + _chunk(b"IDAT", zlib.compress(lines, 9))
    return SIGNATURE + body + _chunk(b"IEND", b"")


def _distance(one: bytes, other: bytes) -> int:
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True))


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(SIGNATURE)
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        yield data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        at += 12 + length


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _rows(packed: bytes, width: int) -> Iterator[bytes]:
    """The rows as they are, each filter of the format undone."""
    above = bytes(width)
    for start in range(0, len(packed), width + 1):
        filtered, row = packed[start], bytearray(packed[start + 1 : start + 1 + width])
        for at in range(width):
            left, corner = (row[at - PIXEL], above[at - PIXEL]) if at >= PIXEL else (0, 0)
            row[at] = (row[at] + _expected(filtered, left, above[at], corner)) & 0xFF
        above = bytes(row)
        yield above


def _expected(filtered: int, left: int, up: int, corner: int) -> int:
    if filtered < 4:
        return (0, left, up, (left + up) // 2)[filtered]
    guess = left + up - corner
    return min((left, up, corner), key=lambda one: abs(guess - one))
