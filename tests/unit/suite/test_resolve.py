from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pytest_mtbench import demo
from pytest_mtbench.domain.errors import ConfigError
from pytest_mtbench.files.fingerprint import fingerprint
from pytest_mtbench.files.share_files import NamedShares
from pytest_mtbench.suite.file import SuiteFile
from pytest_mtbench.suite.keys import require_api_keys
from pytest_mtbench.suite.resolve import resolve
from pytest_mtbench.suite.resolved import ResolvedSuite
from pytest_mtbench.suite.settings import GivenPath, Settings
from pytest_mtbench.suite.who import answered_by, judged_by

from ...sets import QUESTIONS, write_jsonl, write_set

SECRET = "sk-do-not-show-1234567890"
OTHER_SECRET = "sk-the-judges-0987654321"
REMOTE = "https://api.example.com/v1"
REMOTE_JUDGE = "https://judge.example.com/v1"

Resolve = Callable[..., ResolvedSuite]


@pytest.fixture
def resolved(tmp_path: Path, small_set: Path) -> Resolve:
    """Resolves a suite file's text and the options of a command line, both with the small set."""

    def run(text: str = "", environ: Mapping[str, str] | None = None, **options: Any) -> ResolvedSuite:
        said = {"model": "m", "questions": str(small_set)} | options
        file = SuiteFile.from_text(text, "mtbench.yaml")
        given = Settings(rootdir=tmp_path, cwd=tmp_path, **{name: value for name, value in said.items() if value})
        return resolve("mtbench.yaml", file, tmp_path / "mtbench.yaml", given, environ or {})

    return run


def shown(run: ResolvedSuite) -> dict[str, tuple[str, str]]:
    return {label: (value, source) for label, value, source in run.header}


def problems(resolved: Resolve, text: str = "", **options: Any) -> str:
    with pytest.raises(ConfigError) as raised:
        resolved(text, **options)
    return str(raised.value)


# Precedence: command line, then suite file, then default.

