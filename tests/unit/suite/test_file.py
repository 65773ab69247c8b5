from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from pytest_mtbench.domain.chat import ChatRequest
from pytest_mtbench.domain.errors import ConfigError
from pytest_mtbench.protocol.prompts import SYSTEM_PROMPT
from pytest_mtbench.suite import yaml as suite_yaml
from pytest_mtbench.suite.file import SuiteFile, suggestion
from pytest_mtbench.suite.schema import SuiteContent

NAME = "mtbench.yaml"


def suite(text: str) -> SuiteContent:
    return SuiteFile.from_text(text, NAME).content


def problems(text: str) -> list[str]:
    """What is wrong with a suite file, a line each."""
    with pytest.raises(ConfigError) as caught:
        SuiteFile.from_text(text, NAME)
    assert str(caught.value) == "\n".join(caught.value.problems)
    return list(caught.value.problems)


# --- what a good file says ---

FULL = """\
model:
  name: my-model
  base_url: http://127.0.0.1:8000/v1
  api_key_env: MY_KEY
  system_prompt: Be brief.
  temperature: 0.5
  max_tokens: 256
  extra_body: {top_k: 5, stop: [a, b], nested: {deep: null}}
  azure: {api_version: "2024-10-21", deployment: d1}
judge:
  name: gpt-4
  base_url: https://judge.example/v1
  api_key_env: JUDGE_KEY
  temperature: 0
  max_tokens: 4096
  extra_body: {seed: 1}
  azure: 2024-02-01
  repeats: 3
questions: ../questions
references: corrected.jsonl
categories: [math, coding, 数学]
thresholds:
  overall: 7.5
  turns: {1: 7.5, 2: 7}
  categories: {math: 6.0, coding: 6.5}
  floor: {default: 2, math: 3.5}
  rule: confident
  max_unscored: 0.1
runs: 5
concurrency: {model: 8, judge: 32}
prices:
  model: {input: 2.5, output: 10}
  judge: {input: 0, output: 0.5}
budget: 20
"""


def test_every_key_is_read() -> None:
    said = suite(FULL)
    model, judge, thresholds = said.model, said.judge, said.thresholds
    assert (model.name, model.base_url, model.api_key_env) == ("my-model", "http://127.0.0.1:8000/v1", "MY_KEY")
    assert (model.system_prompt, model.temperature, model.max_tokens) == ("Be brief.", 0.5, 256)
    assert model.extra_body == {"top_k": 5, "stop": ["a", "b"], "nested": {"deep": None}}
    assert model.azure is not None
    assert (model.azure.api_version, model.azure.deployment) == ("2024-10-21", "d1")
    assert (judge.name, judge.base_url, judge.api_key_env) == ("gpt-4", "https://judge.example/v1", "JUDGE_KEY")
    assert (judge.temperature, judge.max_tokens, judge.repeats) == (0, 4096, 3)
    assert judge.extra_body == {"seed": 1}
    assert judge.azure is not None
    assert (judge.azure.api_version, judge.azure.deployment) == ("2024-02-01", None)
    assert (said.questions, said.references) == ("../questions", "corrected.jsonl")
    assert said.categories == ["math", "coding", "数学"]
    assert thresholds.overall == 7.5
    assert thresholds.turns == {1: 7.5, 2: 7}
    assert thresholds.categories == {"math": 6.0, "coding": 6.5}
    assert thresholds.floor == {"default": 2, "math": 3.5}
    assert thresholds.rule == "confident"
    assert thresholds.max_unscored == 0.1
    assert said.runs == 5
    assert (said.concurrency.model, said.concurrency.judge) == (8, 32)
    assert said.prices.model is not None
    assert (said.prices.model.input, said.prices.model.output) == (2.5, 10)
    assert said.prices.judge is not None
    assert (said.prices.judge.input, said.prices.judge.output) == (0, 0.5)
    assert said.budget == 20


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing yet\n", "{}", "--- {}\n"])
def test_an_empty_file_says_nothing(text: str) -> None:
    said = suite(text)
    assert said == SuiteContent()
    assert said.model.name is None
    assert said.model.system_prompt == "You are a helpful assistant."
    assert said.judge.name is None
    assert said.questions is None
    assert said.categories == []
    assert said.runs is None
    assert said.thresholds.overall is None
    assert said.thresholds.floor == {}
    assert said.thresholds.rule == "mean"
    assert said.thresholds.max_unscored == 0.05


