from __future__ import annotations

import math
from statistics import fmean

import pytest
from scipy.stats import t

from pytest_mtbench.domain.vote import Comparison, Vote
from pytest_mtbench.scores.family import family_of, own_family

NAMES = {
    "openai": [
        "gpt-4", "gpt-4o-mini", "openai/gpt-4o", "azure/gpt-35-turbo", "GPT-4o-mini", "gpt4_pair", "gpt-4.1-nano",
        "gpt-5", "chatgpt-4o-latest", "o1", "o1-mini", "o3", "openrouter/openai/o4-mini", "openai/gpt-oss-20b",
        "ft:gpt-4o-mini:org::id", "gpt-3.5-turbo-0125", "text-davinci-003", "gpt-4o-2024-08-06",
    ],
    "claude": ["claude-v1", "claude-3-5-sonnet@20240620", "us.anthropic.claude-3-haiku-20240307-v1:0", "claude2"],
    "google": ["gemini-1.5-pro", "models/gemini-pro", "google/gemma-2-9b-it", "palm-2", "bard", "gemma3:4b"],
    "llama": [
        "meta-llama/Llama-3-8B", "Meta-Llama-3.1-8B-Instruct", "llama-13b", "llama3:8b", "meta.llama3-8b-v1:0",
        "CodeLlama-34b", "accounts/fireworks/models/llama-v3p1-8b",
    ],
    "qwen": ["Qwen2.5-7B", "Qwen/Qwen2.5-7B-Instruct", "qwen-max", "QwQ-32B"],
    "mistral": ["Mistral-7B-Instruct-v0.3", "mistralai/Mixtral-8x7B", "open-mixtral-8x22b", "mistral.mistral-large",
                "ministral-8b", "codestral-latest"],
    "deepseek": ["deepseek-chat", "deepseek-ai/DeepSeek-V3", "us.deepseek.r1-v1:0"],
    "phi": ["Phi-3.5-mini-Instruct", "microsoft/phi-4", "phi3:mini"],
    "command": ["command-r-plus", "cohere.command-r-v1:0", "c4ai-command-r-v01", "command"],
    "grok": ["grok-2", "xai/grok-beta"],
    "nova": ["amazon.nova-pro-v1:0", "nova-lite"],
}  # fmt: skip
STRANGERS = [
    "", "vicuna-13b-v1.2", "alpaca-13b", "gpt4all-13b", "gpt-j-6b", "gpt-neox-20b", "gpt4-x-alpaca", "phind-codellama",
    "palmyra-x", "tinyllama", "llamafile", "groq/whisper", "nova-2", "o2", "o15", "o1.5", "hermes-3-llama-3.1-8b",
    "commander", "my-judge", "gpt-42b", "claudette", "demo", "openai/whisper", "ultrachat_cai", "mistrallite", "oracle",
]  # fmt: skip


@pytest.mark.parametrize("family, name", [(family, name) for family, names in NAMES.items() for name in names])
def test_a_family_is_the_word_that_a_name_begins_with(family: str, name: str) -> None:
    assert family_of(name) == family


@pytest.mark.parametrize("name", STRANGERS)
def test_nobody_is_taken_for_kin_by_half_a_word(name: str) -> None:
    assert family_of(name) is None


OWN = Comparison(1, 1, "gpt-4", "vicuna-13b")
OTHER_SIDE = Comparison(2, 1, "claude-v1", "gpt-3.5-turbo")


def votes(comparison: Comparison, *values: float) -> list[Vote]:
    return [Vote(comparison, f"p{number}", value) for number, value in enumerate(values)]


def test_the_share_is_that_of_the_familys_model_on_either_side() -> None:
    found = own_family("gpt-4o", {OWN: 1.0, OTHER_SIDE: 0.5}, [*votes(OWN, 1, 0.5, 0), *votes(OTHER_SIDE, 1)])
    assert found is not None
    assert (found.family, found.models, found.votes, found.questions) == ("openai", ("gpt-3.5-turbo", "gpt-4"), 4, 2)
    assert (found.judge, found.people, found.difference) == (3.5 / 4, 1.5 / 4, 0.5)


def test_kin_among_themselves_strangers_and_what_was_not_judged_do_not_count() -> None:
    kin, strangers = Comparison(3, 1, "gpt-3.5-turbo", "gpt-4"), Comparison(4, 1, "claude-v1", "vicuna-13b")
    unjudged = Comparison(5, 1, "gpt-4", "vicuna-13b")
    verdicts = {OWN: 1.0, kin: 1.0, strangers: 1.0}
    without = [vote for one in (kin, strangers, unjudged) for vote in votes(one, 0, 1)]
    assert own_family("o3", verdicts, without) is None
    assert own_family("o3", verdicts, [*votes(OWN, 0), *without]) == own_family("o3", verdicts, votes(OWN, 0))


def test_no_known_family_no_figure() -> None:
    unknown = Comparison(1, 1, "my-model", "vicuna-13b")
    assert own_family("my-judge", {unknown: 1.0}, votes(unknown, 1)) is None
    assert own_family("claude-3", {OWN: 1.0}, votes(OWN, 1)) is None


def test_the_interval_leaves_out_one_question_at_a_time() -> None:
    said: dict[int, tuple[float, list[float]]] = {1: (1.0, [1, 0]), 2: (0.5, [0]), 3: (1.0, [1, 1, 0.5]), 4: (0.0, [1])}
    comparisons = {n: Comparison(n, 1, "gpt-4", "vicuna-13b") for n in said}
    differences = [(n, verdict - value) for n, (verdict, values) in said.items() for value in values]
    without = [fmean(value for n, value in differences if n != left) for left in said]
    error = math.sqrt(3 / 4 * sum((one - fmean(without)) ** 2 for one in without))
    found = own_family(
        "gpt-4",
        {comparisons[n]: verdict for n, (verdict, _) in said.items()},
        [vote for n, (_, values) in said.items() for vote in votes(comparisons[n], *values)],
    )
    assert found is not None
    middle = fmean(value for _, value in differences)
    assert found.difference == pytest.approx(middle)
    half = t.ppf(0.975, 3) * error
    assert (found.low, found.high) == pytest.approx((middle - half, middle + half))


def test_two_turns_of_a_question_are_left_out_together() -> None:
    second = Comparison(1, 2, "gpt-4", "vicuna-13b")
    found = own_family("gpt-4", {OWN: 1.0, second: 1.0}, [*votes(OWN, 0), *votes(second, 1)])
    assert found is not None
    assert (found.questions, found.low, found.high) == (1, None, None)


def test_json_holds_plain_values() -> None:
    found = own_family("gpt-4", {OWN: 1.0}, votes(OWN, 0.5))
    assert found is not None
    assert found.as_json() == {
        "family": "openai", "models": ["gpt-4"], "judge": 1.0, "people": 0.5, "difference": 0.5, "low": None,
        "high": None, "votes": 1, "questions": 1,
    }  # fmt: skip
