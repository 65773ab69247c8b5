"""Where a `pytest_mtbench_generate` lies: one that a run does not call is never left out in silence."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from .conftest import Bench, flowing

HOOK = "import os\n\ndef pytest_mtbench_generate(messages):\n    return 'own'\n"


def in_tests(bench: Bench, name: str = "tests/conftest.py", text: str = HOOK) -> None:
    path = bench.path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def suite(bench: Bench, model: str = "m") -> None:
    """A suite file that names no endpoint of the model."""
    text = bench.suite().read_text().partition("\n")[2]
    text = text.replace("judge: the-judge", f"judge: {{name: the-judge, base_url: '{bench.endpoint.url}'}}")
    (bench.path / "mtbench.yaml").write_text(f"model: {model}\n{text}")


def test_the_header_says_where_it_lies(bench: Bench) -> None:
    in_tests(bench)
    suite(bench)
    result = bench.plain("mtbench.yaml", "tests", "--mtbench-report=report.json")
    result.assert_outcomes(passed=9)
    said = "m, by pytest_mtbench_generate in tests/conftest.py:3"
    assert f"mtbench: mtbench.yaml: answers {said}; judge the-judge" in result.stdout.str()
    assert bench.report()["answered_by"] == said


@pytest.mark.parametrize("options", [[], ["--mtbench-dry-run"], pytest.param(["-n2"], marks=pytest.mark.slow)])
def test_one_that_is_not_loaded_is_no_endpoint_that_nobody_named(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, options: list[str]
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", bench.endpoint.url)
    in_tests(bench)
    suite(bench)
    result = bench.plain("mtbench.yaml", *options)
    assert result.ret == 4
    assert bench.endpoint.asked == []
    said = " ".join((result.stdout.str() + result.stderr.str()).split())
    assert "tests/conftest.py:3: pytest_mtbench_generate is not loaded in this run" in said
    assert f"So {bench.endpoint.url} would be asked, which nobody named either." in said
    assert "name your chatbot in mtbench.yaml (model.generate), or name the endpoint (model.base_url in" in said
    assert bench.plain("mtbench.yaml", "--co").ret == 0


def test_beside_an_endpoint_that_somebody_named_it_is_said(bench: Bench) -> None:
    in_tests(bench)
    bench.suite()
    result = bench.plain("mtbench.yaml")
    result.assert_outcomes(passed=9)
    assert len(bench.endpoint.answers) == 9
    assert (
        "note: tests/conftest.py:3: pytest_mtbench_generate did not answer: this run has not loaded it, and asked "
        f"{bench.endpoint.url}"
    ) in flowing(result)


@pytest.mark.parametrize(
    "name, text",
    [
        ("tests/conftest.py", "# def pytest_mtbench_generate(messages): ...\n"),
        ("tests/conftest.py", "def helper():\n    'of pytest_mtbench_generate'\n"),
        (".hidden/conftest.py", HOOK),
        ("node_modules/x/conftest.py", HOOK),
        ("a/b/c/d/e/conftest.py", HOOK),
        ("tests/other.py", HOOK),
    ],
)
def test_what_is_no_such_hook_is_no_matter(bench: Bench, monkeypatch: pytest.MonkeyPatch, name: str, text: str) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", bench.endpoint.url)
    in_tests(bench, name, text)
    suite(bench)
    assert bench.plain("mtbench.yaml", "-k", "q5 or five").ret == 0


def test_nobody_looks_where_nothing_is_asked_of_an_endpoint(bench: Bench) -> None:
    bench.run("--mtbench-export=out")
    in_tests(bench)
    suite(bench)
    bench.plain("mtbench.yaml", "--mtbench-answers=out").assert_outcomes(passed=9)
    suite(bench, '{name: m, generate: "bot:answer"}')
    (bench.path / "bot.py").write_text("def answer(messages):\n    return 'bot'\n")
    bench.plain("mtbench.yaml").assert_outcomes(passed=9)


def test_one_that_comes_with_the_tests_is_refused(bench: Bench, xdist: Sequence[str]) -> None:
    # pytest loads it when it collects, and with -n that is not where the answers come from.
    in_tests(bench, "deep/er/conftest.py")
    in_tests(bench, "deep/er/test_it.py", "def test_it(): ...\n")
    bench.suite()
    result = bench.plain("mtbench.yaml", "deep", *xdist)
    assert result.ret == 4
    assert bench.endpoint.asked == []
    said = " ".join((result.stdout.str() + result.stderr.str()).split())
    assert "deep/er/conftest.py:3: pytest_mtbench_generate came only when tests were collected" in said


def test_two_that_would_answer_are_refused(bench: Bench) -> None:
    in_tests(bench, "conftest.py")
    suite(bench, '{name: m, generate: "bot:answer"}')
    result = bench.plain("mtbench.yaml")
    assert result.ret == 4
    said = "mtbench.yaml:1: model.generate: answers, and so does pytest_mtbench_generate in conftest.py:3; leave one"
    result.stderr.fnmatch_lines([f"ERROR: {said}"])


def test_it_may_give_and_raise_what_a_suite_files_may(bench: Bench) -> None:
    in_tests(
        bench,
        "conftest.py",
        "from pytest_mtbench import Reply, Retry\n"
        "seen = []\n"
        "async def pytest_mtbench_generate(question, turn):\n"
        "    seen.append((question.id, turn))\n"
        "    if question.id == 3 and seen.count((3, turn)) == 1:\n"
        "        raise Retry(after=0)\n"
        "    return Reply('own', extra=[turn], output_tokens=3)\n",
    )
    bench.run("--mtbench-report=report.json").assert_outcomes(passed=9)
    report = bench.report()
    assert report["calls"]["answers"] == {"made": 9, "cached": 0, "retried": 2}
    assert report["usage"]["answers"]["output_tokens"] == 27
    assert report["turns"][1]["extra"] == [2]
