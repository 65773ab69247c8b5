"""The quickstart as a newcomer types it."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from .conftest import QUICKSTART, Bench, Quickstart, flowing, table


@pytest.fixture(autouse=True)
def suite(bench: Bench) -> None:
    shutil.copy(QUICKSTART, bench.path)


def test_the_demo_passes_its_gates(bench: Bench, quickstart: Quickstart) -> None:
    text = " ".join(quickstart.output.split())
    assert f"= {160 + 4} passed in " in text
    report = quickstart.report
    assert (report["model"], report["judge"]) == ("demo", "demo-judge")
    assert report["calls"]["answers"]["made"] + report["calls"]["judgments"]["made"] == 320
    assert 7 < report["scores"]["overall"]["mean"] < 9
    assert "mtbench: quickstart/mtbench.yaml: model demo" in text
    assert "stand-in, not a language model" in text
    assert "MT-Bench: demo (a stand-in), judged by demo-judge (a stand-in), on house (edition 2)" in text
    assert "are stand-ins, not language models" in text
    assert any("stand-ins, not language models" in note for note in report["notes"])


def test_the_demo_with_workers(bench: Bench) -> None:
    result = bench.plain("mtbench.yaml", "--mtbench-limit=1", "--mtbench-report=report.json", "-n2")
    result.assert_outcomes(passed=16)
    assert bench.report()["calls"]["answers"]["made"] == 16, "one demo for the whole run"
    assert bench.endpoint.asked == []


def test_a_spoilt_model_blocks_the_deploy(bench: Bench) -> None:
    result = bench.plain("mtbench.yaml", "--mtbench-model=demo-regressed")
    assert result.ret == 1
    result.assert_outcomes(passed=162, failed=2)
    result.stdout.fnmatch_lines_random([
        "FAILED mtbench.yaml::gate?math? - *is below the threshold 6.5*",
        "FAILED mtbench.yaml::gate?coding? - *is below the threshold 6.5*",
    ])  # fmt: skip


def test_without_a_suite_file_the_model_alone_is_enough(bench: Bench) -> None:
    (bench.path / "mtbench.yaml").unlink()
    bench.plain("--mtbench-model=demo", "-m", "humanities").assert_outcomes(passed=20, deselected=140)


def test_the_second_time_it_is_cached_although_the_port_is_another(bench: Bench) -> None:
    first = bench.plain("mtbench.yaml", "-m", "stem")
    second = bench.plain("mtbench.yaml", "-m", "stem")
    assert table(first)[:-1] == table(second)[:-1]
    assert "requests: 0 made" in second.stdout.str()


def test_proxies_and_keys_of_the_environment_do_not_matter(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # nothing listens there
    monkeypatch.setenv("OPENAI_BASE_URL", "https://gateway.invalid/v1")
    monkeypatch.setenv("MTBENCH_JUDGE_API_KEY", "sk-not-for-the-demo")
    bench.apart("mtbench.yaml", "-m", "math and not mtbench_gate").assert_outcomes(passed=20, deselected=144)


def test_twice_at_once_on_one_machine(bench: Bench) -> None:
    command = [sys.executable, "-m", "pytest", "mtbench.yaml", "-q", "--mtbench-limit=1"]
    running = [
        subprocess.Popen(command, cwd=bench.path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) for _ in range(2)
    ]
    for process in running:
        output, _ = process.communicate(timeout=100)
        assert process.returncode == 0, output.decode()


def test_the_demo_judge_rates_another_models_answers_to_the_house_set(bench: Bench) -> None:
    (bench.path / "mtbench.yaml").unlink()
    result = bench.run("--mtbench-questions=house", "--mtbench-judge=demo-judge", "--mtbench-limit=1")
    result.assert_outcomes(passed=16)
    assert len(bench.endpoint.answers) == 16
    assert bench.endpoint.judgments == []
    assert "judged by demo-judge (a stand-in)" in flowing(result)


def test_the_demo_answers_its_own_set_alone(bench: Bench) -> None:
    result = bench.plain("--mtbench-model=demo", "--mtbench-questions=data/small")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["ERROR: model demo answers the question set house alone, not data/small"])
