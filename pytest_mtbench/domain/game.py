"""One answer against another model's, judged in both orders."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

Outcome = Literal["win", "tie", "loss"]

_OF_THE_JURY = ("against", "run", "answer")
"""What is the same for each judge of a jury."""

# What a letter says of the model under test: as assistant A in the first order, as B in the second.
_FIRST = {"A": 1, "B": -1, "C": 0}
_SECOND = {"A": -1, "B": 1, "C": 0}
_SCORES: dict[Outcome, float] = {"win": 1.0, "tie": 0.5, "loss": 0.0}


def majority(outcomes: Sequence[Outcome]) -> Outcome:
    """What more than half of these outcomes are; a tie where none is."""
    return next((outcome for outcome, count in Counter(outcomes).items() if 2 * count > len(outcomes)), "tie")


@dataclass(frozen=True)
class Game:
    """The model's answer to one turn against another model's.

    A win is one where both orders agree, and so is a loss; anything else is a tie (FastChat's rule).  With a jury the
    outcome is the majority of its judges' outcomes, a tie where there is none; where one of them has no outcome the
    game has none either, since the word of fewer judges is another measure.

    Args:
        against: how reports call the other model.
        run: which of the answers, from 1.
        verdicts: `A`, `B` or `C` for neither, as the judge said it, first with the model under test as assistant A,
            then with it as B; None where the judge gave none.
        answer: the other model's, thinking included; None where there was none, or where it was left out.
        judgments: the judge's texts in the same order.
        unscored: why there is no outcome.
        judge: which judge of a jury says so; empty where there is one judge, and in the game of the whole jury.
        by_judge: what each judge of a jury says, which has no verdicts and texts of its own then.
    """

    against: str
    run: int
    verdicts: tuple[str | None, str | None] = (None, None)
    answer: str | None = None
    judgments: tuple[str, str] = ("", "")
    unscored: str | None = None
    judge: str = ""
    by_judge: tuple[Game, ...] = ()

    @classmethod
    def of_jury(cls, parts: Sequence[Game]) -> Game:
        """The game of a jury.

        Args:
            parts: the same game as each of its judges sees it.
        """
        first = parts[0]
        why = next((f"{part.judge}: {part.unscored}" for part in parts if part.unscored is not None), None)
        return cls(first.against, first.run, answer=first.answer, unscored=why, by_judge=tuple(parts))

    @property
    def parts(self) -> tuple[Game, ...]:
        """The game as each judge of a jury sees it; itself where there is one judge."""
        return self.by_judge or (self,)

    @property
    def winners(self) -> tuple[int, int] | None:
        """Who was better in each order: 1 the model under test, -1 the other, 0 neither; None without a verdict."""
        first, second = self.verdicts
        return None if first is None or second is None else (_FIRST[first], _SECOND[second])

    @property
    def outcome(self) -> Outcome | None:
        """What came of it for the model under test; None where an order has no verdict, of whichever judge."""
        if self.by_judge:
            said = [part.outcome for part in self.by_judge]
            known = [outcome for outcome in said if outcome is not None]
            return majority(known) if len(known) == len(said) else None
        if self.winners is None:
            return None
        return {(1, 1): "win", (-1, -1): "loss"}.get(self.winners, "tie")  # type: ignore[return-value]

    @property
    def score(self) -> float | None:
        """1 for a win, 0.5 for a tie, 0 for a loss."""
        return None if self.outcome is None else _SCORES[self.outcome]

    @property
    def consistent(self) -> bool:
        """Whether both orders say the same, to every judge."""
        if self.by_judge:
            return all(part.consistent for part in self.by_judge)
        return self.winners is not None and self.winners[0] == self.winners[1]

    @property
    def flipped_to(self) -> Literal["first", "second"] | None:
        """The place that won in both orders, whichever model stood there; of a jury, with every judge."""
        if self.by_judge:
            places = {part.flipped_to for part in self.by_judge}
            return places.pop() if len(places) == 1 else None
        return {("A", "A"): "first", ("B", "B"): "second"}.get(self.verdicts)  # type: ignore[arg-type, return-value]

    def as_json(self) -> dict[str, Any]:
        """Plain JSON values, with the outcome for whoever reads them."""
        row = {"against": self.against, "run": self.run, "outcome": self.outcome, "unscored": self.unscored}
        if self.by_judge:
            return row | {"answer": self.answer, "by_judge": [part._said() for part in self.by_judge]}
        return row | {"verdicts": list(self.verdicts), "answer": self.answer, "judgments": list(self.judgments)}

    def _said(self) -> dict[str, Any]:
        """What one judge of a jury says; the rest stands in the game of the whole jury."""
        row = {name: value for name, value in self.as_json().items() if name not in _OF_THE_JURY}
        return {"judge": self.judge} | row

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Game:
        """Reads what `as_json` wrote; texts may have been left out."""
        game = cls(
            against=row["against"],
            run=row["run"],
            verdicts=tuple(row.get("verdicts", (None, None))),
            answer=row.get("answer"),
            judgments=tuple(row.get("judgments", ("", ""))),
            unscored=row["unscored"],
            judge=row.get("judge", ""),
        )
        shared = {name: row.get(name) for name in _OF_THE_JURY}
        return replace(game, by_judge=tuple(cls.from_json(part | shared) for part in row.get("by_judge", ())))