def test_a_model_or_judge_may_be_a_name_alone() -> None:
    said = suite("model: my-model\njudge: gpt-4\n")
    assert (said.model.name, said.judge.name) == ("my-model", "gpt-4")


@pytest.mark.parametrize("floor", ["3", "3.0"])
def test_the_floor_may_be_one_number(floor: str) -> None:
    assert suite(f"thresholds: {{floor: {floor}}}").thresholds.floor == {"default": 3.0}


@pytest.mark.parametrize("version", ["2024-10-21", '"2024-10-21"', "2024-12-01-preview"])
def test_an_api_version_that_looks_like_a_date_is_text(version: str) -> None:
    azure = suite(f"model: {{azure: {{api_version: {version}}}}}").model.azure
    assert azure is not None
    assert azure.api_version == version.strip('"')
    alone = suite(f"model: {{azure: {version}}}").model.azure
    assert alone == azure


@pytest.mark.parametrize("score", ["1", "1.0", "5.5", "10", "10.0"])
def test_thresholds_reach_from_1_to_10(score: str) -> None:
    text = f"thresholds: {{overall: {score}, turns: {{1: {score}}}, categories: {{a: {score}}}, floor: {score}}}"
    said = suite(text).thresholds
    assert said.overall == said.turns[1] == said.categories["a"] == said.floor["default"] == float(score)


def test_anchors_and_merge_keys_work() -> None:
    said = suite("prices:\n  model: &p {input: 1, output: 2}\n  judge:\n    <<: *p\n    output: 3\n")
    assert said.prices.judge is not None
    assert (said.prices.judge.input, said.prices.judge.output) == (1, 3)


def test_a_suite_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        suite("runs: 2").runs = 3


# --- what a wrong file gets: file, line, key path ---


