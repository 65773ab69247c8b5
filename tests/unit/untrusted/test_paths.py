"""Names of files that every file system takes."""

from __future__ import annotations

import pytest

from pytest_mtbench.untrusted.paths import file_name


@pytest.mark.parametrize("model", ["gpt-4o", "Llama-3.1-8B", "console", "com10", "nullable", "auxiliary.v2"])
def test_a_model_that_can_name_a_file_does(model: str) -> None:
    assert file_name(model) == model


@pytest.mark.parametrize("model", ["NUL", "con", "aux.v2", "COM1", "lpt9.x.y", "prn"])
def test_no_model_is_written_to_a_device_of_windows(model: str) -> None:
    assert file_name(model).startswith(f"_{model}-")


def test_names_that_no_file_can_have_stay_apart() -> None:
    names = [file_name(model) for model in ("a/b", "a:b", "a\\b", "a?b", "a_b", "..", "CON", "_CON")]
    assert len({name.lower() for name in names}) == len(names)
    assert all(name and not set(name) & set('<>:"/\\|?*') for name in names)
