"""What a user gets wrong: one clear message, exit 4, no request."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from ..sets import write_jsonl
from .conftest import Bench


def refused(bench: Bench, *arguments: str, plain: bool = False) -> str:
    """Runs, sees to it that nothing was asked and that the exit status is 4, and gives the message."""
    result = bench.plain(*arguments) if plain else bench.run(*arguments)
    output = result.stdout.str() + result.stderr.str()
    assert result.ret == 4, output
    assert bench.endpoint.asked == []
    assert "Traceback" not in output
    assert "INTERNALERROR" not in output
    return result.stderr.str()


@pytest.mark.parametrize(
    "option, message",
    [
        ("--mtbench-runs=0", "argument --mtbench-runs: must be a whole number from 1 to 100, not '0'"),
        ("--mtbench-min=11", "argument --mtbench-min: must be [KEY=]SCORE with a score from 1 to 10, or a win rate"),
        ("--mtbench-min=math=x", "argument --mtbench-min: must be [KEY=]SCORE"),
        ("--mtbench-min=maths=6", "--mtbench-min=maths=6: no such key; did you mean math?"),
        ("--mtbench-min=turn3=6", "--mtbench-min=turn3=6: no such key; did you mean turn"),
        ("--mtbench-base-url=localhost:8000", "must be a URL such as http://localhost:8000/v1"),
        ("--mtbench-cache=some", "argument --mtbench-cache: invalid choice: 'some'"),
        ("--mtbench-report=x.csv", "must be a file ending in .html or .json or .jsonl or .md, not 'x.csv'"),
        ("--mtbench-shard=3/2", "argument --mtbench-shard: must be I/N with I from 1 to N, not '3/2'"),
        ("--mtbench-timeout=0", "must be a number of seconds above 0"),
        ("--mtbench-retries=-1", "must be a whole number from 0"),
        ("--mtbench-model=", "argument --mtbench-model: must be a name, not ''"),
        ("--mtbench-suite=absent.yaml", "--mtbench-suite=absent.yaml: no such file"),
        ("--mtbench-questions=mtbench", "'mtbench': neither a named set nor a folder; did you mean mt_bench?"),
        ("--mtbench-questions=data/absent", "absent: no such folder; a question set is a folder with a question.jsonl"),
        ("--mtbench-answers=absent", "absent: no such file or folder"),
    ],
)
def test_options(bench: Bench, option: str, message: str) -> None:
    assert message in refused(bench, option)


def test_a_remote_endpoint_without_a_key(bench: Bench, xdist: Sequence[str]) -> None:
    message = refused(bench, "--mtbench-base-url=https://model.invalid/v1", *xdist)
    assert "no key for m at https://model.invalid/v1: set OPENAI_API_KEY" in message
    if not xdist:  # with workers nobody knows yet whether a test of the user's takes the built-in suite's place
        assert "no key for the-judge at https://model.invalid/v1: set MTBENCH_JUDGE_API_KEY" in message


def test_every_mistake_of_a_suite_file_at_once(bench: Bench, xdist: Sequence[str]) -> None:
    bench.suite("thresholds:\n  overal: 7\n  categories: {maths: 6}\nrun: 2\nbudget: -1\n")
    message = refused(bench, "mtbench.yaml", *xdist, plain=True)
    assert "mtbench.yaml:5: thresholds.overal: unknown key; did you mean overall?" in message
    assert "mtbench.yaml:7: run: unknown key; did you mean runs?" in message
    assert "mtbench.yaml:8: budget: should be greater than 0, not -1" in message


def test_categories_that_the_set_does_not_have(bench: Bench) -> None:
    bench.suite("categories: [math, maht]\nthresholds: {categories: {writing: 6}, floor: {trivai: 3}}\n")
    message = refused(bench, "mtbench.yaml", plain=True)
    assert "mtbench.yaml:4: categories.1: no category 'maht' among those of" in message
    assert "did you mean math?" in message
    assert "mtbench.yaml:5: thresholds.categories.writing: no category 'writing' among those selected" in message
    assert "mtbench.yaml:5: thresholds.floor.trivai: no category 'trivai'" in message


def test_a_suite_file_that_does_not_parse(bench: Bench) -> None:
    (bench.path / "mtbench.yaml").write_text("model: [m\n")
    assert "mtbench.yaml:2: not valid YAML (" in refused(bench, "mtbench.yaml", plain=True)


def test_a_key_in_the_suite_file_is_not_shown(bench: Bench) -> None:
    (bench.path / "mtbench.yaml").write_text("model: {name: m, api_key_env: sk-abc-123, api_key: sk-abc-456}\n")
    message = refused(bench, "mtbench.yaml", plain=True)
    assert "mtbench.yaml:1: model.api_key: unknown key; did you mean api_key_env?" in message
    assert "sk-abc" not in message


@pytest.mark.parametrize(
    "name, line, message",
    [
        ("question.jsonl", '{"question_id": 1, "category": "math", "turns": ["a"', "question.jsonl:1: not valid JSON"),
        ("question.jsonl", '{"question_id": 1, "category": "math"}', "question.jsonl:1: turns must be a list"),
        ("question.jsonl", "", "question.jsonl: holds no question"),
        ("judge_prompts.jsonl", '{"name": "single-v1"}', "judge_prompts.jsonl:1: type must be a text"),
    ],
)
def test_data_files(bench: Bench, name: str, line: str, message: str) -> None:
    (bench.questions / name).write_text(line + "\n")
    assert message in refused(bench)


def test_a_set_without_questions(bench: Bench) -> None:
    (bench.questions / "question.jsonl").unlink()
    assert "question.jsonl: no such file" in refused(bench)


def test_the_original_offline_says_the_two_ways_out(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")  # nothing listens there: the network is unplugged
    message = refused(bench, "--mtbench-questions=mt_bench")
    assert "question set 'mt_bench'" in message
    assert "MTBENCH_DATA" in message
    assert "--mtbench-questions=DIR" in message


def test_the_original_from_a_folder(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MTBENCH_DATA", str(bench.questions))
    bench.run("--mtbench-questions=mt_bench").assert_outcomes(passed=9)


def test_a_question_that_stands_twice(bench: Bench) -> None:
    row = {"question_id": 1, "category": "math", "turns": ["Again?"]}
    write_jsonl(bench.questions / "question.jsonl", [row, row])
    assert "question.jsonl:2: question_id 1 stands twice" in refused(bench)


def test_a_key_that_ends_in_a_line_break_is_taken_without_it(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-a-ci-1\n")
    bench.run().assert_outcomes(passed=9)
    assert {asked.headers["Authorization"] for asked in bench.endpoint.asked} == {"Bearer sk-of-a-ci-1"}


@pytest.mark.parametrize("key", ["sk-äö-secret", "sk-a\nb-secret"])
def test_a_key_that_cannot_be_sent(bench: Bench, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", key)
    message = refused(bench)
    assert "OPENAI_API_KEY: holds characters that no key has" in message
    assert "secret" not in message


def test_a_hook_that_leaves_it_to_a_model_without_a_key(bench: Bench) -> None:
    bench.pytester.makeconftest("def pytest_mtbench_generate(question):\n    return None")
    result = bench.run("--mtbench-base-url=https://model.invalid/v1", f"--mtbench-judge-base-url={bench.endpoint.url}")
    assert result.ret == 4
    assert "no key for m at https://model.invalid/v1: set OPENAI_API_KEY" in result.stdout.str()
    assert bench.endpoint.asked == []


def test_answers_whose_judgments_are_there_need_no_key(bench: Bench) -> None:
    bench.run("--mtbench-export=out")
    bench.endpoint.clear()
    options = ["--mtbench-base-url=https://model.invalid/v1", "--mtbench-answers=out", "--mtbench-cache=off"]
    bench.run(*options).assert_outcomes(passed=9)
    result = bench.run(*options, "--mtbench-judge=other")
    assert result.ret == 4
    assert "no key for other at https://model.invalid/v1" in result.stdout.str()


def test_a_share_is_not_a_merge(bench: Bench) -> None:
    message = refused(bench, "--mtbench-shard=1/2", "--mtbench-merge=x.json")
    assert "--mtbench-shard and --mtbench-merge exclude each other" in message


def test_a_mistake_that_a_worker_alone_finds_ends_the_run_with_its_reason(bench: Bench) -> None:
    bench.pytester.makeconftest(
        "import os\n"
        "def pytest_configure(config):\n"
        "    if hasattr(config, 'workerinput'):\n"
        "        os.environ['OPENAI_BASE_URL'] = 'junk'\n"
    )
    result = bench.run("-n2")
    assert result.ret == 4
    assert "in a worker: OPENAI_BASE_URL: must be a URL" in result.stdout.str()
    assert bench.endpoint.asked == []


def test_a_temporary_folder_that_cannot_be_made_is_a_mistake_and_no_traceback(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(**options: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pytest_mtbench.plugin.session.tempfile.mkdtemp", full)
    assert "TMPDIR names another place" in refused(bench, "-n2")
