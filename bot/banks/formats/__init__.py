"""Bank files by their bytes: what a file is, whatever it is called. One module per format it can be read in."""

import re
from enum import StrEnum

OLE = b"\xd0\xcf\x11\xe0"
HEAD = 4096
_TOP_KEY = re.compile(r"""^["']?(?:schema|bank|title|questions)["']?[ \t]*[:\N{FULLWIDTH COLON}]""", re.MULTILINE)
_MARKUP = re.compile(r"\s*<(?:\?xml|quiz)\b")
_WEB_PAGE = re.compile(r"\s*<(?:!doctype\s+)?html\b", re.IGNORECASE)
_DELIMITERS = ",\t;"
_LOOKED_AT = 50


class Format(StrEnum):
    YAML = "yaml"
    OLD_EXCEL = "xls"
    LOCKED = "locked"
    OLD_WORD = "doc"
    EXCEL = "xlsx"
    WORD = "docx"
    ARCHIVE = "zip"
    JSON = "json"
    XML = "xml"
    WEB_PAGE = "html"
    TABLE = "csv"
    LIST = "text"
    UNKNOWN = "unknown"


def format_of(data: bytes, name: str) -> Format:
    """Bytes decide; the name only where a text could be YAML as well as a plain list."""
    if data.startswith(OLE):
        return _inside_ole(data)
    if data.startswith(b"PK\x03\x04"):
        return Format.EXCEL if b"xl/" in data else Format.WORD if b"word/" in data else Format.ARCHIVE
    text = _as_text(data)
    if text is None:
        return Format.UNKNOWN
    return _text_format(text, name)


def _inside_ole(data: bytes) -> Format:
    if "EncryptedPackage".encode("utf-16-le") in data:
        return Format.LOCKED
    return Format.OLD_WORD if "WordDocument".encode("utf-16-le") in data else Format.OLD_EXCEL


def _as_text(data: bytes) -> str | None:
    """The whole text in the first encoding that fits; None for what is no text."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    if b"\x00" in data[:HEAD] or data.startswith(b"%PDF"):
        return None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("gb18030", errors="replace")


def _text_format(text: str, name: str) -> Format:
    if _TOP_KEY.search(text):
        return Format.YAML
    if text.lstrip().startswith(("{", "[")):
        return Format.JSON
    if _MARKUP.match(text):
        return Format.XML
    if _WEB_PAGE.match(text):
        return Format.WEB_PAGE
    if name.lower().endswith((".yaml", ".yml")):
        return Format.YAML
    return Format.TABLE if _is_table(text) else Format.LIST


def _is_table(text: str) -> bool:
    lines = [line for line in text.split("\n") if line.strip()][:_LOOKED_AT]
    counts = ([line.count(mark) for line in lines] for mark in _DELIMITERS)
    return len(lines) > 1 and any(min(count) > 0 and min(count) == max(count) for count in counts)
