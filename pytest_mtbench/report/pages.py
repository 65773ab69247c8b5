"""What the pages of this package share: templates, texts as a page may show them, data that a script reads."""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..domain.question import Place
from ..untrusted.text import readable

_FOLDER = Path(__file__).parent

# What could end the script block that holds the data, or a line of a script.
_ESCAPES = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}

_ABOUT = {
    "viewport": "initial-scale=1, width=device-width",
    "color-scheme": "light dark",
    "referrer": "no-referrer",
}
"""What a page says of itself to a browser."""


def rendered(template: str, style: str, scripts: Sequence[str], **values: Any) -> str:
    """A page, whole; write it as UTF-8.

    Args:
        template, style, scripts: files beside this one.  The template fills in the blocks of `frame.html`, whose policy
            names style and scripts by their hashes.
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
    css, code = _read(style), [_read(name) for name in scripts]
    policy = _policy(css, code)
    return pages.get_template(template).render(
        encoding="utf-8", about=_ABOUT, policy=policy, style=css, scripts=code, **values
    )


def as_block(value: object) -> str:
    """Data that a script reads: JSON in which no text can end the block that holds it."""
    return _json(value).translate(_ESCAPES)


def packed(value: object) -> str:
    """The same for long data: JSON, deflated, in base64; `DecompressionStream` of a browser unpacks it."""
    return base64.b64encode(zlib.compress(_json(value).encode())).decode()


def shown_line(text: str) -> str:
    """`readable` on one line."""
    return readable(" ".join(text.split()))


def anchor(place: Place, models: Sequence[str] = ()) -> str:
    """What a link to a turn names: `q111-turn1`, and of a comparison in an audition the models too."""
    return shown_line("-".join((f"q{place[0]}-turn{place[1]}", *models)))


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _read(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


def _policy(style: str, scripts: Sequence[str]) -> str:
    """What a browser may do with a page: run these scripts, which make no markup of texts, and nothing else."""
    run = " ".join(f"'{_source_hash(script)}'" for script in scripts)
    nothing = "; ".join(f"{what} 'none'" for what in ("connect-src", "base-uri", "form-action", "trusted-types"))
    allowed = f"script-src {run}; style-src '{_source_hash(style)}'"
    return f"default-src 'none'; {allowed}; {nothing}; require-trusted-types-for 'script'"


def _source_hash(source: str) -> str:
    """The name of an inline script or style in a Content-Security-Policy."""
    return "sha256-" + base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
