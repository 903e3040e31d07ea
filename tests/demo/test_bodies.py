"""Request bodies in the shapes that clients send them."""

from bot.demo import bodies
from bot.demo.wire import Upload


def test_query_and_form_are_joined():
    fields, uploads = bodies.read(b"chat_id=1", "application/x-www-form-urlencoded", "text=你好 a&x=".encode())
    assert fields == {"chat_id": "1", "text": "你好 a", "x": ""}
    assert uploads == {}


def test_json_keeps_its_types():
    assert bodies.read(b"", "application/json", b'{"chat_id": 1, "a": [true]}')[0] == {"chat_id": 1, "a": [True]}


def test_an_empty_body_and_one_without_boundary_have_no_fields():
    assert bodies.read(b"", "", b"") == ({}, {})
    assert bodies.read(b"", "multipart/form-data", b"--x\r\n") == ({}, {})


def test_multipart_tells_fields_from_files():
    body = (
        '--X\r\nContent-Disposition: form-data; name="chat_id"\r\n\r\n1001\r\n'
        '--X\r\nContent-Disposition: form-data; name="file0"; filename="名册%22甲%22.xlsx"\r\n'
        "Content-Type: application/zip\r\n\r\nPK\r\n--\r\n--X--\r\n"
    ).encode()
    fields, uploads = bodies.read(b"", 'multipart/form-data; boundary="X"', body)
    assert fields == {"chat_id": "1001"}
    assert uploads == {"file0": Upload('名册"甲".xlsx', b"PK\r\n--", "application/zip")}
