"""`--mtbench-init`: writes a suite file to begin with, and asks nothing."""

from __future__ import annotations

import os
import sys

import pytest

from ..domain.errors import ConfigError
from ..suite.new_suite import new_suite
from .arguments import SUITE_NAME, is_suite_name
from .options import absolute, settings_from, suite_given, usage_error


def begin(config: pytest.Config) -> None:
    """Writes the file and says what comes next.

    Raises:
        pytest.UsageError: it is there already or cannot be written, or an option was given that it does not hold.
    """
    path = absolute(config.invocation_params.dir / (suite_given(config) or SUITE_NAME))
    shown = os.path.relpath(path, config.invocation_params.dir).replace(os.sep, "/")
    named = shown if is_suite_name(path) else f"--mtbench-suite={shown}"
    try:
        text = new_suite(settings_from(config), named)
    except ConfigError as error:
        raise usage_error(error) from error
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        raise pytest.UsageError(
            f"--mtbench-init: {shown} is there already; --mtbench-suite=FILE names another"
        ) from None
    except OSError as error:
        raise pytest.UsageError(f"--mtbench-init: {shown} cannot be written ({error.strerror})") from error
    # pytest makes its own terminal writer only for a run.
    sys.stdout.write(f"wrote {shown}; what it would ask and cost:  pytest {named} --mtbench-dry-run\n")
