"""How a figure is written: with two decimals everywhere, and with more only where a threshold asks for them."""

from __future__ import annotations

ROUNDING = 1e-9
"""Means of means are sums of binary fractions; no threshold is meant to be missed by the last bit."""
_MOST_DIGITS = 10


def beside(value: float, threshold: float) -> str:
    """A figure with as many decimals as keep it on its side of a threshold: 7.4969 is 7.497 beside 7.5."""
    for digits in range(2, _MOST_DIGITS):
        if (round(value, digits) < threshold) == (value < threshold - ROUNDING):
            return f"{value:.{digits}f}"
    return f"{value:.{_MOST_DIGITS}f}"
