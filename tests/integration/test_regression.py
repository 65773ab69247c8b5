"""The gates against a baseline: `--mtbench-baseline`, its fence, its looks and its sentinel."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from ..server import JUDGE, Asked, Reply, Server
from ..sets import write_jsonl
from .conftest import Bench, flowing

CATEGORIES = ("math", "coding", "stem")
QUESTIONS = {n: CATEGORIES[n % 3] for n in range(24)}
TURNS = 48
Rate = Callable[[str, int, int], int]
"""Who judges what: the model, question and turn -> the rating."""


class Deploy:
    """A model that is deployed, a candidate, and a judge that rates both as it is told."""

    def __init__(self, bench: Bench, kept: Path) -> None:
        self.bench = bench
        self._kept = kept
        rows = [
            {"question_id": n, "category": c, "turns": [f"Q{n} first", f"Q{n} second"]} for n, c in QUESTIONS.items()
        ]
        write_jsonl(bench.path / "data" / "set" / "question.jsonl", rows)
        self.rate: Rate = lambda model, question, turn: 6
        self.shift = 0
        bench.endpoint.answer = lambda asked: f"Said by <{asked.model}>."
        bench.endpoint.judge = self.judge

    def judge(self, asked: Asked) -> str:
        turn = 2 if "second" in asked.prompt else 1
        question = int(asked.prompt.split("Q")[1].split(" ")[0])
        model = asked.prompt.split("Said by <")[1].split(">")[0]
        return f"Rating: [[{self.rate(model, question, turn) + self.shift}]]"

    def options(self, model: str) -> list[str]:
        url = self.bench.endpoint.url
        return [
            f"--mtbench-model={model}", f"--mtbench-base-url={url}", f"--mtbench-judge={JUDGE}",
            "--mtbench-questions=data/set",
        ]  # fmt: skip

    def baseline(self, runs: int = 2) -> None:
        """Puts here what a run of the model `prod` left, all rated 6: baseline.json and its cache.

        The run is made once for the tests of this file.
        """
        kept = self._kept / str(runs)
        if not kept.exists():
            self.make_baseline(runs)
            shutil.copytree(self.bench.path, kept)
        for name in ("baseline.json", ".mtbench_cache"):
            copy: Callable[..., object] = shutil.copytree if (kept / name).is_dir() else shutil.copy
            if not (self.bench.path / name).exists():
                copy(kept / name, self.bench.path / name)

    def make_baseline(self, runs: int = 2, *more: str) -> None:
        """Makes baseline.json of the model `prod`, as it answers and is rated now."""
        options = [f"--mtbench-runs={runs}", "--mtbench-report=baseline.json"]
        self.bench.plain(*self.options("prod"), *options, *more).assert_outcomes(passed=TURNS)
        self.bench.endpoint.clear()

    def candidate(self, *more: str, model: str = "new") -> pytest.RunResult:
        """Runs the candidate against it."""
        options = ["--mtbench-baseline=baseline.json", "--mtbench-report=report.json"]
        return self.bench.plain(*self.options(model), *options, *more)

    def gate(self, name: str = "regression") -> Any:
        """What the report says of a gate."""
        return next(gate for gate in self.bench.report()["gates"] if gate["name"] == name)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """One endpoint for this file, since its address is part of what a cache remembers."""
    server = Server()
    yield server
    server.close()


@pytest.fixture
def endpoint(server: Server) -> Server:
    server.reset()
    return server


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where baselines are kept that are made once."""
    return tmp_path_factory.mktemp("baselines")


@pytest.fixture
def deploy(bench: Bench, kept: Path) -> Deploy:
    return Deploy(bench, kept)


def by_model(new: Callable[[int, int], int], prod: Callable[[int, int], int] = lambda q, turn: 6) -> Rate:
    return lambda model, q, turn: (new if model == "new" else prod)(q, turn)


def unsure(question: int, turn: int) -> int:
    """A drop of half a point that questions disagree about."""
    return 8 if question // 3 % 2 else 3


