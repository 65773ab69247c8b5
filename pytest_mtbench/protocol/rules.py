"""The versions of the rules, for the fingerprint of a report: scores of two versions do not compare."""

from __future__ import annotations

RATING = "rating/3"
VERDICT = "verdict/2"
GATES = "gates/1"
