"""Whether every file that a run will write can be written, before anything is paid for."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ..domain.errors import ConfigError
from ..engine.plan import Plan
from ..files.fastchat_writer import export_files
from ..suite.settings import Settings


def probe_outputs(settings: Settings, plans: Iterable[Plan]) -> None:
    """Makes the folders of reports and exports, and tries each file.

    Raises:
        ConfigError: one cannot be written.
    """
    for path in settings.reports:
        _probe(path, f"--mtbench-report={path}")
    if settings.export:
        for plan in plans:
            for path in export_files(settings.export, plan):
                _probe(path, f"--mtbench-export={settings.export}")


def _probe(path: Path, what: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        existed = path.exists()
        with path.open("a", encoding="utf-8"):
            pass
        if not existed:
            path.unlink()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise ConfigError(f"{what}: cannot be written ({reason})") from error
