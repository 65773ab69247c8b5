"""Options, suite file and environment -> the model and the judge, each with where and how it is asked.  Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from . import demo
from .client import Endpoint
from .command import Options
from .errors import ConfigError
from .plan import Role
from .prompts import ANSWER_MAX_TOKENS, JUDGE_MAX_TOKENS
from .suite import JudgeEndpoint, ModelEndpoint, PriceList, Prices
from .urls import is_url, public_url

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
) -> Role:
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
    variable = section.api_key_env or ("AZURE_OPENAI_API_KEY" if section.azure else "OPENAI_API_KEY")
    return Role(
        name=name,
        endpoint=Endpoint(
            url=public_url(url),
            connect_url=url,
            api_key=_key(environ, variable),
            option="--mtbench-base-url",
            key_variable=variable,
            azure=(section.azure.api_version, section.azure.deployment) if section.azure else None,
            timeout=options.timeout,
            retries=options.retries,
        ),
        temperature=section.temperature,
        max_tokens=section.max_tokens or ANSWER_MAX_TOKENS,
        extra_body=section.extra_body,
        price=_price(prices.model),
        limit=said.first("concurrency", options.concurrency, limit, DEFAULT_CONCURRENCY),
    )


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
    azure = (section.azure.api_version, section.azure.deployment) if section.azure else None
    otherwise = "AZURE_OPENAI_API_KEY" if azure else "OPENAI_API_KEY"
    if section.api_key_env:
        variable, key = section.api_key_env, _key(environ, section.api_key_env)
    else:
        variable = f"MTBENCH_JUDGE_API_KEY or {model.endpoint.key_variable if shared else otherwise}"
        key = _key(environ, "MTBENCH_JUDGE_API_KEY")
        key = key or (model.endpoint.api_key if shared else _key(environ, otherwise))
    return Role(
        name=name,
        endpoint=Endpoint(
            url=public_url(url),
            connect_url=url,
            api_key=key,
            option="--mtbench-judge-base-url" if not shared else "--mtbench-base-url",
            key_variable=variable,
            azure=azure or (model.endpoint.azure and (model.endpoint.azure[0], None) if shared else None),
            timeout=options.timeout,
            retries=options.retries,
        ),
        temperature=section.temperature,
        max_tokens=section.max_tokens or JUDGE_MAX_TOKENS,
        extra_body=section.extra_body,
        price=_price(prices.judge),
        limit=said.first("judge-concurrency", options.judge_concurrency, limit, DEFAULT_CONCURRENCY),
    )


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


def _price(prices: Prices | None) -> tuple[float, float] | None:
    return (prices.input, prices.output) if prices else None
