"""`judge:` as a list: every answer is judged by each, and the score is that of all of them together."""

from __future__ import annotations

import json
import shutil
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from statistics import fmean
from typing import Any

import pytest

from ..server import JUDGE, SECOND, THIRD, Asked, Reply, Server, error
from ..sets import TURNS, write_jsonl
from .conftest import Bench, flowing, table
from .test_pairwise import PROMPTS, order_of, place_of

# What each judge rates each turn; they are 4 and 3 apart in two of the nine.
RATINGS: dict[str, dict[tuple[Any, int], int]] = {
    JUDGE: dict(zip([(1, 1), (1, 2), (2, 1), (2, 2), (3, 1), (3, 2), (4, 1), (4, 2), ("five", 1)],
                    [9, 8, 7, 6, 9, 5, 8, 7, 10], strict=True)),
    SECOND: dict(zip([(1, 1), (1, 2), (2, 1), (2, 2), (3, 1), (3, 2), (4, 1), (4, 2), ("five", 1)],
                     [5, 7, 6, 6, 6, 6, 7, 7, 9], strict=True)),
    THIRD: dict.fromkeys([(1, 1), (1, 2), (2, 1), (2, 2), (3, 1), (3, 2), (4, 1), (4, 2), ("five", 1)], 4),
}  # fmt: skip
NAMES = f"{JUDGE} + {SECOND}"
REPORT = "--mtbench-report=report.json"


def rate(asked: Asked) -> str:
    return f"I am {asked.model}. Rating: [[{RATINGS[asked.model][place_of(asked)]}]]"


@pytest.fixture
def elsewhere() -> Iterator[Server]:
    """The endpoint of the second judge."""
    server = Server()
    server.judge = rate
    yield server
    server.close()


class Jury:
    """A suite with a judge at the model's endpoint and others elsewhere."""

    def __init__(self, bench: Bench, elsewhere: Server) -> None:
        self.bench = bench
        self.elsewhere = elsewhere
        bench.endpoint.judge = rate
        self.suite()

    def suite(self, more: str = "", judges: Sequence[str] = (JUDGE, SECOND)) -> None:
        self.bench.suite()
        rows = [f"  - {judges[0]}"]
        rows += [f"  - {{name: {name}, base_url: '{self.elsewhere.url}'}}" for name in judges[1:]]
        head = f"model: {{name: m, base_url: '{self.bench.endpoint.url}'}}\nquestions: {self.bench.questions}\n"
        listed = "judge:\n" + "\n".join(rows) + "\n" if len(judges) > 1 else f"judge: {judges[0]}\n"
        (self.bench.path / "mtbench.yaml").write_text(head + listed + more, encoding="utf-8")

    def run(self, *options: str) -> pytest.RunResult:
        return self.bench.plain("mtbench.yaml", REPORT, *options)

    @property
    def asked(self) -> Counter[str]:
        """Who was asked how often since the last look."""
        found = Counter(asked.model for server in (self.bench.endpoint, self.elsewhere) for asked in server.asked)
        self.bench.endpoint.clear()
        self.elsewhere.clear()
        return found


@pytest.fixture
def jury(bench: Bench, elsewhere: Server) -> Jury:
    return Jury(bench, elsewhere)


def scores_of(report: Any) -> dict[tuple[Any, int], float]:
    return {(row["question_id"], row["turn"]): row["score"] for row in report["turns"]}


def mean_of(*judges: str) -> dict[tuple[Any, int], float]:
    return {place: fmean(RATINGS[judge][place] for judge in judges) for place in RATINGS[JUDGE]}


def test_each_judges_every_answer_and_the_score_is_the_mean(jury: Jury, xdist: Sequence[str]) -> None:
    jury.suite("thresholds: {overall: 7, floor: 2}\n")
    result = jury.run("--junitxml=junit.xml", *xdist)
    result.assert_outcomes(passed=TURNS + 1)
    assert jury.asked == {"m": 9, JUDGE: 9, SECOND: 9}
    report = jury.bench.report()
    assert scores_of(report) == mean_of(JUDGE, SECOND)
    assert report["scores"]["overall"]["mean"] == pytest.approx(fmean(mean_of(JUDGE, SECOND).values()))
    assert (report["judge"], report["judges"]) == (NAMES, [JUDGE, SECOND])
    row = report["turns"][0]
    assert row["by_judge"] == {JUDGE: 9, SECOND: 5}
    assert [(one["judge"], one["run"], one["rating"]) for one in row["judged"]] == [(JUDGE, 1, 9), (SECOND, 1, 5)]
    assert row["judgment"] == f"I am {JUDGE}. Rating: [[9]]"
    assert row["judged"][1]["judgment"] == f"I am {SECOND}. Rating: [[5]]"
    assert report["jury"]["judges"][SECOND]["mean"] == pytest.approx(fmean(RATINGS[SECOND].values()))
    assert report["calls"]["judgments"] == {"made": 18, "cached": 0, "retried": 0}
    assert f'name="judge" value="{NAMES}"' in (jury.bench.path / "junit.xml").read_text()


