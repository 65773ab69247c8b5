"""Choices, suite file and environment -> the model and the judge, each with where and how it is asked.  Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

from .. import demo
from ..domain.endpoint import Answerer, Role
from ..domain.own import BotName
from ..protocol.prompts import ANSWER_MAX_TOKENS, JUDGE_MAX_TOKENS, SYSTEM_PROMPT
from ..untrusted.secrets import references
from .choices import Choices, Setting
from .credentials import Section, credential, judges_credential, sendable
from .endpoints import OpponentEndpoint
from .file import SuiteFile
from .judges import NamedJudge, check_prices, told_apart
from .prices import Prices
from .route import Route
from .settings import Settings

_AnyRole = TypeVar("_AnyRole", bound=Role)


def model_role(choices: Choices, file: SuiteFile, settings: Settings, environ: Mapping[str, str]) -> Answerer:
    """The model under test.

    Raises:
        ConfigError: its key cannot be sent.
    """
    content, section = file.content, file.content.model
    bot = BotName(section.generate, file.at(("model", "generate"), "")) if section.generate else None
    key = credential(section, environ)  # of a chatbot it is kept out of outputs
    url = choices.base_url.value if bot is None else bot.url
    route = Route(url, key, "--mtbench-base-url", settings.timeout, settings.retries)
    limit = choices.concurrency.value
    role = _role(choices.model.value, section, route, content.prices.model, limit, ANSWER_MAX_TOKENS)
    return _with_variables(Answerer(**vars(role), system_prompt=section.instructions, bot=bot), environ)


def judge_roles(
    choices: Choices, file: SuiteFile, settings: Settings, environ: Mapping[str, str], model: Role
) -> tuple[Role, ...]:
    """The judge, or the judges of a jury.

    Raises:
        ConfigError: a key cannot be sent, two are the same judge, or a budget does not know what one costs.
    """
    limit = choices.judge_concurrency.value
    roles = [_judge_role(judge, place, limit, settings, environ, model) for judge, place in choices.judges]
    judges = told_apart(roles, file, settings)
    check_prices(file, judges)
    return judges


def _judge_role(
    judge: NamedJudge, place: Setting[str], limit: int, settings: Settings, environ: Mapping[str, str], model: Role
) -> Role:
    """A judge; where nothing else is said it is asked at the model's endpoint, with the model's key.

    Args:
        place: its endpoint's URL.
        limit: the most requests in flight.
    """
    section = judge.section
    url = place.value
    # The model's endpoint is the model's key's and the model's API's; another one gets neither.
    beside = model.endpoint if url == model.endpoint.connect_url else None
    key = judges_credential(section, environ, beside)
    option = "--mtbench-base-url" if beside else "--mtbench-judge-base-url"
    route = Route(url, key, option, settings.timeout, settings.retries, beside)
    role = _role(judge.name, section, route, judge.price, limit, JUDGE_MAX_TOKENS)
    inherited = beside is not None and not place.is_given
    return _with_variables(replace(role, endpoint=replace(role.endpoint, inherited=inherited)), environ)


def opponent_role(
    name: str,
    section: OpponentEndpoint,
    price: Prices | None,
    environ: Mapping[str, str],
    model: Answerer,
    usual_url: str,
) -> Answerer:
    """A model that the one under test is compared with, asked as that one is unless its section says otherwise.

    Args:
        usual_url: the endpoint of those that name none: the model's, where it has one.
    """
    same = model.endpoint
    beside_it = demo.URL if name in demo.MODELS else usual_url
    url = (section.base_url or beside_it).rstrip("/")
    shared = url == same.connect_url
    beside = same if shared else None
    option = same.option if shared else "against.base_url in the suite file"
    key = credential(section, environ, beside)
    route = Route(url, key, option, same.timeout, same.retries, beside)
    role = _role(name, section, route, price, model.limit, model.max_tokens)
    role = replace(
        role,
        temperature=model.temperature if section.temperature is None else section.temperature,
        extra_body=section.extra_body if "extra_body" in section.model_fields_set else _handed_on(model, shared),
        answer_from=role.answer_from or model.answer_from,
        thinking=role.thinking or model.thinking,
    )
    usual = SYSTEM_PROMPT if model.bot is not None else model.system_prompt
    system = usual if section.system_prompt is None else section.system_prompt
    return _with_variables(Answerer(**vars(role), system_prompt=system), environ)


def _handed_on(model: Role, shared: bool) -> dict[str, Any]:
    """The model's further parameters for another model; at another endpoint without those that hold its secrets."""
    return {name: value for name, value in model.extra_body.items() if shared or not any(references(value))}


def _role(name: str, section: Section, route: Route, price: Prices | None, limit: int, max_tokens: int) -> Role:
    return Role(
        name=name,
        endpoint=route.endpoint(section),
        temperature=section.temperature,
        max_tokens=section.max_tokens or max_tokens,
        extra_body=section.extra_body,
        price=(price.input, price.output) if price else None,
        limit=limit,
        answer_from=section.answer_from or "",
        thinking=(section.thinking[0], section.thinking[1]) if section.thinking else None,
    )


def _with_variables(role: _AnyRole, environ: Mapping[str, str]) -> _AnyRole:
    """The role with what `env:NAME` stands for, which only its requests hold.

    Raises:
        ConfigError: a header cannot hold what a variable does.
    """
    in_headers = set(references(dict(role.endpoint.secret_headers)))
    names = sorted({*references(dict(role.extra_body)), *in_headers})
    variables = tuple(
        (name, sendable(environ, name) if name in in_headers else environ.get(name, "").strip()) for name in names
    )
    return replace(role, endpoint=replace(role.endpoint, variables=variables))
