"""How a model is reached: a section of the suite file and a key -> an endpoint.  Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..domain.endpoint import Endpoint
from ..untrusted.secrets import references
from ..untrusted.urls import public_url
from .credentials import Credential, Section
from .headers import sends_authorization


@dataclass(frozen=True)
class Route:
    """How a model is reached; see `Endpoint`.

    Args:
        beside: the endpoint of the model under test, where another model is asked there too: it is reached as that
            one is, unless its own section says otherwise.
    """

    url: str = field(repr=False)
    key: Credential
    option: str
    timeout: float
    retries: int
    beside: Endpoint | None = None

    def endpoint(self, section: Section) -> Endpoint:
        """The endpoint of the model of that section."""
        headers = self._headers(section)
        secret = {name: value for name, value in headers.items() if any(references(value))}
        own = section.stream
        return Endpoint(
            url=public_url(self.url),
            connect_url=self.url,
            api_key=self.key.value,
            option=self.option,
            key_variable=self.key.variable,
            key_source=self.key.source,
            is_token=self.key.is_token,
            azure=self._azure(section),
            timeout=self.timeout,
            retries=self.retries,
            headers=tuple(sorted((name.lower(), text) for name, text in headers.items() if name not in secret)),
            secret_headers=tuple(sorted(secret.items())),
            stream=(self.beside.stream if self.beside else False) if own is None else own,
            keyless=bool(secret) or sends_authorization(headers),
        )

    def _headers(self, section: Section) -> Mapping[str, str]:
        if section.headers is not None or self.beside is None:
            return section.headers or {}
        inherited = dict((*self.beside.headers, *self.beside.secret_headers))
        # A key of its own is sent in the place of what tells who the model's requests come from.
        return {
            name: text for name, text in inherited.items() if not (self.key.value and sends_authorization({name: text}))
        }

    def _azure(self, section: Section) -> tuple[str, str | None] | None:
        if section.azure:
            return section.azure.api_version, section.azure.deployment
        # Another model there has a deployment of its own.
        return (self.beside.azure[0], None) if self.beside and self.beside.azure else None
