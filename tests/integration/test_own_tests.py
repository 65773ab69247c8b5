"""What tests of a user's own ask for, in requests, and what a run says of turns that nobody judged."""

from __future__ import annotations

import re
import threading
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from pytest_mtbench.domain.question import Question
from pytest_mtbench.questions import load_questions

from ..server import Asked, Reply
from ..sets import QUESTIONS, write_set
from .conftest import Bench, flowing, item_ids

PAGE = (Path(__file__).parents[2] / "docs" / "own-tests.md").read_text(encoding="utf-8")
CATEGORIES = ("coding", "stem", "roleplay", "extraction", "humanities")
MORE: list[dict[str, Any]] = [
    {"question_id": 10 + n, "category": name, "turns": [f"Ask {name}.", f"Ask {name} again."]}
    for n, name in enumerate(CATEGORIES)
]
QUESTIONS_HERE = [Question(row["question_id"], row["category"], tuple(row["turns"])) for row in [*QUESTIONS, *MORE]]
FILE = """
import pytest

def needs(**narrowing):
    return pytest.mark.mtbench(**narrowing)

@needs(category="coding")
def test_answer(mtbench_turn):
    assert mtbench_turn.answer.startswith("an answer to: Ask coding") and mtbench_turn.games == ()
    assert "Ask coding" in repr(mtbench_turn)

@needs(category="stem", turn=2)
def test_follow_up(mtbench_turn):
    assert [one["role"] for one in mtbench_turn.messages] == ["system", "user", "assistant", "user"]

@needs(category="math")
def test_score(mtbench_turn):
    assert (mtbench_turn.score, mtbench_turn.judgment) == (8, "It is fine. Rating: [[8]]")
    assert mtbench_turn.games == ()

@needs(category="trivia", judge=True)
def test_from_the_start(mtbench_turn):
    pass

@needs(category="roleplay", judge=False)
def test_never(mtbench_turn):
    assert mtbench_turn.score

@pytest.mark.skipif(True, reason="not today")
@needs(category="extraction")
def test_not_today(mtbench_turn):
    pass

@pytest.mark.skip
@needs(category="humanities", judge=True)
def test_not_ever(mtbench_turn):
    pass
"""


def requests(bench: Bench, questions: Sequence[Question] = QUESTIONS_HERE) -> dict[str, tuple[int, int]]:
    """Answers and judgments that were asked for, by category."""

    def category_of(asked: Asked) -> str:
        text = "\n".join(message["content"] for message in asked.messages)
        return next(one.category for one in questions if one.turns[0] in text)

    answers = Counter(map(category_of, bench.endpoint.answers))
    judgments = Counter(map(category_of, bench.endpoint.judgments))
    return {name: (answers[name], judgments[name]) for name in sorted(answers | judgments)}


def properties(bench: Bench) -> Iterator[tuple[str, dict[str, str | None]]]:
    """What JUnit's XML says of each test."""
    for case in ET.parse(bench.path / "junit.xml").iter("testcase"):
        yield str(case.get("name")), {one.get("name", ""): one.get("value") for one in case.iter("property")}


# What is asked.


def test_a_test_asks_for_what_it_reads(bench: Bench, xdist: Sequence[str]) -> None:
    write_set(bench.questions, [*QUESTIONS, *MORE])
    bench.pytester.makepyfile(test_own=FILE)
    options = ["--mtbench-min=math=9", "--mtbench-min=coding=1", "--junitxml=junit.xml", "--mtbench-report=report.json"]
    result = bench.run("test_own.py", *options, "--mtbench-report=report.md", *xdist)
    result.assert_outcomes(passed=2 + 1 + 4 + 1, failed=2, skipped=4)
    assert requests(bench) == {"coding": (2, 0), "math": (4, 4), "roleplay": (2, 0), "stem": (2, 0), "trivia": (1, 1)}
    text = flowing(result)
    assert "not judged: 5 turns were answered and nobody read a score" in text
    assert "mtbench_turn.score: the mtbench marker of this test says judge=False" in text
    assert not re.search(r"\bnan\b", text, re.IGNORECASE)
    assert "coding " not in text[text.index("MT-Bench: m") : text.index("not judged:")], "a row without a score"
    assert re.search(r"math 8.00 8.00 8.00 \S+ 9 not run", text), "a gate was decided that nobody selected"

    report = bench.report()
    assert (report["scores"]["overall"]["n"], report["scores"]["overall"]["unscored"]) == (5, 0)
    assert report["scores"]["categories"]["coding"]["mean"] is None
    alone = [row for row in report["turns"] if row["unscored"] is not None]
    assert {(row["category"], row["score"], row["unscored"], row["judgment"]) for row in alone} == {
        (name, None, "not judged", "") for name in ("coding", "stem", "roleplay")
    }
    assert "5 turns were answered and not judged." in (bench.path / "report.md").read_text(encoding="utf-8")

    said = dict(properties(bench))
    assert said["test_answer[q10-turn1]"] == {
        "score": "not judged", "category": "coding", "turn": "1", "cached": "false",
    }  # fmt: skip
    assert said["test_score[q3-turn2]"]["score"] == said["test_from_the_start[qfive-turn1]"]["score"] == "8"
    assert said["test_score[q3-turn2]"]["judge"] == "the-judge"


