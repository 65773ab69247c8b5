"""Choices, suite file and environment -> the model and the judge, each with where and how it is asked.  Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from .. import demo
from ..domain.endpoint import Answerer, Endpoint, Role
from ..domain.errors import ConfigError
from ..domain.own import BotName
from ..protocol.prompts import ANSWER_MAX_TOKENS, JUDGE_MAX_TOKENS, SYSTEM_PROMPT
from ..untrusted.secrets import references
from ..untrusted.urls import public_url
from .choices import Choices, Setting
from .endpoints import JudgeEndpoint, ModelEndpoint, OpponentEndpoint
from .file import SuiteFile
from .judges import NamedJudge, check_prices, told_apart
from .prices import Prices
from .settings import Settings

_AnyRole = TypeVar("_AnyRole", bound=Role)


def model_role(choices: Choices, file: SuiteFile, settings: Settings, environ: Mapping[str, str]) -> Answerer:
    """The model under test.

    Raises:
        ConfigError: its key cannot be sent.
    """
    content, section = file.content, file.content.model
    bot = BotName(section.generate, file.at(("model", "generate"), "")) if section.generate else None
    azure = _azure(section)
    variable = section.api_key_env or _usual_variable(azure)
    route = Route(
        choices.base_url.value if bot is None else bot.url,
        variable,
        _api_key(environ, variable),  # of a chatbot it is kept out of outputs
        "--mtbench-base-url",
        azure,
        settings.timeout,
        settings.retries,
    )
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
    shared = url == model.endpoint.connect_url
    azure = _azure(section)
    if section.api_key_env:
        variable, key = section.api_key_env, _api_key(environ, section.api_key_env)
    else:
        otherwise = _usual_variable(azure)
        variable = f"MTBENCH_JUDGE_API_KEY or {model.endpoint.key_variable if shared else otherwise}"
        key = _api_key(environ, "MTBENCH_JUDGE_API_KEY")
        key = key or (model.endpoint.api_key if shared else _api_key(environ, otherwise))
    option = "--mtbench-base-url" if shared else "--mtbench-judge-base-url"
    azure = azure or _without_deployment(model, shared)
    route = Route(url, variable, key, option, azure, settings.timeout, settings.retries)
    role = _role(judge.name, section, route, judge.price, limit, JUDGE_MAX_TOKENS)
    inherited = shared and not place.is_given
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
    beside = demo.URL if name in demo.MODELS else usual_url
    url = (section.base_url or beside).rstrip("/")
    shared = url == same.connect_url
    azure = _azure(section)
    variable = section.api_key_env or (same.key_variable if shared else _usual_variable(azure))
    key = same.api_key if shared and not section.api_key_env else _api_key(environ, variable)
    option = same.option if shared else "against.base_url in the suite file"
    azure = azure or _without_deployment(model, shared)
    route = Route(url, variable, key, option, azure, same.timeout, same.retries)
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


@dataclass(frozen=True)
class Route:
    """How a model is reached; see `Endpoint`."""

    url: str = field(repr=False)
    variable: str
    key: str = field(repr=False)
    option: str
    azure: tuple[str, str | None] | None
    timeout: float
    retries: int


def _role(
    name: str,
    section: ModelEndpoint | JudgeEndpoint | OpponentEndpoint,
    route: Route,
    price: Prices | None,
    limit: int,
    max_tokens: int,
) -> Role:
    return Role(
        name=name,
        endpoint=Endpoint(
            url=public_url(route.url),
            connect_url=route.url,
            api_key=route.key,
            option=route.option,
            key_variable=_shown(route.variable),
            azure=route.azure,
            timeout=route.timeout,
            retries=route.retries,
        ),
        temperature=section.temperature,
        max_tokens=section.max_tokens or max_tokens,
        extra_body=section.extra_body,
        price=(price.input, price.output) if price else None,
        limit=limit,
        answer_from=section.answer_from or "",
        thinking=(section.thinking[0], section.thinking[1]) if section.thinking else None,
    )


def _with_variables(role: _AnyRole, environ: Mapping[str, str]) -> _AnyRole:
    """The role with what `env:NAME` stands for, which only its requests hold."""
    names = sorted(set(references(dict(role.extra_body))))
    variables = tuple((name, environ.get(name, "").strip()) for name in names)
    return replace(role, endpoint=replace(role.endpoint, variables=variables))


def _azure(section: ModelEndpoint | JudgeEndpoint | OpponentEndpoint) -> tuple[str, str | None] | None:
    return (section.azure.api_version, section.azure.deployment) if section.azure else None


def _without_deployment(model: Role, shared: bool) -> tuple[str, str | None] | None:
    """The API of the model's endpoint for another model there, which has a deployment of its own."""
    return (model.endpoint.azure[0], None) if shared and model.endpoint.azure else None


def _shown(variable: str) -> str:
    """What to set; a name in small letters may be a key in the place of a variable's name."""
    return variable if variable == variable.upper() or " or " in variable else "the variable that api_key_env names"


def _usual_variable(azure: object) -> str:
    return "AZURE_OPENAI_API_KEY" if azure else "OPENAI_API_KEY"


def _api_key(environ: Mapping[str, str], variable: str) -> str:
    """A key from the environment, without the line break that a CI's secret often ends in.

    Raises:
        ConfigError: it holds a character that no HTTP header takes; the key is not shown.
    """
    key = environ.get(variable, "").strip()
    if not (key.isascii() and key.isprintable()):
        raise ConfigError(f"{_shown(variable)}: holds characters that no key has (only printable ASCII can be sent)")
    return key
