"""Reports, exports, answers that exist already, shares, and the dry run."""

from __future__ import annotations

import json

from ..server import Asked
from .conftest import Bench, flowing, table


def varied(asked: Asked) -> str:
    return f"It is so. Rating: [[{1 + len(asked.prompt) % 9}]]"


def test_the_json_report_has_what_others_rely_on(bench: Bench) -> None:
    bench.run("--mtbench-report=out/report.json", "--mtbench-min=math=5")
    report = bench.report("out/report.json")
    assert report["format"] == "pytest-mtbench/1"
    assert (report["model"], report["judge"], report["mode"]) == ("m", "the-judge", "single")
    assert set(report["fingerprint"]) >= {
        "questions", "references", "prompts", "judge_requested", "judge_served", "judge_parameters", "model_parameters",
    }  # fmt: skip
    assert set(report["scores"]["overall"]) == {"mean", "n", "unscored", "low", "high"}
    assert set(report["scores"]["turns"]) == {"1", "2"}
    assert report["scores"]["categories"]["math"]["turns"] == {"1": 8, "2": 8}
    assert [gate["id"] for gate in report["gates"]] == ["mtbench::gate[math]"]
    assert len(report["turns"]) == 9
    assert set(report["turns"][0]) >= {
        "question_id", "category", "turn", "score", "scores", "unscored", "answer", "judgment", "flags",
    }  # fmt: skip
    assert report["calls"]["answers"] == {"made": 9, "cached": 0, "retried": 0}
    assert set(report["usage"]["answers"]) == {"input_tokens", "output_tokens"}
    assert report["cost_usd"] is None


def test_a_hook_receives_the_report(bench: Bench) -> None:
    bench.pytester.makeconftest(
        "import json, pathlib\n"
        "def pytest_mtbench_report(report):\n"
        "    with pathlib.Path('seen.jsonl').open('a') as file:\n"
        "        file.write(json.dumps(report) + chr(10))\n"
    )
    bench.run("--mtbench-report=report.json")
    (line,) = (bench.path / "seen.jsonl").read_text().splitlines()
    assert json.loads(line) == bench.report()


def test_an_export_can_be_graded_again_without_a_request(bench: Bench) -> None:
    bench.endpoint.judge = varied
    first = bench.run("--mtbench-export=out")
    assert {path.relative_to(bench.path / "out").as_posix() for path in bench.path.glob("out/*/*")} == {
        "model_answer/m.jsonl",
        "model_judgment/the-judge_single.jsonl",
    }
    bench.endpoint.clear()
    again = bench.run("--mtbench-answers=out", "--mtbench-cache=off")
    assert bench.endpoint.asked == []
    assert table(again)[:-1] == table(first)[:-1]


def test_answers_with_another_judge_are_judged_and_not_asked_again(bench: Bench) -> None:
    bench.run("--mtbench-report=report.json", "--mtbench-export=out")
    bench.endpoint.clear()
    bench.endpoint.answer = lambda asked: "Rating: [[3]]"  # the other judge is no judge by name to the endpoint
    for source in ("out/model_answer/m.jsonl", "report.json"):
        bench.run(f"--mtbench-answers={source}", "--mtbench-judge=other", "--mtbench-cache=off").assert_outcomes(
            passed=9
        )
    assert bench.endpoint.judgments == []
    assert {asked.model for asked in bench.endpoint.asked} == {"other"}
    assert len(bench.endpoint.asked) == 18


def test_answers_that_are_missing(bench: Bench) -> None:
    bench.run("--mtbench-export=out", "--mtbench-limit=1")
    bench.endpoint.clear()
    result = bench.run("--mtbench-answers=out")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["ERROR: --mtbench-answers=*out: no answer to 2 questions: 2, 4"])
    assert bench.endpoint.asked == []


