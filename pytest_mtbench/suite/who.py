"""Who answers and who judges, in the words of the header and of reports."""

from __future__ import annotations

from pathlib import Path

from ..demo import URL as DEMO
from ..demo import shown_name
from ..domain.endpoint import Role
from ..files.fastchat import answer_file_in
from ..untrusted.text import one_line
from ..untrusted.urls import public_url
from .resolved import ResolvedSuite
from .settings import Settings


def answered_by(suite: ResolvedSuite, settings: Settings, *, hook: str, key: bool = False) -> str:
    """Who answers for the model under test: an endpoint, a user's own chatbot, or the files that hold the answers.

    Args:
        hook: a user's own `pytest_mtbench_generate` that may answer, and where it lies; empty where there is none.
        key: whether an endpoint's key is said too: the variable that it comes from.
    """
    if suite.is_audition:
        return "nobody"
    name = one_line(suite.plan.answers_of or suite.plan.model.name)
    if settings.merge:
        return f"{name}, from the reports {one_line(', '.join(named.shown for named in settings.merge))}"
    if settings.answers is not None and not _holds_the_other_side_alone(suite, settings.answers):
        return f"{name}, from the file {_listed((settings.answers,), settings)}"
    bot = suite.plan.model.bot
    if bot is not None:
        return f"{name}, by {bot.target} (model.generate)"
    if hook:
        return f"{name}, by {one_line(hook)}"
    return _at(suite.plan.model) + (_key_of(suite.plan.model) if key else "")


def judged_by(suite: ResolvedSuite) -> str:
    """The judge, where it is asked, and whence its key: at the model's endpoint unless somebody says otherwise.

    Each judge of a jury likewise.
    """
    plan = suite.plan
    if suite.is_audition and not suite.bouts:
        return f"{one_line(plan.judge_name)}, by its rows in the files: nothing is asked"
    beside = plan.model.endpoint.url if plan.model.name else ""
    same = ", the model's endpoint"
    return ", and ".join(
        _at(judge) + (same if judge.endpoint.url == beside else "") + _key_of(judge) for judge in plan.judges
    )


def opponents_by(suite: ResolvedSuite) -> str:
    """The models that the answers are compared with and where they answer; empty in single grading."""
    return "; ".join(
        f"{one_line(other.who.label)}, from the file {one_line(other.source)}"
        if other.who.answers is not None
        else _at(other.who, other.who.label) + _key_of(other.who)
        for other in suite.opponents
    )


def _at(role: Role, name: str = "") -> str:
    shown = shown_name(one_line(name or role.name), role.endpoint.url)
    return f"{shown} at {one_line(public_url(role.endpoint.url))}"


def _key_of(role: Role) -> str:
    source = "" if role.endpoint.url == DEMO else role.endpoint.key_source
    return f", key from {source}" if source else ""


def _holds_the_other_side_alone(suite: ResolvedSuite, source: Path) -> bool:
    """Whether a folder of answers has those of the other model and not of the one under test, which is asked then."""
    there = any(other.source == str(source) for other in suite.opponents)
    return there and answer_file_in(source, suite.plan.model.name) is None


def _listed(paths: tuple[Path, ...], settings: Settings) -> str:
    """Paths as somebody types them where pytest was started."""
    return ", ".join(
        one_line(str(path.relative_to(settings.cwd) if path.is_relative_to(settings.cwd) else path)) for path in paths
    )
