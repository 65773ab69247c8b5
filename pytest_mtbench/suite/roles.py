"""Options, suite file and environment -> the model and the judge, each with where and how it is asked.  Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from .. import demo
from ..domain.endpoint import Answerer, Endpoint, Role
from ..domain.errors import ConfigError
from ..protocol.prompts import ANSWER_MAX_TOKENS, JUDGE_MAX_TOKENS
from ..untrusted.urls import is_url, public_url
from .schema import JudgeEndpoint, ModelEndpoint, OpponentEndpoint, PriceList, Prices
from .settings import Options

DEFAULT_JUDGE = "gpt-4o"
DEFAULT_URL = "https://api.openai.com/v1"
DEFAULT_CONCURRENCY = 16

_T = TypeVar("_T")


class Said:
    """Which value counts, and what the header says of it."""

    def __init__(self, file: str) -> None:
        self._file = file
        self.shown: list[tuple[str, str, str]] = []

    def first(self, name: str, option: _T | None, from_file: _T | None, default: _T, shown: str | None = None) -> _T:
        """Command line, then suite file, then default."""
        for value, source in ((option, f"--mtbench-{name}"), (from_file, self._file)):
            if value is not None:
                if value != default:
                    self.shown.append((name, shown or str(value), source))
                return value
        return default


def model_role(
    said: Said,
    section: ModelEndpoint,
    prices: PriceList,
    options: Options,
    environ: Mapping[str, str],
    limit: int | None,
) -> Answerer:
    """The model under test.

    Args:
        limit: the suite file's limit on requests in flight.

    Raises:
        ConfigError: no model is named, or its key cannot be sent.
    """
    name = said.first("model", options.model, section.name, "")
    if not name:
        raise ConfigError("no model: name it with --mtbench-model or `model:` in the suite file")
    ambient = environ.get("OPENAI_BASE_URL") or None
    if ambient and not is_url(ambient):
        raise ConfigError("OPENAI_BASE_URL: must be a URL such as http://localhost:8000/v1")
    usual = demo.URL if name in demo.MODELS else ambient or DEFAULT_URL
    url = _url(said, "base-url", options.base_url, section.base_url, usual)
    if ambient and usual == ambient and not options.base_url and not section.base_url:
        said.shown.append(("base-url", public_url(ambient), "OPENAI_BASE_URL"))
    azure = _azure(section)
    variable = section.api_key_env or _usual_variable(azure)
    way = _Way(url, variable, _key(environ, variable), "--mtbench-base-url", azure)
    limit = said.first("concurrency", options.concurrency, limit, DEFAULT_CONCURRENCY)
    role = _role(name, section, way, options, prices.model, limit, ANSWER_MAX_TOKENS)
    return Answerer(**vars(role), system_prompt=section.system_prompt)


def judge_role(
    said: Said,
    section: JudgeEndpoint,
    prices: PriceList,
    options: Options,
    environ: Mapping[str, str],
    limit: int | None,
    model: Role,
) -> Role:
    """The judge; where nothing else is said it is asked at the model's endpoint, with the model's key."""
    same = model.endpoint.connect_url
    usual_judge = demo.JUDGE if same == demo.URL else DEFAULT_JUDGE
    name = said.first("judge", options.judge, section.name, usual_judge)
    if name == demo.JUDGE:
        same = demo.URL
    url = _url(said, "judge-base-url", options.judge_base_url, section.base_url, same)
    # The model's endpoint is the model's key's and the model's API's; another one gets neither.
    shared = url == model.endpoint.connect_url
    azure = _azure(section)
    if section.api_key_env:
        variable, key = section.api_key_env, _key(environ, section.api_key_env)
    else:
        otherwise = _usual_variable(azure)
        variable = f"MTBENCH_JUDGE_API_KEY or {model.endpoint.key_variable if shared else otherwise}"
        key = _key(environ, "MTBENCH_JUDGE_API_KEY")
        key = key or (model.endpoint.api_key if shared else _key(environ, otherwise))
    option = "--mtbench-base-url" if shared else "--mtbench-judge-base-url"
    way = _Way(url, variable, key, option, azure or _without_deployment(model, shared))
    limit = said.first("judge-concurrency", options.judge_concurrency, limit, DEFAULT_CONCURRENCY)
    return _role(name, section, way, options, prices.judge, limit, JUDGE_MAX_TOKENS)


def opponent_role(
    name: str,
    section: OpponentEndpoint,
    prices: PriceList,
    options: Options,
    environ: Mapping[str, str],
    model: Answerer,
) -> Answerer:
    """A model that the one under test is compared with, asked as that one is unless its section says otherwise."""
    same = model.endpoint
    url = (section.base_url or same.connect_url).rstrip("/")
    shared = url == same.connect_url
    azure = _azure(section)
    variable = section.api_key_env or (same.key_variable if shared else _usual_variable(azure))
    key = same.api_key if shared and not section.api_key_env else _key(environ, variable)
    option = same.option if shared else "against.base_url in the suite file"
    way = _Way(url, variable, key, option, azure or _without_deployment(model, shared))
    role = _role(name, section, way, options, prices.against, model.limit, model.max_tokens)
    role = replace(
        role,
        temperature=model.temperature if section.temperature is None else section.temperature,
        extra_body=section.extra_body if "extra_body" in section.model_fields_set else model.extra_body,
    )
    system = model.system_prompt if section.system_prompt is None else section.system_prompt
    return Answerer(**vars(role), system_prompt=system)


@dataclass(frozen=True)
class _Way:
    """How a model is reached; see `Endpoint`."""

    url: str = field(repr=False)
    variable: str
    key: str = field(repr=False)
    option: str
    azure: tuple[str, str | None] | None


def _role(
    name: str,
    section: ModelEndpoint | JudgeEndpoint | OpponentEndpoint,
    way: _Way,
    options: Options,
    price: Prices | None,
    limit: int,
    max_tokens: int,
) -> Role:
    return Role(
        name=name,
        endpoint=Endpoint(
            url=public_url(way.url),
            connect_url=way.url,
            api_key=way.key,
            option=way.option,
            key_variable=way.variable,
            azure=way.azure,
            timeout=options.timeout,
            retries=options.retries,
        ),
        temperature=section.temperature,
        max_tokens=section.max_tokens or max_tokens,
        extra_body=section.extra_body,
        price=(price.input, price.output) if price else None,
        limit=limit,
    )


def _azure(section: ModelEndpoint | JudgeEndpoint | OpponentEndpoint) -> tuple[str, str | None] | None:
    return (section.azure.api_version, section.azure.deployment) if section.azure else None


def _without_deployment(model: Role, shared: bool) -> tuple[str, str | None] | None:
    """The API of the model's endpoint for another model there, which has a deployment of its own."""
    return (model.endpoint.azure[0], None) if shared and model.endpoint.azure else None


def _usual_variable(azure: object) -> str:
    return "AZURE_OPENAI_API_KEY" if azure else "OPENAI_API_KEY"


def _key(environ: Mapping[str, str], variable: str) -> str:
    """A key from the environment, without the line break that a CI's secret often ends in.

    Raises:
        ConfigError: it holds a character that no HTTP header takes; the key is not shown.
    """
    key = environ.get(variable, "").strip()
    if not (key.isascii() and key.isprintable()):
        raise ConfigError(f"{variable}: holds characters that no key has (only printable ASCII can be sent)")
    return key


def _url(said: Said, name: str, option: str | None, from_file: str | None, default: str) -> str:
    shown = public_url(option or from_file or default)
    return said.first(name, option, from_file, default, shown).rstrip("/")
