"""`mtbench_turn` in a user's own tests."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from .conftest import Bench, item_ids


def test_it_holds_what_it_promises(bench: Bench, xdist: Sequence[str]) -> None:
    bench.pytester.makepyfile(
        """
        import pytest

        @pytest.mark.mtbench(category="math", turn=2)
        def test_it(mtbench_turn):
            t = mtbench_turn
            assert (t.category, t.turn, t.score) == ("math", 2, 8)
            assert t.question.turns[1] == t.messages[-1]["content"]
            assert [m["role"] for m in t.messages] == ["system", "user", "assistant", "user"]
            assert t.messages[2]["content"] == f"an answer to: {t.question.turns[0]}"
            assert t.answer == f"an answer to: {t.question.turns[1]}"
            assert "Rating: [[8]]" in t.judgment
            assert t.reference in ("40", "34")
        """
    )
    bench.run("-k", "test_it", *xdist).assert_outcomes(passed=2)
    assert (len(bench.endpoint.answers), len(bench.endpoint.judgments)) == (4, 2)


@pytest.mark.parametrize(
    "mark, ids",
    [
        ("", 9),
        ("@pytest.mark.mtbench(category='math')", 4),
        ("@pytest.mark.mtbench(category=['math', 'trivia'], turn=1)", 3),
        ("@pytest.mark.mtbench(question='five')", 1),
    ],
)
def test_the_marker_narrows(bench: Bench, mark: str, ids: int) -> None:
    bench.pytester.makepyfile(test_own=f"import pytest\n{mark}\ndef test_it(mtbench_turn): pass")
    collected = item_ids(bench.run("test_own.py", "--co", "-q", "-k", "test_it"))
    assert len(collected) == ids
    bench.run(collected[-1]).assert_outcomes(passed=1)


def test_its_instances_carry_the_markers(bench: Bench) -> None:
    bench.pytester.makepyfile(test_own="def test_it(mtbench_turn): pass")
    collected = item_ids(bench.run("--co", "-q", "-m", "math and turn1", "-k", "test_it"))
    assert collected == ["test_own.py::test_it[q3-turn1]", "test_own.py::test_it[q4-turn1]"]


def test_it_reads_the_suite_file_and_its_selection(bench: Bench) -> None:
    bench.suite("categories: [trivia]\n")
    bench.pytester.makepyfile(test_own="def test_it(mtbench_turn): assert mtbench_turn.reference is None")
    bench.plain("--mtbench-model=m").assert_outcomes(passed=2)  # the suite file's own item is the other one


def test_without_the_plugin_active_it_is_skipped(bench: Bench) -> None:
    bench.pytester.makepyfile(
        test_own="import pytest\n@pytest.mark.mtbench(turn=1)\ndef test_it(mtbench_turn): assert False"
    )
    result = bench.plain("-rs")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["*mtbench_turn needs --mtbench-model=NAME or --mtbench-suite=FILE"])


@pytest.mark.parametrize(
    "mark, message",
    [("turns=1", "the mtbench marker has no argument 'turns'; it takes category=, turn=, question= and judge="),
     ("'math'", "the mtbench marker has no positional arguments")],
)  # fmt: skip
def test_a_marker_with_a_wrong_argument(bench: Bench, mark: str, message: str) -> None:
    bench.pytester.makepyfile(test_own=f"import pytest\n@pytest.mark.mtbench({mark})\ndef test_it(mtbench_turn): pass")
    result = bench.run()
    assert result.ret != 0
    assert message in result.stdout.str() + result.stderr.str()
    assert bench.endpoint.asked == []


def test_it_can_be_parametrised_further(bench: Bench) -> None:
    bench.pytester.makepyfile(
        test_own="import pytest\n@pytest.mark.parametrize('n', [1, 2])\ndef test_it(mtbench_turn, n): pass"
    )
    bench.run("-k", "test_it").assert_outcomes(passed=18)