def test_a_gate_that_the_command_line_asks_for_is_not_left_out_in_silence(bench: Bench, xdist: Sequence[str]) -> None:
    bench.pytester.mkdir("tests").joinpath("test_own.py").write_text("def test_it(mtbench_turn): assert mtbench_turn")
    left_out = "no gate is decided, since tests of your own ran alone; mtbench::gate on the command line"
    result = bench.run("--mtbench-min=9.5", *xdist)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    said = result.stdout.str() + result.stderr.str()
    assert "--mtbench-min: nothing would be gated: tests/test_own.py::test_it[q1-turn1] uses mtbench_turn" in said
    assert "name mtbench::gate too (pytest . mtbench::gate)" in said
    assert not bench.endpoint.asked
    result = bench.run(".", "mtbench::gate", "--mtbench-min=9.5", *xdist)
    result.assert_outcomes(passed=9, failed=1)
    assert left_out not in flowing(result)
    result = bench.run("tests/test_own.py", "--mtbench-min=9.5", *xdist)
    result.assert_outcomes(passed=9)
    assert left_out in flowing(result)


def test_the_first_score_has_all_turns_of_its_function_judged_at_once(bench: Bench) -> None:
    together = threading.Barrier(4)

    def judge(asked: Asked) -> str:
        together.wait(5)  # breaks unless all four judgments are under way at once
        return "Rating: [[7]]"

    bench.endpoint.judge = judge
    bench.pytester.makepyfile(
        """
        import pytest

        class TestIt:
            @pytest.fixture
            def score(self, mtbench_turn):
                return mtbench_turn.score

            @pytest.mark.mtbench(category="math")
            def test_it(self, score):
                assert score == 7

        @pytest.mark.mtbench(category="writing")
        def test_other(mtbench_turn):
            pass
        """
    )
    bench.run("-k", "test_it or test_other").assert_outcomes(passed=8)
    assert requests(bench) == {"math": (4, 4), "writing": (4, 0)}


def test_only_selected_turns_are_asked(bench: Bench) -> None:
    bench.pytester.makepyfile(
        test_own="""
        import pytest

        @pytest.mark.mtbench(category=["math", "writing"])
        def test_own(mtbench_turn):
            assert mtbench_turn.score < 8 or mtbench_turn.turn == 1
        """
    )
    bench.run("test_own.py", "-m", "math", "-k", "q3", "--deselect=test_own.py::test_own[q3-turn2]")
    assert requests(bench) == {"math": (1, 1)}
    bench.run("test_own.py", "-k", "math and q4").assert_outcomes(passed=1, failed=1, deselected=6)
    bench.endpoint.clear()
    bench.run("test_own.py", "--lf", "--mtbench-cache=off").assert_outcomes(failed=1)
    assert requests(bench) == {"math": (2, 1)}


def test_a_suite_and_own_tests_ask_once(bench: Bench, xdist: Sequence[str]) -> None:
    bench.suite("categories: [math]\nthresholds: {overall: 7}\n")
    bench.pytester.makepyfile(
        test_own="def test_a(mtbench_turn): pass\n\ndef test_b(mtbench_turn): assert mtbench_turn.score"
    )
    result = bench.plain("test_own.py", "mtbench.yaml", "--junitxml=junit.xml", *xdist)
    result.assert_outcomes(passed=4 + 1 + 8)
    assert requests(bench) == {"math": (4, 4)}
    assert "not judged" not in result.stdout.str()
    said = dict(properties(bench))
    assert {name for name, one in said.items() if "score" not in one} == {
        "gate[overall]", *(f"test_a[q{n}-turn{turn}]" for n in (3, 4) for turn in (1, 2)),
    }  # fmt: skip


