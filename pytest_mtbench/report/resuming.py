"""What a run that was ended early says of the next one."""

from __future__ import annotations

from collections.abc import Iterable

from ..domain.chat import CacheMode
from ..domain.tally import Tally

_NEXT: dict[CacheMode, str] = {
    "all": "the next run goes on from there",
    "judgments": "a run with --mtbench-cache=all goes on from there",
    "refresh": "a run with --mtbench-cache=all goes on from there",
}


def resuming(tallies: Iterable[Tally], mode: CacheMode, folder: str, *, generated: bool) -> str | None:
    """That nothing is lost, or None where nothing was got or nothing is kept.

    Args:
        folder: of the cache.
        generated: a user's own function answers, whose answers no cache keeps.
    """
    made = [(tally.answers.made, tally.judgments.made) for tally in tallies]
    answers, judgments = any(one for one, _ in made) and not generated, any(one for _, one in made)
    what = " and ".join(word for word, got in (("answered", answers), ("judged", judgments)) if got)
    if not what or mode not in _NEXT:
        return None
    return f"what was {what} is kept in {folder}; {_NEXT[mode]}"
