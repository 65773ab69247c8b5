from __future__ import annotations

from base64 import b64encode
from urllib.parse import quote

import pytest

from pytest_mtbench.untrusted.redaction import redacted, secrets_of, userinfo
from pytest_mtbench.untrusted.urls import is_url

KEY = "sk-Abc/123+xyz=987654321"
URL = "http://me:p%40ss/word1@host/v1"


@pytest.mark.parametrize(
    "echo",
    [
        KEY,
        KEY.upper(),
        KEY[:12],
        quote(KEY, safe=""),
        KEY.replace("/", r"\/"),
        b64encode(KEY.encode()).decode(),
        b64encode(b"me:p@ssword1").decode(),
        "p@ssword1",
        "p%40ssword1",
    ],
)
def test_a_secret_is_cut_out_in_each_form(echo: str) -> None:
    secrets = secrets_of(KEY, "http://me:p%40ssword1@host/v1")
    shown = redacted(f"Wrong key: <{echo}> you sent", secrets)
    assert shown.startswith("Wrong key: <***")
    assert shown.endswith("> you sent")
    assert echo not in shown


def test_a_user_without_a_password_is_a_token() -> None:
    assert redacted("token-1234 is wrong", secrets_of("", "http://token-1234@host/v1")) == "*** is wrong"


def test_a_user_with_a_password_is_no_secret() -> None:
    assert redacted("user alice is wrong", secrets_of("", "http://alice:geheim99@host/v1")) == "user alice is wrong"


def test_nothing_to_hide_hides_nothing() -> None:
    assert secrets_of("", "http://host/v1") == []
    assert userinfo("http://host/v1") == ""


@pytest.mark.parametrize(
    "text, good",
    [
        ("http://localhost:8000/v1", True),
        ("https://user:pw@host/v1", True),
        ("http://[::1]:80/v1", True),
        ("http://[::1/v1", False),
        ("http://u:x/secret@host/v1", False),
        ("http://u:pw@ho\u2100st/v1", False),
        ("u:pw@host/v1", False),
        ("http://host:port/v1", False),
        ("http://host/v1?key=x", False),
        ("http://ho st/v1", False),
        ("http://", False),
        ("ftp://host", False),
    ],
)
def test_a_url_is_one_that_every_part_reads_alike(text: str, good: bool) -> None:
    assert is_url(text) == good


@pytest.mark.parametrize("beside", ["\u0130", "\u0130\u0130 \u1e9e", "\ufb03"])
@pytest.mark.parametrize("echo", [KEY, KEY.upper(), KEY[:12]])
def test_letters_whose_small_form_is_longer_hide_no_secret(beside: str, echo: str) -> None:
    assert redacted(f"{beside} <{echo}> {beside}", secrets_of(KEY, "http://host/v1")) == f"{beside} <***> {beside}"


def test_other_secrets_are_cut_out_too() -> None:
    assert redacted("you sent other-123", secrets_of("", "http://host/v1", ["other-123"])) == "you sent ***"


@pytest.mark.parametrize(("key", "other"), [("EMPTY", ""), ("ollama", ""), ("", "writing assistant"), ("", "2024")])
def test_what_is_typed_where_no_key_is_needed_changes_no_answer(key: str, other: str) -> None:
    answer = "As your assistant I ran list.empty() with Ollama in 2024."
    assert redacted(answer, secrets_of(key, "http://host/v1", [other])) == answer


@pytest.mark.parametrize("secret", ["emptyEMPTY", "abcdefghijklm", "ollama1", "lm-studio", "20245"])
def test_a_key_that_is_more_than_a_word_is_cut_out(secret: str) -> None:
    assert redacted(f"sent {secret}", secrets_of(secret, "http://host/v1")) == "sent ***"
    assert redacted(f"sent {secret}", secrets_of("", "http://host/v1", [secret])) == "sent ***"


def test_a_password_of_a_url_is_cut_out_though_it_is_a_word() -> None:
    assert redacted("sent hunter", secrets_of("", "http://me:hunter@host/v1")) == "sent ***"
