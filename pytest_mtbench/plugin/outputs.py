"""Whether every file that a run will write can be written, before anything is paid for."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ..domain.errors import ConfigError
from ..engine.plan import Plan
from ..files.fastchat_writer import export_files
from ..files.rating_sheet import check_unfilled
from ..files.whole import check_writable
from ..suite.settings import Settings


def probe_outputs(settings: Settings, plans: Iterable[Plan]) -> None:
    """Makes the folders of reports and exports, and tries each place.

    Raises:
        ConfigError: one cannot be written.
    """
    for path in settings.reports:
        _probe(path, f"--mtbench-report={path}")
    for path in settings.rate_sheets:
        what = f"--mtbench-rate-sheet={path}"
        check_unfilled(path, what)
        _probe(path, what)
    if settings.export:
        for plan in plans:
            for path in export_files(settings.export, plan):
                _probe(path, f"--mtbench-export={settings.export}")


def _probe(path: Path, what: str) -> None:
    try:
        check_writable(path)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise ConfigError(f"{what}: cannot be written ({reason})") from error
