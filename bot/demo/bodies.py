"""Bodies of HTTP requests, read as the server reads them: query, form, multipart or JSON into fields and uploads."""

from __future__ import annotations

import json
import re
from urllib.parse import parse_qsl

from bot.demo.wire import Upload

_NAME = re.compile(rb'name="([^"]*)"')
_FILENAME = re.compile(rb'filename="([^"]*)"')
_CONTENT_TYPE = re.compile(rb"content-type:\s*([^\r\n;]+)", re.IGNORECASE)


def read(query: bytes, content_type: str, body: bytes) -> tuple[dict[str, object], dict[str, Upload]]:
    fields: dict[str, object] = dict(parse_qsl(query.decode(), keep_blank_values=True)) if query else {}
    uploads: dict[str, Upload] = {}
    if not body:
        return fields, uploads
    if content_type.startswith("application/json"):
        given = json.loads(body)
        fields.update(given if isinstance(given, dict) else {})
    elif content_type.startswith("multipart/form-data"):
        _read_parts(content_type, body, fields, uploads)
    else:
        fields.update(parse_qsl(body.decode(), keep_blank_values=True))
    return fields, uploads


def _read_parts(content_type: str, body: bytes, fields: dict[str, object], uploads: dict[str, Upload]) -> None:
    boundary = re.search(r'boundary="?([^";,]+)"?', content_type)
    if boundary is None:
        return
    separator = b"--" + boundary[1].encode()
    for part in (b"\r\n" + body).split(b"\r\n" + separator)[1:-1]:
        head, _, data = part.partition(b"\r\n\r\n")
        name = _NAME.search(head.replace(b"filename=", b"file-name="))
        if name is None:
            continue
        filename = _FILENAME.search(head)
        if filename is None:
            fields[name[1].decode()] = data.decode()
        else:
            kind = _CONTENT_TYPE.search(head)
            uploads[name[1].decode()] = Upload(_readable(filename[1]), data, kind[1].decode() if kind else "")


def _readable(name: bytes) -> str:
    """A file name as clients write it: bare UTF-8, quotes and line ends as percent signs say."""
    text = name.decode(errors="replace")
    return text.replace("%22", '"').replace("%0D", "").replace("%0A", "")
