"""Options and a suite file -> one `SuiteRun`, each value with where it came from.  Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from .. import demo
from ..domain.endpoint import Role
from ..domain.errors import ConfigError
from ..engine.plan import Plan
from ..questions import load_questions
from ..scores.baseline import read_baseline
from ..scores.gates import GateSpec
from ..scores.regression_gate import RegressionSpec
from ..untrusted.urls import is_loopback
from .file import SuiteFile
from .opponents import Opponent, is_pairwise, opponents, pairwise_remarks, problems_of_modes
from .roles import Said, judge_role, model_role
from .schema import Suite
from .settings import Options
from .thresholds import gates_of, select

DEFAULT_QUESTIONS = "mt_bench"


@dataclass(frozen=True)
class SuiteRun:
    """One suite, resolved.

    Args:
        gates: the thresholds as gates, in the order of the table.
        floor: the least score of a single turn by category.
        shown: label, value and source of what is not a default, for the header.
        path: the suite file, or None for the built-in suite.
        regression: what the gate against a baseline asks, where there is one.
        opponents: the models that answers are compared with, in pairwise mode.
    """

    plan: Plan
    gates: tuple[GateSpec, ...]
    floor: Mapping[str, float]
    shown: tuple[tuple[str, str, str], ...]
    path: Path | None = None
    remarks: tuple[str, ...] = ()
    regression: RegressionSpec | None = None
    opponents: tuple[Opponent, ...] = ()


def resolve(key: str, suite: SuiteFile, path: Path | None, options: Options, environ: Mapping[str, str]) -> SuiteRun:
    """Puts command line, suite file and defaults together.

    Args:
        key: node id of the suite.
        suite: the suite file, or an empty one.
        path: where it stands; relative paths in it start there.

    Raises:
        ConfigError: everything that is wrong, at once.
    """
    if options.shard is not None and options.merge:
        raise ConfigError(
            "--mtbench-shard and --mtbench-merge exclude each other: a share is run, or shares are joined"
        )
    said = Said(suite.name)
    content = suite.suite
    standing_in = _is_demo(options.model or content.model.name, options.base_url or content.model.base_url)
    usual_set = demo.QUESTIONS if standing_in else DEFAULT_QUESTIONS
    set_name = said.first("questions", options.questions, content.questions, usual_set)
    if standing_in and set_name != demo.QUESTIONS:
        raise ConfigError(f"model demo answers the question set {demo.QUESTIONS} alone, not {set_name}")
    from_file = path is not None and options.questions is None
    questions = load_questions(
        set_name,
        relative_to=path.parent if path is not None and from_file else options.cwd,
        references=path.parent / content.references if path and content.references else None,
        environ=environ,
    )
    asked, problems = select(questions, suite, options.limit, None)
    selected, _ = select(questions, suite, options.limit, options.shard)
    pairwise = is_pairwise(suite, options)
    gates, floor = gates_of(questions, suite, options.minimums, problems, asked=asked, pairwise=pairwise)
    problems += problems_of_modes(suite, options) if pairwise else []
    if options.shard is not None:
        gates = ()  # a share is a part, and no gate passes on a part
    if problems:
        raise ConfigError(*problems)
    model = model_role(said, content.model, content.prices, options, environ, content.concurrency.model)
    judge = judge_role(said, content.judge, content.prices, options, environ, content.concurrency.judge, model)
    runs = said.first("runs", options.runs, content.runs, 1)
    plan = Plan(
        key=key,
        questions=questions,
        selected=selected,
        judge=judge,
        runs=runs,
        repeats=said.first("judge-repeats", options.judge_repeats, content.judge.repeats, 1),
        model=replace(model, revision=said.first("revision", options.revision or None, None, "")),
        budget=said.first("budget", None, content.budget, None),
    )
    remarks = _remarks(options)
    others: tuple[Opponent, ...] = ()
    regression = None
    if pairwise:
        others = opponents(said, suite, path, options, environ, plan)
        plan = replace(plan, opponents=tuple(other.who for other in others))
        remarks += pairwise_remarks(content, others, None if options.shard else gates)
    else:
        plan, regression = _regression(said, plan, suite, path, options)
    if regression is not None:
        gates = (*gates, *regression.gates)
        remarks += regression.remarks
    _show_the_rest(said, content, options)
    if demo.URL in (model.endpoint.url, judge.endpoint.url):
        said.shown.append(("demo", "a stand-in, not a language model", "built in"))
        remarks = (demo.NOTICE, *remarks)
    return SuiteRun(plan, gates, floor, tuple(said.shown), path, remarks, regression, others)


def _regression(
    said: Said, plan: Plan, suite: SuiteFile, path: Path | None, options: Options
) -> tuple[Plan, RegressionSpec | None]:
    """The plan as a baseline makes it, and what the regression gate asks; a share has no gate."""
    section = suite.suite.baseline
    file = options.cwd / options.baseline if options.baseline else None
    if file is None and section.file is not None:
        file = (path.parent if path else options.cwd) / section.file
    name = said.first("baseline", str(options.baseline) if options.baseline else None, section.file, "")
    if file is None:
        if section.model_fields_set:
            raise ConfigError(suite.at(("baseline",), "names no file; add `file:`, or give --mtbench-baseline=FILE"))
        return plan, None
    if options.shard is not None:
        return plan, None
    baseline = read_baseline(file, name, plan)
    # Answers that exist already cannot become more.
    given = options.runs or suite.suite.runs
    fixed = plan.runs if options.answers or options.merge else given
    rule, remarks = baseline.rule(section.model_dump(), fixed)
    if options.answers or options.merge:
        rule = replace(rule, looks=rule.looks[:1])
    plan = replace(plan, runs=rule.looks[0], judges_served=baseline.judges_served)
    sentinel = baseline.sentinel(plan, section.sentinel) if section.sentinel else None
    return plan, RegressionSpec(baseline, rule, sentinel, section.on_inconclusive, remarks)


def check_keys(run: SuiteRun, options: Options, *, generated: bool) -> None:
    """Whether every remote endpoint that may be asked has a key.

    Args:
        generated: a user's own hook answers instead of the model.

    Raises:
        ConfigError: a key is missing.
    """
    sentinel = run.regression is not None and run.regression.sentinel is not None
    if options.cache == "only" or options.dry_run or (options.merge and not sentinel):
        return
    # Where answers exist already their judgments may too; the client refuses to ask without a key in any case.
    exist = bool(options.answers or options.merge)
    roles: list[Role] = [] if generated or exist else [run.plan.model]
    roles += [run.plan.judge] if sentinel or not exist else []
    roles += [other for other in run.plan.opponents if other.answers is None and not options.merge]
    problems = [
        f"no key for {role.name} at {role.endpoint.url}: set {_variable(role)}, or name another variable "
        "with api_key_env in the suite file"
        for role in roles
        if not is_loopback(role.endpoint.url) and not role.endpoint.api_key
    ]
    if problems:
        raise ConfigError(*problems)


def _variable(role: Role) -> str:
    """What to set; a name in small letters may be a key in the place of a variable's name."""
    name = role.endpoint.key_variable
    return name if name == name.upper() or " or " in name else "the variable that api_key_env names"


