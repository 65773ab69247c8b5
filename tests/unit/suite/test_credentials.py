"""Which key goes where, and what the header says of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from pytest_mtbench.domain.endpoint import Endpoint
from pytest_mtbench.domain.errors import ConfigError
from pytest_mtbench.suite.credentials import Credential, credential, judges_credential
from pytest_mtbench.suite.endpoints import Azure, JudgeEndpoint, ModelEndpoint, OpponentEndpoint
from pytest_mtbench.suite.route import Route

ENVIRON = {
    "OPENAI_API_KEY": "usual-1", "MTBENCH_JUDGE_API_KEY": "judges-2", "OWN": "own-3", "AZURE_OPENAI_API_KEY": "azure-4",
    "AZURE_OPENAI_AD_TOKEN": "token-5", "TOKEN": "token-6",
}  # fmt: skip
ENTRA = "AZURE_OPENAI_AD_TOKEN"
AZURE = Azure(api_version="2024-10-21")
URL = "https://api.example.com/v1"
WITH_TOKEN = Azure(api_version="2024-10-21", token_env="TOKEN")
AUTHORIZATION = {"Authorization": "Bearer env:OWN"}


def some(*names: str) -> dict[str, str]:
    return {name: ENVIRON[name] for name in names}


@pytest.mark.parametrize(
    "section, environ, value, source, is_token",
    [
        (ModelEndpoint(), ENVIRON, "usual-1", "OPENAI_API_KEY", False),
        (ModelEndpoint(), {}, "", "", False),
        (ModelEndpoint(), {"OPENAI_API_KEY": "  with-a-line-break\n"}, "with-a-line-break", "OPENAI_API_KEY", False),
        (ModelEndpoint(api_key_env="OWN"), ENVIRON, "own-3", "OWN", False),
        (ModelEndpoint(api_key_env="OWN"), some("OPENAI_API_KEY"), "", "", False),
        (ModelEndpoint(azure=AZURE), ENVIRON, "azure-4", "AZURE_OPENAI_API_KEY", False),
        (ModelEndpoint(azure=AZURE), some("OPENAI_API_KEY", ENTRA), "token-5", ENTRA, True),
        (ModelEndpoint(azure=AZURE), some("OPENAI_API_KEY"), "", "", False),
        (ModelEndpoint(azure=WITH_TOKEN), ENVIRON, "token-6", "TOKEN", True),
        (ModelEndpoint(azure=WITH_TOKEN), some("AZURE_OPENAI_API_KEY"), "", "", True),
        (ModelEndpoint(headers=AUTHORIZATION), ENVIRON, "", "the header Authorization", False),
    ],
)  # fmt: skip
def test_a_models_key(
    section: ModelEndpoint, environ: Mapping[str, str], value: str, source: str, is_token: bool
) -> None:
    key = credential(section, environ)
    assert (key.value, key.source, key.is_token) == (value, source, is_token)


def endpoint(section: Any = None, environ: Mapping[str, str] = ENVIRON) -> Endpoint:
    section = section or ModelEndpoint()
    return Route(URL, credential(section, environ), "--mtbench-base-url", 120, 8).endpoint(section)


SINCE = "since MTBENCH_JUDGE_API_KEY is not set"
UNUSED = "MTBENCH_JUDGE_API_KEY is set too, and not used"


@pytest.mark.parametrize(
    "section, environ, beside, value, source",
    [
        (JudgeEndpoint(), ENVIRON, True, "judges-2", "MTBENCH_JUDGE_API_KEY"),
        (JudgeEndpoint(), some("OPENAI_API_KEY"), True, "usual-1", "OPENAI_API_KEY"),
        (JudgeEndpoint(), some("OPENAI_API_KEY"), False, "usual-1", f"OPENAI_API_KEY, {SINCE}"),
        (JudgeEndpoint(api_key_env="OWN"), ENVIRON, False, "own-3", f"OWN; {UNUSED}"),
        (JudgeEndpoint(api_key_env="OWN"), some("OWN"), False, "own-3", "OWN"),
        (JudgeEndpoint(api_key_env="MTBENCH_JUDGE_API_KEY"), ENVIRON, False, "judges-2", "MTBENCH_JUDGE_API_KEY"),
        (JudgeEndpoint(headers=AUTHORIZATION), ENVIRON, False, "", f"the header Authorization; {UNUSED}"),
        (JudgeEndpoint(azure=WITH_TOKEN), ENVIRON, False, "token-6", f"TOKEN; {UNUSED}"),
        (JudgeEndpoint(azure=AZURE), some(ENTRA), False, "token-5", f"{ENTRA}, {SINCE}"),
    ],
)  # fmt: skip
def test_a_judges_key_and_which_one_is_not_used(
    section: JudgeEndpoint, environ: Mapping[str, str], beside: bool, value: str, source: str
) -> None:
    key = judges_credential(section, environ, endpoint(environ=environ) if beside else None)
    assert (key.value, key.source) == (value, source)


def test_a_key_that_the_file_names_for_the_model_goes_to_no_judge_elsewhere() -> None:
    environ = some("OWN", "TOKEN")
    model = endpoint(ModelEndpoint(api_key_env="OWN"), environ)
    assert judges_credential(JudgeEndpoint(), environ, None).value == ""
    assert judges_credential(JudgeEndpoint(), environ, model).value == "own-3"


def test_a_judge_beside_the_model_shares_its_token() -> None:
    model = endpoint(ModelEndpoint(azure=WITH_TOKEN))
    key = judges_credential(JudgeEndpoint(), some("TOKEN"), model)
    assert (key.value, key.is_token) == ("token-6", True)


def test_what_cannot_be_sent_is_refused_without_being_shown() -> None:
    with pytest.raises(ConfigError, match="OWN: holds characters that no key has") as raised:
        credential(ModelEndpoint(api_key_env="OWN"), {"OWN": "a\nb"})
    assert "a\\nb" not in str(raised.value)


HEADERS = {"X-Team": "search", "X-Key": "env:OWN", "Authorization": "env:TOKEN"}


def beside(section: Any, key: Credential = Credential()) -> Endpoint:  # noqa: B008 - frozen
    model = endpoint(ModelEndpoint(headers=HEADERS, stream=True, azure=AZURE))
    return Route(URL, key, "", 120, 8, model).endpoint(section)


def test_headers_that_may_choose_the_model_are_told_from_those_that_say_who_asks() -> None:
    made = endpoint(ModelEndpoint(headers=HEADERS))
    assert made.headers == (("x-team", "search"),)
    assert dict(made.secret_headers) == {"X-Key": "env:OWN", "Authorization": "env:TOKEN"}
    assert made.keyless
    assert endpoint(ModelEndpoint(headers={"Authorization": ""})).keyless
    assert not endpoint(ModelEndpoint(headers={"X-Team": "search"})).keyless


@pytest.mark.parametrize("section", [JudgeEndpoint(), OpponentEndpoint()])
def test_another_model_at_the_same_endpoint_is_reached_alike(section: Any) -> None:
    shared = beside(section)
    assert (set(dict(shared.secret_headers)), shared.stream) == ({"X-Key", "Authorization"}, True)
    assert shared.azure == ("2024-10-21", None)


def test_unless_its_own_section_or_its_own_key_says_otherwise() -> None:
    with_key = beside(JudgeEndpoint(), Credential("judges-2"))
    assert dict(with_key.secret_headers).keys() == {"X-Key"}
    own = beside(JudgeEndpoint(headers={"X-Team": "judges"}, stream=False))
    assert (own.headers, own.secret_headers, own.stream) == ((("x-team", "judges"),), (), False)


def test_a_model_elsewhere_gets_nothing_of_it() -> None:
    made = endpoint(JudgeEndpoint())
    assert (made.headers, made.secret_headers, made.stream, made.azure) == ((), (), False, None)
