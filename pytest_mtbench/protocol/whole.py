"""Whether a reply is whole: the words with which endpoints say how it ended.

Only known words are good.  Any other one, also one that nobody knows yet, means that the reply was broken off or
withheld: it is never judged, never read and never cached.
"""

from __future__ import annotations

from typing import Literal

End = Literal["whole", "cut-off", "withheld", "broken"]

# Of OpenAI, Anthropic, Gemini, Cohere, Hugging Face's TGI, llama.cpp; an endpoint that says nothing says that it ended.
_WHOLE = frozenset({
    "", "stop", "end_turn", "eos", "eos_token", "stop_sequence", "stop_token", "complete", "completed", "finished",
    "finish_reason_stop",
})  # fmt: skip
_CUT_OFF = frozenset({"length", "max_tokens", "max_output_tokens", "max_completion_tokens", "model_length"})
# What a model or a filter keeps back: to ask again changes nothing.
_WITHHELD = frozenset({
    "content_filter", "content_filtered", "refusal", "safety", "recitation", "blocklist", "prohibited_content", "spii",
    "sensitive", "guardrail_intervened", "error_toxic", "moderation",
})  # fmt: skip
_NAMED = {"content_filter": "the endpoint's content filter", "refusal": "a refusal"}


def end_of(finish_reason: str) -> End:
    """What an endpoint's word means.

    Returns:
        `whole`; `cut-off` by max_tokens; `withheld` by a filter or a refusal; `broken` for any other word.
    """
    word = finish_reason.strip().lower()
    if word in _WHOLE:
        return "whole"
    if word in _CUT_OFF:
        return "cut-off"
    return "withheld" if word in _WITHHELD else "broken"


def answer_fault(finish_reason: str, text: str) -> str | None:
    """Why an answer cannot be judged; one that was cut off by max_tokens can.

    Args:
        text: what came of it, or what the endpoint said instead.
    """
    end = end_of(finish_reason)
    said = f": {text[:200]}" if text else ""
    if end == "withheld":
        word = finish_reason.strip().lower()
        who = _NAMED.get(word, f'the endpoint (finish_reason "{finish_reason[:40]}")')
        return f"{who} withheld the answer{said}"
    if end == "broken":
        return f'the answer was broken off or withheld (finish_reason "{finish_reason[:40]}"){said}'
    return None


def judgment_fault(finish_reason: str) -> str | None:
    """Why a judgment rates nothing, whatever it holds."""
    end = end_of(finish_reason)
    if end == "cut-off":
        return "the judge's reply was cut off by max_tokens"
    if end == "whole":
        return None
    word = finish_reason.strip().lower()
    if word == "refusal":
        return "the judge refused to judge"
    if word in _NAMED:
        return f"{_NAMED[word]} withheld the judgment"
    said = f'(finish_reason "{finish_reason[:40]}")'
    if end == "withheld":
        return f"the endpoint withheld the judgment {said}"
    return f"the judge's reply was broken off or withheld {said}"