def test_no_other_model_is_asked_before_a_game_is_read(bench: Bench) -> None:
    bench.endpoint.answer = lambda asked: f"{asked.model} on: {asked.prompt}"
    bench.endpoint.judge = lambda asked: "[[C]]"
    bench.pytester.makepyfile(
        test_own="""
        import pytest

        @pytest.mark.mtbench(category="math")
        def test_games(mtbench_turn):
            assert [game.outcome for game in mtbench_turn.games] == ["tie"] and mtbench_turn.score == 0.5

        @pytest.mark.mtbench(category="writing")
        def test_answer(mtbench_turn):
            pass
        """
    )
    bench.run("test_own.py", "--mtbench-against=other", "--mtbench-report=report.json").assert_outcomes(passed=8)
    assert requests(bench) == {"math": (8, 8), "writing": (4, 0)}
    assert bench.report()["scores"]["overall"]["ties"] == 4


@pytest.mark.slow
def test_a_dry_run_with_workers_counts_every_turn(bench: Bench) -> None:
    bench.pytester.makepyfile(test_own="def test_own(mtbench_turn): pass")
    text = flowing(bench.run("test_own.py", "--mtbench-dry-run", "-n2"))
    assert "judgments: 9 to ask" in text
    assert "every turn is counted, since with -n workers alone know the selection" in text


def test_a_dry_run_says_at_least_and_at_most(bench: Bench) -> None:
    write_set(bench.questions, [*QUESTIONS, *MORE])
    bench.pytester.makepyfile(test_own=FILE)
    text = flowing(bench.run("test_own.py", "--mtbench-dry-run"))
    assert "answers: 11 to ask of m" in text
    assert "judgments: 1 to ask of the-judge" in text
    assert "if tests read a score, a judgment or games: up to 7 judgments more" in text
    assert bench.endpoint.asked == []
    assert "up to" not in flowing(bench.run("test_own.py", "-k", "never", "--mtbench-dry-run"))


# Whether a suite is added.


@pytest.mark.parametrize(
    "arguments, suites",
    [
        ("tests/test_own.py", set()),
        ("tests", set()),
        ("", {"mtbench.yaml"}),  # pytest finds the file itself
        ("tests/test_plain.py tests/test_own.py", set()),
        ("tests -k plain", set()),
        ("tests -m math", set()),
        ("tests --deselect=tests/test_own.py", set()),
        ("tests/test_plain.py tests/sub", {"mtbench.yaml"}),
        ("tests/test_own.py --mtbench-suite=mtbench.yaml", {"mtbench.yaml"}),
        ("tests/test_own.py mtbench.yaml", {"mtbench.yaml"}),
    ],
)
def test_a_selection_with_own_tests_adds_no_suite(bench: Bench, arguments: str, suites: set[str]) -> None:
    bench.suite("categories: [math]\n")
    bench.pytester.makepyfile(**{
        "tests/test_own": "def test_own(mtbench_turn): pass",
        "tests/test_plain": "def test_plain(): pass",
        "tests/sub/test_more": "def test_more(): pass",
    })  # fmt: skip
    found = item_ids(bench.plain("--mtbench-model=m", "--co", "-q", *arguments.split()))
    assert {name.partition("::")[0] for name in found if ".py" not in name} == suites
    assert found


# What goes wrong.


def test_what_has_no_answer_and_what_has_no_score(bench: Bench, xdist: Sequence[str]) -> None:
    def answer(asked: Asked) -> Reply:
        return Reply("half", finish_reason="content_filter" if asked.prompt == "Name a colour." else "stop")

    bench.endpoint.answer = answer
    bench.endpoint.judge = lambda asked: "It is good."
    bench.pytester.makepyfile(
        test_own="""
        import pytest

        @pytest.mark.mtbench(category="writing", turn=1)
        def test_answer(mtbench_turn):
            assert mtbench_turn.answer == "half"

        @pytest.mark.mtbench(category="trivia")
        @pytest.mark.parametrize("name", ["score", "judgment"])
        def test_read(mtbench_turn, name):
            assert mtbench_turn.answer == "half"
            try:
                getattr(mtbench_turn, name)
            except Exception:
                pass

        @pytest.mark.mtbench(category="math", turn=1, judge=True)
        def test_from_the_start(mtbench_turn):
            pass
        """
    )
    result = bench.run("test_own.py", "--mtbench-min=math=1", "--mtbench-report=report.json", *xdist)
    result.assert_outcomes(passed=1, failed=2, errors=1 + 2)
    text = result.stdout.str()
    assert re.search(r"ERROR test_own.py::test_answer\[q2-turn1\] - Failed: no answer: the endpoint's", text)
    assert re.search(r"FAILED test_own.py::test_read\[q?five-turn1-score\] - Failed: unscored: the judg", text)
    assert text.count("ERROR test_own.py::test_from_the_start") == 2
    report = bench.report()
    assert (report["scores"]["overall"]["n"], report["scores"]["overall"]["unscored"]) == (0, 1 + 1 + 2)
    assert report["status"] == "failed"


