"""Length bias: how often the longer answer wins, with a judge and with people.  Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ..domain.question import QuestionId
from ..domain.vote import Comparison, Vote
from .judged import Judged
from .shares import Share, share_of


@dataclass(frozen=True)
class LengthBias:
    """Shares in which the longer answer, in characters, is the better one.

    A judge may rightly prefer longer answers, since they often say more; people on the same answers tell.

    Args:
        judge: of the judge's verdicts.
        people: of people's votes on the same comparisons; None without any.
        where_they_differ: of the judge's verdicts, once for each vote that names the other model; half where length
            plays no part.
    """

    judge: Share
    people: Share | None
    where_they_differ: Share | None

    def as_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)


def length_bias(judged: Sequence[Judged], votes: Iterable[Vote] = ()) -> LengthBias | None:
    """Counts verdicts and votes that are no ties, on answers of unequal length; intervals are clustered by question.

    People vote on a comparison once, so their votes are about the texts of its first entry: a further game on other
    texts (another run) counts for the judge alone.

    Args:
        votes: one a person and comparison; those on other comparisons are left out.

    Returns:
        None where the judge decided on no two answers of unequal length.
    """
    judge = share_of(_longer_wins(judged))
    if judge is None:
        return None
    shown: dict[Comparison, list[Judged]] = defaultdict(list)
    for one in judged:
        same = shown[one.comparison]
        if not same or (same[0].one, same[0].two) == (one.one, one.two):
            same.append(one)
    voted = [(vote, shown[vote.comparison]) for vote in votes if vote.comparison in shown]
    people = (Judged(vote.comparison, vote.value, same[0].one, same[0].two) for vote, same in voted)
    differ = (one for vote, same in voted for one in same if (vote.value - 0.5) * (one.verdict - 0.5) < 0)
    return LengthBias(judge, share_of(_longer_wins(people)), share_of(_longer_wins(differ)))


def _longer_wins(judged: Iterable[Judged]) -> Iterator[tuple[QuestionId, float]]:
    """For each that is decided, whether the longer answer is the better one."""
    for one in judged:
        longer = len(one.one) - len(one.two)
        if longer and one.verdict != 0.5:
            yield one.comparison.question_id, float((one.verdict > 0.5) == (longer > 0))