@pytest.mark.parametrize(
    "text, place, complaint",
    [
        ("runs: 0", "runs", "not 0"),
        ("runs: -1", "runs", "not -1"),
        ("runs: 1.5", "runs", "not 1.5"),
        ("runs: true", "runs", "not True"),
        ("runs: many", "runs", "not 'many'"),
        ("runs: [1]", "runs", "integer"),
        ("model: 4", "model", "not 4"),
        ("model: [a]", "model", "mapping"),
        ("model: ''", "model.name", "at least 1 character"),
        ("model: {name: 4}", "model.name", "not 4"),
        ("model: {base_url: localhost}", "model.base_url", "URL such as"),
        ("model: {base_url: 'ftp://x'}", "model.base_url", "URL such as"),
        ("model: {base_url: 'http://'}", "model.base_url", "URL such as"),
        ("model: {base_url: 5}", "model.base_url", "URL such as"),
        ("model: {api_key_env: 'a b'}", "model.api_key_env", "name of an environment variable"),
        ("model: {api_key_env: 5}", "model.api_key_env", "name of an environment variable"),
        ("model: {temperature: -0.1}", "model.temperature", "not -0.1"),
        ("model: {temperature: warm}", "model.temperature", "not 'warm'"),
        ("model: {temperature: .nan}", "model.temperature", "finite"),
        ("model: {max_tokens: 0}", "model.max_tokens", "not 0"),
        ("model: {system_prompt: [a]}", "model.system_prompt", "string"),
        ("model: {extra_body: 5}", "model.extra_body", "mapping"),
        ("model: {azure: {}}", "model.azure.api_version", "required"),
        ("model: {azure: 2024}", "model.azure", "mapping"),
        ("model: {azure: {api_version: 2024}}", "model.azure.api_version", "not 2024"),
        ("judge: {repeats: 0}", "judge.repeats", "not 0"),
        ("judge: {system_prompt: x}", "judge.system_prompt", "unknown key"),
        ("model: {repeats: 2}", "model.repeats", "unknown key"),
        ("questions: 5", "questions", "not 5"),
        ("questions: [mt_bench]", "questions", "string"),
        ("references: 5", "references", "not 5"),
        ("categories: math", "categories", "list"),
        ("categories: [math, 5]", "categories.1", "not 5"),
        ("categories: {math: 1}", "categories", "list"),
        ("thresholds: 7", "thresholds", "mapping"),
        ("thresholds: {overall: 0.9}", "thresholds.overall", "not 0.9"),
        ("thresholds: {overall: 10.1}", "thresholds.overall", "not 10.1"),
        ("thresholds: {overall: 75}", "thresholds.overall", "not 75"),
        ("thresholds: {overall: high}", "thresholds.overall", "not 'high'"),
        ("thresholds: {overall: '7'}", "thresholds.overall", "not '7'"),
        ("thresholds: {overall: .nan}", "thresholds.overall", "finite"),
        ("thresholds: {overall: .inf}", "thresholds.overall", "finite"),
        ("thresholds: {overall: true}", "thresholds.overall", "not True"),
        ("thresholds: {turns: {3: 7}}", "thresholds.turns.3", "1 or 2"),
        ("thresholds: {turns: {first: 7}}", "thresholds.turns.first", "1 or 2"),
        ("thresholds: {turns: {1: 0}}", "thresholds.turns.1", "not 0"),
        ("thresholds: {turns: [7, 7]}", "thresholds.turns", "mapping"),
        ("thresholds: {categories: {math: 11}}", "thresholds.categories.math", "not 11"),
        ("thresholds: {categories: [math]}", "thresholds.categories", "mapping"),
        ("thresholds: {floor: 0}", "thresholds.floor", "not 0"),
        ("thresholds: {floor: {math: 11}}", "thresholds.floor.math", "not 11"),
        ("thresholds: {floor: low}", "thresholds.floor", "not 'low'"),
        ("thresholds: {floor: .nan}", "thresholds.floor", "finite"),
        ("thresholds: {rule: median}", "thresholds.rule", "'mean' or 'confident'"),
        ("thresholds: {max_unscored: 1.1}", "thresholds.max_unscored", "not 1.1"),
        ("thresholds: {max_unscored: -0.1}", "thresholds.max_unscored", "not -0.1"),
        ("concurrency: 8", "concurrency", "mapping"),
        ("concurrency: {model: 0}", "concurrency.model", "not 0"),
        ("concurrency: {judge: 1.5}", "concurrency.judge", "not 1.5"),
        ("prices: {model: 5}", "prices.model", "mapping"),
        ("prices: {model: {input: 1}}", "prices.model.output", "required"),
        ("prices: {judge: {input: 1, output: -1}}", "prices.judge.output", "not -1"),
        ("prices: {judge: {input: 1, output: .inf}}", "prices.judge.output", "finite"),
        ("budget: 0", "budget", "not 0"),
        ("budget: -5", "budget", "not -5"),
        ("budget: $20", "budget", "not '$20'"),
        ("budget: .nan", "budget", "finite"),
        ("budget: 20", "budget", "prices"),
        ("5: x", "5", "string"),
        ("on: x", "on", "unknown key"),
        ("null: x", "null", "string"),
        ("thresholds:", "thresholds", "mapping"),
        ("model:", "model", "mapping"),
        ('model: "\\ud800"', "model.name", "string"),
    ],
    ids=lambda value: str(value)[:45],
)
def test_a_wrong_value_is_named_with_file_line_and_key(text: str, place: str, complaint: str) -> None:
    (problem,) = problems(f"# a comment\n\n{text}\n")
    file, line, rest = problem.split(":", 2)
    assert (file, line) == (NAME, "3")
    if place not in ("on", "null"):  # YAML 1.1 reads these as other values than they are written
        assert rest.startswith(f" {place}")
    assert complaint in rest


