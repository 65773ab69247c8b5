"""`model.generate`: a user's own chatbot instead of an endpoint."""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from ..server import JUDGE, Asked, error
from .conftest import Bench, flowing

BOT = """
import os, pathlib
from pytest_mtbench import Reply, Retry

EVENTS = pathlib.Path(__file__).parent / "events.txt"

def note(what):
    with EVENTS.open("a") as file:
        file.write(what + "\\n")

note("imported")

class Bot:
    async def __aenter__(self):
        note("entered")
        self.sessions = {}
        self.failed = False
        return self

    async def __aexit__(self, *error):
        note("left")

    def __call__(self, messages, question, turn, run):
        session = self.sessions.setdefault((question.id, run), [])
        if question.id == 3 and not self.failed:
            self.failed = True
            raise Retry(after=0.01)
        session.append(messages[-1]["content"])
        assert session == [message["content"] for message in messages if message["role"] == "user"]
        text = f"own {question.id} {turn} {os.environ.get('SEARCH_API_KEY', '')}"
        extra = {"sources": [question.id], "key": os.environ.get("SEARCH_API_KEY")}
        return Reply(text, extra=extra, input_tokens=7, output_tokens=2)
"""
OWN_TEST = """
def test_sources(mtbench_turn):
    assert mtbench_turn.extra == {"sources": [mtbench_turn.question.id], "key": "***"}
    assert [message["role"] for message in mtbench_turn.messages][0] == "user"
"""
KEY = "search-4f9A8b7C6d5E4f3A2b1C"


