"""Settings and a suite file -> one `ResolvedSuite`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from .. import demo
from ..domain.errors import ConfigError
from ..domain.question import Question, QuestionSet
from ..engine.plan import Juror, Plan
from ..files.people import ChoiceRow, RatingRow
from ..questions import load_questions
from ..scores.people import PeopleSpec
from ..scores.shown import baseline_label, sheet_ids
from .answers import existing_answers
from .audition import audition
from .baseline import against_baseline
from .choices import AMBIENT_URL, Choices, choose, stands_in
from .file import SuiteFile
from .opponents import against_settings, is_pairwise, opponents, pairwise_remarks, problems_of_modes
from .people import PeopleFiles, of_the_run
from .resolved import ResolvedSuite
from .roles import judge_roles, model_role
from .settings import Settings
from .thresholds import Thresholds, asked_questions, category_problems, share_of

_NOT_GATED = (
    "nothing is gated, whatever the scores are: --mtbench-min=7.5, or `thresholds:` in the suite file, asks for a score"
)
LoadQuestions = Callable[..., QuestionSet]
"""`load_questions`, or what stands for it where nothing may be downloaded."""


@dataclass(frozen=True)
class _Sources:
    """What a suite is resolved from; see `resolve`."""

    suite_id: str
    file: SuiteFile
    path: Path | None
    settings: Settings
    environ: Mapping[str, str]

    @property
    def folder(self) -> Path:
        """Where relative paths of the suite file start."""
        return self.settings.cwd if self.path is None else self.path.parent


def resolve(
    suite_id: str,
    file: SuiteFile,
    path: Path | None,
    settings: Settings,
    environ: Mapping[str, str],
    load: LoadQuestions = load_questions,
) -> ResolvedSuite:
    """Puts command line, suite file, environment and defaults together.

    Args:
        suite_id: node id of the suite.
        file: the suite file, or an empty one.
        path: where it stands; relative paths in it start there.
        load: reads a question set.

    Raises:
        ConfigError: what is wrong; of one kind of mistake, as of thresholds, everything at once.
    """
    sources = _Sources(suite_id, file, path, settings, environ)
    people = PeopleFiles.of(file, sources.folder, settings)
    alone = people is not None and not (settings.model or file.content.model.name)
    choices = choose(file, settings, environ, needs_model=not alone)
    questions = _questions(sources, choices, load)
    asked = asked_questions(questions, file.content.categories, settings.limit)
    if people is not None and alone:
        return _audition(people, replace(_plan(sources, choices, questions), selected=asked), sources, choices)
    pairwise = is_pairwise(file, settings)
    thresholds = _thresholds(sources, questions, asked, pairwise=pairwise)
    plan = replace(_plan(sources, choices, questions), selected=share_of(asked, settings.shard))
    plan = replace(plan, shard="/".join(map(str, settings.shard or ())))
    asked_for = thresholds.gates()
    # No gate passes on a part.
    gates = () if settings.is_part else asked_for
    named = choices.base_url.source not in ("", AMBIENT_URL) or stands_in(file, settings)
    remarks = tuple(_remarks(settings))
    resolved = ResolvedSuite(
        plan, gates, thresholds.floor, (), path, remarks, thresholds=asked_for, names_endpoint=named
    )
    resolved = _pairwise(resolved, sources, choices) if pairwise else _single(resolved, sources, choices)
    plan, recorded = existing_answers(resolved.plan, settings, resolved.opponents)
    sheet = file.content.people.sample, file.content.people.seed
    resolved = _with_notice_of_the_demo(replace(resolved, plan=plan, recorded=recorded, sheet=sheet))
    # A part is not held against a baseline, and so has nothing that votes could be on.
    unpaired = settings.is_part and not pairwise and choices.baseline.is_given
    return resolved if people is None or unpaired else _with_people(resolved, people, sources)


def _audition(people: PeopleFiles, plan: Plan, sources: _Sources, choices: Choices) -> ResolvedSuite:
    """The judge alone, on trial: its items are comparisons that people made."""
    problems = category_problems(plan.questions, sources.file)
    if problems:
        raise ConfigError(*problems)
    spec, bouts = audition(people, plan, sources.settings)
    gates = () if sources.settings.is_part else spec.gates
    return _with_notice_of_the_demo(
        ResolvedSuite(
            replace(plan, selected=()),
            gates,
            {},
            tuple(choices.header(())),
            sources.path,
            (*_remarks(sources.settings), *spec.remarks),
            thresholds=spec.gates,
            people=spec,
            bouts=bouts,
            is_audition=True,
        )
    )


def _with_people(resolved: ResolvedSuite, people: PeopleFiles, sources: _Sources) -> ResolvedSuite:
    """The suite with what people said of its answers."""
    plan, baseline = resolved.plan, resolved.regression.baseline if resolved.regression else None
    own = list(dict.fromkeys(filter(None, (plan.model.label, plan.model.name, plan.answers_of))))
    others = {name: other.label for other in plan.opponents for name in (other.name, other.label)}
    if baseline is not None and baseline.answers:
        others = {baseline_label(plan, baseline): baseline_label(plan, baseline)}
    spec = of_the_run(people, plan, sources.file.content.thresholds.rule, own, others)
    if not sources.settings.is_part:
        _check_not_stale(resolved, spec)
    return replace(
        resolved,
        people=spec,
        gates=(*resolved.gates, *(() if sources.settings.is_part else spec.gates)),
        thresholds=(*resolved.thresholds, *spec.gates),
        remarks=(*resolved.remarks, *spec.remarks),
    )


def _questions(sources: _Sources, choices: Choices, load: LoadQuestions) -> QuestionSet:
    name = choices.questions.value
    if stands_in(sources.file, sources.settings) and name != demo.QUESTIONS:
        raise ConfigError(f"model demo answers the question set {demo.QUESTIONS} alone, not {name}")
    references = sources.file.content.references
    return load(
        name,
        relative_to=sources.folder if sources.settings.questions is None else sources.settings.cwd,
        references=sources.folder / references if sources.path and references else None,
        judge=choices.judges[0][0].name,
        reference_categories=sources.file.content.reference_categories,
        environ=sources.environ,
    )


def _thresholds(sources: _Sources, questions: QuestionSet, asked: Sequence[Question], *, pairwise: bool) -> Thresholds:
    """The thresholds, once every one of them is found right."""
    file, settings = sources.file, sources.settings
    thresholds = Thresholds(questions, file, settings.minimums, asked=asked, pairwise=pairwise)
    problems = [*category_problems(questions, file), *thresholds.problems()]
    problems += problems_of_modes(file, settings) if pairwise else []
    if problems:
        raise ConfigError(*problems)
    return thresholds


def _plan(sources: _Sources, choices: Choices, questions: QuestionSet) -> Plan:
    """The plan of the whole set, before a baseline or other models change it."""
    settings = sources.settings
    model = model_role(choices, sources.file, settings, sources.environ)
    judges = judge_roles(choices, sources.file, settings, sources.environ, model)
    return Plan(
        key=sources.suite_id,
        questions=questions,
        selected=questions.questions,
        model=replace(model, revision=choices.revision.value),
        judge=judges[0],
        jury=tuple(map(Juror, judges)) if len(judges) > 1 else (),
        runs=choices.runs.value,
        repeats=choices.judge_repeats.value,
        budget=choices.budget.value,
    )


def _pairwise(resolved: ResolvedSuite, sources: _Sources, choices: Choices) -> ResolvedSuite:
    """The suite with the models that its answers are compared with."""
    settings, plan = sources.settings, resolved.plan
    others = opponents(sources.file, sources.path, settings, sources.environ, plan, choices.base_url.value)
    content = sources.file.content
    said = pairwise_remarks(content, others, None if settings.is_part else resolved.gates)
    return replace(
        resolved,
        plan=replace(plan, opponents=tuple(other.who for other in others)),
        opponents=others,
        header=tuple(choices.header(against_settings(sources.file, settings, others, plan))),
        remarks=(*resolved.remarks, *said),
    )


def _single(resolved: ResolvedSuite, sources: _Sources, choices: Choices) -> ResolvedSuite:
    """The suite with its gate against a baseline, where there is one."""
    plan, regression = against_baseline(resolved.plan, sources.file, sources.folder, choices, sources.settings)
    gated = bool(resolved.gates or resolved.floor or regression or sources.settings.is_part)
    return replace(
        resolved,
        plan=plan,
        regression=regression,
        gates=(*resolved.gates, *(regression.gates if regression else ())),
        header=tuple(choices.header((choices.baseline,))),
        remarks=(*resolved.remarks, *(regression.remarks if regression else ()), *(() if gated else (_NOT_GATED,))),
    )


def _check_not_stale(resolved: ResolvedSuite, spec: PeopleSpec) -> None:
    """Sees to it that votes are on answers of this run, where files hold all of them; others are known at the gate."""
    rows: list[ChoiceRow | RatingRow] = [*spec.choices, *spec.ratings]
    own = resolved.recorded.answers if resolved.recorded else {}
    sides = [who.answers for who in resolved.plan.opponents]
    sides += [resolved.regression.baseline.answers] if resolved.regression and not spec.ratings else []
    if not rows or spec.votes or not own or None in sides:
        return
    known = {name for other in sides or [None] for name in sheet_ids(resolved.plan, own, other)}
    if not any(row.id in known for row in rows):
        raise ConfigError(
            f"{rows[0].where}: id: stale, as are all {len(rows)} rows: none is on an answer of this run; the answers "
            "have changed, or the sheet is of another run (a new one: --mtbench-rate-sheet=sheet.csv)"
        )


def _with_notice_of_the_demo(resolved: ResolvedSuite) -> ResolvedSuite:
    plan = resolved.plan
    if demo.URL not in {role.endpoint.url for role in (plan.model, *plan.judges, *plan.opponents)}:
        return resolved
    notice = ("demo", "a stand-in, not a language model", "built in")
    return replace(resolved, header=(*resolved.header, notice), remarks=(demo.NOTICE, *resolved.remarks))


def _remarks(settings: Settings) -> Iterator[str]:
    if settings.limit is not None:
        yield (
            f"only the first {settings.limit} questions of each category were asked (--mtbench-limit): no gate is "
            "decided on a part of the questions"
        )
    if settings.shard is not None:
        share, shares = settings.shard
        yield f"share {share} of {shares}: no gate is decided before --mtbench-merge joins the shares"