VALUES: list[tuple[str, str, Any, str, Any, Callable[[ResolvedSuite], Any], Any]] = [
    ("judge", "judge", "j-option", "judge: j-file", "j-file", lambda run: run.plan.judge.name, "gpt-4o"),
    ("runs", "runs", 3, "runs: 2", 2, lambda run: run.plan.runs, 1),
    ("judge_repeats", "judge-repeats", 4, "judge: {repeats: 2}", 2, lambda run: run.plan.repeats, 1),
    ("concurrency", "concurrency", 3, "concurrency: {model: 2}", 2, lambda run: run.plan.model.limit, 16),
    ("judge_concurrency", "judge-concurrency", 3, "concurrency: {judge: 2}", 2, lambda run: run.plan.judge.limit, 16),
    (
        "base_url", "base-url", "http://localhost:1/v1", "model: {base_url: 'http://localhost:2/v1'}",
        "http://localhost:2/v1", lambda run: run.plan.model.endpoint.url, "https://api.openai.com/v1",
    ),
    (
        "judge_base_url", "judge-base-url", "http://localhost:1/v1", "judge: {base_url: 'http://localhost:2/v1'}",
        "http://localhost:2/v1", lambda run: run.plan.judge.endpoint.url, "https://api.openai.com/v1",
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", VALUES, ids=[case[0] for case in VALUES])
def test_the_command_line_wins_over_the_file_and_the_file_over_the_default(resolved: Resolve, case: Any) -> None:
    field, label, option, text, in_file, read, default = case
    neither, file, both = resolved(), resolved(text), resolved(text, **{field: option})
    assert (read(neither), read(file), read(both)) == (default, in_file, option)
    assert label not in shown(neither)
    assert shown(file)[label] == (str(in_file), "mtbench.yaml")
    assert shown(both)[label] == (str(option), f"--mtbench-{label}")


def test_the_model_of_the_command_line_wins(resolved: Resolve) -> None:
    assert resolved("model: in-file", model=None).plan.model.name == "in-file"
    run = resolved("model: in-file", model="named")
    assert run.plan.model.name == "named"
    assert shown(run)["model"] == ("named", "--mtbench-model")


def test_without_a_model_there_is_one_clear_message(resolved: Resolve) -> None:
    said = problems(resolved, model=None)
    assert "--mtbench-model" in said
    assert "model:" in said


def test_an_option_of_the_default_value_still_beats_the_file(resolved: Resolve) -> None:
    run = resolved("judge: other\nruns: 5", judge="gpt-4o", runs=1)
    assert (run.plan.judge.name, run.plan.runs) == ("gpt-4o", 1)
    assert not {"judge", "runs"} & set(shown(run))


@pytest.mark.parametrize(
    "field, value, option",
    [
        ("timeout", 5.0, "--mtbench-timeout"),
        ("retries", 2, "--mtbench-retries"),
        ("limit", 1, "--mtbench-limit"),
        ("shard", (1, 2), "--mtbench-shard"),
        ("cache", "off", "--mtbench-cache"),
        ("cache_dir", GivenPath("elsewhere", Path("/elsewhere")), "--mtbench-cache-dir"),
        ("revision", "2024-11", "--mtbench-revision"),
        ("minimums", (("overall", 7.0),), "--mtbench-min"),
    ],
)
def test_the_header_shows_each_option_that_is_not_the_default(
    resolved: Resolve, field: str, value: Any, option: str
) -> None:
    assert option not in {source for _, _, source in resolved().header}
    assert option in {source for _, _, source in resolved(**{field: value}).header}


def test_timeout_and_retries_reach_both_endpoints(resolved: Resolve) -> None:
    plan = resolved(timeout=5.0, retries=2).plan
    for role in (plan.model, plan.judge):
        assert (role.endpoint.timeout, role.endpoint.retries) == (5.0, 2)


def test_the_clients_own_variable_names_the_endpoint(resolved: Resolve) -> None:
    environ = {"OPENAI_BASE_URL": "http://localhost:5/v1/"}
    run = resolved(environ=environ)
    assert run.plan.model.endpoint.url == run.plan.judge.endpoint.url == "http://localhost:5/v1"
    assert shown(run)["base-url"] == ("http://localhost:5/v1", "OPENAI_BASE_URL")
    assert resolved(environ=environ, base_url=REMOTE).plan.model.endpoint.url == REMOTE
    assert resolved(f"model: {{base_url: '{REMOTE}'}}", environ=environ).plan.model.endpoint.url == REMOTE
    assert resolved(environ={"OPENAI_BASE_URL": ""}).plan.model.endpoint.url == "https://api.openai.com/v1"


def test_the_judges_endpoint_is_the_models_unless_named(resolved: Resolve) -> None:
    assert resolved(base_url=REMOTE).plan.judge.endpoint.url == REMOTE
    assert resolved(base_url=REMOTE, judge_base_url=REMOTE_JUDGE).plan.judge.endpoint.url == REMOTE_JUDGE
    assert resolved(base_url=REMOTE, judge_base_url=REMOTE_JUDGE).plan.model.endpoint.url == REMOTE


def test_the_protocol_is_the_default(resolved: Resolve) -> None:
    plan = resolved().plan
    assert plan.model.system_prompt == "You are a helpful assistant."
    assert (plan.model.temperature, plan.model.max_tokens) == (None, 1024)
    assert (plan.judge.temperature, plan.judge.max_tokens) == (None, 2048)
    question = plan.question(1)
    assert plan.judge_request(question, ["a"], 0).temperature == 0
    assert plan.answer_request(plan.model, question, [], 0).temperature == 0.7


def test_where_a_text_and_its_thinking_stand_is_part_of_the_fingerprint(resolved: Resolve) -> None:
    plan = resolved("model: {answer_from: reasoning_content, thinking: ['((', '))']}").plan
    assert plan.answer_request(plan.model, plan.question(1), [], 0).answer_from == "reasoning_content"
    assert plan.shown("((hm)) yes") == "yes"
    parameters = fingerprint(plan, [])["model_parameters"]
    assert (parameters["answer_from"], parameters["thinking"]) == ("reasoning_content", ["((", "))"])
    assert "answer_from" not in fingerprint(resolved().plan, [])["model_parameters"]


def test_a_judge_without_an_endpoint_of_its_own_is_asked_at_the_models(resolved: Resolve) -> None:
    assert resolved(base_url=REMOTE).plan.judge.endpoint.inherited
    assert not resolved(base_url=REMOTE, judge_base_url=REMOTE).plan.judge.endpoint.inherited
    assert not resolved(base_url=REMOTE).plan.model.endpoint.inherited


def test_sampling_of_the_file_reaches_the_requests(resolved: Resolve) -> None:
    text = (
        "model: {temperature: 0.3, max_tokens: 99, system_prompt: Be brief., extra_body: {top_k: 1}}\n"
        "judge: {temperature: 0.1, max_tokens: 77, extra_body: {seed: 5}}\n"
        "prices: {model: {input: 1, output: 2}, judge: {input: 3, output: 4}}\n"
        "budget: 20\n"
    )
    plan = resolved(text, revision="r2").plan
    answer = plan.answer_request(plan.model, plan.question(3), [], 1)
    assert (answer.temperature, answer.max_tokens, answer.extra_body) == (0.3, 99, {"top_k": 1})
    assert (answer.sample, answer.revision, answer.messages[0]["content"]) == (1, "r2", "Be brief.")
    judgment = plan.judge_request(plan.question(3), ["a"], 0)
    assert (judgment.temperature, judgment.max_tokens, judgment.extra_body) == (0.1, 77, {"seed": 5})
    assert (plan.model.price, plan.judge.price, plan.budget) == ((1, 2), (3, 4), 20)


# Question sets and selection.


def test_a_folder_of_the_file_is_relative_to_the_file_and_one_of_the_option_to_the_shell(tmp_path: Path) -> None:
    beside, shell = tmp_path / "suites", tmp_path / "shell"
    write_set(beside / "set", QUESTIONS[:2])
    write_set(shell / "set", QUESTIONS[:1])
    file = SuiteFile.from_text("questions: ./set", "mtbench.yaml")
    options = Settings(rootdir=tmp_path, cwd=shell, model="m")
    assert len(resolve("k", file, beside / "mtbench.yaml", options, {}).plan.selected) == 2
    assert len(resolve("k", file, beside / "mtbench.yaml", replace(options, questions="set"), {}).plan.selected) == 1


def test_references_of_the_file_replace_the_sets_own(tmp_path: Path, resolved: Resolve) -> None:
    write_jsonl(tmp_path / "right.jsonl", [{"question_id": 3, "choices": [{"turns": ["forty-two", "forty"]}]}])
    plan = resolved("references: right.jsonl").plan
    assert plan.question(3).reference == ("forty-two", "forty")
    assert plan.question(4).reference is None
    assert plan.questions.identity.references != resolved().plan.questions.identity.references


def test_the_original_is_found_by_the_environment_given(tmp_path: Path, small_set: Path) -> None:
    options = Settings(rootdir=tmp_path, cwd=tmp_path, model="m")
    run = resolve("k", SuiteFile.from_text("", "f"), None, options, {"MTBENCH_DATA": str(small_set)})
    assert run.plan.questions.name == "mt_bench"
    assert not run.plan.questions.original  # another set under its name does not become it


def test_categories_select(resolved: Resolve) -> None:
    plan = resolved("categories: [trivia, math]").plan
    assert [question.id for question in plan.selected] == [3, 4, "five"]


def test_limit_takes_the_first_of_each_category_and_says_so(resolved: Resolve) -> None:
    run = resolved(limit=1)
    assert [question.id for question in run.plan.selected] == [1, 3, "five"]
    assert any("--mtbench-limit" in remark for remark in run.remarks)
    assert len(resolved(limit=99).plan.selected) == 5


@pytest.mark.parametrize("shares", [1, 2, 3, 5])
@pytest.mark.parametrize("limit", [None, 1])
def test_shares_are_disjoint_and_make_the_whole(resolved: Resolve, shares: int, limit: int | None) -> None:
    parts = [resolved(shard=(n, shares), limit=limit).plan.selected for n in range(1, shares + 1)]
    whole = resolved(limit=limit).plan.selected
    together = [question.id for part in parts for question in part]
    assert sorted(map(str, together)) == sorted(str(question.id) for question in whole)
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_a_share_decides_no_gate_and_says_so(resolved: Resolve) -> None:
    run = resolved("thresholds: {overall: 7, floor: 2}", shard=(1, 2), minimums=(("math", 6.0),))
    assert run.gates == ()
    assert run.floor == {"default": 2}
    assert any("--mtbench-merge" in remark for remark in run.remarks)


def test_a_share_is_checked_like_the_whole(resolved: Resolve) -> None:
    assert "maths" in problems(resolved, shard=(1, 2), minimums=(("maths", 6.0),))


# Thresholds.


def test_thresholds_of_both_sources_merge_and_the_command_line_wins(resolved: Resolve) -> None:
    text = "thresholds: {overall: 7, turns: {1: 6, 2: 5}, categories: {math: 4, writing: 3}}"
    run = resolved(text, minimums=(("math", 9.0), ("trivia", 8.0), ("turn2", 2.0)))
    assert [(gate.name, gate.kind, gate.minimum) for gate in run.gates] == [
        ("writing", "category", 3),
        ("math", "category", 9),
        ("trivia", "category", 8),
        ("turn1", "turn", 6),
        ("turn2", "turn", 2),
        ("overall", "overall", 7),
    ]


def test_two_thresholds_of_one_key_are_refused(resolved: Resolve) -> None:
    said = problems(resolved, minimums=(("overall", 3.0), ("math", 5.0), ("overall", 8.0)))
    assert said == "--mtbench-min: overall is given 2 times, as 3 and 8; leave one"


def test_rule_and_share_of_missing_scores_reach_every_gate(resolved: Resolve) -> None:
    run = resolved("thresholds: {rule: confident, max_unscored: 0.2, turns: {1: 5}}", minimums=(("overall", 6.0),))
    assert {(gate.rule, gate.max_unscored) for gate in run.gates} == {("confident", 0.2)}
    assert len(run.gates) == 2
    (gate,) = resolved(minimums=(("overall", 6.0),)).gates
    assert (gate.rule, gate.max_unscored) == ("mean", 0.05)


def test_no_threshold_no_gate(resolved: Resolve) -> None:
    assert resolved().gates == ()
    assert resolved().floor == {}


@pytest.mark.parametrize("text", ["thresholds: {floor: 2}", "thresholds: {floor: {default: 2}}"])
def test_a_floor_may_be_one_number(resolved: Resolve, text: str) -> None:
    assert resolved(text).floor == {"default": 2}


@pytest.mark.parametrize(
    "text, place",
    [
        ("categories: [math, wrting]", "mtbench.yaml:1: categories.1"),
        ("runs: 1\nthresholds:\n  categories:\n    wrting: 5", "mtbench.yaml:4: thresholds.categories.wrting"),
        ("thresholds:\n  floor: {default: 1, wrting: 5}", "mtbench.yaml:2: thresholds.floor.wrting"),
    ],
)
def test_an_unknown_category_is_named_with_its_line_and_a_near_name(resolved: Resolve, text: str, place: str) -> None:
    said = problems(resolved, text)
    assert said.startswith(place)
    assert "did you mean writing?" in said


@pytest.mark.parametrize("key, near", [("maths", "math"), ("turn3", "turn"), ("overal", "overall")])
def test_an_unknown_key_of_the_option_is_named_with_a_near_name(resolved: Resolve, key: str, near: str) -> None:
    said = problems(resolved, minimums=((key, 6.0),))
    assert f"--mtbench-min={key}=6" in said
    assert f"did you mean {near}" in said


def test_an_unknown_name_near_to_nothing_gets_the_list(resolved: Resolve) -> None:
    said = problems(resolved, minimums=(("qqqqq", 6.0),))
    for name in ("writing", "math", "trivia", "turn1", "turn2", "overall"):
        assert name in said


def test_everything_that_is_wrong_is_said_at_once(resolved: Resolve) -> None:
    with pytest.raises(ConfigError) as raised:
        resolved(
            "categories: [mat]\nthresholds: {categories: {wrting: 5}, floor: {trvia: 1}}", minimums=(("turn9", 5.0),)
        )
    assert len(raised.value.problems) == 4


def test_a_threshold_for_a_category_that_is_left_out_says_that_it_is_left_out(resolved: Resolve) -> None:
    said = problems(resolved, "categories: [writing]\nthresholds: {categories: {math: 5}}")
    assert "mtbench.yaml:2: thresholds.categories.math" in said
    assert "did you mean math?" not in said


def test_a_threshold_for_a_turn_that_no_question_has_is_refused(tmp_path: Path, resolved: Resolve) -> None:
    short = write_set(tmp_path / "short", QUESTIONS[4:])
    assert "turn2" in problems(resolved, questions=str(short), minimums=(("turn2", 5.0),))
    assert "turns.2" in problems(resolved, "thresholds:\n  turns: {2: 5}", questions=str(short))


def test_a_threshold_for_a_turn_that_no_selected_question_has_is_refused(resolved: Resolve) -> None:
    assert "turn2" in problems(resolved, "categories: [trivia]", minimums=(("turn2", 5.0),))


@pytest.mark.parametrize("name", ["overall", "turn1"])
def test_a_category_that_is_called_like_a_gate_makes_no_second_gate_of_that_name(
    tmp_path: Path, resolved: Resolve, name: str
) -> None:
    questions = [QUESTIONS[0], QUESTIONS[2] | {"category": name}]
    folder = write_set(tmp_path / "clash", questions)
    run = resolved(questions=str(folder), minimums=((name, 5.0),))
    assert len({gate.name for gate in run.gates}) == len(run.gates)


def test_where_no_category_is_left_the_message_is_whole(tmp_path: Path, resolved: Resolve) -> None:
    short = write_set(tmp_path / "short", QUESTIONS[:1])
    said = problems(resolved, "categories: [writng]\nthresholds: {categories: {maths: 5}}", questions=str(short))
    assert said.splitlines()[1].endswith("; there is none")


# Keys.


def key_of(run: ResolvedSuite) -> tuple[str, str]:
    return run.plan.model.endpoint.api_key, run.plan.judge.endpoint.api_key


KEYS = {"OPENAI_API_KEY": SECRET, "MTBENCH_JUDGE_API_KEY": OTHER_SECRET, "MINE": "sk-mine-111", "ITS": "sk-its-222"}


@pytest.mark.parametrize(
    "text, names, expected",
    [
        ("", ("OPENAI_API_KEY",), (SECRET, SECRET)),
        ("", ("OPENAI_API_KEY", "MTBENCH_JUDGE_API_KEY"), (SECRET, OTHER_SECRET)),
        ("", ("MTBENCH_JUDGE_API_KEY",), ("", OTHER_SECRET)),
        ("", (), ("", "")),
        (f"judge: {{base_url: '{REMOTE_JUDGE}'}}", ("OPENAI_API_KEY",), (SECRET, SECRET)),
        (f"judge: {{base_url: '{REMOTE_JUDGE}'}}", tuple(KEYS), (SECRET, OTHER_SECRET)),
        ("judge: {api_key_env: ITS}", tuple(KEYS), (SECRET, "sk-its-222")),
        ("model: {api_key_env: MINE}", tuple(KEYS), ("sk-mine-111", OTHER_SECRET)),
        ("model: {api_key_env: MINE}", ("OPENAI_API_KEY", "MINE"), ("sk-mine-111", "sk-mine-111")),
        (
            f"model: {{api_key_env: MINE}}\njudge: {{base_url: '{REMOTE_JUDGE}'}}",
            ("OPENAI_API_KEY", "MINE"),
            ("sk-mine-111", SECRET),
        ),
        # A variable that is named and not set is not replaced by another endpoint's key.
        ("judge: {api_key_env: ITS}", ("OPENAI_API_KEY", "MTBENCH_JUDGE_API_KEY"), (SECRET, "")),
        ("model: {api_key_env: MINE}", ("OPENAI_API_KEY",), ("", "")),
    ],
)
def test_each_endpoint_gets_its_own_key(
    resolved: Resolve, text: str, names: tuple[str, ...], expected: tuple[str, str]
) -> None:
    assert key_of(resolved(text, environ={name: KEYS[name] for name in names})) == expected


def check(run: ResolvedSuite, tmp_path: Path, *, generated: bool = False, judged: bool = True, **options: Any) -> str:
    """What `require_api_keys` complains of; empty where it does not."""
    try:
        settings = Settings(rootdir=tmp_path, cwd=tmp_path, **options)
        require_api_keys(run, settings, generated=generated, judged=judged)
    except ConfigError as error:
        return str(error)
    return ""


def test_a_remote_endpoint_without_a_key_is_named(resolved: Resolve, tmp_path: Path) -> None:
    said = check(resolved(base_url=REMOTE, judge_base_url=REMOTE_JUDGE), tmp_path)
    model, judge = said.splitlines()
    assert REMOTE in model
    assert "OPENAI_API_KEY" in model
    assert REMOTE_JUDGE in judge
    assert "MTBENCH_JUDGE_API_KEY" in judge


@pytest.mark.parametrize("url", ["http://localhost:8000/v1", "http://127.0.0.1:1/v1", "http://[::1]:8000/v1"])
def test_a_loopback_endpoint_needs_no_key(resolved: Resolve, tmp_path: Path, url: str) -> None:
    assert not check(resolved(base_url=url), tmp_path)
    said = check(resolved(base_url=url, judge_base_url=REMOTE_JUDGE), tmp_path)
    assert REMOTE_JUDGE in said
    assert url not in said


@pytest.mark.parametrize("url", ["https://localhost.example.com/v1", "http://10.0.0.7/v1", "http://127.evil.com/v1"])
def test_what_only_looks_like_loopback_needs_a_key(resolved: Resolve, tmp_path: Path, url: str) -> None:
    assert check(resolved(base_url=url), tmp_path)


@pytest.mark.parametrize(
    "options",
    [{"cache": "only"}, {"dry_run": True}, {"merge": (NamedShares("a.json", (Path("a.json"),), is_file=True),)}],
    ids=lambda options: next(iter(options)),
)
def test_a_run_that_asks_nothing_needs_no_key(resolved: Resolve, tmp_path: Path, options: dict[str, Any]) -> None:
    run = resolved(base_url=REMOTE)
    assert check(run, tmp_path)
    assert not check(run, tmp_path, **options)


def test_a_model_that_is_not_asked_needs_no_key_but_its_judge_does(resolved: Resolve, tmp_path: Path) -> None:
    run = resolved(base_url=REMOTE, judge_base_url=REMOTE_JUDGE)
    said = check(run, tmp_path, generated=True)
    assert REMOTE not in said
    assert REMOTE_JUDGE in said


def test_a_judge_that_may_not_be_asked_needs_no_key(resolved: Resolve, tmp_path: Path) -> None:
    run = resolved(base_url=REMOTE, judge_base_url=REMOTE_JUDGE)
    said = check(run, tmp_path, judged=False)
    assert REMOTE in said
    assert REMOTE_JUDGE not in said
    assert not check(run, tmp_path, judged=False, generated=True)


def test_answers_that_exist_may_have_their_judgments_beside_them(resolved: Resolve, tmp_path: Path) -> None:
    run = resolved(base_url=REMOTE, judge_base_url=REMOTE_JUDGE)
    assert not check(run, tmp_path, answers=Path("answers.jsonl"))


@pytest.mark.parametrize(
    "text, variable",
    [
        ("model: {api_key_env: MINE}", "MINE"),
        ("judge: {api_key_env: ITS}", "ITS"),
        ("model: {azure: '2024-10-21'}", "AZURE_OPENAI_API_KEY"),
    ],
)
def test_the_message_names_the_variable_that_is_read(
    resolved: Resolve, tmp_path: Path, text: str, variable: str
) -> None:
    assert variable in check(resolved(text, base_url=REMOTE, environ={"OPENAI_API_KEY": SECRET}), tmp_path)


@pytest.mark.parametrize(
    "text", ["", "model: {api_key_env: MINE}\njudge: {api_key_env: ITS}", "model: {azure: '2024-10-21'}"]
)
def test_no_key_is_in_a_repr_a_header_or_a_request(resolved: Resolve, text: str) -> None:
    environ = KEYS | {"AZURE_OPENAI_API_KEY": "sk-azure-333"}
    run = resolved(text, environ=environ, base_url="https://user:sk-in-url-444@api.example.com/v1?key=sk-in-query-555")
    question = run.plan.question(3)
    requests = [run.plan.answer_request(run.plan.model, question, [], 0), run.plan.judge_request(question, ["a"], 0)]
    seen = repr(run) + str(run.header) + str([request.identity for request in requests])
    secrets = [*environ.values(), "sk-in-url-444", "sk-in-query-555"]
    assert [secret for secret in secrets if secret in seen] == []
    assert "https://api.example.com/v1" in seen


def test_no_key_is_in_a_message(resolved: Resolve, tmp_path: Path) -> None:
    url = "https://user:sk-in-url-444@api.example.com/v1"
    said = check(
        resolved(base_url=url, judge_base_url=REMOTE_JUDGE, environ={"MTBENCH_JUDGE_API_KEY": SECRET}), tmp_path
    )
    assert "api.example.com" in said
    assert SECRET not in said
    assert "sk-in-url-444" not in said


def test_a_users_password_in_a_url_is_in_no_repr_of_the_options(tmp_path: Path) -> None:
    options = Settings(rootdir=tmp_path, cwd=tmp_path, base_url="https://user:sk-in-url-444@api.example.com/v1")
    assert "sk-in-url-444" not in repr(options)


@pytest.mark.parametrize(
    "text, judge",
    [
        ("model: {azure: '2024-10-21'}", ("2024-10-21", None)),
        ("model: {azure: {api_version: '2024-10-21', deployment: mine}}", ("2024-10-21", None)),
        (f"model: {{azure: '2024-10-21'}}\njudge: {{base_url: '{REMOTE_JUDGE}'}}", None),
        ("model: {azure: '2024-10-21'}\njudge: {azure: {api_version: v2, deployment: its}}", ("v2", "its")),
    ],
)
def test_the_judge_shares_azure_only_where_it_shares_the_endpoint(
    resolved: Resolve, text: str, judge: tuple[str, str | None] | None
) -> None:
    plan = resolved(text, base_url=REMOTE).plan
    assert plan.model.endpoint.azure is not None
    assert plan.judge.endpoint.azure == judge


def test_secrets_in_extra_body_are_named_everywhere_and_held_for_sending_alone(
    resolved: Resolve, tmp_path: Path
) -> None:
    text = (
        "model: {extra_body: {api_key: 'env:MINE', plain: 1}}\n"
        "judge: {extra_body: {auth: 'Bearer env:ITS'}}\n"
        f"against: [{{name: same}}, {{name: other, base_url: '{REMOTE_JUDGE}'}}]\n"
    )
    run = resolved(text, environ=KEYS, base_url=REMOTE)
    plan = run.plan
    assert plan.model.extra_body == {"api_key": "env:MINE", "plain": 1}
    assert plan.model.endpoint.variables == (("MINE", KEYS["MINE"]),)
    assert plan.judge.endpoint.variables == (("ITS", KEYS["ITS"]),)
    same, other = plan.opponents
    assert (same.extra_body, same.endpoint.variables) == (plan.model.extra_body, plan.model.endpoint.variables)
    assert (other.extra_body, other.endpoint.variables) == ({"plain": 1}, ()), "it goes to no other endpoint"
    assert "env:MINE" in str(plan.answer_request(plan.model, plan.question(3), [], 0).identity)
    assert [secret for secret in KEYS.values() if secret in repr(run)] == []
    assert not check(run, tmp_path)
    unset = resolved(text, environ={"OPENAI_API_KEY": SECRET, "ITS": "x"}, base_url=REMOTE)
    assert "env:MINE in extra_body of m: the variable MINE is not set" in check(unset, tmp_path)


def test_a_name_in_small_letters_may_be_a_key_and_is_not_echoed(resolved: Resolve) -> None:
    endpoint = resolved("model: {api_key_env: my_key}", base_url=REMOTE).plan.model.endpoint
    assert endpoint.key_variable == "the variable that api_key_env names"


def test_the_demo_as_opponent_is_the_stand_in_and_not_the_models_endpoint(resolved: Resolve) -> None:
    run = resolved(questions="house", against=("demo", "other"), base_url=REMOTE, environ=KEYS)
    stand_in, other = run.plan.opponents
    assert (stand_in.endpoint.url, other.endpoint.url) == (demo.URL, REMOTE)
    assert shown(run)["demo"] == ("a stand-in, not a language model", "built in")
    own = resolved("against: {base_url: 'http://localhost:1/v1'}", against=("demo",), base_url=REMOTE)
    assert own.plan.opponents[0].endpoint.url == "http://localhost:1/v1"
    message = problems(resolved, against=("demo",), base_url=REMOTE)
    assert message.startswith("--mtbench-against=demo: the demo answers the question set house alone, not ")


# A chatbot of one's own answers, and no endpoint does.

BOT = "model: {name: b, generate: 'shop:bot'}\n"


def test_beside_a_chatbot_others_are_asked_at_the_usual_endpoint(resolved: Resolve, tmp_path: Path) -> None:
    run = resolved(BOT + "against: other", {"OPENAI_API_KEY": SECRET})
    (other,) = run.plan.opponents
    assert run.plan.model.bot is not None
    assert (run.plan.model.bot.target, run.plan.model.bot.where) == ("shop:bot", "mtbench.yaml:1: model.generate: ")
    assert {role.endpoint.url for role in (run.plan.judge, other)} == {"https://api.openai.com/v1"}
    assert {role.endpoint.option for role in (run.plan.judge, other)}.isdisjoint({"--mtbench-base-url"})
    assert (run.plan.model.system_prompt, other.system_prompt) == ("", "You are a helpful assistant.")
    assert "the model's endpoint" not in judged_by(run)
    assert answered_by(run, Settings(tmp_path, tmp_path), hook="") == "m, by shop:bot (model.generate)"
    ambient = resolved(BOT, {"OPENAI_BASE_URL": REMOTE})
    assert ambient.plan.judge.endpoint.url == REMOTE
    assert "base-url" not in shown(ambient)
    assert shown(ambient)["generate"] == ("shop:bot", "mtbench.yaml")


def test_an_endpoint_of_the_command_line_does_not_stand_beside_a_chatbot(resolved: Resolve) -> None:
    said = problems(resolved, BOT, base_url=REMOTE)
    assert said.startswith("mtbench.yaml:1: model.generate: answers, and --mtbench-base-url names an endpoint")


def test_a_chatbot_called_demo_is_no_stand_in(resolved: Resolve) -> None:
    run = resolved("model: {name: demo, generate: 'shop:bot'}", model=None)
    assert run.plan.questions.name != demo.QUESTIONS
    assert "demo" not in shown(run)


def test_a_chatbot_needs_no_key_and_its_judge_does(resolved: Resolve, tmp_path: Path) -> None:
    run = resolved(BOT, {})
    with pytest.raises(ConfigError) as caught:
        require_api_keys(run, Settings(tmp_path, tmp_path), generated=False)
    assert "no key for gpt-4o" in str(caught.value)
    assert "no key for m" not in str(caught.value)


@pytest.mark.parametrize(
    "text, options, named",
    [
        ("", {}, False),
        ("", {"environ": {"OPENAI_BASE_URL": REMOTE}}, False),
        ("", {"base_url": REMOTE}, True),
        (f"model: {{base_url: '{REMOTE}'}}", {}, True),
        ("", {"model": "demo", "questions": None}, True),
    ],
)
def test_whether_anybody_named_the_endpoint(resolved: Resolve, text: str, options: dict[str, Any], named: bool) -> None:
    assert resolved(text, **options).names_endpoint is named
