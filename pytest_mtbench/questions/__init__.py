"""Question sets: named ones, and any folder in FastChat's layout."""

from __future__ import annotations

from .loading import load_folder
from .registry import HOUSE, NAMES, load_questions

__all__ = ["HOUSE", "NAMES", "load_folder", "load_questions"]