class Own:
    """A folder `evals` with a chatbot and a suite file that names it."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.folder = bench.path / "evals"
        self.folder.mkdir()
        self.write(BOT)
        self.suite()

    def write(self, text: str) -> None:
        (self.folder / "bot.py").write_text(text, encoding="utf-8")

    def suite(self, more: str = "", name: str = "mtbench.yaml", target: str = "bot:Bot") -> Path:
        path = self.folder / name
        path.write_text(
            f'model: {{name: my-bot, generate: "{target}"}}\n'
            f"judge: {{name: {JUDGE}, base_url: '{self.bench.endpoint.url}'}}\n"
            f"questions: {self.bench.questions}\n{more}",
            encoding="utf-8",
        )
        return path

    @property
    def events(self) -> list[str]:
        path = self.folder / "events.txt"
        return path.read_text().split() if path.exists() else []

    def run(self, *arguments: str) -> pytest.RunResult:
        return self.bench.plain("evals/mtbench.yaml", *arguments)


@pytest.fixture
def own(bench: Bench) -> Own:
    return Own(bench)


def test_it_answers_in_one_process_and_is_made_once(
    own: Own, xdist: Sequence[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEARCH_API_KEY", KEY)
    own.suite("prices: {model: {input: 1, output: 10}}\n")
    own.bench.pytester.makepyfile(test_own=OWN_TEST)
    result = own.run("test_own.py", "--mtbench-report=report.json", *xdist)
    result.assert_outcomes(passed=9 + 9)
    assert own.events == ["imported", "entered", "left"]
    assert own.bench.endpoint.answers == []
    assert len(own.bench.endpoint.judgments) == 9
    assert (
        "mtbench: evals/mtbench.yaml: answers my-bot, by bot:Bot (model.generate); judge the-judge at "
        f"{own.bench.endpoint.url}"
    ) in result.outlines
    report = own.bench.report()
    assert report["answered_by"] == "my-bot, by bot:Bot (model.generate)"
    assert report["turns"][5]["answer"] == "own 3 2 ***"
    assert report["turns"][5]["extra"] == {"sources": [3], "key": "***"}
    assert report["calls"]["answers"] == {"made": 9, "cached": 0, "retried": 1}
    assert report["usage"]["answers"] == {"input_tokens": 63, "output_tokens": 18}
    everything = b"".join(path.read_bytes() for path in own.bench.path.rglob("*") if path.is_file())
    assert KEY.encode() not in everything
    assert KEY not in result.stdout.str()


def test_its_answers_are_asked_for_in_every_run_and_judged_once(own: Own) -> None:
    own.run()
    own.bench.endpoint.clear()
    result = own.run("--mtbench-cache=only", "--mtbench-revision=v1")
    result.assert_outcomes(passed=9)
    assert own.bench.endpoint.asked == []
    assert "(answers 9 made, 0 cached, 1 retried; judgments 0 made, 9 cached)" in flowing(result)


def test_what_asks_nothing_imports_nothing(own: Own) -> None:
    own.run("--mtbench-export=out")
    (own.folder / "events.txt").unlink()
    for options in (["--co"], ["--mtbench-dry-run"], ["--mtbench-answers=out"], ["-k", "nothing-of-that-name"]):
        result = own.run(*options)
        assert result.ret in (0, 5), options
        assert own.events == [], options
        if options == ["--mtbench-dry-run"]:
            assert "answers: 9 to ask of my-bot, by bot:Bot, 0 there already" in flowing(result)


def refused(own: Own, *arguments: str) -> str:
    """What a run says that asks nothing."""
    result = own.run(*arguments)
    assert result.ret == 4
    assert own.bench.endpoint.asked == []
    return result.stdout.str() + result.stderr.str()


def test_what_cannot_be_imported_entered_or_called_ends_the_run_before_any_request(own: Own) -> None:
    own.suite(target="nobot:Bot")
    assert "ERROR: mtbench.yaml:1: model.generate: there is no module nobot: looked for in " in refused(own)
    own.suite(target="bot:Bto")
    assert "mtbench.yaml:1: model.generate: bot (evals/bot.py) has no Bto; did you mean Bot?" in refused(own)
    own.suite(target="bot:note")
    assert "mtbench.yaml:1: model.generate: bot:note has a parameter what; it is called by name" in refused(own)
    assert own.events == ["imported"] * 2


def test_one_that_cannot_be_entered_ends_the_run_before_any_request(own: Own, xdist: Sequence[str]) -> None:
    own.bench.suite(name="an.mtbench.yaml")  # with an endpoint of its own
    late = 'import asyncio; await asyncio.sleep(0.3); raise RuntimeError("no index at /data")'
    own.write(BOT.replace('note("entered")', late))
    result = own.bench.plain("an.mtbench.yaml", "evals/mtbench.yaml", *xdist)
    assert result.ret == 4
    assert own.bench.endpoint.asked == []
    said = result.stdout.str()
    assert "mtbench.yaml:1: model.generate: bot:Bot raised RuntimeError: no index at /data (bot.py:15)" in said


def test_it_is_left_when_the_run_is_aborted(own: Own) -> None:
    own.bench.endpoint.judge = lambda asked: error(401, "wrong key", "invalid_api_key")
    result = own.run()
    assert result.ret == 4
    assert own.events == ["imported", "entered", "left"]


def test_what_goes_wrong_when_it_is_left_is_said_and_fails_the_run(own: Own) -> None:
    own.write(BOT.replace('note("left")', 'raise OSError("the disk is gone")'))
    result = own.run("--mtbench-report=report.json")
    assert result.ret == 1
    message = "evals/mtbench.yaml:1: model.generate: bot:Bot raised OSError: the disk is gone (bot.py:21), when it was"
    assert message.partition("/")[2] in flowing(result)
    report = own.bench.report()
    assert report["scores"]["overall"]["mean"] == 8
    assert report["reason"].startswith(message.partition("/")[2])


@pytest.mark.parametrize("mode", [(), pytest.param(("-n2",), marks=pytest.mark.slow)], ids=["no-xdist", "n2"])
def test_it_is_left_after_control_c(own: Own, mode: Sequence[str]) -> None:
    own.write(BOT.replace("text = f", "import time; time.sleep(60); text = f"))
    process = own.bench.start_plain("evals/mtbench.yaml", *mode)
    deadline = time.monotonic() + 30
    while "entered" not in own.events:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert process.returncode == 2
    assert own.events == ["imported", "entered", "left"]


def test_suites_that_name_one_object_share_it(own: Own) -> None:
    own.suite("categories: [math]\n", "a.mtbench.yaml")
    own.suite("categories: [trivia]\n", "b.mtbench.yaml")
    own.bench.plain("evals/a.mtbench.yaml", "evals/b.mtbench.yaml").assert_outcomes(passed=5)
    assert own.events == ["imported", "entered", "left"]


def test_another_module_of_that_name_is_not_asked(own: Own) -> None:
    other = own.bench.path / "other"
    other.mkdir()
    (other / "bot.py").write_text("def answer(messages):\n    return 'theirs'\n")
    (other / "test_bot.py").write_text("import bot\n\ndef test_it():\n    assert bot.answer([]) == 'theirs'\n")
    message = "bot should be evals/bot.py, and other/bot.py of the same name is imported already"
    assert message in refused(own, "other/test_bot.py")


def test_it_is_compared_with_a_model_at_an_endpoint(own: Own) -> None:
    own.suite(f"against: {{name: other, base_url: '{own.bench.endpoint.url}'}}\n")
    own.bench.endpoint.judge = lambda asked: "Neither. [[C]]"
    own.run().assert_outcomes(passed=9)
    assert Counter(asked.model for asked in own.bench.endpoint.asked) == {"other": 9, JUDGE: 18}
    asked: list[Asked] = own.bench.endpoint.answers
    assert {one.messages[0]["role"] for one in asked} == {"system"}
