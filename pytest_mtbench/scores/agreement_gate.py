"""Agreement -> what `gate[agreement]` says.  Decides, and prints nothing."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from .agreement import Agreement
from .gates import GateResult, Status
from .shares import Estimate, Share

AGREEMENT, PEOPLE = "agreement", "people"
FEWEST_QUESTIONS = 20
FEWEST_VOTES = 60
_LEVEL = 0.9
"""Of which either bound is a one-sided 95 % bound."""
_POWER = 2.49
"""Standard errors between a value and a one-sided 5 % test that sees it in 80 of 100 samples."""
_MOST_MORE = 10
"""Times the votes there are, above which nobody would gather more."""
_MUCH_ALIKE = 0.02


@dataclass(frozen=True)
class AgreementRule:
    """What the judge must reach.

    Args:
        of_people: the share of a person's skill.
        min_agreement: agreement without ties, in the place of that.
        on_inconclusive: what an undecided gate counts as: a skipped test, or a failure.
    """

    of_people: float = 0.5
    min_agreement: float | None = None
    on_inconclusive: Literal["pass", "fail"] = "pass"

    @property
    def minimum(self) -> float:
        """The value that the gate's is held against."""
        return self.of_people if self.min_agreement is None else self.min_agreement


class _Decision(NamedTuple):
    status: Status
    message: str
    value: float | None = None
    low: float | None = None
    high: float | None = None


def agreement_result(rule: AgreementRule, agreement: Agreement, gate_id: str, judge: str = "") -> GateResult:
    """What `gate[agreement]` says of a judge.

    Args:
        judge: the name of a member of a jury; empty for the judge or the whole jury.
    """
    decision = _decide(rule, agreement)
    status, message = decision.status, f"{decision.status}: {decision.message} ({_made_of(agreement)})"
    if status == "inconclusive" and rule.on_inconclusive == "fail":
        status, message = "failed", f"{message} (on_inconclusive: fail)"
    said = f"{AGREEMENT}: {judge + ' ' if judge else ''}{message}"
    return GateResult(
        gate_id, status, decision.value, rule.minimum, said, AGREEMENT, decision.low, decision.high, agreement.votes
    )


def _decide(rule: AgreementRule, agreement: Agreement) -> _Decision:
    skill = agreement.skill
    if not agreement.shared.people.half:
        return _Decision(
            "inconclusive",
            "no comparison has votes of two persons, so people's own agreement is not known; have a second person fill "
            "in the same sheet",
        )
    said = _agreement(agreement)
    if skill is None:
        return _Decision(
            "inconclusive", f"{said}; skill cannot be told: no two models were compared by two persons on two questions"
        )
    few = skill.questions < FEWEST_QUESTIONS or skill.votes < FEWEST_VOTES
    if rule.min_agreement is not None:
        return _by_agreement(rule.min_agreement, agreement, few=few)
    lead, own = skill.lead(rule.of_people), _bounds(skill.judge)
    low, high = _bounds(lead)
    bounds = skill.bounds or (None, None)
    status: Status = "inconclusive"
    if not few and low > 0 and own[0] > 0:
        status = "passed"
    elif not few and high < 0:
        status = "failed"
    words = _skill_in_words(rule, agreement, status)
    if few:
        words += (
            f"; not decided below {FEWEST_QUESTIONS} questions and {FEWEST_VOTES} votes on comparisons that two "
            f"persons voted on, and there are {skill.questions} and {skill.votes}"
        )
    elif status == "inconclusive":
        words += _more_votes(lead, skill.votes)
    return _Decision(status, words, skill.ratio, *bounds)


