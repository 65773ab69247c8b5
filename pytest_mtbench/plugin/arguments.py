"""What the command line names: files, folders and test ids.

Imported at every start of pytest, so it imports nothing but pytest, the standard library and `untrusted`.
"""

from __future__ import annotations

import os
from fnmatch import fnmatch
from pathlib import Path

import pytest

from ..untrusted.paths import is_file, is_folder
from ..untrusted.text import printable
from .options import VIRTUAL, absolute, is_worker, suite_given

SUITE_NAME = "mtbench.yaml"
SUITE_SUFFIX = ".mtbench.yaml"
CHANNEL = "mtbench_channel"
"""What an active run gives xdist's workers."""


def is_suite_name(path: Path) -> bool:
    """Whether a file is named as a suite file is."""
    return path.name == SUITE_NAME or path.name.endswith(SUITE_SUFFIX)


def named_suites(config: pytest.Config) -> list[Path]:
    """The suite files that the command line itself names; a folder that holds one is not enough."""
    paths = [path_of(config, argument) for argument in _given(config)]
    return list(dict.fromkeys(path for path in paths if is_suite_name(path) and is_file(path)))


def typed_options(config: pytest.Config) -> list[str]:
    """What stands on the command line itself before any `=`; in a file's `addopts` an option stands for every run."""
    return [str(argument).partition("=")[0] for argument in config.invocation_params.args]


def refuse_options_of_nothing(config: pytest.Config) -> None:
    """Of what somebody typed for a run that measures nothing; what stands in `addopts` waits for runs that do.

    Raises:
        pytest.UsageError: it is an option of ours, so that a gate would be thought to have passed.
    """
    ours = next((option for option in typed_options(config) if option.startswith("--mtbench-")), None)
    if ours is not None:
        raise pytest.UsageError(
            f"{ours}: nothing is measured without a model: --mtbench-model=NAME, or a suite file that names one "
            f"(pytest {VIRTUAL}.yaml)"
        )


def suite_typed(config: pytest.Config) -> bool:
    """Whether `--mtbench-suite` stands on the command line itself."""
    if is_worker(config):  # which is told all that its run was, with the channel to it
        return suite_given(config) is not None and CHANNEL in vars(config)["workerinput"]
    return "--mtbench-suite" in typed_options(config)


def names_no_folder(config: pytest.Config) -> bool:
    """Whether somebody named files and ids alone, and so asks for these alone."""
    given = _given(config)
    return bool(given) and not any(is_folder(path_of(config, argument)) for argument in given)


def take_virtual(config: pytest.Config) -> list[str]:
    """Removes pasted ids such as `mtbench::math[q111-turn1]` from what pytest looks for on disk.

    Returns:
        what stands after `mtbench::`.
    """
    names, others = [], []
    # pytest prints ids relative to where it was started: `../mtbench::...` below the rootdir.
    places = {absolute(folder / VIRTUAL) for folder in (config.rootpath, config.invocation_params.dir)}
    for argument in config.args:
        path, separator, name = argument.partition("::")
        place = path_of(config, path)
        if separator and path and place in places and not is_file(place):
            names.append(name)
        else:
            others.append(argument)
    config.args = others
    return names


def root_suite(config: pytest.Config) -> Path | None:
    """The suite file in the rootdir, where there is one that pytest does not ignore."""
    path = config.rootpath / SUITE_NAME
    return path if is_file(path) and not is_ignored(config, path) else None


def not_run(config: pytest.Config, path: Path) -> str:
    """What the header says of a suite file that a run leaves out."""
    try:
        shown = os.path.relpath(path, config.invocation_params.dir)
    except ValueError:  # on another drive of Windows
        shown = str(path)
    shown = printable(shown.replace(os.sep, "/"))
    return f"mtbench: {shown} is not run; name it: pytest {shown}"


def is_ignored(config: pytest.Config, path: Path) -> bool:
    """Whether pytest will not collect a path.

    What a `conftest.py` ignores is asked here too: pytest's own hook knows it only of folders that it has reached.  One
    that pytest loads later, deep below an argument, is not known.
    """
    if config.hook.pytest_ignore_collect(collection_path=path, config=config):
        return True
    for plugin in config.pluginmanager.get_plugins():
        file = Path(getattr(plugin, "__file__", None) or "")
        if file.name == "conftest.py" and file.parent in path.parents:
            names = [file.parent / name for name in getattr(plugin, "collect_ignore", None) or ()]
            globs = [str(file.parent / glob) for glob in getattr(plugin, "collect_ignore_glob", None) or ()]
            if path in names or any(fnmatch(str(path), glob) for glob in globs):
                return True
    return False


def _given(config: pytest.Config) -> list[str]:
    """The arguments that somebody gave, and not `testpaths` or the working folder."""
    return [str(argument) for argument in config.args] if config.args_source is config.ArgsSource.ARGS else []


def path_of(config: pytest.Config, argument: str) -> Path:
    return absolute(config.invocation_params.dir / argument.partition("[")[0].partition("::")[0])