def test_a_baseline_is_small_sorted_and_a_turn_a_line(deploy: Deploy) -> None:
    deploy.baseline()
    text = (deploy.bench.path / "baseline.json").read_text()
    report = json.loads(text)
    assert list(report) == sorted(report)
    rows = [json.loads(line.rstrip(",")) for line in text.splitlines() if line.startswith('  {"answer"')]
    assert rows == report["turns"]
    assert [(row["question_id"], row["turn"]) for row in rows] == [(q, turn) for q in QUESTIONS for turn in (1, 2)]
    assert all(row["scores"] == [6.0] * 2 for row in rows)
    assert all("answers" not in row and row["answer"] == "Said by <prod>." for row in rows)


def test_the_same_model_is_asked_again_and_its_judgments_are_not(deploy: Deploy) -> None:
    """The answers that the baseline is made of say nothing of the model of today."""
    deploy.baseline()
    text = flowing(deploy.candidate("--mtbench-dry-run", model="prod"))
    assert f"answers: {TURNS} to ask" in text
    result = deploy.candidate(model="prod")
    assert result.ret == 0
    result.assert_outcomes(passed=TURNS + 1)
    assert (len(deploy.bench.endpoint.answers), deploy.bench.endpoint.judgments) == (TURNS, [])
    assert deploy.gate()["verdict"] == "identical"
    assert "against prod (2 runs, baseline.json): identical: every turn has the baseline's score" in flowing(result)
    deploy.bench.endpoint.clear()
    text = flowing(deploy.candidate("--mtbench-dry-run", model="prod"))
    assert f"answers: 0 to ask of prod at {deploy.bench.endpoint.url}, {TURNS} there already" in text
    assert deploy.candidate(model="prod").ret == 0
    assert deploy.candidate("--mtbench-cache=only", model="prod").ret == 0
    assert deploy.bench.endpoint.asked == [], "its answers are newer than the baseline now"


def test_the_same_name_that_serves_a_worse_model_is_blocked(deploy: Deploy, xdist: Sequence[str]) -> None:
    deploy.baseline()
    deploy.bench.endpoint.answer = lambda asked: "Said by <worse>."
    deploy.rate = lambda model, q, turn: 6 if model == "prod" else 4
    result = deploy.candidate(*xdist, model="prod")
    assert result.ret == 1
    assert deploy.gate()["verdict"] == "regressed"


def test_old_answers_of_the_cache_alone_decide_no_regression(deploy: Deploy, xdist: Sequence[str]) -> None:
    deploy.baseline()
    result = deploy.candidate("--mtbench-cache=only", "--mtbench-min=5", *xdist, model="prod")
    assert result.ret == 1
    result.assert_outcomes(passed=TURNS + 1, failed=1)
    assert (deploy.gate("overall")["status"], deploy.gate("overall")["value"]) == ("passed", 6)
    assert (deploy.gate()["status"], deploy.gate()["verdict"]) == ("failed", "undecided")
    said = f"not decided: the answers to {TURNS} turns are from the cache and not newer than the baseline"
    assert said in deploy.gate()["message"]
    assert said in flowing(result)
    assert deploy.bench.endpoint.asked == []


@pytest.mark.parametrize("started", [None, "yesterday", "2999-01-01T00:00:00+00:00", "1999-01-01T00:00:00+00:00", 7])
def test_a_baseline_without_a_time_that_can_be_counts_as_made_now(deploy: Deploy, started: object) -> None:
    deploy.baseline(1)
    deploy.candidate(model="prod")
    rewrite(deploy, started=started)
    deploy.bench.endpoint.clear()
    result = deploy.candidate(model="prod")
    assert len(deploy.bench.endpoint.answers) == TURNS
    assert "the baseline does not say when it was made" in flowing(result)


def test_a_share_of_a_candidate_is_no_part_of_the_baseline_either(deploy: Deploy) -> None:
    deploy.baseline(1)
    deploy.candidate("--mtbench-shard=1/2", model="prod")
    assert len(deploy.bench.endpoint.answers) == TURNS // 2


