"""What `--mtbench-merge` says, beside the rest of the command line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..domain.errors import ConfigError
from ..files.share_files import NamedShares, named_shares


def shares_of(named: Sequence[Path], cwd: Path, *, of_a_share: bool, tests: Sequence[str]) -> tuple[NamedShares, ...]:
    """The reports that are joined.

    Args:
        named: the option's values.
        of_a_share: whether `--mtbench-shard` is given.
        tests: what the command line names to be run.

    Raises:
        ConfigError: a share is run as well, a shell made several words of a glob, or a path leads to no report.
    """
    if named and of_a_share:
        raise ConfigError(
            "--mtbench-shard and --mtbench-merge exclude each other: a share is run, or shares are joined"
        )
    stray = [argument for argument in tests if argument.endswith(".json")] if named else []
    if stray:  # pytest would only say that it finds no test in it
        raise ConfigError(
            f"{stray[0]} stands among the tests: a shell makes several words of --mtbench-merge shares/*.json; write "
            "--mtbench-merge='shares/*.json', or name the folder"
        )
    return tuple(named_shares(str(path), cwd) for path in named)
