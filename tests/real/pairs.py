"""Pairwise comparison by FastChat's published rules, worked out from the recordings alone.

Which requests belong to a comparison, who won, how often and how sure that is: from the question, prompt, reference and
answer files and, for the verdicts, from what the replay server says that it was asked.  Nothing of the package's own
code is used, so that the tests beside this file compare two separate workings.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from math import sqrt
from pathlib import Path
from statistics import fmean, variance
from typing import Any

from .conftest import DATA

JUDGE = "gpt-4"
WITH_REFERENCE = ("math", "reasoning", "coding")
TEMPERATURES = {
    "writing": 0.7, "roleplay": 0.7, "extraction": 0.0, "math": 0.0, "coding": 0.0, "reasoning": 0.0, "stem": 0.1,
    "humanities": 0.1,
}  # fmt: skip
# Quantiles of Student's t at 0.975, by degrees of freedom: 80 questions in 8 categories, and 10 questions in one.
QUANTILES = {72: 1.993463567, 9: 2.262157163}

Body = dict[str, Any]


@cache
def rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a JSON lines file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def questions() -> list[dict[str, Any]]:
    """The questions in the order of the set."""
    return rows(DATA / "question.jsonl")


@cache
def texts(file: str) -> dict[int, list[str]]:
    """The two texts that an answer or reference file holds for each question."""
    return {row["question_id"]: row["choices"][0]["turns"] for row in rows(DATA / file)}


def answers(model: str) -> dict[int, list[str]]:
    """A model's recorded answers."""
    return texts(f"model_answer/{model}.jsonl")


@cache
def prompt(name: str) -> dict[str, str]:
    """A judge prompt by name."""
    (found,) = (row for row in rows(DATA / "judge_prompts.jsonl") if row["name"] == name)
    return found


def answer_request(model: str, question: dict[str, Any], turn: int) -> Body:
    """What the model is asked in a turn of a question."""
    messages = [{"role": "system", "content": "You are a helpful assistant."}]
    for number in range(turn):
        messages.append({"role": "user", "content": question["turns"][number]})
        messages.append({"role": "assistant", "content": answers(model)[question["question_id"]][number]})
    temperature = TEMPERATURES[question["category"]]
    return {"model": model, "messages": messages[:-1], "temperature": temperature, "max_tokens": 1024}


def fields(question: dict[str, Any], turn: int, first: str, second: str) -> dict[str, str]:
    """What FastChat's `run_judge_pair` fills a prompt with."""
    number = question["question_id"]
    a, b = answers(first)[number], answers(second)[number]
    filled = {}
    if question["category"] in WITH_REFERENCE:
        reference = texts("reference_answer/gpt-4.jsonl")[number]
        filled = {"ref_answer_1": reference[0], "ref_answer_2": reference[1]}
    if turn == 1:
        return {**filled, "question": question["turns"][0], "answer_a": a[0], "answer_b": b[0]}
    asked = {"question_1": question["turns"][0], "question_2": question["turns"][1]}
    return {**filled, **asked, "answer_a_1": a[0], "answer_b_1": b[0], "answer_a_2": a[1], "answer_b_2": b[1]}


def judge_request(question: dict[str, Any], turn: int, first: str, second: str) -> Body:
    """What the judge is asked where `first` is shown as assistant A and `second` as assistant B."""
    name = "pair-math-v1" if question["category"] in WITH_REFERENCE else "pair-v2"
    template = prompt(name if turn == 1 else f"{name}-multi-turn")
    shown = template["prompt_template"].format(**fields(question, turn, first, second))
    messages = [{"role": "system", "content": template["system_prompt"]}, {"role": "user", "content": shown}]
    return {"model": JUDGE, "messages": messages, "temperature": 0.0, "max_tokens": 2048}


def key(body: Body) -> str:
    """A request body as a text that depends on its meaning alone."""
    return json.dumps({**body, "temperature": float(body["temperature"])}, sort_keys=True)


