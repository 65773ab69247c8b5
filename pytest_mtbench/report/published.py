"""Published MT-Bench scores, to say where a score stands."""

from __future__ import annotations

import re

TIERS = ((9.0, "Frontier"), (8.0, "Strong"), (7.0, "Capable"), (0.0, "Limited"))

_FIT_FOR = {
    "Frontier": "complex reasoning, agentic tasks",
    "Strong": "a general assistant, chat",
    "Capable": "simple, cost-sensitive tasks",
    "Limited": "narrow, constrained uses",
}

# Judged by GPT-4 on the original set, as the authors' leaderboard gave them in November 2023
# (https://lmsys.org/blog/2023-06-22-leaderboard and the tables that followed it).
SCORES = {
    "gpt-4-turbo": 9.32,
    "gpt-4": 8.99,
    "claude-2": 8.06,
    "gpt-3.5-turbo": 7.94,
    "claude-v1": 7.90,
    "claude-instant-v1": 7.85,
    "zephyr-7b-beta": 7.34,
    "vicuna-33b-v1.3": 7.12,
    "wizardlm-30b": 7.01,
    "llama-2-70b-chat": 6.86,
    "mistral-7b-instruct-v0.1": 6.84,
    "llama-2-13b-chat": 6.65,
    "guanaco-33b": 6.53,
    "tulu-30b": 6.43,
    "palm-2-chat-bison-001": 6.40,
    "vicuna-13b-v1.3": 6.39,
    "mpt-30b-chat": 6.39,
    "llama-2-7b-chat": 6.27,
    "vicuna-7b-v1.3": 6.00,
    "mpt-7b-chat": 5.42,
    "koala-13b": 5.35,
    "alpaca-13b": 4.53,
    "chatglm-6b": 4.50,
    "oasst-sft-4-pythia-12b": 4.32,
    "dolly-v2-12b": 3.28,
    "fastchat-t5-3b": 3.04,
    "stablelm-tuned-alpha-7b": 2.75,
    "llama-13b": 2.61,
}


_GPT_4 = re.compile(r"(?:openai/)?gpt-4(?:-\d{4})?")


def near_published(score: float, judge: str) -> str:
    """What is said of the nearest published scores; nothing beside another judge, who differs by up to a point."""
    if not _GPT_4.fullmatch(judge):
        return ""
    near = ", ".join(f"{name} {one:.2f}" for name, one in nearest(score))
    return f"; nearest published scores, judged by GPT-4: {near}"


def tier(score: float) -> str:
    """The name of the band that a score falls into."""
    return next(name for lowest, name in TIERS if score >= lowest)


def fit_for(name: str) -> str:
    """What a model of a tier is fit for."""
    return _FIT_FOR[name]


def nearest(score: float, count: int = 3) -> list[tuple[str, float]]:
    """The published scores that are nearest, highest first."""
    near = sorted(SCORES.items(), key=lambda item: abs(item[1] - score))[:count]
    return sorted(near, key=lambda item: -item[1])
