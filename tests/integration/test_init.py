"""`--mtbench-init`: a suite file to begin with."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Bench, item_ids

EXAMPLE = Path(__file__).parents[2] / "examples" / "gate" / "mtbench.yaml"


def test_it_writes_the_example_and_asks_nothing(bench: Bench) -> None:
    made = bench.plain(
        "--mtbench-init", "--mtbench-model=my-model", "--mtbench-base-url=http://localhost:8000/v1",
        "--mtbench-min=7.5", "--mtbench-min=turn2=7", "--mtbench-min=math=6", "--mtbench-min=coding=6.5",
    )  # fmt: skip
    assert made.ret == 0
    assert made.outlines == ["wrote mtbench.yaml; what it would ask and cost:  pytest mtbench.yaml --mtbench-dry-run"]
    assert (bench.path / "mtbench.yaml").read_text(encoding="utf-8") == EXAMPLE.read_text(encoding="utf-8")
    again = bench.plain("--mtbench-init")
    assert again.ret == pytest.ExitCode.USAGE_ERROR
    again.stderr.fnmatch_lines(["ERROR: --mtbench-init: mtbench.yaml is there already; --mtbench-suite=FILE names*"])


def test_the_demos_file_runs(bench: Bench) -> None:
    assert bench.plain("--mtbench-init", "--mtbench-model=demo", "--mtbench-suite=my.mtbench.yaml", "-n2").ret == 0
    listed = bench.plain("my.mtbench.yaml", "--collect-only", "-q")
    assert listed.ret == 0
    assert item_ids(listed)[-1] == "my.mtbench.yaml::gate[overall]"


def test_what_is_wrong_is_said(bench: Bench) -> None:
    (bench.path / "file").write_text("")
    for option, message in [
        ("--mtbench-suite=file/mtbench.yaml", "ERROR: --mtbench-init: file/mtbench.yaml cannot be written (*)"),
        (
            "--mtbench-base-url=http://me:geheim99@127.0.0.1/v1",
            "ERROR: --mtbench-base-url: holds a user or a password*",
        ),
        ("--mtbench-runs=2", "ERROR: --mtbench-init does not write --mtbench-runs; leave it out*"),
    ]:
        result = bench.plain("--mtbench-init", option)
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        result.stderr.fnmatch_lines([message])
    assert not (bench.path / "mtbench.yaml").exists()


def test_a_file_of_another_name_is_called_for_by_its_option(bench: Bench) -> None:
    made = bench.plain("--mtbench-init", "--mtbench-model=demo", "--mtbench-suite=gate.yaml")
    called = made.outlines[0].partition(":  pytest ")[2].split()
    assert called == ["--mtbench-suite=gate.yaml", "--mtbench-dry-run"]
    assert f"pytest {called[0]}\n" in (bench.path / "gate.yaml").read_text(encoding="utf-8")
    listed = bench.plain(called[0], "--collect-only", "-q")
    assert item_ids(listed)[-1] == "gate.yaml::gate[overall]"
