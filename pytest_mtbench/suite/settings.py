"""What the command line says, before a suite file is read."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from ..domain.chat import CacheMode
from ..domain.endpoint import Endpoint
from ..files.share_files import NamedShares


@dataclass(frozen=True)
class GivenPath:
    """A path of the command line.

    Args:
        text: as it was typed, for headers, messages and reports.
        path: where it leads, absolute.
    """

    text: str
    path: Path


@dataclass(frozen=True)
class Settings:
    """What the command line says.

    None or empty where it says nothing and a suite file may; what no suite file can say has its default here.  Every
    path is absolute.

    Args:
        rootdir: pytest's; `cwd`: where pytest was started, from which names that may be folders start.
        minimums: thresholds by key.
        against: the models, or files of answers, to compare with.
        shard: this share and the number of shares.
        timeout: seconds for one request; `retries`: tries after the first.
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
    timeout: float = Endpoint.timeout
    retries: int = Endpoint.retries
    cache: CacheMode = "all"
    cache_dir: GivenPath | None = None
    revision: str = ""
    dry_run: bool = False
    reports: tuple[Path, ...] = ()
    export: Path | None = None
    answers: Path | None = None
    baseline: GivenPath | None = None
    against: tuple[str, ...] = ()
    merge: tuple[NamedShares, ...] = ()
    people: tuple[GivenPath, ...] = ()
    rate_sheets: tuple[Path, ...] = ()
    no_github: bool = False

    @property
    def cache_folder(self) -> Path:
        """Where replies are kept."""
        return self.cache_dir.path if self.cache_dir else self.rootdir / ".mtbench_cache"

    @property
    def shares(self) -> tuple[Path, ...]:
        """The reports that are joined."""
        return tuple(path for named in self.merge for path in named.paths)

    @property
    def is_part(self) -> bool:
        """Whether a part of the questions is asked, on which no gate is decided."""
        return self.shard is not None or self.limit is not None

    @property
    def of_one_suite(self) -> bool:
        """Whether something is asked for that holds a single suite."""
        in_one_file = any(path.suffix == ".json" for path in self.reports) or self.export or self.rate_sheets
        return bool(in_one_file or self.merge or self.answers or self.people)
