"""What the command line says, before anything is resolved."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from ..domain.chat import CacheMode


@dataclass(frozen=True)
class Options:
    """What the command line says; None where it says nothing.

    Args:
        minimums: thresholds by key.
        against: the models, or files of answers, to compare with.
        shard: this share and the number of shares.
        rootdir, cwd: what relative paths start from.
    """

    rootdir: Path
    cwd: Path
    model: str | None = None
    base_url: str | None = field(default=None, repr=False)
    judge: str | None = None
    judge_base_url: str | None = field(default=None, repr=False)
    questions: str | None = None
    minimums: tuple[tuple[str, float], ...] = ()
    runs: int | None = None
    judge_repeats: int | None = None
    limit: int | None = None
    shard: tuple[int, int] | None = None
    concurrency: int | None = None
    judge_concurrency: int | None = None
    timeout: float = 120.0
    retries: int = 8
    cache: CacheMode = "all"
    cache_dir: Path | None = None
    revision: str = ""
    dry_run: bool = False
    reports: tuple[Path, ...] = ()
    export: Path | None = None
    answers: Path | None = None
    baseline: Path | None = None
    against: tuple[str, ...] = ()
    merge: tuple[Path, ...] = ()

    @property
    def cache_folder(self) -> Path:
        """Where replies are kept."""
        return self.cwd / self.cache_dir if self.cache_dir else self.rootdir / ".mtbench_cache"
