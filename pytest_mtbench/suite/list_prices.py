"""What common judges cost by their vendors' lists, for a first guess before anything is asked."""

from __future__ import annotations

from typing import NamedTuple


class ListPrice(NamedTuple):
    """USD a million tokens, and the month in which the vendor's list said so."""

    input: float
    output: float
    seen: str


LIST_PRICES = {
    "gpt-4": ListPrice(30, 60, "2024-08"),
    "gpt-4-turbo": ListPrice(10, 30, "2024-08"),
    "gpt-4o": ListPrice(2.5, 10, "2026-05"),
    "gpt-4o-mini": ListPrice(0.15, 0.6, "2026-05"),
    "gpt-4.1": ListPrice(2, 8, "2026-04"),
    "gpt-4.1-mini": ListPrice(0.4, 1.6, "2026-04"),
    "gpt-5": ListPrice(1.25, 10, "2026-03"),
    "gpt-5-mini": ListPrice(0.25, 2, "2026-03"),
    "claude-opus-4-5": ListPrice(5, 25, "2026-01"),
    "claude-sonnet-4-5": ListPrice(3, 15, "2026-01"),
    "claude-haiku-4-5": ListPrice(1, 5, "2026-01"),
    "gemini-2.5-pro": ListPrice(1.25, 10, "2026-01"),
    "gemini-2.5-flash": ListPrice(0.3, 2.5, "2026-01"),
}
"""By the vendor's name of the model.  Dated versions of a model have prices of their own and are not guessed at."""


def list_price(model: str) -> ListPrice | None:
    """The list's price of a model, or None where it is not known.

    Args:
        model: its name, as the vendor or a router writes it: `gpt-4o`, `openai/gpt-4o`.
    """
    return LIST_PRICES.get(model.rpartition("/")[2].lower())
