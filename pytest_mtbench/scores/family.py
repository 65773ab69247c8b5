"""Own family: whether a judge gives models of its own maker more than people do.  Pure."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean
from typing import Any

from ..domain.question import QuestionId
from ..domain.vote import Comparison, Vote
from .quantiles import t_quantile

# What providers write before a name: `us.anthropic.claude-3`, `ft:gpt-4o-mini:org`, `Meta-Llama-3-8B`.
_BEFORE = re.compile(
    r"(?:ft:|open-|c4ai-)?(?:(?:us|eu|apac|global)\.)?(?:(?:amazon|anthropic|cohere|meta|openai)[.-])?"
)
# The word that a name begins with.  Models that others made of one (Vicuna, Alpaca, Hermes) are not its family, and
# neither are strangers of a like name: GPT4All, GPT-J, Phind, Palmyra.
_FAMILIES = {
    "openai": r"chatgpt|gpt-?(?:\d[\d.]*o?|oss)(?![0-9])(?!-x)|text-davinci|o[134](?![0-9.])",
    "claude": r"claude",
    "google": r"gemini|gemma|palm|bard",
    "llama": r"llama|codellama",
    "qwen": r"qwen|qwq",
    "mistral": r"mistral|mixtral|ministral|codestral|magistral|devstral|pixtral",
    "deepseek": r"deepseek",
    "phi": r"phi",
    "command": r"command",
    "grok": r"grok",
    "nova": r"nova-(?:micro|lite|pro|premier)",
}
_PATTERNS = {name: re.compile(f"(?:{words})(?![a-z])") for name, words in _FAMILIES.items()}


@dataclass(frozen=True)
class OwnFamily:
    """How often models of the judge's family win against others with it and with people, on the same votes.

    A hint and no proof: a judge that ties less than people do gives every strong model more, its own or not.

    Args:
        models: those of the family.
        judge, people: the share that they win with each, a tie half.
        difference: the judge's minus people's; `low`, `high`: its 95 % interval, None with fewer than two questions.
    """

    family: str
    models: tuple[str, ...]
    judge: float
    people: float
    difference: float
    low: float | None
    high: float | None
    votes: int
    questions: int

    def as_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self) | {"models": list(self.models)}


def family_of(name: str) -> str | None:
    """The family of a model by its name, as servers and providers write it; None where it is not known."""
    own = name.lower().rpartition("/")[2]
    before = _BEFORE.match(own)
    own = own[before.end() :] if before else own
    return next((family for family, pattern in _PATTERNS.items() if pattern.match(own)), None)


def own_family(judge: str, verdicts: Mapping[Comparison, float], votes: Iterable[Vote]) -> OwnFamily | None:
    """Pools the votes on one model of the judge's family against one that is none.

    Args:
        judge: its name.
        verdicts: what it says: 1 where model `one` is better, 0.5 for a tie.

    Returns:
        None where the family is not known or there is no such vote.
    """
    family = family_of(judge)
    models: set[str] = set()
    won: dict[QuestionId, list[tuple[float, float]]] = defaultdict(list)
    for vote in votes:
        comparison = vote.comparison
        own = [name for name in comparison.pair if family_of(name) == family]
        if family is None or len(own) != 1 or comparison not in verdicts:
            continue
        models.update(own)
        both = verdicts[comparison], vote.value
        won[comparison.question_id].append(both if own[0] == comparison.one else (1 - both[0], 1 - both[1]))
    if family is None or not won:
        return None
    pooled = [pair for pairs in won.values() for pair in pairs]
    by_judge, by_people = fmean(one for one, _ in pooled), fmean(two for _, two in pooled)
    return OwnFamily(
        family=family,
        models=tuple(sorted(models)),
        judge=by_judge,
        people=by_people,
        difference=by_judge - by_people,
        **_bounds([[one - two for one, two in pairs] for pairs in won.values()]),
        votes=len(pooled),
        questions=len(won),
    )


def _bounds(groups: Sequence[Sequence[float]]) -> dict[str, float | None]:
    """The 95 % interval of the mean of all values, by leaving out one group (question) at a time."""
    count = len(groups)
    if count < 2:
        return {"low": None, "high": None}
    total, n = math.fsum(map(math.fsum, groups)), sum(map(len, groups))
    without = [(total - math.fsum(group)) / (n - len(group)) for group in groups]
    middle = fmean(without)
    error = math.sqrt((count - 1) / count * math.fsum((value - middle) ** 2 for value in without))
    half = t_quantile(0.975, count - 1) * error
    return {"low": total / n - half, "high": total / n + half}
