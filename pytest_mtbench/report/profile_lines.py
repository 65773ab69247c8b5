"""The profile of a model in words: what stands out, what the follow-up costs it, and where its score stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..scores.profile import Contrast, Profile, profile_of
from .published import fit_for, near_published, tier
from .run_report import RunReport


def profile_lines(report: RunReport) -> Iterator[str]:
    """The tier, the categories that stand out beyond noise, and the second turn against the first; not yet wrapped.

    Nothing of a run that is a part, nor of one that measured a part.
    """
    yield from _tier(report)
    if not report.plan.shard and report.card.overall.complete:
        profile = profile_of(report.card.results)
        yield from _categories(profile)
        if profile.second_turn is not None:
            yield f"second turn: {_second_turn(profile.second_turn)}"


def _tier(report: RunReport) -> Iterator[str]:
    mean = report.card.overall.mean
    if mean is None or not report.whole_original or report.plan.opponents or report.plan.jury:
        return
    name = tier(mean)
    yield f"tier: {name} ({mean:.2f}), fit for {fit_for(name)}{near_published(mean, report.plan.judge.name)}"


def _categories(profile: Profile) -> Iterator[str]:
    if not profile.categories:
        return
    directions = (("above the other categories", profile.above), ("below", profile.below))
    said = "; ".join(f"{where}: {_differences(found)}" for where, found in directions if found)
    yield f"profile: {said or 'no category stands out beyond noise'}"


def _differences(found: Mapping[str, Contrast]) -> str:
    return ", ".join(f"{name} {one.value:+.2f} [{one.low:+.2f}, {one.high:+.2f}]" for name, one in found.items())


def _second_turn(found: Contrast) -> str:
    if found.below:
        return f"loses {-found.value:.2f} against the first [{-found.high:.2f}, {-found.low:.2f}]"
    if found.above:
        return f"gains {found.value:.2f} on the first [{found.low:.2f}, {found.high:.2f}]"
    return f"as the first within noise, {found.value:+.2f} [{found.low:+.2f}, {found.high:+.2f}]"
