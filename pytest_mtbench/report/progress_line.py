"""What a terminal shows while items wait: one line, plain ASCII."""

from __future__ import annotations

import math

from ..engine.progress import Progress, Steps


def progress_line(progress: Progress, seconds_left: float | None, width: int) -> str:
    """How far the run is, in at most so many columns; what matters least is left out first.

    Args:
        seconds_left: what may still be needed, where that can be told.
    """
    rest = {
        "left": f"about {_duration(seconds_left)} left" if seconds_left is not None else "",
        "pause": f"waiting {_duration(progress.pause)} for a rate limit" if progress.pause > 0 else "",
        "flying": f"{progress.in_flight} in flight",
        "cost": f"{progress.cost:.2f} USD" if progress.cost is not None else "",
    }
    for names in (("pause", "flying", "left", "cost"), ("pause", "flying", "left"), ("pause", "left"), ("left",), ()):
        counts = [_count("answers", progress.answers), _count("judgments", progress.judgments)]
        line = ", ".join(filter(None, (*counts, *(rest[name] for name in names))))
        for text in (f"mtbench: {line}", line):
            if len(text) <= width:
                return text
    short = ", ".join(filter(None, (_count("a", progress.answers), _count("j", progress.judgments))))
    return short if len(short) <= width else ""


def _count(name: str, steps: Steps) -> str:
    return f"{name} {steps.done}/{steps.due}" if steps.due else ""


def _duration(seconds: float) -> str:
    """Seconds up to two minutes, minutes up to two hours, then hours; never less than there is."""
    if seconds < 120:
        return f"{math.ceil(seconds)} s"
    if seconds < 7200:
        return f"{math.ceil(seconds / 60)} min"
    return f"{math.ceil(seconds / 3600)} h"
