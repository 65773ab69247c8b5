"""What a run would ask for (`--mtbench-dry-run`), from what its items need and what is there already."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from ..domain.chat import ChatRequest, Kind
from ..domain.result import TurnKey
from ..engine.cache import ReplyCache
from ..engine.estimate import Estimate, Lookup, estimate
from ..engine.plan import user_text
from ..files.recorded import Recorded
from ..suite.resolved import ResolvedSuite
from ..suite.settings import Settings
from ..untrusted.paths import is_file
from .clients import with_answers
from .needs import Needs
from .registry import SuiteRegistry


class SuiteEstimate(NamedTuple):
    """What a suite would ask for: at least, and at most where tests of a user's own may read a score."""

    suite: ResolvedSuite
    least: Estimate
    most: Estimate


def estimates(registry: SuiteRegistry, needs: Needs | None, note: Callable[[str], None]) -> Iterator[SuiteEstimate]:
    """What each suite would ask for; asks nothing.

    Args:
        needs: of the selected items; None where xdist's workers alone know them, and every turn is counted.
        note: keeps what the summary must say of the cache.
    """
    needs = needs or Needs(judged=tuple(key for suite in registry.suites.values() for key in _all_keys(suite)))
    running = {suite.id for suite in registry.suites.values()} | needs.payers(registry.plans)
    cache = _cache_at_hand(registry.settings, note)
    try:
        for suite in registry.all:
            if suite.id in running:
                lookup = _lookup_of(registry.settings, suite, cache)
                most = (*needs.judged, *needs.may_be_judged)
                yield SuiteEstimate(
                    suite,
                    _estimate(suite, needs.judged, needs.answered, lookup),
                    _estimate(suite, most, needs.answered, lookup),
                )
    finally:
        if cache is not None:
            cache.close()


def _all_keys(suite: ResolvedSuite) -> tuple[TurnKey, ...]:
    return suite.keys + (suite.regression.sentinel_keys if suite.regression else ())


def _estimate(suite: ResolvedSuite, judged: Sequence[TurnKey], answered: Sequence[TurnKey], lookup: Lookup) -> Estimate:
    plan = with_answers(suite.plan, suite.recorded or Recorded())
    made = estimate(
        plan,
        [key for key in judged if key.suite == suite.id],
        lookup,
        answered=[key for key in answered if key.suite == suite.id],
    )
    for bout in suite.bouts:
        made = estimate(bout.plan, [key for key in judged if key.suite == bout.plan.key], lookup, made)
    if suite.regression is not None:
        for key in suite.regression.sentinel_keys:
            if key in judged:
                for judge, request in suite.regression.sentinel_requests(key):
                    made.add("judgment", request, known=False, judge=judge)
    return made


def _lookup_of(settings: Settings, suite: ResolvedSuite, cache: ReplyCache | None) -> Lookup:
    recorded = suite.recorded or Recorded()
    by_mode: dict[str, tuple[Kind, ...]] = {"judgments": ("judgment",), "refresh": (), "off": ()}
    readable = by_mode.get(settings.cache, ("answer", "judgment"))

    def lookup(kind: Kind, request: ChatRequest) -> str | None:
        if kind == "judgment":
            text = recorded.judgment(request.model, user_text(request.messages), request.sample)
            if text is not None:
                return text
        reply = cache.get(request) if cache is not None and kind in readable else None
        # Where there is a baseline no other model answers, so that every answer is of the one under test.
        old = (
            kind == "answer" and settings.cache != "only" and reply is not None and suite.plan.is_too_old(reply.created)
        )
        return None if reply is None or old else reply.text

    return lookup


def _cache_at_hand(settings: Settings, note: Callable[[str], None]) -> ReplyCache | None:
    """The cache where there is one already and its mode reads it."""
    there = settings.cache not in ("refresh", "off") and is_file(settings.cache_folder / "cache.db")
    return ReplyCache(settings.cache_folder, note) if there else None
