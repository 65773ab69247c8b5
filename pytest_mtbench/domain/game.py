"""One answer against another model's, judged in both orders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Outcome = Literal["win", "tie", "loss"]

# What a letter says of the model under test: as assistant A in the first order, as B in the second.
_FIRST = {"A": 1, "B": -1, "C": 0}
_SECOND = {"A": -1, "B": 1, "C": 0}
_SCORES: dict[Outcome, float] = {"win": 1.0, "tie": 0.5, "loss": 0.0}


@dataclass(frozen=True)
class Game:
    """The model's answer to one turn against another model's.

    A win is one where both orders agree, and so is a loss; anything else is a tie (FastChat's rule).

    Args:
        against: how reports call the other model.
        run: which of the answers, from 1.
        verdicts: `A`, `B` or `C` for neither, as the judge said it, first with the model under test as assistant A,
            then with it as B; None where the judge gave none.
        answer: the other model's, thinking included; None where there was none, or where it was left out.
        judgments: the judge's texts in the same order.
        unscored: why there is no outcome.
    """

    against: str
    run: int
    verdicts: tuple[str | None, str | None] = (None, None)
    answer: str | None = None
    judgments: tuple[str, str] = ("", "")
    unscored: str | None = None

    @property
    def winners(self) -> tuple[int, int] | None:
        """Who was better in each order: 1 the model under test, -1 the other, 0 neither; None without a verdict."""
        first, second = self.verdicts
        return None if first is None or second is None else (_FIRST[first], _SECOND[second])

    @property
    def outcome(self) -> Outcome | None:
        """What came of it for the model under test; None where an order has no verdict."""
        if self.winners is None:
            return None
        return {(1, 1): "win", (-1, -1): "loss"}.get(self.winners, "tie")  # type: ignore[return-value]

    @property
    def score(self) -> float | None:
        """1 for a win, 0.5 for a tie, 0 for a loss."""
        return None if self.outcome is None else _SCORES[self.outcome]

    @property
    def consistent(self) -> bool:
        """Whether both orders say the same."""
        return self.winners is not None and self.winners[0] == self.winners[1]

    @property
    def flipped_to(self) -> Literal["first", "second"] | None:
        """The place that won in both orders, whichever model stood there."""
        return {("A", "A"): "first", ("B", "B"): "second"}.get(self.verdicts)  # type: ignore[arg-type, return-value]

    def as_json(self) -> dict[str, Any]:
        """Plain JSON values, with the outcome for whoever reads them."""
        return {
            "against": self.against,
            "run": self.run,
            "outcome": self.outcome,
            "verdicts": list(self.verdicts),
            "unscored": self.unscored,
            "answer": self.answer,
            "judgments": list(self.judgments),
        }

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Game:
        """Reads what `as_json` wrote; texts may have been left out."""
        return cls(
            against=row["against"],
            run=row["run"],
            verdicts=tuple(row["verdicts"]),
            answer=row.get("answer"),
            judgments=tuple(row.get("judgments", ("", ""))),
            unscored=row["unscored"],
        )
