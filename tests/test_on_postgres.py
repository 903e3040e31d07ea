"""The list of what plays on PostgreSQL, too."""

from pathlib import Path

import pytest

from tests.on_postgres import NAMED

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("file", NAMED)
def test_whoever_is_named_is_there(file: str) -> None:
    text = (ROOT / file).read_text(encoding="utf-8")
    assert {name for name in NAMED[file] if f"def {name}(" not in text} == set()
