"""pytest-mtbench: gate deploys on MT-Bench.

The public names are what a user's own tests and hooks meet.
"""

from __future__ import annotations

from .domain.chat import Message
from .domain.question import Question
from .plugin.turn import MtbenchTurn

__version__ = "0.1.0"
__all__ = ["Message", "MtbenchTurn", "Question", "__version__"]
