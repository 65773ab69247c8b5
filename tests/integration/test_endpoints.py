"""Endpoints as people have them: a gateway with headers and a private authority, streams, keys of several variables."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..asking import header
from ..server import Reply, Server, error
from .conftest import Bench, flowing

GATEWAY_KEY = "gw-0123456789abcdef"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a private authority, `ca.pem`, and with what a server shows that it has signed."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl, which makes the certificates, is not there")
    folder = tmp_path_factory.mktemp("authority")
    make = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    signed = ["-CA", "ca.pem", "-CAkey", "ca.key", "-addext", "subjectAltName=IP:127.0.0.1"]
    for arguments in (
        ["-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=an authority of our own"],
        ["-keyout", "server.key", "-out", "server.pem", "-subj", "/CN=gateway", *signed],
    ):
        subprocess.run([openssl, *make, *arguments], cwd=folder, check=True, capture_output=True)
    return folder


@pytest.fixture
def gateway(authority: Path) -> Iterator[Server]:
    """An endpoint behind TLS that lets in nobody without its header."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority / "server.pem", authority / "server.key")
    server = Server(context)
    refused = error(401, "who are you?")
    server.before = lambda asked, number: None if header(asked, "x-gateway-key") == GATEWAY_KEY else refused
    yield server
    server.close()


def behind(gateway: Server, bench: Bench, headers: str) -> None:
    (bench.path / "mtbench.yaml").write_text(
        f"model: {{name: m, base_url: '{gateway.url}', headers: {headers}}}\n"
        f"judge: the-judge\nquestions: {bench.questions}\n"
    )


def test_a_gateway_with_headers_and_a_private_authority(
    bench: Bench, gateway: Server, authority: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    behind(gateway, bench, "{X-Gateway-Key: 'env:GATEWAY_KEY', X-Team: search}")
    result = bench.plain("mtbench.yaml")
    assert result.ret == 4
    assert "env:GATEWAY_KEY in headers of m: the variable GATEWAY_KEY is not set" in result.stderr.str()
    monkeypatch.setenv("GATEWAY_KEY", GATEWAY_KEY)
    result = bench.plain("mtbench.yaml")
    assert result.ret == 4
    assert "SSL_CERT_FILE names the certificates of a private authority" in flowing(result) + result.stderr.str()
    assert gateway.asked == [], "nothing was sent before that was clear"

    monkeypatch.setenv("SSL_CERT_FILE", str(authority / "ca.pem"))
    bench.plain("mtbench.yaml", "--mtbench-report=report.json").assert_outcomes(passed=9)
    assert {header(asked, "x-team") for asked in gateway.asked} == {"search"}, "the judge's go the same way"
    assert {header(asked, "authorization") for asked in gateway.asked} == {""}
    written = [path for path in bench.path.rglob("*") if path.is_file()]
    assert not [path for path in written if GATEWAY_KEY.encode() in path.read_bytes()]


def test_a_header_in_the_file_tells_requests_apart_and_what_a_variable_holds_does_not(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answers(headers: str, run_id: str) -> int:
        bench.endpoint.clear()
        monkeypatch.setenv("RUN_ID", run_id)
        behind(bench.endpoint, bench, headers)
        bench.plain("mtbench.yaml").assert_outcomes(passed=9)
        return len(bench.endpoint.answers)

    assert answers("{X-Run: 'env:RUN_ID'}", "run-1-of-today") == 9
    assert answers("{X-Run: 'env:RUN_ID'}", "run-2-of-today") == 0
    assert answers("{X-Run: 'env:RUN_ID', X-Model: blue}", "run-3-of-today") == 9
    assert answers("{X-Run: 'env:RUN_ID', x-model: blue}", "run-4-of-today") == 0


def test_a_run_in_pieces_is_the_run_in_one(bench: Bench) -> None:
    bench.suite()
    path = bench.path / "mtbench.yaml"
    whole = path.read_text()
    path.write_text(whole.replace("name: m,", "name: m, stream: true,"))
    bench.endpoint.answer = lambda asked: Reply(f"an answer to: {asked.prompt[:60]}")
    bench.plain("mtbench.yaml", "--mtbench-report=report.json").assert_outcomes(passed=9)
    assert all(asked.body["stream"] for asked in bench.endpoint.asked), "the judge is asked at the model's endpoint"
    report = bench.report()
    assert report["usage"]["answers"]["output_tokens"] == 9 * 10
    path.write_text(whole)
    bench.endpoint.clear()
    bench.plain("mtbench.yaml", "--mtbench-report=whole.json").assert_outcomes(passed=9)
    assert bench.endpoint.asked == [], "what is asked is the same"
    assert bench.report("whole.json")["fingerprint"] == report["fingerprint"]


@pytest.mark.parametrize(
    "judge, variables, said",
    [
        ("", ("OPENAI_API_KEY",), "key from OPENAI_API_KEY, since MTBENCH_JUDGE_API_KEY is not set"),
        ("", ("OPENAI_API_KEY", "MTBENCH_JUDGE_API_KEY"), "key from MTBENCH_JUDGE_API_KEY"),
        (
            ", api_key_env: JUDGE_KEY",
            ("OPENAI_API_KEY", "MTBENCH_JUDGE_API_KEY", "JUDGE_KEY"),
            "key from JUDGE_KEY; MTBENCH_JUDGE_API_KEY is set too, and not used",
        ),
    ],
)
def test_the_header_says_where_both_are_asked_and_whence_their_keys_come(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, judge: str, variables: tuple[str, ...], said: str
) -> None:
    for name in variables:
        monkeypatch.setenv(name, f"sk-of-{name.lower()}-123")
    (bench.path / "mtbench.yaml").write_text(
        f"model: {{name: m, base_url: '{bench.endpoint.url}'}}\n"
        f"judge: {{name: gpt-4o, base_url: 'https://api.example.com/v1'{judge}}}\nquestions: {bench.questions}\n"
    )
    result = bench.plain("mtbench.yaml", "--collect-only")
    (line,) = [line for line in result.outlines if "answers m at" in line]
    assert line.endswith(
        f"answers m at {bench.endpoint.url}, key from OPENAI_API_KEY; "
        f"judge gpt-4o at https://api.example.com/v1, {said}"
    )


def test_an_endpoint_without_keys_is_told_how_to_say_so(bench: Bench) -> None:
    behind(bench.endpoint, bench, "{}")
    path = bench.path / "mtbench.yaml"
    path.write_text(path.read_text().replace("127.0.0.1", "vllm.internal.example"))
    result = bench.plain("mtbench.yaml")
    assert result.ret == 4
    assert 'where it takes none, say `headers: {Authorization: ""}` there' in result.stderr.str()
