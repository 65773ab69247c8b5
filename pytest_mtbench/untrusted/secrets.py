"""Keys where none should be: what looks like one in a file, and `env:NAME`, which stands for one.  Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..domain.errors import FatalError

_REFERENCE = re.compile(r"env:([A-Za-z_][A-Za-z0-9_]*)")
_SCHEME = re.compile(r"(bearer|basic|token|apikey)\s+(?!env:)\S+", re.IGNORECASE)
_KNOWN = re.compile(
    r"(?<![A-Za-z])sk-[\w-]{6,}"
    r"|(?:gsk|hf|gh[opusr]|github_pat|glpat|xai|r8|nvapi|pplx|csk|tgp|xox[abeprs])[-_](?=\w*\d)[\w-]{16,}"
    r"|AIza[\w-]{20,}|(?:AKIA|ASIA)[0-9A-Z]{12,}"
    r"|eyJ[\w-]{4,}\.[\w-]{4,}(?:\.[\w-]*)?"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY"
    r"|[a-z][a-z0-9+.-]*://[^/\s:@]*:[^/\s@]+@"
)
_LONG_WORD = re.compile(r"(?=.*\d)[^\s/\\]{16,}")
_RUN = re.compile(r"[A-Za-z0-9+/=]{20,}")
_SECRET_NAME = re.compile(r"key|token|secret|passw|pwd|authori[sz]ation|credential|cookie")
_OTHER_NAME = re.compile(
    r"tokens|tokeni[sz]|keyword|cache_key|token_ids?|token_type|token_limit|"
    r"(?:bos|eos|pad|stop|end|start|unk|sep|cls|mask|special|image|think)_token|"
    r"authorization_url|secretary|keyboard|monkey"
)
"""Parameters that are called like a secret and are none: `stop_token`, `tokenizer`, `prompt_cache_key`."""


def looks_secret(text: str) -> bool:
    """Whether a text is likely to be a key: of a known form, or a long run of letters and digits without words."""
    return bool(_SCHEME.fullmatch(text.strip()) or _KNOWN.search(text)) or any(map(_is_random, _RUN.findall(text)))


def _is_random(run: str) -> bool:
    digits = sum(char.isdigit() for char in run)
    mixed = any(char.islower() for char in run) and any(char.isupper() for char in run)
    return digits >= 3 and (mixed or len(run) >= 32 or (digits >= 4 and run.isupper()))


def secret_places(value: object, name: str = "") -> Iterator[str]:
    """The key paths at which plain JSON values hold what looks like a secret, by its name or its form.

    `env:NAME`, which names the variable that holds one, is none.
    """
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from secret_places(inner, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from secret_places(inner, f"{name}.{number}")
    elif isinstance(value, str) and value.strip() and not _REFERENCE.fullmatch(_without_scheme(value)):
        last = next((part for part in reversed(name.split(".")) if not part.isdigit()), "")
        if _is_secret_name(last) or looks_secret(value):
            yield name


def secrets_in(environ: Mapping[str, str]) -> list[str]:
    """The values of variables that are called like a secret and may be one: no short word, no path, no sentence."""
    return [value for name, value in environ.items() if _is_secret_name(name) and _may_be_secret(value)]


def _may_be_secret(value: str) -> bool:
    return looks_secret(value) or bool(_LONG_WORD.fullmatch(value))


def _is_secret_name(name: str) -> bool:
    plain = name.lower().replace("-", "_")
    return bool(_SECRET_NAME.search(_OTHER_NAME.sub("", plain)))


def _without_scheme(text: str) -> str:
    """`env:NAME` of `Bearer env:NAME`."""
    scheme, _, rest = text.partition(" ")
    return rest.strip() if scheme.lower() in ("bearer", "basic", "token", "apikey") else text


def references(value: object) -> Iterator[str]:
    """The variables that `env:NAME` in plain JSON values names."""
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)
    elif isinstance(value, str) and (found := _REFERENCE.fullmatch(_without_scheme(value))):
        yield found[1]


def resolved_env(value: Any, environ: Mapping[str, str]) -> Any:
    """Plain JSON values with each `env:NAME` (also `Bearer env:NAME`) replaced by the variable's value.

    Only what is sent may hold the outcome: keys, reports and messages keep `env:NAME`.

    Raises:
        FatalError: a variable is not set.
    """
    if isinstance(value, Mapping):
        return {key: resolved_env(inner, environ) for key, inner in value.items()}
    if isinstance(value, list):
        return [resolved_env(inner, environ) for inner in value]
    if not isinstance(value, str) or not (found := _REFERENCE.fullmatch(_without_scheme(value))):
        return value
    if not environ.get(found[1]):
        raise FatalError(f"env:{found[1]} in the suite file: the variable {found[1]} is not set")
    return value.replace(found[0], environ[found[1]])
