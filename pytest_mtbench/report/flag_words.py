"""Flags in words."""

from __future__ import annotations

from collections.abc import Mapping

_WORDS: Mapping[str, str] = {
    "rating-in-answer": "The answer holds a rating or a verdict of its own, which might sway the judge.",
    "end-marker-in-answer": "The answer holds a marker of the judge's prompt, which might sway the judge.",
    "answer-cut-off": "The answer was cut off by max_tokens.",
    "thinking": "The model's thinking was cut out before the judge saw the answer.",
    "empty-answer": "The answer is empty.",
    "bare-rating": "The judge wrote its rating in single brackets, which counts only after the word Rating or Score.",
    "quoted-rating": "The judge only quotes a rating from what it was shown.",
    "quoted-verdict": "The judge only quotes a verdict from what it was shown.",
    "older-than-baseline": "The answer is not newer than the baseline, so it says nothing of the candidate.",
}
_OTHER = "against-"


def in_words(flag: str) -> str:
    """What a flag says, as a sentence; one without words is given back."""
    if flag.startswith(_OTHER):
        return f"The other model: {in_words(flag.removeprefix(_OTHER))}"
    return _WORDS.get(flag, flag)
