"""How long an endpoint asks to wait, in a header or in the body.  Pure."""

from __future__ import annotations

import email.utils
import math
import re
import time
from collections.abc import Mapping

LONGEST_WAIT = 600.0
"""Seconds; an endpoint that asks for more has a used-up quota, not a busy moment."""

# Names of fields in small letters without underscores, and what their number counts, in seconds.
_FIELDS = {"retrydelay": 1.0, "retryafter": 1.0, "retryafterseconds": 1.0, "retryafterms": 0.001}
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_AGAIN = re.compile(
    r"(?:try again|retry|wait)(?: again)?(?: in| after| for)?\s+((?:[0-9.]+\s*(?:ms|milliseconds?|s|secs?|seconds?"
    r"|m|mins?|minutes?|h|hours?|d|days?)(?![a-z])\s*)+)",
    re.IGNORECASE,
)
_PART = re.compile(r"([0-9.]+)\s*([a-z]+)", re.IGNORECASE)


def wait_told(headers: Mapping[str, str], body: object, said: str) -> float | None:
    """The seconds that an endpoint asks to wait, or None where it does not.

    Args:
        headers: of the reply; they count first.
        body: its JSON; `said`: its message.
    """
    wait = retry_after(headers)
    if wait is None:
        wait = _in_fields(body)
    return _in_words(said) if wait is None else wait


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds that `retry-after-ms` or `Retry-After` (seconds or an HTTP date) ask for, or None."""
    for name, divisor in (("retry-after-ms", 1000), ("retry-after", 1)):
        try:
            seconds = float(headers[name]) / divisor
        except (KeyError, ValueError):
            continue
        return max(0.0, seconds) if math.isfinite(seconds) else None
    moment = email.utils.parsedate_tz(headers.get("retry-after", ""))
    try:
        return max(0.0, email.utils.mktime_tz(moment) - time.time()) if moment else None
    except (ValueError, OverflowError):
        return None


def _in_fields(body: object, depth: int = 0) -> float | None:
    """Google's `RetryInfo.retryDelay: "37s"`, others' `retry_after: 12`."""
    if depth > 6:
        return None
    if isinstance(body, list):
        found = [_in_fields(part, depth + 1) for part in body[:20]]
        return max((wait for wait in found if wait is not None), default=None)
    if not isinstance(body, dict):
        return None
    for name, value in list(body.items())[:50]:
        unit = _FIELDS.get(str(name).lower().replace("_", ""))
        wait = _in_fields(value, depth + 1) if unit is None else _number(value, unit)
        if wait is not None:
            return wait
    return None


def _number(value: object, unit: float) -> float | None:
    if isinstance(value, str):
        return _sum_of(value) if _PART.search(value) else _number_of(value, unit)
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value >= 0:
        return value * unit
    return None


def _number_of(text: str, unit: float) -> float | None:
    try:
        return _number(float(text), unit)
    except ValueError:
        return None


def _in_words(said: str) -> float | None:
    """`Please try again in 7m12s`, `retry after 20 seconds`."""
    found = _AGAIN.search(said)
    return _sum_of(found[1]) if found else None


def _sum_of(text: str) -> float | None:
    total = 0.0
    for number, unit in _PART.findall(text):
        name = "ms" if unit.lower().startswith(("ms", "milli")) else unit[0].lower()
        try:
            total += float(number) * _UNITS[name]
        except (KeyError, ValueError):
            return None
    return total if math.isfinite(total) else None
