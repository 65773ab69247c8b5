"""Whether a page's files are what their language says."""

from __future__ import annotations

import json
import sys

import yaml

from pytest_mtbench.domain.errors import ConfigError
from pytest_mtbench.suite.file import SuiteFile
from pytest_mtbench.suite.schema import SuiteContent

from .docs import Block


def check_file(block: Block) -> None:
    """Whether a file, or a part of one, is what its language says.

    Raises:
        PageError: it is not.
    """
    try:
        if block.language == "yaml":
            _check_yaml(block)
        elif block.language == "python":
            compile(block.text, block.page, "exec")
        elif block.language == "json":
            json.loads(block.text)
        elif block.language == "toml" and sys.version_info >= (3, 11):
            import tomllib

            tomllib.loads(block.text)
    except (SyntaxError, ValueError, yaml.YAMLError, ConfigError) as error:
        block.fail(f"not valid {block.language}: {error}")


def _check_yaml(block: Block) -> None:
    if is_suite(block):
        SuiteFile.from_text(block.text, f"{block.page}:{block.line}")


def is_suite(block: Block) -> bool:
    """Whether a block of YAML is a suite file or a part of one, by its name or by its keys."""
    data = yaml.safe_load(block.text)
    keys = set(data) if isinstance(data, dict) else set()
    fields = SuiteContent.model_fields
    known = {*fields, *(str(field.validation_alias) for field in fields.values() if field.validation_alias)}
    return (block.name or "").endswith("mtbench.yaml") or (bool(keys) and keys <= known)