@pytest.mark.parametrize(
    "text, line",
    [
        ("model:\n  name: x\n  max_tokens: 0\n", 3),
        ("thresholds:\n  turns:\n    1: 7\n    2: 70\n", 4),
        ("categories:\n- math\n- 5\n", 3),
        ("thresholds: {\n  overall: 7,\n  rule: x\n}\n", 3),
        ("runs: 1\r\njudge:\r\n  repeats: 0\r\n", 3),
        ("prices:\n  model:\n    input: 1\n", 2),
        ("prices:\n  model: &p\n    input: 1\n    output: 2\n  judge:\n    <<: *p\n    input: -1\n", 7),
        ('model:\n  name: >\n    a long\n    name\n  "max_tokens": 0\n', 5),
    ],
)
def test_the_line_is_the_one_where_the_key_stands(text: str, line: int) -> None:
    (problem,) = problems(text)
    assert problem.startswith(f"{NAME}:{line}: ")


def test_what_stands_under_an_alias_is_placed_where_the_alias_is() -> None:
    found = problems("prices:\n  model: &p\n    input: -1\n    output: 2\n  judge: *p\n")
    assert [problem.split(":")[1] for problem in found] == ["3", "5"]


ALL_WRONG = """\
modle: my-model
model:
  temprature: 0.5
  max_tokens: lots
judge: {repeats: 0}
categories: math
thresholds:
  overall: 75
  turns: {3: 7}
  categories: {math: 0}
  floor: 11
  rule: median
runs: 0
runs: 1.5
budget: -1
"""


def test_everything_wrong_is_reported_at_once() -> None:
    places = [":".join(problem.split(":")[:3]) for problem in problems(ALL_WRONG)]
    assert sorted(places) == sorted(
        f"{NAME}:{line}: {path}"
        for line, path in [
            (1, "modle"),
            (3, "model.temprature"),
            (4, "model.max_tokens"),
            (5, "judge.repeats"),
            (6, "categories"),
            (8, "thresholds.overall"),
            (9, "thresholds.turns.3"),
            (10, "thresholds.categories.math"),
            (11, "thresholds.floor.default"),
            (12, "thresholds.rule"),
            (14, "runs"),
            (14, "runs"),
            (15, "budget"),
        ]
    )


def test_a_budget_without_prices_is_reported_with_the_rest() -> None:
    found = problems("runs: 0\nbudget: 20\n")
    assert [problem.split(": ")[1] for problem in found] == ["runs", "budget"]


@pytest.mark.parametrize(
    "prices",
    [
        "{}",
        "{model: {input: 1, output: 1}, judge: }",
        "{model: {input: 1, output: 1}}",
        "{judge: {input: 1, output: 1}}",
    ],
)
def test_a_budget_needs_the_prices_of_both(prices: str) -> None:
    (problem,) = problems(f"prices: {prices}\nbudget: 20\n")
    assert "budget" in problem
    assert "prices for model and judge" in problem


@pytest.mark.parametrize(
    "text, path",
    [
        ("runs: 1\nruns: 2\n", "runs"),
        ("runs: 1\n'runs': 1\n", "runs"),
        ("model:\n  name: a\nmodel: {name: b}\n", "model"),
        ("thresholds: {categories: {math: 6,\n math: 3}}\n", "thresholds.categories.math"),
        ("model: {extra_body: {a: 1,\n a: 2}}\n", "model.extra_body.a"),
    ],
)
def test_a_key_that_stands_twice_is_named(text: str, path: str) -> None:
    assert f"{NAME}:{text.count(chr(10))}: {path}: stands twice" in problems(text)


# --- suggestions ---


@pytest.mark.parametrize(
    "text, path, near",
    [
        ("modle: x", "modle", "model"),
        ("Model: x", "Model", "model"),
        ("treshold: {}", "treshold", "thresholds"),
        ("category: [math]", "category", "categories"),
        ("question: mt_bench", "question", "questions"),
        ("model: {nam: x}", "model.nam", "name"),
        ("model: {api_key: x}", "model.api_key", "api_key_env"),
        ("model: {base-url: x}", "model.base-url", "base_url"),
        ("model: {maxtokens: 5}", "model.maxtokens", "max_tokens"),
        ("judge: {repeat: 2}", "judge.repeat", "repeats"),
        ("judge: {azure: {api_version: '1', deploymnt: d}}", "judge.azure.deploymnt", "deployment"),
        ("thresholds: {turn: {1: 7}}", "thresholds.turn", "turns"),
        ("thresholds: {max_unscord: 0}", "thresholds.max_unscord", "max_unscored"),
        ("concurrency: {judg: 4}", "concurrency.judg", "judge"),
        ("prices: {modell: {input: 1, output: 1}}", "prices.modell", "model"),
        ("prices: {model: {input: 1, output: 1, outptu: 1}}", "prices.model.outptu", "output"),
    ],
)
def test_an_unknown_key_gets_a_near_name(text: str, path: str, near: str) -> None:
    assert problems(text) == [f"{NAME}:1: {path}: unknown key; did you mean {near}?"]


