"""Question, answers and templates -> the messages that are sent.  Pure.

The protocol is FastChat's (llm_judge, Zheng et al. 2023, arXiv 2306.05685), so that scores compare with
published ones.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..domain.chat import Message
from ..domain.question import JudgePrompt, Question, QuestionSet

SYSTEM_PROMPT = "You are a helpful assistant."
ANSWER_MAX_TOKENS = 1024
JUDGE_TEMPERATURE = 0.0
JUDGE_MAX_TOKENS = 2048

REFERENCE_CATEGORIES = QuestionSet.reference_categories
"""Those of the original, which hold where a suite file names no others."""
_TEMPERATURES = {
    "writing": 0.7,
    "roleplay": 0.7,
    "extraction": 0.0,
    "math": 0.0,
    "coding": 0.0,
    "reasoning": 0.0,
    "stem": 0.1,
    "humanities": 0.1,
}
_OTHER_TEMPERATURE = 0.7

SINGLE_PROMPTS = ("single-v1", "single-math-v1", "single-v1-multi-turn", "single-math-v1-multi-turn")
PAIR_PROMPTS = ("pair-v2", "pair-math-v1", "pair-v2-multi-turn", "pair-math-v1-multi-turn")


def answer_temperature(question: Question, configured: float | None = None) -> float:
    """The temperature to answer a question at: its own, else the configured one, else its category's."""
    if question.required_temperature is not None:
        return question.required_temperature
    if configured is not None:
        return configured
    return _TEMPERATURES.get(question.category, _OTHER_TEMPERATURE)


def answer_messages(question: Question, answers: Sequence[str], system: str = SYSTEM_PROMPT) -> list[Message]:
    """The conversation up to the turn that is to be answered next.

    Args:
        answers: the model's own answers to the turns before, word for word.
        system: the system prompt; an empty one is left out.
    """
    messages: list[Message] = [{"role": "system", "content": system}] if system else []
    for said, answer in zip(question.turns, answers, strict=False):
        messages.append({"role": "user", "content": said})
        messages.append({"role": "assistant", "content": answer})
    messages.append({"role": "user", "content": question.turns[len(answers)]})
    return messages


def judge_prompt_name(
    question: Question, turn: int, *, pair: bool = False, categories: frozenset[str] = REFERENCE_CATEGORIES
) -> str:
    """The name of the prompt for a turn: with the reference where the protocol wants one.

    Args:
        pair: two answers are compared, and not one graded.
        categories: those that are judged with reference answers.
    """
    with_reference = question.category in categories and question.reference is not None
    plain, mathematical = ("pair-v2", "pair-math-v1") if pair else ("single-v1", "single-math-v1")
    return (mathematical if with_reference else plain) + ("-multi-turn" if turn == 2 else "")


def judge_messages(
    questions: QuestionSet, question: Question, answers: Sequence[str], others: Sequence[str] | None = None
) -> list[Message]:
    """What the judge is asked about the last of these answers.

    Args:
        answers: the answers to the turns so far, as the judge shall see them; one or two.
        others: those that they are compared with: `answers` are assistant A's then, these assistant B's.
    """
    categories = questions.reference_categories
    name = judge_prompt_name(question, len(answers), pair=others is not None, categories=categories)
    prompt = questions.prompts[name]
    messages: list[Message] = []
    if prompt.system_prompt:
        messages.append({"role": "system", "content": prompt.system_prompt})
    messages.append({"role": "user", "content": fill(prompt, question, answers, others)})
    return messages


def fill(prompt: JudgePrompt, question: Question, answers: Sequence[str], others: Sequence[str] | None = None) -> str:
    """The template with question, answers and references in their places.

    Raises:
        KeyError, IndexError, ValueError, AttributeError: the template names a field that there is not.
    """
    fields = {f"ref_answer_{n}": text for n, text in enumerate(question.reference or (), start=1)}
    texts = {"answer": answers} if others is None else {"answer_a": answers, "answer_b": others}
    if len(answers) == 1:
        fields |= {"question": question.turns[0]} | {name: given[0] for name, given in texts.items()}
    else:
        fields |= {f"question_{n}": text for n, text in enumerate(question.turns, start=1)}
        fields |= {f"{name}_{n}": text for name, given in texts.items() for n, text in enumerate(given, start=1)}
    return prompt.prompt_template.format(**fields)
