"""Which judges a suite has, what each is called and what it costs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pytest_mtbench.domain.endpoint import Role
from pytest_mtbench.domain.errors import ConfigError
from pytest_mtbench.engine.plan import Plan
from pytest_mtbench.files.fingerprint import differences, fingerprint
from pytest_mtbench.suite.file import SuiteFile
from pytest_mtbench.suite.keys import require_api_keys
from pytest_mtbench.suite.resolve import resolve
from pytest_mtbench.suite.resolved import ResolvedSuite
from pytest_mtbench.suite.settings import Settings

URL = "https://api.openai.com/v1"
OTHER = "https://other.example.com/v1"
Judges = Callable[..., tuple[Role, ...]]
SECRET, OTHER_SECRET = "sk-do-not-show-1234567890", "sk-the-judges-0987654321"


@pytest.fixture
def resolved(tmp_path: Path, small_set: Path) -> Callable[..., ResolvedSuite]:
    def run(text: str = "", environ: dict[str, str] | None = None, **options: Any) -> ResolvedSuite:
        file = SuiteFile.from_text(text or "{}", "mtbench.yaml")
        given = Settings(rootdir=tmp_path, cwd=tmp_path, model="m", questions=str(small_set), **options)
        return resolve("mtbench.yaml", file, tmp_path / "mtbench.yaml", given, environ or {})

    return run


@pytest.fixture
def plan(resolved: Callable[..., ResolvedSuite]) -> Callable[..., Plan]:
    return lambda *arguments, **options: resolved(*arguments, **options).plan


@pytest.fixture
def judges(plan: Callable[..., Plan]) -> Judges:
    return lambda *arguments, **options: plan(*arguments, **options).judges


AT_ONE = ["a (1)", "a (2)"]


def labels(judges: tuple[Role, ...]) -> list[str]:
    return [judge.label for judge in judges]


@pytest.mark.parametrize("text", ["judge: a", "judge: [a]", "judge: {name: a}", "judge: [{name: a}]"])
def test_one_judge_is_no_jury_however_it_is_written(plan: Callable[..., Plan], text: str) -> None:
    found = plan(text)
    assert (found.judge.name, found.jury, found.judge_name, found.said_by) == ("a", (), "a", "")
    assert found.of_judges == (found,)
    assert fingerprint(found, []) == fingerprint(plan("judge: a"), [])


def test_each_judge_has_its_own_section(plan: Callable[..., Plan]) -> None:
    found = plan(
        f"judge: [a, {{name: b, base_url: '{OTHER}', temperature: 0.5, max_tokens: 9, extra_body: {{x: 1}},"
        " answer_from: y}]\nconcurrency: {judge: 3}"
    )
    first, second = found.judges
    assert (first.endpoint.url, first.temperature, first.max_tokens, first.limit) == (URL, None, 2048, 3)
    assert (second.endpoint.url, second.temperature, second.max_tokens, second.limit) == (OTHER, 0.5, 9, 3)
    assert (second.extra_body, second.answer_from) == ({"x": 1}, "y")
    assert (found.judge, found.judge_name) == (first, "a + b")
    assert [(one.judge, one.said_by) for one in found.of_judges] == [(first, "a"), (second, "b")]
    question = found.question(3)
    asked = [one.judge_request(question, ["x"], 0) for one in found.of_judges]
    assert [(request.model, request.endpoint, request.temperature) for request in asked] == [
        ("a", URL, 0.0), ("b", OTHER, 0.5),
    ]  # fmt: skip


def test_a_judge_of_a_jury_is_asked_what_it_is_asked_alone(plan: Callable[..., Plan]) -> None:
    alone, jury = plan("judge: b"), plan("judge: [a, b]")
    request = [one.of_judges[-1].judge_request(one.question(3), ["x"], 1) for one in (alone, jury)]
    assert request[0] == request[1]


def test_keys_are_as_for_one_judge(resolved: Callable[..., ResolvedSuite]) -> None:
    text = f"judge: [a, {{name: b, base_url: '{OTHER}', api_key_env: B_KEY}}]"
    keys = {"OPENAI_API_KEY": SECRET, "B_KEY": OTHER_SECRET}
    assert [judge.endpoint.api_key for judge in resolved(text, keys).plan.judges] == [SECRET, OTHER_SECRET]
    keys = {"OPENAI_API_KEY": SECRET}
    run = resolved(text, keys)
    with pytest.raises(ConfigError, match=f"no key for b at {OTHER}: set B_KEY"):
        require_api_keys(run, Settings(rootdir=Path(), cwd=Path()), generated=False)


@pytest.mark.parametrize(
    "text, given, names",
    [
        ("judge: [a, b]", "b", ["b"]),
        ("judge: [a, b]", "b,a", ["b", "a"]),
        ("judge: [a, b]", "c , a", ["c", "a"]),
        ("judge: a", "b,c", ["b", "c"]),
        ("", "b,c", ["b", "c"]),
        ("judge: ['b,c', a]", "b,c", ["b,c"]),  # such a judge is called so in the file
        ("judge: 'b,c'", "b,c", ["b,c"]),
        ("judge: 'b,c'", None, ["b,c"]),
    ],
)
def test_names_of_the_command_line(judges: Judges, text: str, given: str | None, names: list[str]) -> None:
    assert labels(judges(text, judge=given)) == names


def test_a_name_keeps_its_section_and_another_takes_over_that_of_a_single_judge(judges: Judges) -> None:
    jury = f"judge: [{{name: a, base_url: '{OTHER}', max_tokens: 9}}, b]"
    assert [(one.endpoint.url, one.max_tokens) for one in judges(jury, judge="c,a")] == [(URL, 2048), (OTHER, 9)]
    single = f"judge: {{name: a, base_url: '{OTHER}', max_tokens: 9}}"
    assert [(one.endpoint.url, one.max_tokens) for one in judges(single, judge="b,c")] == [(OTHER, 9)] * 2
    moved = judges(jury, judge_base_url="http://127.0.0.1:1/v1")
    assert {one.endpoint.url for one in moved} == {"http://127.0.0.1:1/v1"}


@pytest.mark.parametrize(
    "text, expected",
    [
        ("judge: [a, b]", ["a", "b"]),
        (f"judge: [a, {{name: a, base_url: '{OTHER}'}}]", [f"a ({URL})", f"a ({OTHER})"]),
        ("judge: [b, a, {name: a, temperature: 1}]", ["b", "a (2)", "a (3)"]),
        (
            f"judge: [a, {{name: a, max_tokens: 9}}, {{name: a, base_url: '{OTHER}'}}]",
            ["a (1)", "a (2)", f"a ({OTHER})"],
        ),
        ("judge: [a, 'a (2)', {name: a, max_tokens: 9}]", ["a (1)", "a (2)", "a (3)"]),
    ],
)
def test_judges_of_one_name_are_told_apart(judges: Judges, text: str, expected: list[str]) -> None:
    assert labels(judges(text)) == expected


@pytest.mark.parametrize(
    "second", ["a", "{name: a, temperature: 0}", "{name: a, max_tokens: 2048}", f"{{name: a, base_url: '{URL}/'}}"]
)
def test_the_same_judge_twice_is_refused(judges: Judges, second: str) -> None:
    with pytest.raises(ConfigError, match=f"mtbench.yaml:1: judge: a at {URL} is the same judge twice"):
        judges(f"judge: [a, {second}]")


def test_a_name_that_is_two_judges_of_the_file_is_refused(judges: Judges) -> None:
    with pytest.raises(ConfigError, match="--mtbench-judge=a: the suite file has 2 judges of that name"):
        judges("judge: [a, {name: a, max_tokens: 9}]", judge="a")


A, B = "{input: 1, output: 2}", "{input: 3, output: 4}"


@pytest.mark.parametrize(
    "text, given, prices",
    [
        (f"judge: [a, b]\nprices: {{judge: {{b: {B}, a: {A}}}}}", None, [(1, 2), (3, 4)]),
        (f"judge: [a, b]\nprices: {{judge: [{A}, {B}]}}", None, [(1, 2), (3, 4)]),
        (f"judge: [a, b]\nprices: {{judge: [{A}, {B}]}}", "b", [(3, 4)]),
        (f"judge: [a, b]\nprices: {{judge: [{A}, {B}]}}", "c", [None]),
        (f"judge: [a, b]\nprices: {{judge: {{b: {B}}}}}", None, [None, (3, 4)]),
        (f"judge: [input, output]\nprices: {{judge: {{input: {A}, output: {B}}}}}", None, [(1, 2), (3, 4)]),
        (f"judge: a\nprices: {{judge: {A}}}", None, [(1, 2)]),
        (f"judge: a\nprices: {{judge: {A}}}", "b", [(1, 2)]),  # as it was before there were juries
        (f"judge: a\nprices: {{judge: {A}}}", "a,b", [(1, 2), None]),
        (f"judge: a\nprices: {{judge: [{A}]}}", "a,b", [(1, 2), None]),
        (f"judge: a\nprices: {{judge: {{a: {A}, b: {B}}}}}", "a,b", [(1, 2), (3, 4)]),
        (f"prices: {{judge: {{gpt-4o: {A}}}}}", None, [(1, 2)]),
        (f"judge: [a, {{name: a, max_tokens: 9}}]\nprices: {{judge: [{A}, {B}]}}", None, [(1, 2), (3, 4)]),
    ],
)
def test_prices(judges: Judges, text: str, given: str | None, prices: list[tuple[float, float] | None]) -> None:
    assert [judge.price for judge in judges(text, judge=given)] == prices


@pytest.mark.parametrize(
    "text, message",
    [
        (f"judge: [a, b]\nprices: {{judge: {A}}}", "mtbench.yaml:2: prices.judge: is one price for several judges"),
        (f"judge: a\nprices: {{judge: [{A}, {B}]}}", "mtbench.yaml:2: prices.judge: has 2 prices for 1 judges"),
        (f"judge: a\nprices: {{judge: {{b: {A}}}}}", "prices.judge.b: is no judge of this suite; there is a"),
        (f"judge: [a, b]\nprices: {{judge: {{a: {A}, input: 3}}}}", "prices.judge.a: unknown key"),
        (f"judge: [a, b]\nprices: {{judge: {{a: {A}, b: {{input: 3}}}}}}", "prices.judge.b.output: field required"),
        (f"judge: a\nbudget: 1\nprices: {{model: {A}}}", "budget: needs prices for model and judge"),
    ],
)
def test_prices_that_are_not_those_of_the_judges(judges: Judges, text: str, message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        judges(text)
    assert message in str(raised.value)


def test_a_budget_wants_the_price_of_every_judge_that_is_asked(judges: Judges) -> None:
    text = f"judge: [a, b]\nbudget: 1\nprices: {{model: {A}, judge: {{a: {A}}}}}"
    assert labels(judges(text, judge="a")) == ["a"]
    with pytest.raises(ConfigError, match=r"mtbench.yaml:2: budget: needs a price for each judge; .* none for b"):
        judges(text)


def test_repeats_are_the_suites(plan: Callable[..., Plan]) -> None:
    assert plan("judge: [{name: a, repeats: 2}, {name: b, repeats: 2}]").repeats == 2
    assert plan("judge: [{name: a, repeats: 2}, {name: b, repeats: 2}]", judge_repeats=3).repeats == 3
    assert plan("judge: [a, {name: b, repeats: 1}]").repeats == 1


def test_the_header_names_them(resolved: Callable[..., ResolvedSuite]) -> None:
    assert ("judge", "a + b", "mtbench.yaml") in resolved("judge: [a, b]").header
    assert ("judge", "a,b", "--mtbench-judge") in resolved(judge="a,b").header


# --- what a report must share with a run ---


def theirs(plan: Plan) -> dict[str, Any]:
    return fingerprint(plan, [])


def test_the_same_jury_in_another_order_is_the_same(plan: Callable[..., Plan]) -> None:
    assert differences(theirs(plan("judge: [a, b]")), plan("judge: [b, a]"), ()) == []


@pytest.mark.parametrize(
    "before, now, name, values",
    [
        ("judge: [a, b]", "judge: [a, c]", "judge_requested", ("a + b", "a + c")),
        ("judge: [a, b]", "judge: a", "judge_requested", ("a + b", "a")),
        ("judge: a", "judge: [a, b]", "judge_requested", ("a", "a + b")),
        ("judge: [a, b]", "judge: [a, {name: b, max_tokens: 9}]", "judge_parameters of b", (2048, 9)),
        (
            "judge: [a, b]",
            "judge: [{name: a, repeats: 2}, {name: b, repeats: 2}]",
            "judge_parameters",
            ({"repeats": 1}, {"repeats": 2}),
        ),
    ],
)
def test_another_jury_is_one_difference(
    plan: Callable[..., Plan], before: str, now: str, name: str, values: tuple[object, object]
) -> None:
    ((found, old, new),) = differences(theirs(plan(before)), plan(now), ())
    assert found == name
    pick: Callable[[Any], object] = (lambda side: side["max_tokens"]) if " of " in name else (lambda side: side)
    assert (pick(old), pick(new)) == values


@pytest.mark.parametrize("hostile", [None, [], "a", {"a": 3, "b": None}, 5])
def test_a_fingerprint_may_hold_anything(plan: Callable[..., Plan], hostile: object) -> None:
    found = theirs(plan("judge: [a, b]")) | {"judges": hostile}
    assert differences(found, plan("judge: [a, b]"), ())