def test_an_unknown_key_without_a_near_name_gets_what_there_is() -> None:
    (problem,) = problems("concurrency: {xyzzy: 1}")
    assert problem == f"{NAME}:1: concurrency.xyzzy: unknown key; there is model, judge"


@pytest.mark.parametrize(
    "name, said",
    [("mth", "; did you mean math?"), ("MATH", "; there is math, coding"), ("zzz", "; there is math, coding")],
)
def test_a_suggestion_names_the_nearest_or_all(name: str, said: str) -> None:
    assert suggestion(name, ["math", "coding"]) == said


# --- secrets ---

SECRET = "s3cr3t-k3y"  # short, as the tokens of local servers are


@pytest.mark.parametrize(
    "text",
    [
        f"model: {{api_key_env: {SECRET}}}",
        f"judge: {{api_key_env: {SECRET}}}",
        f"model: {{api_key_env: [{SECRET}]}}",
        f"model: {{api_key_env: {{value: {SECRET}}}}}",
        f"model: {{api_key: {SECRET}}}",
        f"api_key: {SECRET}",
        f"OPENAI_API_KEY: {SECRET}",
        f"model: {{headers: {{Authorization: Bearer {SECRET}}}}}",
        f"model: {{azure: {{api_key: {SECRET}}}}}",
        f"model: {{extra_body: {{api_key: {SECRET}}}}}",
        f"judge: {{extra_body: {{deep: [{{access_token: {SECRET}}}]}}}}",
        f"against: {{name: o, extra_body: {{Authorization: Bearer {SECRET}}}}}",
        f"against: [{{name: o, extra_body: {{note: Bearer {SECRET}}}}}]",
        f"model: {{base_url: 'user:{SECRET}@localhost:8000'}}",
        f"model: {{base_url: 'https//u:{SECRET}@host/v1'}}",
        f"model: {{base_url: 'wss://u:{SECRET}@host/v1'}}",
        f"judge: {{base_url: ['http://u:{SECRET}@host/v1']}}",
        f"model: {{base_url: 'http://u:{SECRET}@host/v1', runs: 1}}",
        f"model: {{name: [{SECRET}]}}",
        f"model: {{api_key_env: '{SECRET}",
    ],
    ids=lambda text: text.replace(SECRET, "KEY"),
)
def test_a_secret_is_never_shown(text: str) -> None:
    for problem in problems(text):
        assert SECRET not in problem


def test_a_key_in_place_of_a_variables_name_is_refused_with_the_reason() -> None:
    (problem,) = problems("model:\n  api_key_env: sk-abc123\n")
    assert problem == (
        f"{NAME}:2: model.api_key_env: must be the name of an environment variable "
        "(the key itself never stands in the file)"
    )


@pytest.mark.parametrize("length", [40, 51, 164, 5000])
def test_a_long_text_is_not_shown(length: int) -> None:
    (problem,) = problems(f"runs: {'k' * length}")
    assert "kkkk" not in problem
    assert len(problem) < 120