def test_a_model_that_got_worse_is_blocked(deploy: Deploy) -> None:
    deploy.baseline()
    deploy.rate = by_model(lambda q, turn: 4 if QUESTIONS[q] == "coding" else 6 - q // 3 % 2)
    result = deploy.candidate()
    assert result.ret == 1
    result.assert_outcomes(passed=TURNS, failed=1)
    gate = deploy.gate()
    assert (gate["status"], gate["verdict"], gate["regressed_categories"]) == ("failed", "regressed", ["coding"])
    assert gate["value"] == pytest.approx(-1.0) == -gate["drop"]
    assert gate["runs"] == 1
    said = "regressed: 1.00 lower, between 0.74 and 1.26; coding fell by 2.00"
    assert gate["message"] == f"regression: {said}"
    text = flowing(result)
    assert f"against prod (2 runs, baseline.json): {said}" in text
    assert "FAILED mtbench::gate[regression] - Failed: regression: regressed: 1.00 lower" in text
    assert "fell most: -2.00 mtbench::coding[q1-turn1]" in text
    assert "in 80 of 100 cases" in text
    (row,) = [line.split() for line in result.outlines if line.startswith("coding ")]
    assert row[-3:-1] == ["6.00", "-2.00"], "baseline and change"
    assert "\x1b[31mregressed\x1b[0m: 1.00 lower" in deploy.candidate("--color=yes").stdout.str()
    assert len(deploy.bench.endpoint.asked) == 2 * TURNS


def test_a_model_that_is_as_good_passes_after_one_run(deploy: Deploy) -> None:
    deploy.baseline()
    deploy.rate = by_model(lambda q, turn: 7 if q % 4 == 0 else 6)
    result = deploy.candidate()
    assert result.ret == 0
    assert deploy.gate()["verdict"] == "passed"
    assert "0.25 higher, between " in flowing(result)
    assert "a drop of 0.3 is ruled out" in flowing(result)
    assert len(deploy.bench.endpoint.asked) == 2 * TURNS


def test_an_undecided_look_is_followed_by_the_next(deploy: Deploy, xdist: Sequence[str]) -> None:
    deploy.baseline()
    deploy.rate = by_model(unsure)
    result = deploy.candidate(*xdist)
    assert result.ret == 1
    gate = deploy.gate()
    assert [(look["runs"], look["verdict"]) for look in gate["looks"]] == [(1, "inconclusive"), (3, "regressed")]
    assert gate["level"] == 0.0304
    assert "looks: 1 run: inconclusive (0.50 lower" in flowing(result)
    assert len(deploy.bench.endpoint.asked) == 3 * 2 * TURNS
    assert all(len(row["scores"]) == 3 for row in deploy.bench.report()["turns"])
    again = deploy.candidate("--lf")
    again.assert_outcomes(failed=1)
    assert len(deploy.bench.endpoint.asked) == 3 * 2 * TURNS, "run numbers are part of the key"


def test_thresholds_are_of_the_same_runs_as_the_comparison(deploy: Deploy) -> None:
    deploy.baseline()
    runs = iter(range(10_000))
    deploy.bench.endpoint.answer = lambda asked: f"Said by <{asked.model}>, {next(runs)}."
    deploy.rate = by_model(unsure)
    deploy.candidate("--mtbench-min=math=7")
    gates = {gate["name"]: gate for gate in deploy.bench.report()["gates"]}
    assert gates["math"]["value"] == deploy.bench.report()["scores"]["categories"]["math"]["mean"]
    assert gates["regression"]["runs"] == 3


def test_a_single_gate_asks_for_its_own_set_and_no_looks(deploy: Deploy) -> None:
    deploy.baseline()
    deploy.rate = by_model(unsure)
    options = ["--mtbench-min=math=5", "--mtbench-baseline=baseline.json", *deploy.options("new")]
    deploy.bench.plain(*options, "mtbench::gate[math]").assert_outcomes(passed=1)
    assert len(deploy.bench.endpoint.asked) == 2 * 16


@pytest.mark.parametrize("said, status, code", [("pass", "passed", 0), ("fail", "failed", 1)])
def test_what_cannot_be_told(deploy: Deploy, said: str, status: str, code: int) -> None:
    deploy.baseline(1)
    deploy.rate = by_model(unsure)
    deploy.bench.suite(f"baseline: {{file: baseline.json, on_inconclusive: {said}}}\n")
    result = deploy.candidate("mtbench.yaml")
    assert result.ret == code
    gate = deploy.gate()
    assert (gate["status"], gate["verdict"]) == (status, "inconclusive")
    assert "inconclusive after 1 run: 0.50 lower, between" in gate["message"]
    assert gate["message"].startswith("regression: warning: ") == (said == "pass")
    assert f"(on_inconclusive: {said})" in flowing(result)
    assert "the baseline has one run" in flowing(result)


def test_the_first_failure_ends_the_run(deploy: Deploy) -> None:
    deploy.baseline()
    deploy.rate = by_model(lambda q, turn: 2)
    deploy.bench.suite("baseline: baseline.json\nthresholds: {floor: 3}\n")
    result = deploy.candidate("mtbench.yaml", "-x")
    assert result.ret in (1, 2)
    assert result.parseoutcomes()["failed"] >= 1


def test_missing_scores_decide_nothing(deploy: Deploy) -> None:
    deploy.baseline()
    rate = deploy.judge
    deploy.bench.endpoint.judge = lambda asked: (
        "Well." if "Q1 " in asked.prompt or "Q2 " in asked.prompt else rate(asked)
    )
    result = deploy.candidate()
    assert result.ret == 1
    result.assert_outcomes(passed=TURNS - 4, errors=4, failed=1)
    assert deploy.gate()["message"] == (
        "regression: not decided: 8% of the ratings of this run are missing, more than 5%"
    )


FENCES: dict[str, tuple[Callable[[Deploy], object], list[str], str]] = {
    "questions": (
        lambda deploy: write_jsonl(
            deploy.bench.path / "data/set/question.jsonl",
            [{"question_id": n, "category": "math", "turns": ["Q0 first"]} for n in range(24)],
        ),
        [],
        "the questions are others",
    ),
    "references": (
        lambda deploy: write_jsonl(
            deploy.bench.path / "data/set/reference_answer/r.jsonl",
            [{"question_id": 0, "choices": [{"turns": ["a", "b"]}]}],
        ),
        [],
        "the reference answers are others",
    ),
    "judge": (
        lambda deploy: None,
        ["--mtbench-judge=other"],
        "its judge requested is 'the-judge', this run's is 'other'",
    ),
    "repeats": (lambda deploy: None, ["--mtbench-judge-repeats=2"], "its judge parameters is "),
    "mode": (lambda deploy: rewrite(deploy, mode="pairwise", turns=[]), [], "it is of mode 'pairwise'"),
    "rules": (
        lambda deploy: rewrite(deploy, fingerprint={"rules": {"rating": "rating/0", "gates": "gates/1"}}),
        [],
        "the rules of reading ratings changed ('rating/0' then, 'rating/3' now)",
    ),
    "prompts": (lambda deploy: rewrite(deploy, fingerprint={"prompts": "x"}), [], "the judge's prompts are others"),
    "edition": (
        lambda deploy: rewrite(deploy, fingerprint={"edition": 1, "questions": "x"}),
        [],
        "the edition of question set set changed: it is of edition 1, this run of an edition without a number",
    ),
}


def rewrite(deploy: Deploy, **changes: Any) -> None:
    path = deploy.bench.path / "baseline.json"
    report = json.loads(path.read_text())
    for name, value in changes.items():
        report[name] = report[name] | value if isinstance(value, dict) else value
    path.write_text(json.dumps(report))


@pytest.mark.parametrize("fence", FENCES)
def test_a_baseline_that_cannot_be_compared_is_refused(deploy: Deploy, fence: str) -> None:
    change, options, message = FENCES[fence]
    deploy.baseline(1)
    change(deploy)
    result = deploy.candidate(*options)
    output = " ".join((result.stdout.str() + result.stderr.str()).split())
    assert result.ret == 4
    assert f"baseline.json: no baseline for this run: {message}" in output
    assert "a new baseline: pytest --mtbench-model=" in output
    assert "Traceback" not in output
    assert deploy.bench.endpoint.asked == []


def test_a_judge_that_is_served_as_another_is_refused(deploy: Deploy) -> None:
    deploy.baseline(1)
    rate = deploy.judge
    deploy.bench.endpoint.judge = lambda asked: Reply(rate(asked), served="the-judge-2027")
    result = deploy.candidate()
    output = " ".join((result.stdout.str() + result.stderr.str()).split())
    assert result.ret == 4
    assert output.count("its judge was served as the-judge, and the-judge is now served as the-judge-2027") == 1
    assert len(deploy.bench.endpoint.judgments) < TURNS


def test_other_parameters_of_the_model_may_be_what_is_tested(deploy: Deploy) -> None:
    deploy.baseline()
    deploy.bench.suite("baseline: baseline.json\n")
    (deploy.bench.path / "mtbench.yaml").write_text(
        f"model: {{name: new, base_url: '{deploy.bench.endpoint.url}', max_tokens: 99}}\nbaseline: baseline.json\n"
    )
    result = deploy.bench.plain("mtbench.yaml", *deploy.options("x")[2:])
    assert result.ret == 0
    assert "note: the baseline's model was asked with other parameters: max_tokens 1024, now 99" in flowing(result)


@pytest.mark.parametrize(
    "text, message",
    [
        (None, "cannot be read as a JSON report"),
        ("{", "cannot be read as a JSON report"),
        ('{"format": "x"}', 'not a report of format "pytest-mtbench/1"'),
    ],
)
def test_a_baseline_that_is_none(deploy: Deploy, text: str | None, message: str) -> None:
    if text is not None:
        (deploy.bench.path / "baseline.json").write_text(text)
    result = deploy.candidate()
    assert result.ret == 4
    assert message in result.stderr.str()
    assert deploy.bench.endpoint.asked == []


@pytest.mark.parametrize(
    "section, message",
    [
        ("{margin: 0.2}", "mtbench.yaml:4: baseline: names no file"),
        ("{file: b.json, looks: [3, 1]}", "baseline.looks: must grow"),
        ("{file: b.json, margin: 0}", "baseline.margin: should be greater than 0, not 0"),
        ("{file: b.json, sentinel: 1}", "baseline.sentinel: must be 0 or at least 2"),
        ("{file: b.json, on_inconclusive: maybe}", "baseline.on_inconclusive: should be 'pass' or 'fail'"),
        ("{file: b.json, marign: 1}", "baseline.marign: unknown key; did you mean margin?"),
    ],
)
def test_a_wrong_section(deploy: Deploy, section: str, message: str) -> None:
    deploy.bench.suite(f"baseline: {section}\n")
    result = deploy.bench.plain("mtbench.yaml")
    assert result.ret == 4
    assert message in result.stderr.str()


def test_a_judge_that_moved_is_blamed_and_not_the_model(deploy: Deploy) -> None:
    deploy.baseline()
    deploy.shift = -2
    deploy.bench.suite("baseline: {file: baseline.json, sentinel: 20}\n")
    result = deploy.candidate("mtbench.yaml")
    assert result.ret == 1
    result.assert_outcomes(passed=TURNS, failed=1, skipped=1)
    assert deploy.gate("judge")["status"] == "failed"
    assert deploy.gate()["status"] == "inconclusive"
    text = flowing(result)
    assert "the judge moved, not the model: 20 answers of the baseline judged again are rated 2.00 lower" in text
    assert "regressed" not in text
    assert len(deploy.bench.endpoint.asked) == 2 * TURNS + 20
    assert deploy.bench.report()["calls"]["judgments"]["made"] == TURNS + 20
    assert deploy.bench.report()["calls"]["answers"]["made"] == TURNS
    assert (deploy.gate()["verdict"], deploy.gate()["regressed_categories"]) == ("undecided", [])
    alone = deploy.candidate("mtbench.yaml::gate[regression]")
    assert alone.ret == 1, "without its judge's gate it must not let through what it cannot tell"
    assert deploy.gate()["status"] == "failed"
    assert "regressed" not in flowing(alone)
    assert "fell" not in flowing(alone)


def test_a_judge_that_is_the_same_shows_its_own_scatter(deploy: Deploy) -> None:
    deploy.baseline()
    deploy.rate = by_model(lambda q, turn: 6, lambda q, turn: 6 + (q % 2 if turn == 1 else -(q % 2)))
    deploy.bench.suite("baseline: {file: baseline.json, sentinel: 48}\n")
    result = deploy.candidate("mtbench.yaml")
    assert result.ret == 0
    judge = deploy.gate("judge")
    assert (judge["status"], judge["n"], judge["value"]) == ("passed", 48, 0.0)
    assert judge["sd"] == pytest.approx((24 / 47) ** 0.5)
    asked = len(deploy.bench.endpoint.asked)
    deploy.candidate("mtbench.yaml")
    assert len(deploy.bench.endpoint.asked) == asked, "kept for the day"


def test_answers_of_another_length_are_spoken_of_and_change_no_verdict(deploy: Deploy) -> None:
    deploy.bench.endpoint.answer = lambda asked: (
        f"Said by <{asked.model}>." + " more" * (20 if asked.model == "new" else 0)
    )
    deploy.make_baseline()
    deploy.rate = by_model(lambda q, turn: 6 + q % 2)
    result = deploy.candidate()
    assert result.ret == 0
    assert "longer than the baseline's on average" in flowing(result)
    assert "(advice: no gate looks at length)" in flowing(result)


def test_a_dry_run_says_what_the_looks_and_the_sentinel_may_cost(deploy: Deploy) -> None:
    deploy.baseline()
    deploy.bench.suite("baseline: {file: baseline.json, sentinel: 10}\n")
    text = flowing(deploy.candidate("mtbench.yaml", "--mtbench-dry-run"))
    assert f"answers: {TURNS} to ask" in text
    assert f"judgments: {TURNS + 10} to ask" in text
    assert "the regression gate may ask for up to 3 where it cannot tell" in text
    assert deploy.bench.endpoint.asked == []


@pytest.mark.parametrize(
    "option",
    [
        "--mtbench-report=baseline.json", "--mtbench-report=./data/../baseline.json", "--mtbench-report=link.json",
        "--mtbench-answers=baseline.json", "--mtbench-merge=link.json",
    ],
)  # fmt: skip
@pytest.mark.parametrize("in_suite", [False, True])
def test_the_baseline_is_neither_the_report_nor_the_candidate(deploy: Deploy, option: str, in_suite: bool) -> None:
    deploy.baseline(1)
    (deploy.bench.path / "link.json").symlink_to("baseline.json")
    before = (deploy.bench.path / "baseline.json").read_bytes()
    if in_suite:
        deploy.bench.suite(f"baseline: {deploy.bench.path}/baseline.json\n")
        result = deploy.bench.plain("mtbench.yaml", "--mtbench-questions=data/set", option)
    else:
        result = deploy.bench.plain(*deploy.options("prod"), "--mtbench-baseline=baseline.json", option)
    assert result.ret == 4
    name, _, value = option.partition("=")
    result.stderr.fnmatch_lines([f"ERROR: {name}=*{Path(value).name} is the baseline itself (*baseline.json), which *"])
    assert (deploy.bench.path / "baseline.json").read_bytes() == before
    assert deploy.bench.endpoint.asked == []


def test_a_models_own_first_run_is_identical_to_its_baseline_of_several(deploy: Deploy) -> None:
    asked_before: Counter[str] = Counter()

    def answer(asked: Asked) -> str:
        asked_before[asked.prompt] += 1
        return f"Said by <{asked.model}>, {asked_before[asked.prompt]}."

    deploy.bench.endpoint.answer = answer
    ratings: dict[str, int] = {}
    deploy.rate = lambda model, q, turn: ratings.setdefault(f"{q}{turn}{len(ratings)}", 4 + len(ratings) % 5)
    deploy.make_baseline(3, "--mtbench-concurrency=1")
    asked_before.clear()
    assert deploy.candidate(model="prod").ret == 0
    assert deploy.gate()["verdict"] == "identical"
    assert deploy.bench.endpoint.judgments == []


def test_shares_that_another_judge_rated_are_refused(deploy: Deploy) -> None:
    deploy.baseline(1)
    rate = deploy.judge
    deploy.bench.endpoint.judge = lambda asked: Reply(rate(asked), served="the-judge-2027")
    for share in ("1", "2"):
        deploy.bench.plain(*deploy.options("new"), f"--mtbench-shard={share}/2", f"--mtbench-report=s{share}.json")
    asked = len(deploy.bench.endpoint.asked)
    result = deploy.candidate("--mtbench-merge=s1.json", "--mtbench-merge=s2.json")
    assert result.ret == 4
    assert "is now served as the-judge-2027" in " ".join((result.stdout.str() + result.stderr.str()).split())
    assert len(deploy.bench.endpoint.asked) == asked


def test_a_baseline_of_a_run_that_was_stopped_counts_its_whole_runs(deploy: Deploy) -> None:
    deploy.baseline(1)
    path = deploy.bench.path / "baseline.json"
    report = json.loads(path.read_text())
    report["turns"][0]["scores"] = [6.0, 6.0, 6.0]
    path.write_text(json.dumps(report))
    result = deploy.candidate()
    assert deploy.gate()["baseline"]["runs"] == 1
    assert "the baseline has one run" in flowing(result)
