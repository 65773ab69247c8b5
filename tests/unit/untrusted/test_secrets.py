from __future__ import annotations

from typing import Any

import pytest

from pytest_mtbench.domain.errors import FatalError
from pytest_mtbench.untrusted.secrets import looks_secret, references, resolved_env, secret_places, secrets_in


@pytest.mark.parametrize(
    "text",
    [
        "sk-abc123",
        "sk-proj-Xy_9-abcdef",
        "gsk_0123456789abcdefABCD",
        "hf_aB3dE6gH9jK2mN5pQ8sT",
        "ghp_0123456789abcdefghij",
        "AIzaSyA-0123456789abcdefghijk",
        "AKIAIOSFODNN7EXAMPLE",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
        "Bearer abc",
        "basic dXNlcjpwdw==",
        "d41d8cd98f00b204e9800998ecf8427e",
        "c2VjcmV0LXZhbHVlLTEyMzQ1Njc4OQ==",
        "the key is 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "https://me:geheim@host/v1",
        "-----BEGIN RSA PRIVATE KEY-----",
    ],
)
def test_what_looks_like_a_secret(text: str) -> None:
    assert looks_secret(text)
    assert list(secret_places({"note": ["", text]})) == ["note.1"]


@pytest.mark.parametrize(
    "text",
    [
        "", "high", "json_object", "<|im_end|>", "Meta-Llama-3.1-8B-Instruct-Turbo", "gpt-4o-mini-2024-07-18",
        "MY_OPENAI_KEY_2", "https://host:8000/v1", "risk-averse", "You are a helpful assistant.",
        "env:MY_KEY", "Bearer env:MY_KEY", "Qwen/Qwen2.5-72B-Instruct-GPTQ-Int4",
    ],
)  # fmt: skip
def test_what_does_not(text: str) -> None:
    assert not looks_secret(text)
    assert list(secret_places({"note": text})) == []


@pytest.mark.parametrize(
    "name, secret",
    [
        ("api_key", True), ("X-Api-Key", True), ("apiKey", True), ("access_token", True), ("Authorization", True),
        ("client_secret", True), ("db.password", True), ("Cookie", True),
        ("stop_token", False), ("tokenizer", False), ("prompt_cache_key", False), ("keywords", False), ("user", False),
    ],
)  # fmt: skip
def test_a_value_is_secret_by_its_name(name: str, secret: bool) -> None:
    assert list(secret_places({"deep": [{name: "x1"}]})) == ([f"deep.0.{name}"] if secret else [])
    assert list(secret_places({name: 5, "max_tokens": 6, "reasoning": {"effort": "low"}})) == []
    assert list(secret_places({name: "env:MY_KEY"})) == []
    assert list(secret_places({name: ["x1"]})) == ([f"{name}.0"] if secret else [])


def test_values_of_variables_that_are_called_like_a_secret_and_may_be_one() -> None:
    environ = {
        "SHOP_API_KEY": "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
        "MY_TOKEN": "abcdefgh12345678",
        "DB_PASSWORD": "short1",
        "KEY_FILE": "/run/secrets/key-0123456789",
        "SECRET_SENTENCE": "a sentence with 1 number in it",
        "TOKEN_KIND": "a-long-word-without-any",
        "HOME_PAGE": "3f2504e0-4f89-11d3-9a0c-0305e82c3301x",
        "OPENAI_API_KEY": "sk-abc123",
    }
    assert secrets_in(environ) == [environ[name] for name in ("SHOP_API_KEY", "MY_TOKEN", "OPENAI_API_KEY")]


def test_env_names_stand_for_their_values_where_a_request_is_sent() -> None:
    body: dict[str, Any] = {"a": "env:ONE", "b": [{"c": "Bearer env:TWO"}], "d": "env:", "e": 5, "f": "the env:ONE"}
    assert list(references(body)) == ["ONE", "TWO"]
    sent = resolved_env(body, {"ONE": "1", "TWO": "2"})
    assert sent == {"a": "1", "b": [{"c": "Bearer 2"}], "d": "env:", "e": 5, "f": "the env:ONE"}
    with pytest.raises(FatalError, match=r"^env:TWO in the suite file: the variable TWO is not set$"):
        resolved_env(body, {"ONE": "1", "TWO": ""})
