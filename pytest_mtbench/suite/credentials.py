"""What tells an endpoint who asks: which variable its key comes from, and which other one is not used.  Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from ..domain.endpoint import Endpoint
from ..domain.errors import ConfigError
from .endpoints import JudgeEndpoint, ModelEndpoint, OpponentEndpoint
from .headers import sends_authorization

USUAL, AZURE, ENTRA, JUDGES = "OPENAI_API_KEY", "AZURE_OPENAI_API_KEY", "AZURE_OPENAI_AD_TOKEN", "MTBENCH_JUDGE_API_KEY"
"""The variables that hold a key where the suite file names none: the openai client's own, and the judge's."""

Section: TypeAlias = ModelEndpoint | JudgeEndpoint | OpponentEndpoint


@dataclass(frozen=True)
class Credential:
    """A key, and how it came.

    Args:
        value: empty where there is none.
        variable: what a user sets to give one.
        source: where it came from, for the header; empty where there is none.
        is_token: it is a token of Entra's.
    """

    value: str = field(repr=False, default="")
    variable: str = USUAL
    source: str = ""
    is_token: bool = False


def credential(section: Section, environ: Mapping[str, str], beside: Endpoint | None = None) -> Credential:
    """The key of the model under test, or of another one.

    Args:
        section: where it is served.
        beside: the endpoint of the model under test where this one is asked there too, with the same key.

    Raises:
        ConfigError: it cannot be sent.
    """
    said = _said_in_the_file(section, environ)
    if said is not None:
        return said
    if beside is not None:
        return _as(beside)
    if section.azure is None:
        return _from(environ, USUAL)
    key = _from(environ, AZURE)
    token = Credential() if key.value else _token(environ, ENTRA)
    return token if token.value else key


def judges_credential(section: JudgeEndpoint, environ: Mapping[str, str], beside: Endpoint | None) -> Credential:
    """A judge's key: the one that the suite file names, else the judges' own, else the model's.

    Args:
        beside: the model's endpoint, where the judge is asked there.

    Raises:
        ConfigError: it cannot be sent.
    """
    own = _from(environ, JUDGES)
    said = _said_in_the_file(section, environ)
    if said is not None:
        unused = f"; {JUDGES} is set too, and not used" if own.value and said.variable != JUDGES else ""
        return replace(said, source=f"{said.source}{unused}" if said.source else "")
    other = credential(section, environ, beside)
    variable = f"{JUDGES} or {other.variable}"
    if own.value:
        return replace(own, variable=variable)
    shared = beside is None and other.source  # with an endpoint that is not the model's
    source = f"{other.source}, since {JUDGES} is not set" if shared else other.source
    return replace(other, variable=variable, source=source)


def _said_in_the_file(section: Section, environ: Mapping[str, str]) -> Credential | None:
    """What the suite file names, and nothing else counts then."""
    if section.api_key_env:
        return _from(environ, section.api_key_env)
    if section.azure is not None and section.azure.token_env:
        return _token(environ, section.azure.token_env)
    if sends_authorization(section.headers):
        return Credential(source="the header Authorization", variable="the variable that headers.Authorization names")
    return None


def _as(endpoint: Endpoint) -> Credential:
    return Credential(endpoint.api_key, endpoint.key_variable, endpoint.key_source, endpoint.is_token)


def _from(environ: Mapping[str, str], variable: str) -> Credential:
    key = sendable(environ, variable)
    return Credential(key, shown(variable), shown(variable) if key else "")


def _token(environ: Mapping[str, str], variable: str) -> Credential:
    return replace(_from(environ, variable), is_token=True)


def shown(variable: str) -> str:
    """What to set; a name in small letters may be a key in the place of a variable's name."""
    return variable if variable == variable.upper() else "the variable that api_key_env names"


def sendable(environ: Mapping[str, str], variable: str) -> str:
    """A value from the environment, without the line break that a CI's secret often ends in.

    Raises:
        ConfigError: it holds a character that no HTTP header takes; the value is not shown.
    """
    value = environ.get(variable, "").strip()
    if not (value.isascii() and value.isprintable()):
        raise ConfigError(f"{shown(variable)}: holds characters that no key has (only printable ASCII can be sent)")
    return value