def test_the_summary_says_how_far_they_agree_and_flags_where_they_do_not(jury: Jury) -> None:
    result = jury.run()
    assert (
        f"jury: {JUDGE} rates 1.11 higher than {SECOND} on the same 9 turns; correlation 0.40; 2 turns differ by 3 or "
        f"more jury: {JUDGE} 9 judgments made, 0 cached; {SECOND} 9 judgments made, 0 cached "
        "flags: judges-differ 2"
    ) in flowing(result)
    report = jury.bench.report()
    flagged = {(row["question_id"], row["turn"]) for row in report["turns"] if "judges-differ" in row["flags"]}
    assert flagged == {(1, 1), (3, 1)}
    (pair,) = report["jury"]["pairs"]
    assert (pair["one"], pair["two"], pair["n"], pair["apart"]) == (JUDGE, SECOND, 9, 2)
    assert f"MT-Bench: m, judged by {NAMES}, on small" in flowing(result)
    header = flowing(result)
    where = (jury.bench.endpoint.url, jury.elsewhere.url)
    assert f"judge {JUDGE} at {where[0]}, the model's endpoint, and {SECOND} at {where[1]}" in header


def test_of_four_judges_the_widest_pair_is_shown(bench: Bench) -> None:
    offsets = {JUDGE: 0, SECOND: 1, THIRD: 3}
    bench.endpoint.judge = lambda asked: f"[[{RATINGS[JUDGE][place_of(asked)] - offsets[asked.model]}]]"
    other = f"{{name: {THIRD}, temperature: 0.5}}"
    (bench.path / "mtbench.yaml").write_text(
        f"model: {{name: m, base_url: '{bench.endpoint.url}'}}\nquestions: {bench.questions}\n"
        f"judge: [{JUDGE}, {SECOND}, {THIRD}, {other}]\n"
    )
    text = flowing(bench.plain("mtbench.yaml", REPORT))
    assert (
        f"jury: {JUDGE} rates 3.00 higher than {THIRD} (3) on the same 9 turns; correlation 1.00; 9 turns differ by 3 "
        "or more (the widest of 6 pairs of judges); the 6 pairs of judges correlate by 1.00 on average"
    ) in text
    assert bench.report()["judges"] == [JUDGE, SECOND, f"{THIRD} (3)", f"{THIRD} (4)"]


# --- one judge without a rating ---


def test_a_turn_that_one_judge_does_not_rate_is_unscored_and_names_it(jury: Jury) -> None:
    jury.suite("thresholds: {overall: 5}\n")
    jury.elsewhere.judge = lambda asked: "No idea." if "spider" in asked.prompt else rate(asked)
    result = jury.run()
    result.assert_outcomes(passed=TURNS - 1, failed=1, errors=1)
    text = flowing(result)
    assert f"mtbench.yaml::trivia[qfive-turn1]: {SECOND}: the judge's reply holds no rating" in text
    assert "overall: 1 of 9 ratings are missing, more than max_unscored 5%" in text
    report = jury.bench.report()
    row = report["turns"][-1]
    assert (row["score"], row["by_judge"]) == (None, {JUDGE: 10, SECOND: None})
    assert report["scores"]["overall"]["n"] == 8
    assert report["jury"]["judges"][JUDGE]["n"] == 9, "what the other judge said of it is kept"


def test_a_judge_with_a_wrong_key_ends_the_run(jury: Jury) -> None:
    jury.elsewhere.before = lambda asked, number: error(401, "Incorrect API key", "invalid_api_key")
    result = jury.run()
    assert result.ret == 4
    assert f"{SECOND} at {jury.elsewhere.url}" in flowing(result)


# --- each judge's own endpoint, key, parameters and limit ---


