"""Bank files by their bytes: what a file is, whatever it is called. One module per format it can be read in."""

import re
import zlib
from dataclasses import dataclass
from enum import StrEnum
from io import BytesIO
from zipfile import BadZipFile, ZipFile

OLE = b"\xd0\xcf\x11\xe0"
ZIPS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
HEAD = 4096
MAX_UNPACKED = 64 * 1024 * 1024
MAX_ENTRIES = 5000
CONTENT_TYPES = "[Content_Types].xml"
_TYPES_READ = 256 * 1024  # of the list of a package's parts; an honest one has a few thousand bytes
_TOP_KEY = re.compile(r"""^["']?(?:schema|bank|title|questions)["']?[ \t]*[:\N{FULLWIDTH COLON}]""", re.MULTILINE)
_JSON = re.compile(r"\s*(?:\{\s*[\"}]|\[\s*[\[{\"\]])")
_MARKUP = re.compile(r"\s*<(?:\?xml|quiz)\b")
_WEB_PAGE = re.compile(r"\s*<(?:!doctype\s+)?html\b", re.IGNORECASE)
_SCRIPT = re.compile(
    r"\s*(?:(?:--|/\*|SET\b|USE\b|DROP\b|BEGIN\b).*\n\s*)*(?:INSERT\s+INTO|CREATE\s+TABLE)\b", re.IGNORECASE
)
_GIFT = re.compile(
    r"^\$CATEGORY:|^\s*::[^:\n]+::|(?<!\\)\{\s*(?:[=~#]|(?:T|F|TRUE|FALSE)\s*(?:#[^}]*)?\})", re.MULTILINE
)
_DELIMITERS = ",\t;"
_LOOKED_AT = 50
_HEADED = 10  # lines above and with the headings
_HEADINGS = re.compile(
    r"(?=[^,\t;，|]*(?P<mark>[,\t;，|])(?:[^,\t;，|]*(?P=mark)){2})(?=.*(?:题干|题目|试题|问题))(?=.*(?:答案|选项))[^。？?！!:：]*$"
)


class Format(StrEnum):
    YAML = "yaml"
    OLD_EXCEL = "xls"
    LOCKED = "locked"
    OLD_WORD = "doc"
    EXCEL = "xlsx"
    WORD = "docx"
    ARCHIVE = "zip"
    BROKEN = "broken"  # a zip without its end
    SWOLLEN = "swollen"  # a zip that unpacks to more than anybody writes
    JSON = "json"
    XML = "xml"
    GIFT = "gift"
    WEB_PAGE = "html"
    SCRIPT = "sql"
    TABLE = "csv"
    LIST = "text"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text and how its bytes were read; `is_guessed` where neither a mark nor UTF-8 said so (W214)."""

    text: str
    encoding: str
    is_guessed: bool = False


def format_of(data: bytes, name: str) -> Format:
    """Bytes decide; the name only where a text could be YAML as well as a plain list."""
    if data.startswith(OLE):
        return _inside_ole(data)
    if data.startswith(ZIPS) or data == ZIPS[0][:2]:
        return _inside_zip(data)
    decoded = decode(data)
    if decoded is None:
        return Format.UNKNOWN
    return _text_format(decoded.text, name)


def _inside_ole(data: bytes) -> Format:
    if "EncryptedPackage".encode("utf-16-le") in data:
        return Format.LOCKED
    return Format.OLD_WORD if "WordDocument".encode("utf-16-le") in data else Format.OLD_EXCEL


def _inside_zip(data: bytes) -> Format:
    """By the package's own list of parts; by their names where it has none."""
    try:
        with ZipFile(BytesIO(data)) as file:
            entries = file.infolist()
            if len(entries) > MAX_ENTRIES or sum(entry.file_size for entry in entries) > MAX_UNPACKED:
                return Format.SWOLLEN
            if any(entry.flag_bits & 1 for entry in entries):
                return Format.LOCKED
            names = {entry.filename for entry in entries}
            listed = file.open(CONTENT_TYPES).read(_TYPES_READ) if CONTENT_TYPES in names else b""
    except (BadZipFile, ValueError, NotImplementedError, EOFError, OSError, zlib.error):
        return Format.BROKEN
    if b"spreadsheetml." in listed or (b"wordprocessingml." not in listed and "xl/workbook.xml" in names):
        return Format.EXCEL
    return Format.WORD if b"wordprocessingml." in listed or "word/document.xml" in names else Format.ARCHIVE


def decode(data: bytes) -> Decoded | None:
    """The whole text in the first encoding that fits; None for what is no text."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return Decoded(data.decode("utf-16", errors="replace"), "UTF-16")
    if b"\x00" in data[:HEAD] or data.startswith(b"%PDF"):
        return None
    try:
        return Decoded(data.decode("utf-8-sig"), "UTF-8")
    except UnicodeDecodeError:
        return Decoded(data.decode("gb18030", errors="replace"), "GB18030", is_guessed=True)


def _text_format(text: str, name: str) -> Format:
    if _TOP_KEY.search(text):
        return Format.YAML
    if _JSON.match(text):
        return Format.JSON
    if _MARKUP.match(text):
        return Format.XML
    if _WEB_PAGE.match(text):
        return Format.WEB_PAGE
    if _SCRIPT.match(text):
        return Format.SCRIPT
    if name.lower().endswith((".yaml", ".yml")):
        return Format.YAML
    if _GIFT.search(text):
        return Format.GIFT
    return Format.TABLE if _is_table(text) else Format.LIST


def _is_table(text: str) -> bool:
    """Whether one delimiter stands in the first lines as often in each; commas inside quotes do not count.

    Below a line of headings it need not: people who write a table by hand leave out the last marks.
    """
    lines = [line for line in _QUOTED.sub("", text).split("\n") if line.strip()][:_LOOKED_AT]
    counts = ([line.count(mark) for line in lines] for mark in _DELIMITERS)
    if len(lines) > 1 and any(min(count) > 0 and min(count) == max(count) for count in counts):
        return True
    return any(_HEADINGS.match(line) for line in lines[:_HEADED])


_QUOTED = re.compile(r'"[^"]*"')