def test_a_missing_key_of_a_judge_is_missed_when_it_is_asked(bench: Bench, xdist: Sequence[str]) -> None:
    bench.pytester.makepyfile(
        test_own="""
        import pytest

        def test_answer(mtbench_turn):
            pass

        def test_score(mtbench_turn):
            assert mtbench_turn.score

        @pytest.mark.mtbench(judge=True)
        def test_from_the_start(mtbench_turn):
            pass
        """
    )
    away = ["test_own.py", "--mtbench-judge-base-url=https://judge.invalid/v1", "--mtbench-limit=1", *xdist, "-k"]
    bench.run(*away, "test_answer").assert_outcomes(passed=5, deselected=0 if "-n2" in xdist else 10)
    bench.endpoint.clear()
    for tests, most in (("test_answer or test_from_the_start", 0), ("test_score", 5)):
        result = bench.run(*away, tests, "--mtbench-cache=off")
        assert result.ret == 4
        said = result.stdout.str() + result.stderr.str()
        assert "no key for the-judge at https://judge.invalid/v1: set MTBENCH_JUDGE_API_KEY" in said
        # Of the last, answers are asked for until the first score is read.
        assert min(most, 1) <= len(bench.endpoint.asked) <= most


def test_answers_alone_are_no_measurement(bench: Bench) -> None:
    """They replace no report of an earlier run, pass no gate, and can be judged later."""
    bench.pytester.makepyfile(test_own="def test_own(mtbench_turn): pass")
    old = bench.path / "old.json"
    old.write_text("{}", encoding="utf-8")
    reports = [f"--mtbench-report={name}" for name in ("old.json", "new.json", "new.html", "new.jsonl")]
    result = bench.run("test_own.py", *reports, "--mtbench-min=5")
    result.assert_outcomes(passed=9)
    assert result.ret == 0
    assert old.read_text(encoding="utf-8") == "{}"
    text = flowing(result)
    assert "old.json: not replaced, since this run scored no turn; remove it, or name another file" in text
    assert "not judged: 9 turns were answered" in text
    assert "no turn was measured" not in text
    report = bench.report("new.json")
    assert (report["status"], report["gates"], report["scores"]["overall"]["mean"]) == ("passed", [], None)
    assert report["calls"]["judgments"]["made"] == 0
    assert (bench.path / "new.jsonl").read_text(encoding="utf-8").count('"unscored": "not judged"') == 9
    assert "9 turns were answered by m and none was judged." in (bench.path / "new.html").read_text(encoding="utf-8")

    bench.endpoint.clear()
    bench.suite()
    bench.plain("mtbench.yaml", "--mtbench-answers=new.json", "--mtbench-min=5").assert_outcomes(passed=9 + 1)
    assert (len(bench.endpoint.answers), len(bench.endpoint.judgments)) == (0, 9)
    for option in ("baseline", "merge"):
        refused = bench.plain("mtbench.yaml", f"--mtbench-{option}=new.json")
        assert refused.ret == 4
        assert "5 questions" in refused.stderr.str() or "5 of the 5 questions" in refused.stderr.str()


# The documentation's figures.


def documented() -> dict[str, list[int]]:
    """The rows of the page's table of requests: turns, answers and judgments by test."""
    rows = re.findall(r"^\| (`test_\w+`|all three) \| (\d+) \| (\d+) \| (\d+) \|$", PAGE, re.MULTILINE)
    return {name.strip("`"): [int(number) for number in numbers] for name, *numbers in rows}


def test_the_page_counts_right(bench: Bench) -> None:
    """Its tests are of one category each, by which the requests of each are told apart."""
    file, *_ = re.findall(r"^```python\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    bench.pytester.makepyfile(test_answers=file)
    result = bench.run("test_answers.py", "-v", "--mtbench-questions=house")
    asked = requests(bench, load_questions("house", relative_to=bench.path).questions)
    found = {
        test: [sum(f"::{test}[" in line for line in result.outlines), *asked.pop(category)]
        for category, test in re.findall(r'category="(\w+)".*\ndef (\w+)', file)
    }
    found["all three"] = [sum(column) for column in zip(*found.values(), strict=True)]
    assert asked == {}
    assert found == documented()
