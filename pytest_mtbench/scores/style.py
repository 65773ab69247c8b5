"""Style control: who would win if both answers were as long and had as much Markdown in them.  Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from .features import FEATURES, style_difference
from .judged import Judged
from .logistic import Estimate, Fit, design_errors, fit_logistic
from .quantiles import t_quantile

FEWEST_GAMES = 200
"""Games below which style control says nothing."""
FEWEST_QUESTIONS = 20
"""Questions in which the answers must differ in a feature: in fewer, chance looks like a preference."""
MOST_ERROR = 1.0
"""Standard error, without clusters, above which games do not determine a coefficient."""


@dataclass(frozen=True)
class Coefficient:
    """What a feature is worth, in logarithms of odds, to an answer that alone has it, with its 95 % interval."""

    value: float
    low: float
    high: float

    @property
    def differs(self) -> bool:
        """Whether it differs from 0 at 95 %."""
        return not self.low <= 0 <= self.high


@dataclass(frozen=True)
class StyledPair:
    """What style control changes between two models that played each other.

    Args:
        plain: how likely `one` is to win, by strengths from games alone; `controlled`: with answers of equal style.
    """

    one: str
    two: str
    plain: float
    controlled: float

    @property
    def change(self) -> float:
        """What equal style adds to the chance of `one`."""
        return self.controlled - self.plain


@dataclass(frozen=True)
class StyleControl:
    """The strengths of models without and with style control, and what style is worth.

    Args:
        plain, controlled: strengths in logarithms of odds, the strongest first; that of the model with the most games
            is 0.
        coefficients: by feature.
        left_out: features that these games do not tell from chance or from the models.
        pairs: the models that played each other.
    """

    games: int
    questions: int
    plain: Mapping[str, float]
    controlled: Mapping[str, float]
    coefficients: Mapping[str, Coefficient]
    left_out: tuple[str, ...]
    pairs: tuple[StyledPair, ...]

    def as_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        coefficients = {name: asdict(one) | {"differs": one.differs} for name, one in self.coefficients.items()}
        pairs = [asdict(pair) | {"change": pair.change} for pair in self.pairs]
        return asdict(self) | {"coefficients": coefficients, "left_out": list(self.left_out), "pairs": pairs}


def style_control(judged: Sequence[Judged]) -> StyleControl | None:
    """Strengths where style is explained as well: logit(one wins) = s_one - s_two + sum of b * (x - y) / (x + y).

    x and y are how much both answers have of a feature, as in the style control of Chatbot Arena (Li et al. 2024); a
    tie counts half a win for each, and errors are clustered by question.  People like some style too: only their votes
    tell whether the judge likes it more.

    A feature is left out where the answers differ in it in too few questions, or where it cannot be told from a model:
    where one always writes lists and no other ever does.

    Returns:
        None with fewer than 200 games.
    """
    design = _Design.of(judged)
    if len(design.games) < FEWEST_GAMES:
        return None
    features = design.features()
    fit = design.fit(features)
    plain, controlled = design.strengths(design.fit([])), design.strengths(fit)
    worth = zip(features, fit.estimates[len(design.models) - 1 :], strict=True)
    return StyleControl(
        games=len(design.games),
        questions=fit.clusters,
        plain=plain,
        controlled=controlled,
        coefficients={name: _coefficient(estimate, fit.clusters) for name, estimate in worth},
        left_out=tuple(name for name in FEATURES if name not in features),
        pairs=tuple(
            StyledPair(one, two, _chance(plain[one] - plain[two]), _chance(controlled[one] - controlled[two]))
            for one, two in sorted({game.comparison.pair for game in design.games})
        ),
    )


@dataclass(frozen=True)
class _Design:
    """What the model is fitted to.

    Args:
        models: those that play; the first one's strength is 0.
        differences: of the styles of both answers, one a game.
    """

    games: tuple[Judged, ...]
    models: tuple[str, ...]
    differences: tuple[Mapping[str, float], ...]

    @classmethod
    def of(cls, judged: Sequence[Judged]) -> _Design:
        """Games of two models; one against itself tells nothing of strengths."""
        games = tuple(one for one in judged if one.comparison.one != one.comparison.two)
        often = Counter(name for game in games for name in game.comparison.pair)
        models = sorted(often, key=lambda name: (-often[name], name))
        return cls(games, tuple(models), tuple(style_difference(game.one, game.two) for game in games))

    def features(self) -> list[str]:
        """Those whose worth such games can determine, whatever the judge says."""
        found = [name for name in FEATURES if self._questions_that_differ(name) >= FEWEST_QUESTIONS]
        while found and max(errors := design_errors(self._rows(found))[len(self.models) - 1 :]) > MOST_ERROR:
            # Of two that say the same the later one goes.
            del found[max(position for position, error in enumerate(errors) if error > MOST_ERROR)]
        return found

    def fit(self, features: Sequence[str]) -> Fit:
        """The strengths of all models but the first, then what these features are worth."""
        questions = [game.comparison.question_id for game in self.games]
        return fit_logistic(self._rows(features), [game.verdict for game in self.games], questions)

    def strengths(self, fit: Fit) -> dict[str, float]:
        """Those of a fit by model, the strongest first."""
        found = dict(zip(self.models, (0.0, *(estimate.value for estimate in fit.estimates)), strict=False))
        return dict(sorted(found.items(), key=lambda item: -item[1]))

    def _rows(self, features: Sequence[str]) -> list[list[float]]:
        return [
            [float((game.comparison.one == name) - (game.comparison.two == name)) for name in self.models[1:]]
            + [difference[name] for name in features]
            for game, difference in zip(self.games, self.differences, strict=True)
        ]

    def _questions_that_differ(self, feature: str) -> int:
        pairs = zip(self.games, self.differences, strict=True)
        return len({game.comparison.question_id for game, difference in pairs if difference[feature]})


def _coefficient(estimate: Estimate, questions: int) -> Coefficient:
    # Where one side wins nearly always nothing is left to scatter between questions, and nothing is known either.
    error = max(estimate.error, estimate.bare_error if estimate.bare_error > MOST_ERROR else 0.0)
    half = t_quantile(0.975, questions - 1) * error
    return Coefficient(estimate.value, estimate.value - half, estimate.value + half)


def _chance(difference: float) -> float:
    """How likely a model is to win that is stronger by so much."""
    return 1 / (1 + math.exp(-difference))
