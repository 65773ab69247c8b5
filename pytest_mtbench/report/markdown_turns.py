"""Single turns in the Markdown report, folded: those without a score, and the texts of those to look at first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ..domain.game import Game
from ..domain.question import Place
from ..domain.result import TurnResult
from ..untrusted.markdown import block, code, html_code, inline
from ..untrusted.text import shorten
from .fitting import Section
from .run_report import RunReport

_MOST_TURNS = 20
_LOWEST = 5
_FALLEN = 5
_ASKED, _SAID = 600, 1_200
"""The characters of a question, and of an answer or a judgment."""


def turn_sections(report: RunReport) -> Iterator[Section]:
    """What stands below the folded lines on single turns."""
    results = report.card.results
    missing = [f"- {code(_id(report, one))}: {inline(shorten(one.unscored, 400))}" for one in results if one.unscored]
    flags = Counter(flag for result in report.card.listed for flag in result.flags)
    if flags:
        missing.append("- flags: " + inline(", ".join(f"{flag} {count}" for flag, count in sorted(flags.items()))))
    summary = "Turns without a score, and flags" if any(result.unscored for result in results) else "Flags"
    yield Section("turns without a score", missing, f"<details>\n<summary>{summary}</summary>", "</details>")
    shown = [_turn(report, result) for result in _to_look_at(report)]
    head = "<details>\n<summary>Turns to look at first</summary>"
    yield Section("turns with their texts", shown, head, "</details>", between="\n\n")


def _to_look_at(report: RunReport) -> list[TurnResult]:
    """Turns below the floor, those that fell most against the baseline or were lost, and the lowest."""
    scored = [result for result in report.card.results if result.score is not None]
    by_place = {result.place: result for result in scored}
    changes = {place: change for place, change in _changes(report).items() if change < 0 and place in by_place}
    falls = sorted(changes, key=lambda place: changes[place])
    lowest = sorted(scored, key=lambda result: result.score or 0.0)
    found = [result for result in lowest if report.is_below_floor(result)]
    found += [by_place[place] for place in falls[:_FALLEN]]
    if report.plan.opponents:
        found += [result for result in lowest if any(game.outcome == "loss" for game in result.games)]
    elif len(scored) > _LOWEST:
        found += lowest[:_LOWEST]
    return list({result.place: result for result in found}.values())[:_MOST_TURNS]


def _changes(report: RunReport) -> dict[Place, float]:
    """The change of each turn against the baseline, where that says anything of the model."""
    outcome = report.outcome
    return {} if outcome is None or outcome.old or outcome.blind else dict(outcome.last.by_turn)


def _turn(report: RunReport, result: TurnResult) -> str:
    """A turn with its texts, folded."""
    question = report.plan.question(result.key.question_id)
    parts = [f"<details>\n<summary>{html_code(_id(report, result))}{_figures(report, result)}</summary>"]
    for number, asked in enumerate(question.turns[: result.key.turn], start=1):
        parts += [f"Question, turn {number}:", block(asked, _ASKED)]
    parts += ["Answer:", block(result.answer, _SAID)]
    lost = [game for game in result.games if game.outcome != "win"]
    for game in lost[:1]:
        parts += _game(game)
    if not result.games:
        parts += ["Judgment:", block(result.judgment, _SAID)]
    return "\n\n".join([*parts, "</details>"])


def _figures(report: RunReport, result: TurnResult) -> str:
    """The score and the change in plain figures, or what came of the games."""
    if result.games:
        outcomes = Counter(game.outcome or "unscored" for game in result.games)
        return ": " + ", ".join(
            f"{count} {name}" if len(result.games) > 1 else name for name, count in outcomes.items()
        )
    change = _changes(report).get(result.place)
    return f": {result.score:.2f}" + (f", {change:+.2f} against the baseline" if change else "")


def _game(game: Game) -> Iterator[str]:
    yield f"Answer of {code(shorten(game.against, 100))}:"
    yield block(game.answer or "", _SAID)
    for order, text in zip(("this answer", "the other answer"), game.judgments, strict=True):
        yield f"Judgment with {order} first:"
        yield block(text, _SAID)


def _id(report: RunReport, result: TurnResult) -> str:
    return shorten(report.id_of(result), 300)