# --- hostile and broken YAML ---


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("model: {name: x", id="open-brace"),
        pytest.param("model: 'x", id="open-quote"),
        pytest.param("model: x: y", id="two-colons"),
        pytest.param("model:\n\tname: x", id="tab"),
        pytest.param("model: x\n judge: y", id="indentation"),
        pytest.param("model: *nothing", id="unknown-alias"),
        pytest.param("model: @x", id="reserved"),
        pytest.param("model: x\n---\nmodel: y", id="two-documents"),
        pytest.param("? [a, b]\n: 1", id="list-as-a-key"),
        pytest.param("? {a: b}\n: 1", id="mapping-as-a-key"),
        pytest.param("<<: 5", id="merge-of-a-number"),
        pytest.param("model: !unknown x", id="unknown-tag"),
        pytest.param("model: !!python/object/apply:os.getcwd []", id="python-call"),
        pytest.param("model: !!python/name:os.system", id="python-name"),
        pytest.param("model: !!python/object/new:os.system [echo]", id="python-object"),
        pytest.param("model: !!python/module:os", id="python-module"),
        pytest.param("runs: !!int many", id="no-int"),
        pytest.param("budget: !!float much", id="no-float"),
        pytest.param("runs: !!bool perhaps", id="no-bool"),
        pytest.param("model: !!timestamp x", id="no-timestamp"),
        pytest.param("model: !!timestamp 2001-99-99", id="no-date"),
        pytest.param("model: !!binary é", id="no-binary"),
        pytest.param("runs: 0x_", id="hexadecimal-without-digits"),
        pytest.param("runs: 0b_", id="binary-without-digits"),
        pytest.param(f"runs: {'9' * 5000}", id="too-long-a-number"),
        pytest.param('model: "\\U00110000"', id="no-such-character"),
    ],
)
def test_what_is_not_safe_yaml_is_refused_with_file_and_line(text: str) -> None:
    (problem,) = problems(text)
    assert problem.startswith((f"{NAME}:1: ", f"{NAME}:2: "))
    assert len(problem.splitlines()) == 1


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("model: a\x00b", id="NUL"),
        pytest.param("model: \x1b[31m", id="escape"),
        pytest.param("[" * 800, id="deep-list"),
        pytest.param("model: " + "{a: " * 800, id="deep-mapping"),
        pytest.param("model: " + "[" * 800 + "]" * 800, id="deep-closed"),
    ],
)
def test_what_no_parser_should_see_is_refused(text: str) -> None:
    (problem,) = problems(text)
    assert problem.startswith(NAME)
    assert "\x00" not in problem
    assert "\x1b" not in problem


def test_no_python_is_run(tmp_path: Path) -> None:
    target = tmp_path / "created"
    for call in ("object/apply:os.mkdir", "object/new:os.mkdir"):
        with pytest.raises(ConfigError):
            suite(f"model: !!python/{call} ['{target}']")
    assert not target.exists()


@pytest.mark.parametrize("text", ["- a\n- b\n", "hello", "5", "~", "---", "null", "true"])
def test_a_file_that_is_no_mapping_is_refused(text: str) -> None:
    (problem,) = problems(text)
    assert problem.startswith(f"{NAME}:1: the suite file must be a mapping of keys")


def laughs(levels: int) -> str:
    """The billion laughs: a short text whose aliases stand for 9 ** levels texts."""
    above = (f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]" for level in range(1, levels))
    return "\n".join(["a0: &a0 [x, x, x, x, x, x, x, x, x]", *above])


LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9)
)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"{LAUGHS}model: {{name: m, extra_body: {{x: *a8}}}}\n", id="value"),
        pytest.param(f"{LAUGHS}? *a8\n: 1\n", id="key"),
        pytest.param(
            "m0: &m0 {x: 1}\n"
            + "".join(f"m{n}: &m{n} {{<<: [{', '.join([f'*m{n - 1}'] * 9)}]}}\n" for n in range(1, 9)),
            id="merge",
        ),
    ],
)
def test_aliases_that_unfold_to_millions_are_refused_in_no_time(text: str) -> None:
    (problem,) = problems(text)
    assert "unfolds to more than 20000 values" in problem


@pytest.mark.parametrize("value", ["0x" + "f" * 5000, "-0x" + "f" * 5000, "1000000000"])
@pytest.mark.parametrize("key", ["runs", "budget", "thresholds: {overall", "judge: {repeats", "concurrency: {model"])
def test_a_number_that_nobody_means_is_refused_and_not_spelt(key: str, value: str) -> None:
    prices = "prices: {model: {input: 1, output: 1}, judge: {input: 1, output: 1}}\n"
    text = f"{prices}{key}: {value}" + ("}" if "{" in key else "") + "\n"
    if key == "budget" and not value.startswith("-"):
        return
    (problem,) = problems(text)
    assert len(problem) < 200