def test_shares_join_to_the_whole(bench: Bench) -> None:
    bench.endpoint.judge = varied
    gate = "--mtbench-min=math=2"
    whole = bench.run(gate, "--mtbench-report=whole.json", "--mtbench-cache=off")
    bench.endpoint.clear()
    for share, mode in enumerate(([], ["-n2"], []), 1):
        result = bench.run(
            gate, f"--mtbench-shard={share}/3", f"--mtbench-report=shares/{share}/share.json", "--mtbench-cache=off",
            *mode,
        )  # fmt: skip
        assert "no gate is decided before --mtbench-merge" in flowing(result)
        assert "gate[" not in result.stdout.str()
    assert len(bench.endpoint.asked) == 18
    bench.endpoint.clear()
    folder = ["--mtbench-merge=shares"]
    glob = ["--mtbench-merge=shares/1/share.json", "--mtbench-merge=shares/[23]/*.json", "-n2"]
    for named in (folder, glob):
        joined = bench.run(gate, *named, "--mtbench-report=joined.json")
        assert bench.endpoint.asked == []
        assert joined.ret == whole.ret
        assert table(joined)[:-1] == table(whole)[:-1]
        assert bench.report("joined.json")["scores"] == bench.report("whole.json")["scores"]
        assert bench.report("joined.json")["calls"] == bench.report("whole.json")["calls"]
        assert "joined from 3 reports" in flowing(joined)
    # What is no share does not disturb, and is said.
    (bench.path / "shares" / "joined.json").write_bytes((bench.path / "joined.json").read_bytes())
    again = bench.run(gate, "--mtbench-merge=shares")
    assert again.ret == whole.ret
    assert "left out shares/joined.json (the report of a whole run)" in flowing(again)


def test_shares_that_cannot_be_joined(bench: Bench) -> None:
    for share in (1, 2):
        bench.run(f"--mtbench-shard={share}/2", f"--mtbench-report={share}.json")
    for options, message in (
        (["--mtbench-merge=1.json"], "share 2/2 is not among them; the reports lack 2 questions: 2, 4"),
        (["--mtbench-merge=1.json", "--mtbench-merge=?.json"], "1.json: share 1/2 is in two reports, also in"),
        (["--mtbench-merge=?.json", "--mtbench-judge=other"], "judge is 'the-judge'"),
        (["--mtbench-merge=absent.json"], "--mtbench-merge=absent.json: no such file or folder"),
        (["--mtbench-merge=shares/*.json"], "--mtbench-merge=shares/*.json: matches no JSON file"),
        (["--mtbench-merge=data"], "--mtbench-merge=data: holds no JSON file"),
        (["--mtbench-merge", "1.json", "2.json"], "2.json stands among the tests: a shell makes several words of"),
    ):
        result = bench.run(*options)
        assert (result.ret, message in result.stderr.str()) == (4, True), message


def test_a_dry_run_says_what_would_be_asked_and_asks_nothing(bench: Bench) -> None:
    bench.suite("prices: {model: {input: 1, output: 2}, judge: {input: 1, output: 2}}\n")
    options = ["mtbench.yaml", "--mtbench-dry-run"]
    result = bench.plain(*options)
    assert result.ret == 0
    assert bench.endpoint.asked == []
    assert not (bench.path / ".mtbench_cache").exists()
    assert f"answers: 9 to ask of m at {bench.endpoint.url}, 0 there already" in flowing(result)
    assert "judgments: 9 to ask of the-judge" in flowing(result)
    assert "cost: about 0.0" in flowing(result)
    bench.plain("mtbench.yaml::math")
    for mode in ([], ["-n2"]):
        result = bench.plain(*options, *mode)
        assert "answers: 5 to ask of m" in flowing(result)
        assert "4 there already" in flowing(result)
    assert len(bench.endpoint.asked) == 8


def test_a_report_that_cannot_be_written(bench: Bench) -> None:
    (bench.path / "file").write_text("")
    result = bench.run("--mtbench-report=file/report.json")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["ERROR: --mtbench-report=*file/report.json: cannot be written (*)"])
    assert bench.endpoint.asked == []
