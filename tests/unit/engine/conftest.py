from __future__ import annotations

import ssl

import pytest


@pytest.fixture(autouse=True)
def no_certificates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loopback has no TLS, and to read the bundle of certificates takes longer than a whole test."""
    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", lambda *arguments, **named: None)
