"""Where a model is served, and how it is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .chat import AnswerSource, ChatRequest, Usage
from .own import BotName


@dataclass(frozen=True)
class Endpoint:
    """Where a model is served, and how to reach it.

    Args:
        url: base URL without user, password and query, as keys and messages name it.
        api_key: never shown.
        option, key_variable: what names the endpoint and what holds its key, for messages.
        azure: API version and deployment, where it is Azure's.
        timeout: seconds for one request.
        retries: tries after the first.
        inherited: it is the model's, and asked for the judge since none was named.
        variables: what `env:NAME` in headers and parameters stands for, name and value; empty where it is not set.
        headers: further headers of each request; they may decide who answers, so they tell requests apart.
        secret_headers: those of them whose value is `env:NAME`, which the user's environment decides.
        stream: replies are asked for in pieces.
        keyless: it needs no key: its headers say who asks, or that nobody is asked who.
        is_token: the key is a token of Entra's, which Azure takes in another header than its keys.
        key_source: where the key came from, for the header; empty where there is none.
    """

    url: str
    api_key: str = field(repr=False, default="")
    connect_url: str = field(repr=False, default="")
    option: str = "--mtbench-base-url"
    key_variable: str = "OPENAI_API_KEY"
    azure: tuple[str, str | None] | None = None
    timeout: float = 120.0
    retries: int = 8
    inherited: bool = False
    variables: tuple[tuple[str, str], ...] = field(repr=False, default=())
    headers: tuple[tuple[str, str], ...] = ()
    secret_headers: tuple[tuple[str, str], ...] = ()
    stream: bool = False
    keyless: bool = False
    is_token: bool = False
    key_source: str = field(compare=False, default="")

    @property
    def identity(self) -> str:
        """What tells the endpoint from others in keys: an Azure deployment has its model behind the same URL."""
        deployment = self.azure[1] if self.azure else None
        return f"{self.url}#{deployment}" if deployment else self.url


@dataclass(frozen=True)
class Role:
    """A model in one of the two roles, with where and how it is asked.

    Args:
        temperature: None takes the protocol's.
        price: USD a million tokens, input and output, where known.
        limit: the most requests in flight.
        label: how reports call it: its name, unless another model is called so.
        answer_from: the field of a reply that holds its text; empty for `content`.
        thinking: what opens and closes its thinking, where that is not usual.
    """

    name: str
    endpoint: Endpoint
    temperature: float | None = None
    max_tokens: int = 1024
    extra_body: Mapping[str, Any] = field(default_factory=dict)
    price: tuple[float, float] | None = None
    limit: int = 16
    label: str = ""
    answer_from: str = ""
    thinking: tuple[str, str] | None = None

    def __post_init__(self) -> None:
        """It is called by its name where nothing else is said."""
        if not self.label:
            object.__setattr__(self, "label", self.name)

    @property
    def name_is_shared(self) -> bool:
        """Whether another model of its kind is called as it is: what is said of that name may be said of the other."""
        return self.label != self.name

    def cost(self, usage: Usage) -> float | None:
        """USD, or None where no price is known."""
        if self.price is None:
            return None if usage != Usage() else 0.0
        return (usage.input_tokens * self.price[0] + usage.output_tokens * self.price[1]) / 1e6

    def most(self, request: ChatRequest) -> float:
        """The most USD that a request can cost; 0 where no price is known."""
        # No tokenizer makes more tokens than bytes; a chat format adds a few a message.
        most_input = sum(len(message["content"].encode()) + 16 for message in request.messages)
        return self.cost(Usage(most_input, request.max_tokens)) or 0.0


@dataclass(frozen=True)
class Answerer(Role):
    """A model that answers the questions: the one under test, or one that it is compared with.

    Args:
        system_prompt: an empty one is left out.
        revision: the user's name for what is served behind the model's name.
        answers: its answers, where they exist already and none is asked for.
        stored: SHA-256 of the file that holds them, where two runs must have the same.
        bot: the user's own chatbot that answers, where no endpoint does.
    """

    system_prompt: str = ""
    revision: str = ""
    answers: AnswerSource | None = field(default=None, repr=False)
    stored: str = ""
    bot: BotName | None = None
