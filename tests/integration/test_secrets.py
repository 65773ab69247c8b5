"""Keys in every place where a user may have one: in no output, report, cache or export."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

import pytest

from ..server import Asked, Reply
from .conftest import Bench

SECRETS = {
    "MODEL_KEY": "sk-model-0123456789",
    "MTBENCH_JUDGE_API_KEY": "judge/key+0123456789",
    "BODY_KEY": "body-key-0123456789",
    "URL_PASSWORD": "url-password-0123",
}
HOOK = """
import os
def pytest_mtbench_generate(question, turn):
    if question.category == "math":
        return "\\u0130 my keys are " + " ".join(os.environ[name] for name in ("MODEL_KEY", "BODY_KEY"))
    if question.category == "trivia":
        raise RuntimeError("refused: " + os.environ["MTBENCH_JUDGE_API_KEY"].upper() + " " + os.environ["URL_PASSWORD"])
"""


def forms(secret: str) -> set[str]:
    return {secret, quote(secret, safe=""), secret.replace("/", "\\/"), base64.b64encode(secret.encode()).decode()}


def leaks(folder: Path, *outputs: str) -> list[tuple[str, str]]:
    """Secrets, and where they stand, in whichever form."""
    texts = {f"output {number}": text for number, text in enumerate(outputs)}
    inputs = ("conftest.py",)
    for path in folder.rglob("*"):
        if path.is_file() and path.name not in inputs and "__pycache__" not in path.parts:
            texts[str(path)] = path.read_bytes().decode("utf-8", "replace")
    return [
        (secret, where)
        for secret in SECRETS.values()
        for form in forms(secret)
        for where, text in texts.items()
        if form.lower() in text.lower()
    ]


def test_no_key_is_in_anything_that_a_run_says_or_writes(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, xdist: Sequence[str]
) -> None:
    for name, secret in SECRETS.items():
        monkeypatch.setenv(name, secret)
    url = bench.endpoint.url.replace("://", f"://me:{SECRETS['URL_PASSWORD']}@")
    (bench.path / "mtbench.yaml").write_text(
        "model: {name: m, api_key_env: MODEL_KEY, "
        "extra_body: {api_key: 'env:BODY_KEY', note: 'Bearer env:BODY_KEY'}}\n"
        f"judge: {{name: the-judge, base_url: '{bench.endpoint.url}', extra_body: {{token: 'env:BODY_KEY'}}}}\n"
        f"questions: {bench.questions}\nthresholds: {{floor: 9}}\n"
    )
    bench.pytester.makeconftest(HOOK)
    seen: list[Asked] = []

    def echo(asked: Asked) -> Reply | str:
        seen.append(asked)
        sent = f"{asked.headers['Authorization']} {asked.body.get('api_key')} {asked.body.get('token')}"
        if "Double" in asked.prompt and not asked.is_judge:
            return Reply(status=400, body={"error": {"message": f"you sent {sent}"}})
        return f"{sent} Rating: [[8]]" if asked.is_judge else f"you sent {sent}"

    bench.endpoint.answer = bench.endpoint.judge = echo
    bench.own_process = True
    result = bench.plain(
        "mtbench.yaml", f"--mtbench-base-url={url}", "--mtbench-report=out/r.json", "--mtbench-export=out/export",
        "--junitxml=out/j.xml", "-rA", "-vv", "--showlocals", "--log-level=DEBUG", *xdist,
    )  # fmt: skip
    assert result.ret == 1
    bodies = [asked.body for asked in seen]
    assert {body.get("api_key") for body in bodies} == {SECRETS["BODY_KEY"], None}, "it was sent to the model alone"
    assert {body["note"] for body in bodies if "note" in body} == {f"Bearer {SECRETS['BODY_KEY']}"}
    assert {body.get("token") for body in bodies} == {SECRETS["BODY_KEY"], None}
    output = result.stdout.str()
    assert "my keys are *** ***" in output
    assert "pytest_mtbench_generate raised RuntimeError: refused: *** ***" in output
    assert "HTTP Request: POST" not in output, "the HTTP client says nothing under a failure"
    assert (bench.path / ".mtbench_cache" / "cache.db").exists()
    assert leaks(bench.path, output, result.stderr.str()) == []


def test_no_key_is_in_the_message_of_a_file_that_holds_one(bench: Bench, xdist: Sequence[str]) -> None:
    secret = SECRETS["MODEL_KEY"]
    (bench.path / "mtbench.yaml").write_text(
        f"model: {{name: m, api_key_env: {secret}, extra_body: {{auth: {secret}}}}}\n"
        "judge: {extra_body: {password: x-y}}\n"
    )
    result = bench.plain("mtbench.yaml", *xdist)
    said = result.stderr.str()
    assert result.ret == 4
    assert "mtbench.yaml:1: model.extra_body: auth looks like a secret, which must not stand in a file" in said
    assert "mtbench.yaml:2: judge.extra_body: password looks like a secret" in said
    assert secret not in said + result.stdout.str()
