"""The same evaluation as a task of inspect_ai, run by `peers.py` with that package's own interpreter.

In the `usual` way a scorer judges both answers when both are there.  The `early` way is the fastest that was found: all
questions are open at once, and the solver has each answer judged while it goes on.
"""

import asyncio
import json
import re
import sys
from pathlib import Path
from typing import Any

from inspect_ai import Task, eval  # noqa: A004
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ChatMessageSystem, ChatMessageUser, GenerateConfig, get_model
from inspect_ai.scorer import Score, mean, scorer
from inspect_ai.solver import solver

way, url, judge_name, places = sys.argv[1:]
served: dict[str, Any] = {"base_url": url, "api_key": "none"}
judge = get_model(f"openai-api/served/{judge_name}", **served)


def chat(messages: list[dict[str, str]]) -> list[Any]:
    kinds = {"system": ChatMessageSystem, "user": ChatMessageUser}
    return [kinds[message["role"]](content=message["content"]) for message in messages]


async def rated(row: dict[str, Any], *answers: str) -> int:
    asked = chat(row["judged"][len(answers) - 1])
    for mark, answer in zip(row["marks"], answers, strict=False):
        asked[-1].content = asked[-1].content.replace(mark, answer)
    reply = await judge.generate(asked, config=GenerateConfig(temperature=0.0, max_tokens=2048))
    return int(re.findall(r"\[\[(\d+)\]\]", reply.completion)[-1])


def both_turns() -> Any:
    async def solve(state: Any, generate: Any) -> Any:
        row, answers, ratings = state.metadata, [], []
        for turn in (1, 2):
            if turn == 2:
                state.messages.append(ChatMessageUser(content=row["second"]))
            state = await generate(state, temperature=row["temperature"], max_tokens=1024)
            answers.append(state.output.completion)
            if way == "early":
                ratings.append(asyncio.create_task(rated(row, *answers)))
        state.store.set("answers", answers)
        state.store.set("ratings", await asyncio.gather(*ratings))
        return state

    return solve


def graded() -> Any:
    async def score(state: Any, target: Any) -> Score:
        row, (one, two), ratings = state.metadata, state.store.get("answers"), state.store.get("ratings")
        ratings = ratings or await asyncio.gather(rated(row, one), rated(row, one, two))
        return Score(value=sum(ratings) / 2)

    return score


rows = json.loads(Path("questions.json").read_text(encoding="utf-8"))
samples = [Sample(input=chat(row["first"]), metadata=row) for row in rows]
task = Task(dataset=MemoryDataset(samples), solver=solver(both_turns)(), scorer=scorer(metrics=[mean()])(graded)())
limits = {"max_connections": int(places), "max_samples": len(rows) if way == "early" else None}
(log,) = eval(task, model=get_model("openai-api/served/m", **served), display="none", log_dir="logs", **limits)
assert log.status == "success", log.error
Path("mean.json").write_text(json.dumps(log.results.scores[0].metrics["mean"].value), encoding="utf-8")
