"""The JSON Schema of a suite file, with which editors complete and check it."""

from __future__ import annotations

from typing import Any

from ..files.json_schema import READS_ANOTHER_KEY, Fields, schema_of
from .schema import SuiteContent

_NAME: dict[str, Any] = {"type": "string", "minLength": 1}
_NAMES = {"type": "array", "items": _NAME}
_TURNS = {"propertyNames": {"enum": ["1", "2"]}}


def suite_schema() -> dict[str, Any]:
    """The schema; what it accepts a run may still refuse, as a category that is not in the set."""
    return schema_of(SuiteContent, "A suite file of pytest-mtbench (mtbench.yaml)", _FIELDS)


def _said(description: str, *also: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"description": description, **more} | ({"also": list(also)} if also else {})


_ENDPOINT = {
    "name": _said("The model's name, as its endpoint knows it."),
    "base_url": _said("OpenAI-compatible endpoint, as http://localhost:8000/v1."),
    "api_key_env": _said("The environment variable that holds the key; never the key itself."),
    "temperature": _said("Default: by category for a model, 0 for the judge."),
    "max_tokens": _said("The most tokens of a reply. Default: 1024 for a model, 2048 for the judge."),
    "extra_body": _said("Sent beside the rest of each request; `env:NAME` stands for an environment variable."),
    "headers": _said("Further headers of each request; `env:NAME` stands for an environment variable."),
    "stream": _said("Whether replies are asked for in pieces; a timeout counts from piece to piece then."),
    "answer_from": _said("The field of the reply that holds its text, where it is not `content`."),
    "thinking": _said("What opens and what closes the model's thinking, where that is not usual."),
    "azure": _said("Azure OpenAI: the API version alone, or with deployment and token_env.", _NAME),
}
_FIELDS: Fields = {
    "SuiteContent": {
        "model": _said("The model under test, or its name alone.", _NAME),
        "judge": _said(
            "The judge, its name alone, or a list of both, which is a jury. Default: gpt-4o.",
            _NAME,
            {"type": "array", "minItems": 1, "items": {"anyOf": [_NAME, {"$ref": "#/$defs/JurorEndpoint"}]}},
        ),
        "jury": READS_ANOTHER_KEY,
        "questions": _said("The question set: mt_bench (default), house, or a folder relative to this file."),
        "references": _said("A file of other reference answers than the set's, relative to this file."),
        "reference_categories": _said("The categories that are judged with references."),
        "categories": _said("The categories that are asked. Default: all."),
        "thresholds": _said("What the scores must reach; each makes a gate."),
        "baseline": _said("The report that the model is held against, or the file alone.", _NAME),
        "against": _said(
            "Pairwise: the model that answers are compared with, its name alone, or a list of both.",
            _NAME,
            {"type": "array", "items": {"anyOf": [_NAME, {"$ref": "#/$defs/OpponentEndpoint"}]}},
        ),
        "people": _said("What people said of the answers, or the files alone.", _NAME, _NAMES),
        "runs": _said("How often each question is answered. Default: 1."),
        "concurrency": _said("Requests in flight to each endpoint. Default: 16."),
        "prices": _said("USD a million tokens."),
        "budget": _said("USD that a run does not pass; needs prices of model and judge."),
    },
    "ModelEndpoint": _ENDPOINT
    | {
        "system_prompt": _said("The instructions of the model under test. Default with `generate`: none."),
        "generate": _said("Your own chatbot, which answers instead of an endpoint, as package.module:object."),
    },
    "JudgeEndpoint": _ENDPOINT | {"repeats": _said("How often each answer is judged. Default: 1.")},
    "JurorEndpoint": _ENDPOINT | {"repeats": _said("How often each answer is judged; the same for every judge.")},
    "OpponentEndpoint": _ENDPOINT
    | {
        "system_prompt": _said("Default: that of the model under test."),
        "answers": _said("A file of its answers: FastChat's layout or a JSON report, relative to this file."),
    },
    "AgainstSection": _ENDPOINT
    | {
        "system_prompt": _said("Default: that of the model under test."),
        "answers": _said("A file of its answers: FastChat's layout or a JSON report, relative to this file."),
        "min_win_rate": _said(
            "The win rates that the gates must reach, a tie half; one number is for overall.",
            {"type": "number", "minimum": 0, "maximum": 1},
        ),
        "min_consistency": _said("The share of games in which the judge's two orders must agree; 0 switches it off."),
        "models": _said(
            "Several models.", {"type": "array", "items": {"anyOf": [_NAME, {"$ref": "#/$defs/OpponentEndpoint"}]}}
        ),
    },
    "MinWinRate": {
        "overall": _said("Over all games."),
        "turns": _said("By turn.", **_TURNS),
        "categories": _said("By category."),
    },
    "Azure": {
        "api_version": _said('As "2024-10-21".'),
        "deployment": _said("The deployment. Default: the model's name."),
        "token_env": _said("The environment variable of a token of Entra, sent instead of a key."),
    },
    "Thresholds": {
        "overall": _said("The mean of all turns, 1-10."),
        "turns": _said("The mean of first and of second turns.", **_TURNS),
        "categories": _said("The mean of a category."),
        "floor": _said(
            "Each turn's own score, by category or `default`; one number is for all.",
            {"type": "number", "minimum": 1, "maximum": 10},
        ),
        "rule": _said("`mean` compares the mean with the threshold, `confident` its whole 95 % interval."),
        "max_unscored": _said("The share of a gate's ratings that may be missing."),
    },
    "Concurrency": {
        "model": _said("To the model under test."),
        "judge": _said("To the judge."),
    },
    "PriceList": {
        "model": _said("Of the model under test."),
        "judge": _said(
            "Of the judge; of a jury by name, or a list in its order.",
            {"type": "object", "additionalProperties": {"$ref": "#/$defs/Prices"}},
            {"type": "array", "items": {"$ref": "#/$defs/Prices"}},
        ),
        "judges_by_name": READS_ANOTHER_KEY,
        "judges_in_order": READS_ANOTHER_KEY,
        "against": _said("Of the models that it is compared with."),
    },
    "Prices": {"input": _said("USD a million tokens."), "output": _said("USD a million tokens.")},
    "BaselineSection": {
        "file": _said("A JSON report of what is deployed, relative to this file."),
        "margin": _said("A drop of this much must be ruled out to pass. Default: 0.3, with a baseline of one run 0.5."),
        "alpha": _said("False alarms over all looks, one-sided. Default: 0.05."),
        "looks": _said("The candidate's runs at each look, growing. Default: [1, 3]."),
        "category_drop": _said("A category that falls by less is no regression. Default: 0.5."),
        "sentinel": _said("So many of the baseline's answers are judged again; adds gate[judge]."),
        "on_inconclusive": _said("What an inconclusive last look comes to."),
    },
    "PeopleSection": {
        "files": _said("Votes or ratings, relative to this file; or one file alone.", _NAME),
        "of_people": _said("The share of a person's skill that the judge must show."),
        "min_agreement": _said("Instead: the share of votes without ties in which the judge must agree."),
        "on_inconclusive": _said("What an inconclusive gate[agreement] comes to."),
        "min_win_rate": _said("The win rate that the model must reach with people; makes gate[people]."),
        "min_score": _said("The mean rating that the model must reach with people; makes gate[people]."),
        "sample": _said("The answers on a rating sheet."),
        "seed": _said("Draws them."),
    },
}
