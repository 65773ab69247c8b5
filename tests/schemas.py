"""The JSON Schemas in the package, as they should be; `python -m tests.schemas` writes them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest_mtbench
from pytest_mtbench.report.schema import report_schema
from pytest_mtbench.suite.json_schema import suite_schema

FOLDER = Path(pytest_mtbench.__file__).parent / "schemas"


def schemas() -> Mapping[Path, str]:
    """The text of each file."""
    made = {"report.schema.json": report_schema(), "suite.schema.json": suite_schema()}
    return {FOLDER / name: json.dumps(schema, indent=1) + "\n" for name, schema in made.items()}


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for path, text in schemas().items():
        path.write_text(text, encoding="utf-8")