def _is_demo(model: str | None, base_url: str | None) -> bool:
    return model in demo.MODELS and base_url is None


def _show_the_rest(said: Said, content: Suite, options: Options) -> None:
    """What the header says of values that no other place resolves."""
    chosen = content.thresholds
    said.first("limit", options.limit, None, 0)
    said.first("shard", options.shard, None, None, shown="/".join(map(str, options.shard or ())))
    said.first("cache", None if options.cache == "all" else options.cache, None, "all")
    said.first("cache-dir", options.cache_dir, None, None)
    said.first("timeout", options.timeout, None, 120.0, shown=f"{options.timeout:g}")
    said.first("retries", options.retries, None, 8)
    said.first("categories", None, content.categories or None, None, shown=", ".join(content.categories))
    said.first("references", None, content.references, None)
    said.first("rule", None, chosen.rule, "mean")
    if content.baseline.file or options.baseline:
        _show_baseline(said, content)
    for key, score in options.minimums:
        said.first("min", f"{key}={score:g}", None, None)


def _show_baseline(said: Said, content: Suite) -> None:
    section = content.baseline
    for name in ("margin", "alpha", "looks", "category_drop"):
        said.first(f"baseline.{name}", None, getattr(section, name), None)
    said.first("baseline.sentinel", None, section.sentinel, 0)
    said.first("baseline.on_inconclusive", None, section.on_inconclusive, "pass")


def _remarks(options: Options) -> tuple[str, ...]:
    remarks = []
    if options.limit is not None:
        remarks.append(f"only the first {options.limit} questions of each category were asked (--mtbench-limit)")
    if options.shard is not None:
        share, shares = options.shard
        remarks.append(f"share {share} of {shares}: no gate is decided before --mtbench-merge joins the shares")
    return tuple(remarks)
