"""What providers say of what they refuse, in the words of public threads."""

from __future__ import annotations

import pytest

from pytest_mtbench.engine.adapting import Form, refused_parameter

SENT = {"temperature": 0, "max_tokens": 1024, "stream_options": {}, "system": True, "room": True}
OF_A_PROXY = (
    "litellm.BadRequestError: OpenAIException - {'error': {'message': \"Unsupported parameter: 'temperature' is not "
    "supported with this model.\", 'param': 'temperature', 'code': None}}. Received Model Group=my-model"
)


@pytest.mark.parametrize(
    "status, codes, said, parameter",
    [
        (400, {"unsupported_value", "temperature"}, "'temperature' does not support 0 with this model.", "temperature"),
        (500, {"unsupported_value", "temperature"}, "'temperature' does not support 0 with this model.", "temperature"),
        (400, {"invalid_request_error"}, "`temperature` is deprecated for this model.", "temperature"),
        (400, set(), "This model doesn't support the temperature field. Remove it and try again.", "temperature"),
        (400, {"400"}, OF_A_PROXY, "temperature"),
        (400, set(), "gpt-5 models don't support temperature=0.2. Only temperature=1 is supported.", "temperature"),
        (400, set(), "gemini does not support parameters: {'temperature': 0.5}, for model=m.", "temperature"),
        (400, set(), 'Invalid JSON payload received. Unknown name "max_tokens": Cannot find field.', "max_tokens"),
        (400, {"stream_options"}, "Unknown parameter: 'stream_options'.", "stream_options"),
        (400, set(), "Unrecognized request argument supplied: stream_options", "stream_options"),
        (422, set(), "body.stream_options.include_usage: Extra inputs are not permitted", "stream_options"),
        (400, set(), 'Stream option "include_usage" is not supported', "stream_options"),
        (400, set(), "'max_tokens' is too large: 1024. This model's maximum context length is 2048 tokens", ""),
        (400, set(), "max_tokens must be at most 512", ""),
        (500, set(), "temperature sensor failed, which is not supported", ""),
        (400, set(), "The model is overloaded", ""),
    ],
)  # fmt: skip
def test_what_is_refused_is_told_from_the_words(status: int, codes: set[str], said: str, parameter: str) -> None:
    assert refused_parameter(status, codes, said, SENT) == parameter


def test_what_was_not_sent_is_not_blamed() -> None:
    assert refused_parameter(400, {"stream_options"}, "Unknown parameter: 'stream_options'.", {"temperature": 0}) == ""


def test_a_form_asks_for_counts_only_where_it_streams_and_they_are_not_refused() -> None:
    streams = Form(streams=True)
    assert not Form().streams
    assert streams.without("stream_options", streams) == Form(frozenset({"stream_options"}), streams=True)