def test_each_has_its_own_key_and_parameters(jury: Jury, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MTBENCH_JUDGE_API_KEY", "key-one")
    monkeypatch.setenv("OTHER_KEY", "key-two")
    bench, other = jury.bench, jury.elsewhere
    (bench.path / "mtbench.yaml").write_text(
        f"model: {{name: m, base_url: '{bench.endpoint.url}'}}\nquestions: {bench.questions}\n"
        f"judge: [{JUDGE}, {{name: {SECOND}, base_url: '{other.url}', api_key_env: OTHER_KEY, temperature: 0.5, "
        "max_tokens: 99, extra_body: {top_k: 3}}]\n"
    )
    jury.run().assert_outcomes(passed=TURNS)
    asked = {JUDGE: bench.endpoint.judgments, SECOND: other.judgments}
    assert {name: {one.headers["Authorization"] for one in found} for name, found in asked.items()} == {
        JUDGE: {"Bearer key-one"},
        SECOND: {"Bearer key-two"},
    }
    bodies = {name: found[0].body for name, found in asked.items()}
    assert [bodies[JUDGE][key] for key in ("temperature", "max_tokens")] == [0, 2048]
    assert [bodies[SECOND][key] for key in ("temperature", "max_tokens", "top_k")] == [0.5, 99, 3]
    # Of all turns: which of them is asked first may differ.
    read = {name: sorted(json.dumps(one.body["messages"]) for one in found) for name, found in asked.items()}
    assert read[JUDGE] == read[SECOND]


def test_the_key_of_no_judge_is_said(jury: Jury, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTHER_KEY", "key-two-1234567890")
    bench, other = jury.bench, jury.elsewhere
    (bench.path / "mtbench.yaml").write_text(
        f"model: {{name: m, base_url: '{bench.endpoint.url}'}}\nquestions: {bench.questions}\n"
        f"judge: [{JUDGE}, {{name: {SECOND}, base_url: '{other.url}', api_key_env: OTHER_KEY}}]\n"
    )
    (bench.path / "conftest.py").write_text(
        "import os\ndef pytest_mtbench_generate(messages):\n"
        "    return messages[-1]['content'] + ' ' + os.environ['OTHER_KEY']\n"
    )
    jury.run().assert_outcomes(passed=TURNS)
    assert "key-two" not in (bench.path / "report.json").read_text()


def test_each_endpoint_has_a_limit_of_its_own_and_they_are_asked_at_once(jury: Jury) -> None:
    meeting = threading.Barrier(2, timeout=20)

    def met(asked: Asked) -> str:
        if place_of(asked) == (1, 1):
            meeting.wait()  # for the other judge, who is asked about the same answer
        return rate(asked)

    jury.bench.endpoint.judge = jury.elsewhere.judge = met
    jury.run("--mtbench-judge-concurrency=1").assert_outcomes(passed=TURNS)
    assert [server.most_in_flight[True] for server in (jury.bench.endpoint, jury.elsewhere)] == [1, 1]


def test_what_one_endpoint_refuses_is_adapted_for_it_alone(jury: Jury) -> None:
    def before(asked: Asked, number: int) -> Reply | None:
        refused = "max_tokens" in asked.body
        return error(400, "use max_completion_tokens", "unsupported_parameter", "max_tokens") if refused else None

    jury.elsewhere.before = before
    result = jury.run()
    result.assert_outcomes(passed=TURNS)
    note = f"note: {SECOND}'s endpoint refuses max_tokens; max_completion_tokens is sent instead"
    assert note in flowing(result)
    assert all("max_tokens" in asked.body for asked in jury.bench.endpoint.judgments)


# --- the cache ---


def test_a_second_run_asks_nothing_nor_does_one_with_a_judge_less(jury: Jury) -> None:
    jury.run()
    assert sum(jury.asked.values()) == 27
    again = jury.run()
    assert f"jury: {JUDGE} 0 judgments made, 9 cached; {SECOND} 0 judgments made, 9 cached" in flowing(again)
    jury.suite(judges=[JUDGE])
    jury.run()
    assert scores_of(jury.bench.report()) == RATINGS[JUDGE]
    jury.suite()
    jury.run(f"--mtbench-judge={SECOND}")
    assert scores_of(jury.bench.report()) == RATINGS[SECOND]
    assert not jury.asked
    jury.suite(judges=[JUDGE, SECOND, THIRD])
    jury.run()
    assert jury.asked == {THIRD: 9}
    assert scores_of(jury.bench.report()) == pytest.approx(mean_of(JUDGE, SECOND, THIRD))


def test_a_cache_alone_says_what_is_missing_of_whom(jury: Jury) -> None:
    jury.suite(judges=[JUDGE])
    jury.run()
    jury.suite()
    result = jury.run("--mtbench-cache=only")
    result.assert_outcomes(errors=TURNS)
    assert f"{SECOND}: not in the cache, and --mtbench-cache=only asks nothing: nothing was stored" in flowing(result)


# --- which judges ---


def test_the_command_line_names_one_judge_or_several(jury: Jury) -> None:
    jury.run(f"--mtbench-judge={SECOND}")
    assert jury.asked == {"m": 9, SECOND: 9}
    assert jury.bench.report()["judge"] == SECOND
    assert "jury" not in jury.bench.report()
    jury.elsewhere.judge = jury.bench.endpoint.judge = lambda asked: "[[4]]"
    result = jury.run(f"--mtbench-judge={SECOND},{THIRD}")
    assert f"judge {SECOND} at {jury.elsewhere.url}, and {THIRD} at {jury.bench.endpoint.url}" in flowing(result)
    assert jury.asked == {THIRD: 9}, "the one of the file keeps its section and its judgments"
    result = jury.bench.run(f"--mtbench-judge={JUDGE},{SECOND}", REPORT)
    assert jury.bench.report()["judges"] == [JUDGE, SECOND]


def test_two_judges_of_one_name_are_told_apart_by_their_endpoints(bench: Bench, elsewhere: Server) -> None:
    bench.endpoint.judge, elsewhere.judge = (lambda asked: "[[9]]"), (lambda asked: "[[5]]")
    (bench.path / "mtbench.yaml").write_text(
        f"model: {{name: m, base_url: '{bench.endpoint.url}'}}\nquestions: {bench.questions}\n"
        f"judge: [{JUDGE}, {{name: {JUDGE}, base_url: '{elsewhere.url}'}}]\n"
    )
    bench.plain("mtbench.yaml", REPORT, "--mtbench-export=out").assert_outcomes(passed=TURNS)
    report = bench.report()
    names = [f"{JUDGE} ({bench.endpoint.url})", f"{JUDGE} ({elsewhere.url})"]
    assert report["judges"] == names
    assert report["turns"][0]["by_judge"] == dict(zip(names, [9, 5], strict=True))
    assert len(list((bench.path / "out" / "model_judgment").iterdir())) == 2
    bench.endpoint.clear()
    again = bench.plain("mtbench.yaml", "--mtbench-answers=report.json", "--mtbench-cache=off", REPORT)
    again.assert_outcomes(passed=TURNS)
    assert (len(bench.endpoint.asked), scores_of(bench.report())[1, 1]) == (9, 7), "nobody's judgments are another's"


REFUSED = [
    ("judge: []\n", "mtbench.yaml:1: judge: names no judge; name one, or several"),
    ("judge: [a, {base_url: 'http://127.0.0.1:9/v1'}]\n", "mtbench.yaml:1: judge.1.name: field required"),
    ("judge: [a, {name: b, repeats: 2}]\n", "repeats must be the same for every judge; say it for each"),
    ("judge: [a, {name: a, temperature: 0}]\n", "mtbench.yaml:1: judge: a at https://api.openai.com/v1 is the same"),
    ("judge: [demo-judge, demo-judge]\n", "demo-judge at http://demo.localhost/v1 is the same judge twice"),
    (
        "judge: [a, b]\nprices: {judge: {input: 1, output: 1}}\n",
        "mtbench.yaml:2: prices.judge: is one price for several judges; give each its own, as `{NAME: {input: ..., ",
    ),
    (
        "judge: [a, b]\nprices: {judge: [{input: 1, output: 1}]}\n",
        "mtbench.yaml:2: prices.judge: has 1 prices for 2 judges; give each its own",
    ),
    (
        "judge: [a, bee]\nprices: {judge: {a: {input: 1, output: 1}, bea: {input: 1, output: 1}}}\n",
        "mtbench.yaml:2: prices.judge.bea: is no judge of this suite; did you mean bee?",
    ),
    (
        "judge: [a, {name: a, max_tokens: 9}]\nprices: {judge: {a: {input: 1, output: 1}}}\n",
        "prices.judge.a: is the name of several judges; give a list in the order of `judge`",
    ),
    (
        "judge: [a, b]\nbudget: 5\nprices: {model: {input: 1, output: 1}, judge: {a: {input: 1, output: 1}}}\n",
        "mtbench.yaml:2: budget: needs a price for each judge; `prices.judge` has none for b",
    ),
]


@pytest.mark.parametrize("text, message", REFUSED, ids=[message[-40:] for _, message in REFUSED])
def test_what_is_no_jury_is_refused(bench: Bench, text: str, message: str) -> None:
    (bench.path / "mtbench.yaml").write_text(text)
    result = bench.plain("mtbench.yaml", "--mtbench-model=m", f"--mtbench-questions={bench.questions}")
    assert result.ret == 4
    assert message in " ".join(result.stderr.str().split())
    assert not bench.endpoint.asked


@pytest.mark.parametrize(
    "given, message", [("a,,b", "a name, or several with commas"), ("a,a", "the same judge twice")]
)
def test_the_command_line_names_no_judge_twice_and_none_without_a_name(bench: Bench, given: str, message: str) -> None:
    result = bench.run(f"--mtbench-judge={given}")
    assert result.ret == 4
    assert message in flowing(result) + " ".join(result.stderr.str().split())


# --- what it costs ---

PRICES = f"""prices:
  model: {{input: 0, output: 1000}}
  judge: {{{JUDGE}: {{input: 0, output: 2000}}, {SECOND}: {{input: 0, output: 3000}}}}
"""


def test_each_judge_costs_its_own_price(jury: Jury) -> None:
    jury.suite(PRICES)
    planned = jury.run("--mtbench-dry-run")
    assert f"judgments: 9 to ask of {JUDGE} at {jury.bench.endpoint.url}, 0 there already;" in flowing(planned)
    assert f"judgments: 9 to ask of {SECOND} at {jury.elsewhere.url}, 0 there already;" in flowing(planned)
    assert "about 3.60 USD" in flowing(planned)
    assert "about 5.40 USD" in flowing(planned)
    assert "cost: about 12.15 USD" in flowing(planned)
    result = jury.run()
    assert f"{JUDGE} 9 judgments made, 0 cached, 0.18 USD; {SECOND} 9 judgments made, 0 cached, 0.27 USD" in flowing(
        result
    )
    report = jury.bench.report()
    assert report["cost_usd"] == pytest.approx(9 * 10 * (0.001 + 0.002 + 0.003))
    assert report["jury"]["judges"][SECOND]["cost_usd"] == pytest.approx(0.27)
    jury.suite(f"prices: {{judge: {{{JUDGE}: {{input: 0, output: 2000}}}}}}\n")
    jury.run("--mtbench-cache=off")
    assert jury.bench.report()["cost_usd"] is None, "what one judge costs is not known"


def test_a_budget_holds_for_all_judges_together(jury: Jury) -> None:
    jury.suite(PRICES + "budget: 7\n")  # a judgment may cost 4.1 or 6.1
    jury.run().assert_outcomes(passed=TURNS)
    assert jury.elsewhere.most_in_flight[True] == 1
    jury.suite(PRICES + "budget: 6\n")
    result = jury.run("--mtbench-cache=off")
    assert result.ret == 4
    assert "budget: " in result.stdout.str()


# --- repeats and runs ---


def test_repeats_and_runs_are_those_of_every_judge(jury: Jury) -> None:
    said: Counter[tuple[str, tuple[Any, int]]] = Counter()
    lock = threading.Lock()

    def varied(asked: Asked) -> str:
        with lock:
            key = (asked.model, place_of(asked))
            said[key] += 1
            number = said[key]
        return f"[[{number + (4 if asked.model == SECOND else 0)}]]"

    answered: Counter[str] = Counter()

    def answer(asked: Asked) -> str:
        with lock:
            answered[asked.prompt] += 1
            return f"Answer {answered[asked.prompt]} to: {asked.prompt}"

    jury.bench.endpoint.judge = jury.elsewhere.judge = varied
    jury.bench.endpoint.answer = answer
    result = jury.run("--mtbench-judge-repeats=2", "--mtbench-runs=2", "--mtbench-judge-concurrency=1")
    result.assert_outcomes(passed=TURNS)
    assert jury.asked == {"m": 18, JUDGE: 36, SECOND: 36}
    report = jury.bench.report()
    for row in report["turns"]:
        assert Counter((one["judge"], one["run"]) for one in row["judged"]) == {
            (judge, run): 2 for judge in (JUDGE, SECOND) for run in (1, 2)
        }
        assert row["score"] == 4.5, "1 to 4 of the first judge, 5 to 8 of the other"
        assert row["by_judge"] == {JUDGE: 2.5, SECOND: 6.5}
        assert all(("judgment" in one) == (one["run"] == 1) for one in row["judged"])


# --- pairwise ---

VERDICTS = {
    # A win is AB, a loss BA; the third judge says what makes a majority, or none.
    (1, 1): {JUDGE: "AB", SECOND: "AB", THIRD: "BA"},  # win
    (1, 2): {JUDGE: "AB", SECOND: "CC", THIRD: "BA"},  # each another: a tie
    (2, 1): {JUDGE: "BA", SECOND: "AA", THIRD: "BA"},  # loss
    (2, 2): {JUDGE: "CC", SECOND: "AA", THIRD: "AB"},  # tie
    (3, 1): {JUDGE: "AB", SECOND: "AB", THIRD: "AB"},
    (3, 2): {JUDGE: "AB", SECOND: "BA", THIRD: "AB"},
    (4, 1): {JUDGE: "AB", SECOND: "CC", THIRD: "CC"},  # tie
    (4, 2): {JUDGE: "AA", SECOND: "AA", THIRD: "BA"},  # tie
    ("five", 1): {JUDGE: "BA", SECOND: "BA", THIRD: "AB"},  # loss
}
OUTCOMES = ["win", "tie", "loss", "tie", "win", "win", "tie", "tie", "loss"]


@pytest.fixture
def pairwise(jury: Jury) -> Jury:
    def verdict(asked: Asked) -> str:
        return f"{asked.model} says [[{VERDICTS[place_of(asked)][asked.model][order_of(asked)]}]]"

    def answer(asked: Asked) -> str:
        return f"({asked.model} on: {asked.prompt})"

    write_jsonl(
        jury.bench.path / "data" / "small" / "judge_prompts.jsonl",
        [
            {"name": name, "type": "pairwise" if name.startswith("pair") else "single", "system_prompt": "Judge.",
             "prompt_template": text, "output_format": "[[A]]"}
            for name, text in PROMPTS
        ],
    )  # fmt: skip
    jury.bench.endpoint.answer = answer
    jury.bench.endpoint.judge = jury.elsewhere.judge = verdict
    jury.suite(judges=[JUDGE, SECOND, THIRD])
    return jury


AGAINST = "--mtbench-against=other"


def test_a_verdict_is_that_of_the_majority(pairwise: Jury, xdist: Sequence[str]) -> None:
    result = pairwise.run(AGAINST, "--mtbench-min=0.5", *xdist)
    result.assert_outcomes(passed=TURNS + 1)
    assert pairwise.asked == {"m": 9, "other": 9, JUDGE: 18, SECOND: 18, THIRD: 18}
    report = pairwise.bench.report()
    assert [row["outcome"] for row in report["turns"]] == OUTCOMES
    overall = report["scores"]["overall"]
    assert (overall["wins"], overall["ties"], overall["losses"], overall["n"]) == (3, 4, 2, 9)
    row = report["turns"][0]
    assert row["by_judge"] == {JUDGE: 1, SECOND: 1, THIRD: 0}
    seen = row["games"][0]["by_judge"]
    assert [(one["judge"], one["outcome"], one["verdicts"]) for one in seen] == [
        (JUDGE, "win", ["A", "B"]), (SECOND, "win", ["A", "B"]), (THIRD, "loss", ["B", "A"]),
    ]  # fmt: skip
    assert seen[2]["judgments"] == [f"{THIRD} says [[B]]", f"{THIRD} says [[A]]"]
    text = flowing(result)
    assert f"jury: {JUDGE} and {SECOND} name the same outcome in 5 of 9 games (56 %)" in text
    assert f"jury: {SECOND} and {THIRD} name the same outcome in 2 of 9 games (22 %)" in text
    assert f"{SECOND}, position: both orders agree in 6 of 9 games (67 %" in text
    assert text.count("position: both orders agree") == 3
    assert report["jury"]["judges"][THIRD]["wins"] == 4
    assert report["jury"]["pairs"][0] == {"one": JUDGE, "two": SECOND, "same": 5, "n": 9}


def test_a_game_that_one_judge_does_not_decide_is_unscored(pairwise: Jury) -> None:
    said = pairwise.elsewhere.judge
    pairwise.elsewhere.judge = lambda asked: (
        "Hm." if asked.model == THIRD and place_of(asked) == (3, 1) else said(asked)
    )
    result = pairwise.run(AGAINST)
    result.assert_outcomes(passed=TURNS - 1, errors=1)
    row = pairwise.bench.report()["turns"][4]
    assert row["unscored"] == f"{THIRD}: the judge's reply holds no verdict"
    assert (row["outcome"], row["by_judge"]) == (None, {JUDGE: 1, SECOND: 1, THIRD: None})


def test_no_win_rate_is_decided_where_one_judge_contradicts_itself(bench: Bench, elsewhere: Server) -> None:
    rows = [{"question_id": n, "category": "math", "turns": [f"Q{n} first", f"Q{n} second"]} for n in range(12)]
    write_jsonl(bench.path / "data" / "set" / "question.jsonl", rows)
    bench.endpoint.answer = lambda asked: f"({asked.model} on: {asked.prompt})"
    bench.endpoint.judge = lambda asked: f"[[{'AB'[order_of(asked)]}]]"
    elsewhere.judge = lambda asked: "[[A]]"
    (bench.path / "mtbench.yaml").write_text(
        f"model: {{name: m, base_url: '{bench.endpoint.url}'}}\nquestions: data/set\n"
        f"judge: [{JUDGE}, {{name: {SECOND}, base_url: '{elsewhere.url}'}}]\n"
        "against: {name: other, min_win_rate: 0.4}\n"
    )
    result = bench.plain("mtbench.yaml")
    result.assert_outcomes(passed=24, failed=1)
    text = flowing(result)
    assert f"overall: not decided: {SECOND} agrees with itself in both orders in 0 of 24 games (0 %)" in text
    assert f"warning: {SECOND} hardly agrees with itself beyond chance: kappa 0.00 over 24 games" in text
    assert f"{JUDGE}, position: both orders agree in 24 of 24 games" in text


# --- reports, shares and exports are read back ---


@pytest.mark.parametrize("mode", ["single", "pairwise"])
def test_shares_are_joined(pairwise: Jury, mode: str) -> None:
    options = [AGAINST] if mode == "pairwise" else []
    if mode == "single":
        pairwise.bench.endpoint.judge = pairwise.elsewhere.judge = rate
    pairwise.suite(PRICES.replace("}}\n", f"}}, {THIRD}: {{input: 0, output: 1}}}}\n"), [JUDGE, SECOND, THIRD])
    whole = pairwise.run(*options, "--mtbench-min=0.1" if options else "--mtbench-min=2")
    expected = pairwise.bench.report()
    for number in (1, 2):
        pairwise.run(*options, f"--mtbench-shard={number}/2", f"--mtbench-report=share{number}.json")
    assert len(pairwise.asked) > 0
    shares = [f"--mtbench-merge=share{number}.json" for number in (1, 2)]
    joined = pairwise.run(*options, *shares, "--mtbench-min=0.1" if options else "--mtbench-min=2")
    joined.assert_outcomes(passed=TURNS + 1)
    assert not pairwise.asked
    report = pairwise.bench.report()
    for name in ("scores", "turns", "judges", "gates"):
        assert report[name] == expected[name], name
    assert report["jury"]["pairs"] == expected["jury"]["pairs"]
    assert {name: found["cached"] for name, found in report["jury"]["judges"].items()} == dict.fromkeys(
        [JUDGE, SECOND, THIRD], 18 if options else 9
    )
    assert table(joined)[:8] == table(whole)[:8]


def test_the_cost_of_shares_is_joined_by_judge(jury: Jury) -> None:
    jury.suite(PRICES)
    for number in (1, 2):
        jury.run(f"--mtbench-shard={number}/2", f"--mtbench-report=share{number}.json")
    jury.run("--mtbench-merge=share1.json", "--mtbench-merge=share2.json")
    report = jury.bench.report()
    assert report["cost_usd"] == pytest.approx(9 * 10 * 0.006)
    assert report["jury"]["judges"][SECOND]["cost_usd"] == pytest.approx(0.27)


TAMPERED = [
    (lambda row: row["judged"].pop(), "scores are not those of the judges"),
    (lambda row: row["judged"].append(dict(row["judged"][0], judge="nobody")), "scores are not those of the judges"),
    (
        lambda row: [row.pop("by_judge"), row["judged"][0].update(judge="nobody")],
        "not judged by the judges of the report",
    ),
    (lambda row: row["judged"][0].update(rating=2), "scores are not those of the judges"),
    (lambda row: row["judged"][0].update(judgment="[[2]]"), "its score is 9 and its judgment says 2"),
    (lambda row: row["by_judge"].update({JUDGE: 2}), "by_judge is not what the judges said"),
    (lambda row: row["judged"][1].update(run=7), "a judgment is of a run that there is not"),
    (lambda row: (row.pop("by_judge"), row.pop("judged")), "not judged by the judges of the report"),
]


@pytest.mark.parametrize("change, message", TAMPERED, ids=[str(n) for n in range(len(TAMPERED))])
def test_a_report_that_contradicts_its_judges_is_refused(jury: Jury, change: Any, message: str) -> None:
    jury.run()
    report = jury.bench.report()
    change(report["turns"][0])
    (jury.bench.path / "report.json").write_text(json.dumps(report))
    result = jury.bench.plain("mtbench.yaml", "--mtbench-merge=report.json")
    assert result.ret == 4
    assert message in " ".join(result.stderr.str().split())


def test_a_score_is_not_that_of_all_texts_together(jury: Jury) -> None:
    jury.run()
    report = jury.bench.report()
    row = next(row for row in report["turns"] if (row["question_id"], row["turn"]) == (2, 2))
    assert {one["rating"] for one in row["judged"]} == {6}
    row["judged"][0]["judgment"], row["judged"][1]["judgment"] = "[[5]]", "[[7]]"
    (jury.bench.path / "report.json").write_text(json.dumps(report))
    result = jury.bench.plain("mtbench.yaml", "--mtbench-merge=report.json")
    assert "its score is 6 and its judgment says 5" in " ".join(result.stderr.str().split())


@pytest.mark.parametrize("source", ["report.json", "out"])
def test_what_is_recorded_of_a_name_is_of_neither_of_two_judges_called_so(bench: Bench, source: str) -> None:
    bench.endpoint.judge = rate
    bench.run("--mtbench-export=out", REPORT)
    bench.endpoint.clear()
    (bench.path / "mtbench.yaml").write_text(
        f"model: {{name: m, base_url: '{bench.endpoint.url}'}}\nquestions: {bench.questions}\n"
        f"judge: [{JUDGE}, {{name: {JUDGE}, temperature: 1}}]\n"
    )
    result = bench.plain("mtbench.yaml", f"--mtbench-answers={source}", "--mtbench-cache=off")
    result.assert_outcomes(passed=TURNS)
    assert Counter(asked.model for asked in bench.endpoint.asked) == {JUDGE: 18}


@pytest.mark.parametrize("source", ["report.json", "out"])
@pytest.mark.parametrize("mode", ["single", "pairwise"])
def test_recorded_judgments_of_every_judge_count_as_cached(pairwise: Jury, source: str, mode: str) -> None:
    options = [AGAINST] if mode == "pairwise" else []
    if mode == "single":
        pairwise.bench.endpoint.judge = pairwise.elsewhere.judge = rate
    pairwise.run(*options, "--mtbench-export=out")
    expected = scores_of(pairwise.bench.report())
    suffix = "pair" if options else "single"
    names = {path.name for path in (pairwise.bench.path / "out" / "model_judgment").iterdir()}
    assert names == {f"{judge}_{suffix}.jsonl" for judge in (JUDGE, SECOND, THIRD)}
    shutil.rmtree(pairwise.bench.path / ".mtbench_cache")
    pairwise.asked  # noqa: B018 - forgets
    result = pairwise.run(*options, f"--mtbench-answers={source}")
    assert set(pairwise.asked) <= {"other"}
    assert scores_of(pairwise.bench.report()) == expected
    assert f"judgments: {54 if options else 27}" in flowing(result)
    # One judge alone finds its own.
    pairwise.run(*options, f"--mtbench-answers={source}", f"--mtbench-judge={SECOND}", "--mtbench-cache=off")
    assert set(pairwise.asked) <= {"other"}


# --- baselines ---


def test_a_jury_is_part_of_the_fingerprint(jury: Jury) -> None:
    jury.run("--mtbench-report=baseline.json")
    found = jury.bench.report("baseline.json")["fingerprint"]
    assert found["judge_requested"] == NAMES
    assert list(found["judges"]) == sorted([JUDGE, SECOND])
    assert found["judges_served"] == {JUDGE: {"as": JUDGE}, SECOND: {"as": SECOND}}
    baseline = "--mtbench-baseline=baseline.json"
    jury.suite(judges=[JUDGE, SECOND, THIRD])
    result = jury.run(baseline)
    assert result.ret == 4
    lines = [line for line in result.stderr.lines if "no baseline for this run" in line]
    assert len(lines) == 1
    assert f"its judge requested is '{NAMES}', this run's is '{NAMES} + {THIRD}'" in lines[0]
    jury.suite(judges=[JUDGE])
    result = jury.run(baseline)
    assert f"its judge requested is '{NAMES}', this run's is '{JUDGE}'" in " ".join(result.stderr.str().split())
    text = (jury.bench.path / "mtbench.yaml").read_text()
    (jury.bench.path / "mtbench.yaml").write_text(
        text.replace(f"judge: {JUDGE}", f"judge: [{JUDGE}, {{name: {SECOND}, max_tokens: 9}}]")
    )
    result = jury.run(baseline)
    assert f"its judge parameters of {SECOND} is " in " ".join(result.stderr.str().split())


def test_the_order_of_a_jury_does_not_count(jury: Jury) -> None:
    jury.run("--mtbench-report=baseline.json")
    jury.run(f"--mtbench-judge={SECOND},{JUDGE}", "--mtbench-baseline=baseline.json")
    assert jury.bench.report()["judge"] == f"{SECOND} + {JUDGE}"
    assert jury.bench.report()["gates"][0]["verdict"] == "identical"
    jury.run(f"--mtbench-judge={SECOND},{JUDGE}", "--mtbench-merge=baseline.json").assert_outcomes(passed=TURNS)


def test_a_judge_of_the_jury_that_another_name_serves_is_no_judge_of_the_baseline(jury: Jury) -> None:
    jury.run("--mtbench-report=baseline.json")
    jury.elsewhere.judge = lambda asked: Reply(rate(asked), served="another")
    result = jury.run("--mtbench-baseline=baseline.json", "--mtbench-cache=refresh")
    assert result.ret == 4
    assert f"its judge was served as {SECOND}, and {SECOND} is now served as another" in flowing(result)


def test_shares_of_a_jury_are_held_against_a_baseline(jury: Jury) -> None:
    jury.run("--mtbench-report=baseline.json")
    jury.run("--mtbench-cache=refresh", "--mtbench-report=new.json")
    options = ["--mtbench-merge=new.json", "--mtbench-baseline=baseline.json"]
    jury.run(*options).assert_outcomes(passed=TURNS + 1)
    report = jury.bench.report("new.json")
    report["fingerprint"]["judges_served"][SECOND]["as"] = "another"
    (jury.bench.path / "new.json").write_text(json.dumps(report))
    result = jury.run(*options)
    assert result.ret == 4
    said = f"its judge was served as {SECOND}, and {SECOND} is now served as another"
    assert said in " ".join(result.stderr.str().split())


def test_the_sentinel_asks_the_whole_jury(jury: Jury) -> None:
    jury.run("--mtbench-report=baseline.json")
    assert sum(jury.asked.values()) == 27
    jury.suite("baseline: {file: baseline.json, sentinel: 6}\n")
    planned = flowing(jury.run("--mtbench-dry-run"))
    assert f"judgments: 15 to ask of {JUDGE}" in planned
    assert f"judgments: 15 to ask of {SECOND}" in planned
    jury.run()
    assert jury.asked == {"m": 9, JUDGE: 6, SECOND: 6}
    gates = {gate["name"]: gate for gate in jury.bench.report()["gates"]}
    assert gates["judge"]["status"] == "passed"
    assert gates["judge"]["value"] == 0
    jury.elsewhere.judge = lambda asked: "[[1]]"
    result = jury.run("--mtbench-cache=refresh")
    assert "the judge moved, not the model: 6 answers of the baseline judged again" in flowing(result)


# --- a user's own test, and hooks ---


def test_a_test_of_ones_own_sees_the_first_judges_words_and_the_jurys_score(jury: Jury, xdist: Sequence[str]) -> None:
    (jury.bench.path / "test_own.py").write_text(
        "import pytest\n"
        "@pytest.mark.mtbench(question=1, turn=1)\n"
        "def test_own(mtbench_turn):\n"
        f"    assert mtbench_turn.judgment == 'I am {JUDGE}. Rating: [[9]]'\n"
        "    assert mtbench_turn.score == 7\n"
    )
    (jury.bench.path / "conftest.py").write_text(
        "def pytest_mtbench_report(report):\n    assert report['turns'][0]['by_judge']\n"
    )
    result = jury.bench.plain("test_own.py", "--mtbench-suite=mtbench.yaml", "--mtbench-model=m", *xdist)
    result.assert_outcomes(passed=TURNS + 1)
    assert result.ret == 0


def test_a_failed_floor_says_what_each_judge_rated(jury: Jury) -> None:
    jury.suite("thresholds: {floor: 8}\n")
    text = flowing(jury.run())
    assert f"score 7 is below the floor 8 of writing ({JUDGE} 9, {SECOND} 5)" in text


def test_every_kind_of_report_is_written_of_a_jury(jury: Jury) -> None:
    kinds = [f"--mtbench-report=report.{kind}" for kind in ("html", "md", "jsonl")]
    jury.run(*kinds).assert_outcomes(passed=TURNS)
    jury.bench.report()  # held against its schema
    lines = (jury.bench.path / "report.jsonl").read_text(encoding="utf-8").splitlines()
    assert {json.loads(line)["judge"] for line in lines} == {NAMES}
    for kind in ("html", "md"):
        assert SECOND in (jury.bench.path / f"report.{kind}").read_text(encoding="utf-8")
    jury.bench.endpoint.judge = jury.elsewhere.judge = lambda asked: "[[A]]"
    played = jury.run("--mtbench-against=other", *kinds)
    played.assert_outcomes(passed=TURNS)
    jury.bench.report()