def test_a_file_that_unfolds_without_end_is_refused_in_no_time() -> None:
    assert len(problems(laughs(30) + "\ncategories: *a29\n")) < 100


@pytest.mark.parametrize("text", ["categories: &c [*c]", "model: &m {name: *m}", "thresholds: &t {turns: *t}"])
def test_a_file_that_holds_itself_is_refused(text: str) -> None:
    assert problems(text)


# --- extra_body goes into requests, and requests into the cache as JSON ---


@pytest.mark.parametrize(
    "body",
    [
        "{top_k: 5, stop: [a], none: null}",
        "{logit_bias: {50256: -100}}",
        "{logit_bias: {50256: -100, '13': 5}}",
        "{'logit_bias': {'50256': -100}}",
        "{deep: [{a: {b: 0.5}}]}",
    ],
)
def test_an_extra_body_is_the_same_after_a_way_through_json(body: str) -> None:
    extra = suite(f"model: {{extra_body: {body}}}").model.extra_body
    request = ChatRequest("http://127.0.0.1", "m", (), None, 10, extra_body=extra)
    assert json.loads(json.dumps(request.identity, sort_keys=True)) == request.identity


@pytest.mark.parametrize(
    "body",
    [
        "{a: !!set {b, c}}",
        "{a: !!binary aGk=}",
        "{a: .nan}",
        "{a: -.inf}",
        "&x {self: *x}",
    ],
)
def test_an_extra_body_that_is_not_json_is_refused(body: str) -> None:
    (problem,) = problems(f"runs: 1\nmodel: {{extra_body: {body}}}\n")
    assert problem.startswith(f"{NAME}:2: model.extra_body")


# --- files ---


def test_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "nightly.mtbench.yaml"
    path.write_text("model: größe\n", encoding="utf-8")
    file = SuiteFile.from_file(path)
    assert file.content.model.name == "größe"
    assert file.name == "nightly.mtbench.yaml"


def test_a_byte_order_mark_and_windows_line_ends_do_not_matter(tmp_path: Path) -> None:
    path = tmp_path / NAME
    path.write_bytes(b"\xef\xbb\xbfmodel: x\r\nruns: 2\r\n")
    assert SuiteFile.from_file(path).content == suite("model: x\nruns: 2\n")


