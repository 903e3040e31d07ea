"""Makes KetangSans.woff2 and coverage.txt from Noto Sans CJK. Run by hand, seldom; only it needs fontTools and brotli.

python make_font.py /usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc
"""

import hashlib
import sys
from collections.abc import Iterable
from pathlib import Path

from fontTools import subset  # type: ignore[import-not-found]  # needed by this script alone, not by the bot
from fontTools.ttLib import TTCollection, TTFont  # type: ignore[import-not-found]  # as above
from fontTools.ttLib.scaleUpem import scale_upem  # type: ignore[import-not-found]  # as above

HERE = Path(__file__).parent
FACE = "Noto Sans CJK SC"
# The Chinese face sets the middle dot and the bullet a full em wide, alike; the Japanese one as a line of text wants.
DOTS_FACE, DOTS = "Noto Sans CJK JP", (0x00B7, 0x2022)
FAMILY = "Ketang Sans"
POSTSCRIPT = "KetangSans-Regular"
# A page of 15 px text cannot show a thousandth of the em; half the grid saves a fifth of the file.
UNITS_PER_EM = 500
HANGUL = ((0x1100, 0x11FF), (0x3130, 0x318F), (0x3200, 0x321E), (0x3260, 0x327E), (0xA960, 0xD7FF), (0xFFA0, 0xFFDC))
PRIVATE_USE = ((0xE000, 0xF8FF),)
# Written for horizontal Chinese only: neither vertical setting nor the forms of other regions are kept.
DROPPED_TABLES = ["BASE", "GDEF", "GPOS", "GSUB", "VORG", "vhea", "vmtx"]


def wanted(code_points: Iterable[int]) -> list[int]:
    """Everything the face has, except Hangul and private use, in order."""
    left_out = (*HANGUL, *PRIVATE_USE)
    return sorted(c for c in code_points if not any(first <= c <= last for first, last in left_out))


def ranges(code_points: list[int]) -> list[tuple[int, int]]:
    """Neighbouring code points joined: [1, 2, 5] → [(1, 2), (5, 5)]."""
    found: list[tuple[int, int]] = []
    for code_point in code_points:
        if found and found[-1][1] == code_point - 1:
            found[-1] = (found[-1][0], code_point)
        else:
            found.append((code_point, code_point))
    return found


def face_of(collection: Path) -> TTFont:
    """The face, with the dots of the other one: all faces of the collection share their glyphs."""
    faces = {font["name"].getDebugName(1): font for font in TTCollection(collection).fonts}
    dots = faces[DOTS_FACE].getBestCmap()
    for table in faces[FACE]["cmap"].tables:
        table.cmap.update({dot: dots[dot] for dot in DOTS if dot in table.cmap})
    return faces[FACE]


def cut_down(font: TTFont, code_points: list[int]) -> None:
    options = subset.Options(
        layout_features=[], hinting=False, desubroutinize=True, glyph_names=False, notdef_outline=True, name_IDs=["*"]
    )
    options.drop_tables += DROPPED_TABLES
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=code_points)
    subsetter.subset(font)
    scale_upem(font, UNITS_PER_EM)


def rename(font: TTFont) -> None:
    """The licence reserves the names of the original for the original; its copyright and licence lines stay."""
    names = font["name"]
    kept = {0, 5, 13, 14}
    names.names = [record for record in names.names if record.nameID in kept and record.platformID == 3]
    for name_id, text in ((1, FAMILY), (2, "Regular"), (3, POSTSCRIPT), (4, FAMILY), (6, POSTSCRIPT)):
        names.setName(text, name_id, 3, 1, 0x409)
    compact = font["CFF "].cff
    compact.fontNames = [POSTSCRIPT]
    top = compact.topDictIndex[0]
    top.FamilyName = top.FullName = FAMILY


def main(collection: Path) -> None:
    font = face_of(collection)
    code_points = wanted(font.getBestCmap())
    cut_down(font, code_points)
    rename(font)
    font.recalcTimestamp = False
    font.flavor = "woff2"
    target = HERE / "KetangSans.woff2"
    font.save(target)
    lines = [f"{first:X}-{last:X}" if first != last else f"{first:X}" for first, last in ranges(code_points)]
    heading = "# Code points KetangSans.woff2 can show, hexadecimal, one range a line. Written by make_font.py.\n"
    (HERE / "coverage.txt").write_text(heading + "\n".join(lines) + "\n", encoding="ascii")
    data = target.read_bytes()
    sys.stdout.write(f"{hashlib.sha256(data).hexdigest()}  {target.name}  {len(data)} bytes\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
