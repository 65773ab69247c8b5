"""The versions of the rules, for the fingerprint of a report: scores of two versions do not compare."""

from __future__ import annotations

RATING = "rating/2"
VERDICT = "verdict/1"
GATES = "gates/1"