def test_an_empty_file_on_disk_is_a_suite(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text("")
    assert SuiteFile.from_file(tmp_path / NAME).content == SuiteContent()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        SuiteFile.from_file(tmp_path / "gone.yaml")
    assert str(tmp_path / "gone.yaml") in str(caught.value)
    assert "cannot be read" in str(caught.value)


def test_a_file_of_many_megabytes_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "mtbench.yaml"
    with path.open("wb") as file:
        file.truncate(100 * 2**20)
    with pytest.raises(ConfigError, match=r"mtbench\.yaml: the suite file has 100 MiB; .* never above 1 MiB"):
        SuiteFile.from_file(path)


def test_a_folder_in_place_of_the_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        SuiteFile.from_file(tmp_path)


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_a_file_that_is_not_utf8_is_named(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / NAME
    path.write_bytes("model: größe".encode(encoding))
    with pytest.raises(ConfigError, match="not UTF-8") as caught:
        SuiteFile.from_file(path)
    assert NAME in str(caught.value)


def test_plain_values_are_validated_without_lines() -> None:
    assert SuiteFile.from_dict({"model": "x"}, "here").content.model.name == "x"
    with pytest.raises(ConfigError) as caught:
        SuiteFile.from_dict({"runs": 0, "modle": "x"}, "here")
    assert sorted(problem[: problem.index(": ", 6)] for problem in caught.value.problems) == [
        "here: modle",
        "here: runs",
    ]


# --- places ---


@pytest.mark.parametrize(
    "path, start",
    [
        (("thresholds", "categories", "math"), f"{NAME}:4: thresholds.categories.math: wrong"),
        (("thresholds", "categories", "coding"), f"{NAME}:3: thresholds.categories.coding: wrong"),
        (("thresholds", "floor", "math"), f"{NAME}:2: thresholds.floor.math: wrong"),
        (("categories", 1), f"{NAME}:6: categories.1: wrong"),
        (("categories", "1"), f"{NAME}:6: categories.1: wrong"),
        (("runs",), f"{NAME}: runs: wrong"),
    ],
)
def test_a_place_is_the_line_of_the_key_or_of_what_holds_it(path: tuple[str | int, ...], start: str) -> None:
    file = SuiteFile.from_text(
        "model: x\nthresholds:\n  categories:\n    math: 6\ncategories: [math,\n  coding]\n", NAME
    )
    assert file.at(path, "wrong") == start


@pytest.mark.parametrize(
    "text, lines",
    [
        ("a: 1\nb:\n  c: 2\n", {("a",): 1, ("b",): 2, ("b", "c"): 3}),
        ("a:\n- x\n- {b: 1}\n", {("a",): 1, ("a", "0"): 2, ("a", "1"): 3, ("a", "1", "b"): 3}),
        ("1: 2\n", {("1",): 1}),
        ("", {}),
    ],
)
def test_lines_are_known_by_key_path(text: str, lines: dict[tuple[str, ...], int]) -> None:
    assert suite_yaml.load(text)[1] == lines


@pytest.mark.parametrize(
    "text, value",
    [("a: 2024-10-21", "2024-10-21"), ("a: 1.5", 1.5), ("a: null", None), ("a: [1, true]", [1, True])],
)
def test_plain_yaml_values_are_read(text: str, value: Any) -> None:
    assert suite_yaml.load(text)[0] == {"a": value}


def test_dates_stay_dates_for_everyone_else() -> None:
    """The loader's change is its own: PyYAML's safe loader, which a user's tests may use, is as it was."""
    assert not isinstance(yaml.safe_load("a: 2024-10-21")["a"], str)


def test_what_looks_like_a_secret_is_refused_with_the_way_to_say_it() -> None:
    (found,) = problems("model:\n  extra_body: {user: me, api_key: abc, more: [{x: sk-abc-123}]}\n")
    assert found == (
        f"{NAME}:2: model.extra_body: api_key, more.0.x look like secrets, which must not stand in a file; "
        "write env:NAME and set that variable"
    )
    SuiteFile.from_text("model: {extra_body: {api_key: 'env:MY_KEY', prompt_cache_key: mine}}", NAME)


@pytest.mark.parametrize("key", ["AKIAIOSFODNN7EXAMPLE", "gsk_0123456789abcdefghij", "hf_aB3dE6gH9jK2mN5pQ8sT"])
def test_a_key_that_could_be_a_variables_name_is_refused_too(key: str) -> None:
    (problem,) = problems(f"judge: {{api_key_env: {key}}}")
    assert "must be the name of an environment variable" in problem
    assert key not in problem


# --- a chatbot of one's own ---


def test_a_chatbot_is_named_by_module_and_object() -> None:
    model = suite("model: {name: b, generate: shop.bots:Bots.best, thinking: [<a>, </a>]}").model
    assert (model.generate, model.instructions) == ("shop.bots:Bots.best", "")
    assert suite('model: {name: b, generate: "b:a", system_prompt: Be brief.}').model.instructions == "Be brief."
    assert suite("model: b").model.instructions == SYSTEM_PROMPT


@pytest.mark.parametrize(
    "target", ["bot", "bot.answer", "bot.py:answer", ":answer", "bot:", "a b:c", "./bot:x", "b:c:d"]
)
def test_what_names_no_chatbot(target: str) -> None:
    (problem,) = problems(f"model:\n  name: b\n  generate: {json.dumps(target)}")
    assert problem.startswith("mtbench.yaml:3: model.generate: must be package.module:object, as my_bot:answer")


@pytest.mark.parametrize(
    "key, value",
    [("base_url", "http://127.0.0.1:8000/v1"), ("temperature", "0"), ("max_tokens", "9"), ("api_key_env", "KEY")],
)
def test_what_is_for_an_endpoint_does_not_stand_beside_a_chatbot(key: str, value: str) -> None:
    (problem,) = problems(f"model: {{name: b, generate: 'b:a', {key}: {value}}}")
    assert problem.startswith(f"mtbench.yaml:1: model: has {key} beside generate; that is for an endpoint")
