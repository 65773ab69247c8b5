from __future__ import annotations

import pytest

from pytest_mtbench.plugin.item import Parameters


@pytest.mark.parametrize(
    "label", ["q111-turn1", "qC:\\new\\xzz-turn1", "q[a]-turn2", "q问题-turn1", "math", "q5-turn1-alpaca-13b-gpt-4"]
)
def test_parameters_are_what_stands_in_the_brackets_of_a_name(label: str) -> None:
    found = Parameters.of(f"math[{label}]")
    assert found.params == {"id": label}
    assert found.id.isascii()
    assert found.id.encode().decode("unicode-escape") == label  # as Allure reads it
