"""JSON Schemas of the files that users write and read, from the models that check them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

DIALECT = "http://json-schema.org/draft-07/schema#"
"""Old, and so what every editor knows."""

READS_ANOTHER_KEY: Mapping[str, Any] = {"reads another key": True}
"""Said of a field whose key is that of another field."""

Fields = Mapping[str, Mapping[str, Any]]
"""What is said of single fields, by the name of the model and of the field."""


def schema_of(model: type[BaseModel], title: str, more: Fields) -> dict[str, Any]:
    """The schema of a model.

    Args:
        title: of the whole.
        more: what is added to what the model says of its fields: `description`, `propertyNames`, and under `also` other
            forms that a field may have, which its validators make into the one.  What reads the key of another field
            is no key of its own and stands in `also` of that one.
    """
    schema = model.model_json_schema(mode="validation", by_alias=False)
    sections = {model.__name__: schema, **schema.get("$defs", {})}
    for name, section in sections.items():
        section.pop("title", None)
        described = more.get(name)
        section["properties"] = {
            key: _field(field, {} if described is None else described.get(key, {}))
            for key, field in section.get("properties", {}).items()
            if described is None or described.get(key) != READS_ANOTHER_KEY
        }
    return {"$schema": DIALECT, "title": title, **schema}


def _field(field: dict[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    aside = {"default": field["default"]} if not _is_empty(field.get("default")) else {}
    aside |= {key: value for key, value in {**field, **more}.items() if key in ("description", "propertyNames")}
    form = {key: value for key, value in field.items() if key not in ("title", "default", "description")}
    also = more.get("also", ())
    if also:
        form = {"anyOf": [*also, *form.get("anyOf", [form])]}
    if "$ref" in form:  # beside which an old reader sees nothing else
        form = {"allOf": [form]}
    return form | aside


def _is_empty(default: object) -> bool:
    """Whether a default says nothing: no value, or a section of such."""
    if isinstance(default, dict):
        return all(map(_is_empty, default.values()))
    return default is None or default == []
