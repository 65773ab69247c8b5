from __future__ import annotations

import ssl
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_mtbench.engine.plan import Plan

from ...engine_harness import plan_of
from ...server import Server
from ...sets import QUESTIONS, write_set


@pytest.fixture(autouse=True)
def no_certificates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loopback has no TLS, and to read the bundle of certificates takes longer than a whole test."""
    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", lambda *arguments, **named: None)


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user's own chatbot is asked again after a moment that no test waits out."""
    monkeypatch.setattr("pytest_mtbench.engine.bot._FIRST_BACKOFF", 0.001)


@pytest.fixture
def three(tmp_path: Path) -> Path:
    """A folder with a question of writing, one of math and one of a single turn; `plan` leaves the math out."""
    return write_set(tmp_path / "three", [QUESTIONS[0], QUESTIONS[2], QUESTIONS[4]])


@pytest.fixture
def plan(endpoint: Server, three: Path) -> Plan:
    plan = plan_of(three, endpoint.url, "the-model")
    return replace(plan, selected=tuple(question for question in plan.selected if question.category != "math"))


@pytest.fixture
def plan_of_three(endpoint: Server, three: Path) -> Plan:
    return plan_of(three, endpoint.url, "the-model")
