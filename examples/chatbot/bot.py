"""A support bot that answers from a product's manual.  It stands for yours: no network, no language model.

`mtbench.yaml` names `ManualBot`.  It is entered once a run, so that the index is built once, and answers every turn.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from pytest_mtbench import Message, Question, Reply

MANUAL = Path(__file__).parent / "manual.md"
SAME_SECTION = 1.5
"""What a passage of the section that the conversation is about has ahead of others."""

NEAR = 0.7
"""The share of the best passage's score that another one needs."""

COMMON = frozenset(["the", "and", "does", "are", "how", "long", "with", "for"])


@dataclass(frozen=True)
class Passage:
    section: str
    text: str

    @property
    def words(self) -> set[str]:
        return words(f"{self.section} {self.text}")


@dataclass
class Session:
    """What the bot remembers of one conversation."""

    section: str = ""
    asked: list[str] = field(default_factory=list)


class ManualBot:
    async def __aenter__(self) -> ManualBot:
        self._passages = list(passages(MANUAL.read_text(encoding="utf-8")))
        counts = Counter(word for passage in self._passages for word in passage.words)
        self._weight = {word: math.log(len(self._passages) / count) for word, count in counts.items()}
        self._sessions: dict[tuple[object, int], Session] = {}
        return self

    async def __aexit__(self, *_: object) -> None:
        self._sessions.clear()

    async def __call__(self, messages: list[Message], question: Question, run: int) -> Reply:
        # Many conversations go on at once: question and run tell them apart.
        session = self._sessions.setdefault((question.id, run), Session())
        session.asked.append(messages[-1]["content"])
        found = self._search(session.asked[-1], session.section)
        if not found:
            return Reply("The manual says nothing of that.", extra={"sources": [], "asked": len(session.asked)})
        session.section = found[0].section
        return Reply(
            " ".join(passage.text for passage in found),
            extra={"sources": [passage.section for passage in found], "asked": len(session.asked)},
        )

    def _search(self, text: str, section: str) -> list[Passage]:
        """The passage that shares most with a question, the rarest words counting most, and another near to it."""
        asked = words(text)

        def score(passage: Passage) -> float:
            ahead = SAME_SECTION if passage.section == section else 0.0
            return ahead + sum(self._weight[word] for word in asked & passage.words)

        best = sorted(self._passages, key=score, reverse=True)[:2]
        return [passage for passage in best if score(passage) > NEAR * score(best[0])]


def words(text: str) -> set[str]:
    return set(re.findall(r"[a-z]{3,}|\w*\d\w*", text.lower())) - COMMON


def passages(manual: str) -> list[Passage]:
    found = []
    for part in manual.split("\n## ")[1:]:
        section, _, text = part.partition("\n")
        found += [Passage(section, one) for one in re.split(r"(?<=\.)\s+", " ".join(text.split())) if one]
    return found
