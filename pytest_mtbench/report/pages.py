"""What the pages of this package share: templates, texts as a page may show them, data that a script reads."""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..untrusted.text import readable

_FOLDER = Path(__file__).parent

# What could end the script block that holds the data, or a line of a script.
_ESCAPES = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}


def rendered(template: str, style: str, scripts: Sequence[str], **values: Any) -> str:
    """A page, whole; write it as UTF-8.

    Args:
        template, style, scripts: files beside this one.  The page's policy names style and scripts by their hashes.
        values: what the template shows.  Texts are escaped there.
    """
    import jinja2  # here: importing the plugin must stay light

    pages = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters["source_hash"] = _source_hash
    return pages.get_template(template).render(
        style=_read(style), scripts=[_read(name) for name in scripts], **values
    )  # fmt: skip


def as_block(value: object) -> str:
    """Data that a script reads: JSON in which no text can end the block that holds it."""
    return _json(value).translate(_ESCAPES)


def packed(value: object) -> str:
    """The same for long data: JSON, deflated, in base64; `DecompressionStream` of a browser unpacks it."""
    return base64.b64encode(zlib.compress(_json(value).encode())).decode()


def shown_line(text: str) -> str:
    """`readable` on one line."""
    return readable(" ".join(text.split()))


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _read(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


def _source_hash(source: str) -> str:
    """The name of an inline script or style in a Content-Security-Policy."""
    return "sha256-" + base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