def answer_requests(*models: str) -> Counter[str]:
    """Every answer request of these models, each made once."""
    places = product(models, questions(), (1, 2))
    return Counter(key(answer_request(model, question, turn)) for model, question, turn in places)


def judge_requests(model: str, others: Iterable[str]) -> Counter[str]:
    """Every judge request of a model against these others; one that is the same as another is made once."""
    orders = [order for other in others for order in ((model, other), (other, model))]
    places = product(questions(), (1, 2), orders)
    return Counter({key(judge_request(question, turn, *order)) for question, turn, order in places})


def echo(messages: list[dict[str, str]]) -> str:
    """The letter that the replay server's echo gives to these messages."""
    return "ABC"[hashlib.sha256(json.dumps(messages).encode()).digest()[0] % 3]


def said(letter: str) -> str:
    """The whole text of that verdict."""
    return f"Both were read. [[{letter}]]"


@dataclass(frozen=True)
class Played:
    """One turn played against one other model in both orders."""

    question_id: int
    category: str
    turn: int
    against: str
    answer: str
    letters: tuple[str, str]

    @property
    def winners(self) -> tuple[int, int]:
        """Who is named in each order: 1 the model, 2 the other, 0 neither."""
        return {"A": 1, "B": 2, "C": 0}[self.letters[0]], {"A": 2, "B": 1, "C": 0}[self.letters[1]]

    @property
    def outcome(self) -> str:
        """A win or a loss where both orders name the same model, else a tie."""
        return {(1, 1): "win", (2, 2): "loss"}.get(self.winners, "tie")

    @property
    def points(self) -> float:
        """What the model gets for it."""
        return {"win": 1.0, "tie": 0.5, "loss": 0.0}[self.outcome]


def games(model: str, others: Iterable[str], asked: Iterable[Body]) -> list[Played]:
    """Every game, its verdicts being those that the server gave to the requests that it was asked."""
    letters = {key(body): echo(body["messages"]) for body in asked if body["model"] == JUDGE}
    played = []
    for question, turn, other in product(questions(), (1, 2), others):
        first = letters[key(judge_request(question, turn, model, other))]
        second = letters[key(judge_request(question, turn, other, model))]
        number = question["question_id"]
        answer = answers(other)[number][turn - 1]
        played.append(Played(number, question["category"], turn, other, answer, (first, second)))
    return played


def interval(played: Sequence[Played]) -> tuple[float, float]:
    """The 95 % interval of the win rate: question means, stratified by category, Student's t."""
    strata: dict[str, dict[int, list[float]]] = {}
    for game in played:
        strata.setdefault(game.category, {}).setdefault(game.question_id, []).append(game.points)
    means = {category: [fmean(points) for points in by.values()] for category, by in strata.items()}
    total = sum(len(values) for values in means.values())
    square = sum((len(values) / total) ** 2 * variance(values) / len(values) for values in means.values())
    centre = fmean(game.points for game in played)
    half = QUANTILES[total - len(means)] * sqrt(square)
    return max(0.0, centre - half), min(1.0, centre + half)


def score(played: Sequence[Played]) -> dict[str, float]:
    """What a report says of these games."""
    outcomes = Counter(game.outcome for game in played)
    wins, ties = outcomes["win"], outcomes["tie"]
    low, high = interval(played)
    return {
        "win_rate": (wins + ties / 2) / len(played), "wins": wins, "losses": outcomes["loss"], "ties": ties,
        "consistent": sum(game.winners[0] == game.winners[1] for game in played), "n": len(played), "unscored": 0,
        "flips": sum(set(game.winners) == {1, 2} for game in played),
        "flips_to_first": sum(game.letters == ("A", "A") for game in played), "low": low, "high": high,
    }  # fmt: skip


def scores(played: Sequence[Played]) -> dict[str, dict[str, float]]:
    """Those of all games, each turn and each category, by the names that gates have."""
    found = {"overall": score(played)}
    for turn in (1, 2):
        found[f"turn{turn}"] = score([game for game in played if game.turn == turn])
    for category in dict.fromkeys(question["category"] for question in questions()):
        found[category] = score([game for game in played if game.category == category])
    return found
