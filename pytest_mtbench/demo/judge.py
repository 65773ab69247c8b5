"""The stand-in judge: it rates by rules, and says which.

An answer to a question of the `house` set is held against that turn's checks, each a regular expression with a
weight (`checks.jsonl`).  The rating is 1 + 9 * (weight of the checks that are met) / (weight of all), rounded.
Texts of the answer are never read as instructions or ratings.
"""

from __future__ import annotations

from .data import DemoData

_GRADED = "TO BE GRADED >>>\n"
_END = "\n<<< END OF THE MATERIAL >>>"
_MOST_CHARACTERS = 20_000
"""Of an answer, that the checks look at; no expression is slow on so little."""


class UnknownPromptError(Exception):
    """The prompt is not one of the house set's."""


def judge(prompt: str, data: DemoData) -> str:
    """The judgment of the answer in a single-grading prompt of the package.

    Raises:
        UnknownPromptError: the prompt holds no known question or has another form.
    """
    question_id, turn, answer = _parse(prompt, data)
    checks = data.checks[question_id, turn]
    met = [check for check in checks if check.met(answer)]
    missed = [check for check in checks if check not in met]
    share = sum(check.weight for check in met) / sum(check.weight for check in checks)
    lines = ["A stand-in judge, by fixed rules."]
    lines += ["Met: " + "; ".join(check.what for check in met) + "."] if met else []
    lines += ["Missed: " + "; ".join(check.what for check in missed) + "."] if missed else []
    return "\n".join(lines).replace("[[", "[") + f"\nRating: [[{1 + round(9 * share)}]]"


def _parse(prompt: str, data: DemoData) -> tuple[int, int, str]:
    """Question, turn and answer of a prompt; the first marker and the last are the template's own."""
    before, marker, rest = prompt.partition(_GRADED)
    answer, end, _ = rest.rpartition(_END)
    if not marker or not end:
        raise UnknownPromptError("this judge knows the single-grading prompts of the house set alone")
    for question_id, turns in data.questions.items():
        for turn in range(len(turns), 0, -1):
            if all(text in before for text in turns[:turn]):
                return question_id, turn, answer[:_MOST_CHARACTERS]
    raise UnknownPromptError("this judge knows the questions of the house set alone")
