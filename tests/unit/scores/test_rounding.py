from __future__ import annotations

import pytest

from pytest_mtbench.scores.rounding import beside


@pytest.mark.parametrize(
    "value, threshold, shown",
    [
        (4, 6, "4.00"),
        (2.4, 6, "2.40"),
        (7.4938, 7.5, "7.49"),
        (7.4969, 7.5, "7.497"),
        (7.49996, 7.5, "7.49996"),
        (7.5, 7.5, "7.50"),
        (7.5 - 1e-12, 7.5, "7.50"),  # the last bit of a sum misses no threshold
        (7.501, 7.5, "7.50"),
        (0.5, 0.5, "0.50"),
        (0.02, 0.4, "0.02"),
        (5.996, 6, "5.996"),
    ],
)
def test_two_decimals_and_more_only_where_the_threshold_asks_for_them(
    value: float, threshold: float, shown: str
) -> None:
    assert beside(value, threshold) == shown
