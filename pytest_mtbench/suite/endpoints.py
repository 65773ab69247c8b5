"""Where a model is served and how it is asked, as a suite file says it of the model, the judges and the others."""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import AfterValidator, Field, field_validator, model_validator

from ..protocol.prompts import SYSTEM_PROMPT
from ..untrusted.secrets import looks_secret
from ..untrusted.urls import is_url
from .headers import Headers, no_secrets, sends_authorization
from .section import Count, Runs, Section


def _no_key(name: str) -> str:
    if looks_secret(name):
        raise ValueError("is a key")
    return name


EnvName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$"), AfterValidator(_no_key)]


Sent = Annotated[dict[str, Any], AfterValidator(no_secrets)]
"""What is sent as it stands, but for `env:NAME`; never a secret itself."""


def named(value: object) -> object:
    """A model's section; a name stands for one that says nothing else."""
    return {"name": value} if isinstance(value, str) else value


class Azure(Section):
    """How an Azure OpenAI endpoint is addressed: `azure: {api_version: "2024-10-21"}`, or the version alone.

    `token_env` names the variable of a token of Entra's, which is sent instead of a key.
    """

    api_version: str
    deployment: str | None = None
    token_env: EnvName | None = None


def _checked_url(text: str) -> str:
    if not is_url(text):
        raise ValueError("must be a URL such as http://localhost:8000/v1")
    return text


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("must be a name")
    return text


class _Endpoint(Section):
    name: Annotated[str, Field(min_length=1), AfterValidator(_not_blank)] | None = None
    base_url: Annotated[str, AfterValidator(_checked_url)] | None = Field(default=None, repr=False)
    api_key_env: EnvName | None = None
    temperature: Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)] | None = None
    max_tokens: Count | None = None
    extra_body: Sent = Field(default_factory=dict)
    headers: Headers | None = None
    stream: bool | None = None
    answer_from: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")] | None = None
    thinking: Annotated[list[Annotated[str, Field(min_length=1)]], Field(min_length=2, max_length=2)] | None = None
    azure: Azure | None = None

    @field_validator("extra_body", mode="before")
    @classmethod
    def _as_json(cls, value: object) -> object:
        """What will be sent, as JSON reads it back: keys are text there, and the cache compares with that."""
        if isinstance(value, dict) and "stream" in value:
            raise ValueError("cannot hold stream; write `stream: true` beside extra_body")
        try:
            return json.loads(json.dumps(value, allow_nan=False))
        except (TypeError, ValueError, RecursionError):
            raise ValueError("must hold plain JSON values") from None

    @field_validator("azure", mode="before")
    @classmethod
    def _version_alone(cls, value: object) -> object:
        return {"api_version": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _one_credential(self) -> _Endpoint:
        named = {
            "api_key_env": self.api_key_env is not None,
            "azure.token_env": self.azure is not None and self.azure.token_env is not None,
            "headers.Authorization": sends_authorization(self.headers),
        }
        given = [name for name, there in named.items() if there]
        if len(given) > 1:
            raise ValueError(f"has {given[0]} beside {given[1]}; leave one: a request bears one of them")
        return self


def _target(text: str) -> str:
    module, _, name = text.partition(":")
    parts = [*module.split("."), *name.split(".")]
    if not all(part.isidentifier() for part in parts) or module.endswith(".py"):
        raise ValueError("must be package.module:object, as my_bot:answer")
    return text


class ModelEndpoint(_Endpoint):
    """The model under test and where it is served, or the user's own chatbot that answers (`generate`)."""

    system_prompt: str = SYSTEM_PROMPT
    generate: Annotated[str, AfterValidator(_target)] | None = None

    @model_validator(mode="after")
    def _one_answers(self) -> ModelEndpoint:
        beside = sorted(self.model_fields_set - {"name", "generate", "system_prompt", "thinking"})
        if self.generate is not None and beside:
            raise ValueError(f"has {beside[0]} beside generate; that is for an endpoint, and your own code answers")
        return self

    @property
    def instructions(self) -> str:
        """The system prompt; a chatbot has its own, unless one is given here."""
        return "" if self.generate is not None and "system_prompt" not in self.model_fields_set else self.system_prompt


class JudgeEndpoint(_Endpoint):
    """The judge and where it is served; `repeats` judgments of each answer."""

    repeats: Runs | None = None


class JurorEndpoint(JudgeEndpoint):
    """One judge of a jury; its name tells it from the others."""

    name: Annotated[str, Field(min_length=1), AfterValidator(_not_blank)]


class OpponentEndpoint(_Endpoint):
    """A model that the one under test is compared with: where it is served, or a file of its answers."""

    system_prompt: str | None = None
    answers: Annotated[str, Field(min_length=1)] | None = None
