from __future__ import annotations

import pytest

from pytest_mtbench.domain.errors import ConfigError
from pytest_mtbench.suite.file import SuiteFile


def problem(text: str) -> str:
    with pytest.raises(ConfigError) as raised:
        SuiteFile.from_text(text, "mtbench.yaml")
    return str(raised.value)


GOOD = """
model:
  name: m
  headers:
    HTTP-Referer: https://example.com
    X-Team: search
    X-Api-Key: env:GATEWAY_KEY
    X-Token: Bearer env:GATEWAY_KEY
    Authorization: ""
"""


def test_texts_and_variables_may_stand_there() -> None:
    assert SuiteFile.from_text(GOOD, "mtbench.yaml").content.model.headers == {
        "HTTP-Referer": "https://example.com",
        "X-Team": "search",
        "X-Api-Key": "env:GATEWAY_KEY",
        "X-Token": "Bearer env:GATEWAY_KEY",
        "Authorization": "",
    }


@pytest.mark.parametrize(
    "headers, said",
    [
        ("{'X Team': a}", "'X Team' is no name of a header"),
        ("{'X-Team\\r\\nHost': a}", "is no name of a header"),
        ("{'': a}", "'' is no name of a header"),
        ('{X-Team: "a\\r\\nX-Admin: 1"}', "X-Team holds what no header can (only printable ASCII can be sent)"),
        ("{X-Team: käse}", "X-Team holds what no header can"),
        ("{Host: other.example.com}", "Host is the HTTP client's own"),
        ("{accept-encoding: br}", "accept-encoding is the HTTP client's own"),
        ("{X-Team: a, x-team: b}", "x-team stands there twice"),
        ("{X-Team: $TEAM}", "X-Team is not replaced by a shell; write env:NAME"),
        ("{X-Team: '${TEAM}'}", "X-Team is not replaced by a shell; write env:NAME"),
        ("{X-Team: 'a-env:TEAM'}", "X-Team holds env: where it is not replaced"),
        ("{X-Api-Key: abc}", "X-Api-Key looks like a secret, which must not stand in a file; write env:NAME"),
        ("{X-Note: sk-0123456789abcdef}", "X-Note looks like a secret"),
        ("{Authorization: Bearer abcdef}", "Authorization looks like a secret"),
        ("{X-Version: 20241}", "X-Version: must be a text; put it into quotes"),
        ("[X-Team]", "must be a mapping of keys"),
    ],
)
def test_what_cannot_be_sent_is_refused(headers: str, said: str) -> None:
    message = problem(f"model: {{name: m, headers: {headers}}}")
    assert message.startswith("mtbench.yaml:1: model.headers")
    assert said in message


def test_a_literal_secret_is_not_shown() -> None:
    assert "sk-0123456789abcdef" not in problem("model: {headers: {X-Note: sk-0123456789abcdef}}")
    assert "20241" not in problem("model: {headers: {X-Version: 20241}}")


@pytest.mark.parametrize(
    "section, said",
    [
        ("{api_key_env: A, headers: {Authorization: env:B}}", "api_key_env beside headers.Authorization"),
        ("{azure: {api_version: '1', token_env: A}, api_key_env: B}", "api_key_env beside azure.token_env"),
        (
            "{azure: {api_version: '1', token_env: A}, headers: {authorization: env:B}}",
            "azure.token_env beside headers.",
        ),
    ],
)
@pytest.mark.parametrize("role", ["model", "judge"])
def test_a_request_bears_one_credential(role: str, section: str, said: str) -> None:
    assert said in problem(f"{role}: {section}")


def test_a_stream_is_no_parameter() -> None:
    assert "write `stream: true` beside extra_body" in problem("model: {extra_body: {stream: true}}")


def test_a_keys_name_is_no_key() -> None:
    assert "azure.token_env" in problem("model: {azure: {api_version: '1', token_env: eyJabcdef.ghijklm}}")
