"""The demo: a stand-in model and a stand-in judge behind a real HTTP server on loopback, in this process.

Neither is a language model.  The model's answers to the `house` set were written for it; the judge rates by the
rules of `judge.py`.
"""

from __future__ import annotations

MODELS = ("demo", "demo-regressed")
JUDGE = "demo-judge"
QUESTIONS = "house"

URL = "http://demo.localhost/v1"
"""How keys, tables and reports name the server, whose port is another one in every run."""

NOTICE = (
    "demo, demo-regressed and demo-judge are stand-ins, not language models: the answers were written for them and "
    "the judge rates by fixed rules, so these scores say nothing of any model"
)


def shown_name(name: str, url: str) -> str:
    """A model's name as headings show it."""
    return f"{name} (a stand-in)" if url == URL else name