def _by_agreement(minimum: float, agreement: Agreement, *, few: bool) -> _Decision:
    """The gate on agreement alone, which the judge must reach by reading."""
    share, skill = agreement.everything.judge.s2, agreement.skill
    if share is None or skill is None or share.low is None or share.high is None:
        return _Decision("inconclusive", f"{_agreement(agreement)}; too few votes without ties for an interval")
    low = _bounds(skill.judge)[0]
    bounds = f"95 % interval {_percent(share.low)}-{_percent(share.high)}"
    said = f"{_agreement(agreement)}; {bounds}, needed {_percent(minimum)}"
    status: Status = "inconclusive"
    if not few and share.low >= minimum and low > 0:
        status = "passed"
    elif not few and share.high < minimum:
        status = "failed"
    if status != "failed" and low <= 0:
        said += "; whether it reads what it judges cannot be told: its skill may be 0"
    if few:
        said += f"; not decided below {FEWEST_QUESTIONS} questions and {FEWEST_VOTES} votes of two persons on the same"
    return _Decision(status, said, share.value, share.low, share.high)


def _agreement(agreement: Agreement) -> str:
    """How far the judge and people agree, in words."""
    judge, people = agreement.everything.judge.s2, agreement.everything.people.s2
    return f"agrees with people in {_share(judge)} of votes without ties, people with each other in {_share(people)}"


def _skill_in_words(rule: AgreementRule, agreement: Agreement, status: Status) -> str:
    skill = agreement.skill
    if skill is None or skill.ratio is None:
        return f"{_agreement(agreement)}; people have no skill of their own here, so nothing can be held against it"
    needed = f"needed {rule.of_people:g}"
    value = f"{_two(skill.ratio)} of a person's skill"
    bounds = skill.bounds
    if bounds is None:
        return f"{_agreement(agreement)}; {value}, with no bounds since people's own cannot be told from 0, {needed}"
    if status == "passed":
        return f"{_agreement(agreement)}; {value}, at least {_two(bounds[0])}, {needed}"
    if status == "failed":
        return f"{_beside_names_only(agreement)}: {value}, at most {_two(bounds[1])}, {needed}"
    return f"{_agreement(agreement)}; {value}, between {_two(bounds[0])} and {_two(bounds[1])}, {needed}"


def _beside_names_only(agreement: Agreement) -> str:
    """The judge beside one who never reads."""
    judge, blind = agreement.everything.judge.s2, agreement.names_only.s2
    said = f"agrees with people in {_share(judge)} of votes without ties"
    if judge is None or blind is None:
        return said
    if abs(blind.value - judge.value) <= _MUCH_ALIKE:
        return f"{said}, and so does one who knows only which model is better"
    return f"{said}, one who knows only which model is better in {_share(blind)}"


def _more_votes(lead: Estimate, votes: int) -> str:
    if lead.value <= 0 or not math.isfinite(lead.error):
        return ""
    more = votes * (_POWER * lead.error / lead.value) ** 2 - votes
    return f"; about {math.ceil(more):,} more votes would decide" if 0 < more < _MOST_MORE * votes else ""


def warnings(rule: AgreementRule, agreement: Agreement) -> Iterator[str]:
    """What makes the figures say less than they seem to."""
    models = {model for pair in agreement.ballots.pairs for model in pair}
    blind = agreement.names_only.s2
    if rule.min_agreement is not None and len(models) > 2 and blind is not None:
        yield (
            f"warning: among these {len(models)} models one who never reads and names the better one agrees with "
            f"people in {_share(blind)} of votes without ties; people.of_people asks for more than that"
        )


def _bounds(estimate: Estimate) -> tuple[float, float]:
    """One-sided 95 % bounds; none where there are too few questions."""
    return estimate.interval(_LEVEL) or (-math.inf, math.inf)


def _made_of(agreement: Agreement) -> str:
    people = len(agreement.ballots.raters)
    persons = f"{people} {'people' if people != 1 else 'person'}"
    return f"{agreement.votes:,} votes of {persons}, {agreement.questions} questions"


def _share(share: Share | None) -> str:
    return "none" if share is None else _percent(share.value)


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _two(value: float) -> str:
    """Two decimals, never a minus before 0."""
    return f"{value + 0.0:.2f}".replace("-0.00", "0.00")
