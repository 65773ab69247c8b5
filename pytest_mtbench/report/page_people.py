"""Where people and the judge say different things of the same answers."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from statistics import fmean

from ..domain.question import Place
from ..domain.vote import Comparison
from ..scores.agreement import Agreement
from ..scores.order import OrderAgreement
from .pages import anchor, shown_line
from .run_report import RunReport

_APART = 1.5
"""Points between the judge's score and people's mean from which they differ."""
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Difference:
    """One turn of which people say something else than the judge.

    Args:
        models: the two that are compared; empty where one answer is rated.
        people, judge: what each says, in words.
        size: how far they are apart: 1 for opposite winners and all votes, or points of a rating.
        votes: of people.
        anchor: what a link to the turn names.
    """

    place: Place
    models: tuple[str, ...]
    people: str
    judge: str
    size: float
    votes: int
    anchor: str = ""

    @property
    def name(self) -> str:
        """The turn, as tables have it."""
        return shown_line(f"q{self.place[0]} turn {self.place[1]}")

    @property
    def sentence(self) -> str:
        """Both in one line."""
        return f"People say {self.people}, the judge says {self.judge}."


def differences(report: RunReport) -> list[Difference]:
    """The turns where people and the judge differ, those first where they differ most."""
    outcome = report.people
    if outcome is None:
        return []
    found = list(_of_votes(outcome.agreement, report.is_audition)) if outcome.agreement else []
    found += _of_ratings(outcome.order) if outcome.order else []
    return sorted(found, key=lambda one: (-one.size, -one.votes))


def by_anchor(found: Iterable[Difference]) -> dict[str, str]:
    """What is to be said beside each turn."""
    sentences: dict[str, list[str]] = defaultdict(list)
    for one in found:
        sentences[one.anchor].append(one.sentence)
    return {name: " ".join(said) for name, said in sentences.items()}


def _of_votes(agreement: Agreement, is_audition: bool) -> Iterator[Difference]:
    for comparison, votes in agreement.ballots.votes.items():
        verdict, people = agreement.ballots.verdicts[comparison], fmean(votes.values())
        if _winner(comparison, verdict) != _winner(comparison, people):
            yield Difference(
                comparison.place,
                tuple(shown_line(name) for name in comparison.pair),
                _counted(_winner(comparison, value) for value in votes.values()),
                shown_line(_winner(comparison, verdict) or "tie"),
                abs(people - verdict),
                len(votes),
                anchor(comparison.place, comparison.pair if is_audition else ()),
            )


def _counted(winners: Iterable[str | None]) -> str:
    """Votes in words: `2 for vicuna, 1 tie`."""
    counts = Counter(winners).most_common()
    return ", ".join(f"{n} tie{'s'[: n - 1]}" if name is None else f"{n} for {shown_line(name)}" for name, n in counts)


def _winner(comparison: Comparison, value: float) -> str | None:
    """Who is better by a vote, or by most of several; None where neither is."""
    if abs(value - 0.5) <= _ROUNDING:
        return None
    return comparison.one if value > 0.5 else comparison.two


def _of_ratings(order: OrderAgreement) -> Iterator[Difference]:
    for place, given in order.ratings.items():
        people, judge = fmean(given.values()), order.judge[place]
        if abs(people - judge) >= _APART:
            said = f"{people:.2f} ({', '.join(f'{value:g}' for value in sorted(given.values()))})"
            yield Difference(place, (), said, f"{judge:g}", abs(people - judge), len(given), anchor(place))
