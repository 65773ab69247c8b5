from __future__ import annotations

import base64
import hashlib
import html
import random
import re
from dataclasses import replace

import pytest

from pytest_mtbench.domain.endpoint import Answerer
from pytest_mtbench.domain.question import Place, Question
from pytest_mtbench.domain.result import Judgment, Run
from pytest_mtbench.report.html_report import html_page
from pytest_mtbench.report.run_report import Ending
from pytest_mtbench.scores.gates import GateSpec, decide

from ...pages import QUESTIONS, WHERE, Parsed, compared, plan_of, played, report_of, said


def visible(page: str) -> str:
    """What a reader without scripts sees, more or less, on one line."""
    body = re.sub(r"<(script|style)\b.*?</\1>", "", page.split("<body>")[1], flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", body)).split())


def test_every_turn_has_a_row_and_its_texts() -> None:
    page = Parsed(html_page([report_of({(2, 2): [said("40", 3)]})]))
    rows = page.data["turns"]
    assert [row["id"] for row in rows] == ["q1-turn1", "q1-turn2", "q2-turn1", "q2-turn2", "qx/3-turn1"]
    assert rows[3] == {
        "id": "q2-turn2", "label": "q2", "turn": 2, "category": "math", "score": 3.0, "status": "scored",
        "text": "And that minus 2?", "node": "mtbench.yaml::math[q2-turn2]", "flags": [], "suite": 0,
        "part": 0, "at": 3,
    }  # fmt: skip
    assert page.texts[3] == {
        "question": "And that minus 2?",
        "reference": "40",
        "runs": [
            {
                "answer": {"text": "40"},
                "score": 3.0,
                "judgments": [{"text": ["It is so. Rating: ", "[[3]]", ""], "score": 3.0}],
            }
        ],
    }


def test_a_reference_is_there_where_the_judge_saw_one() -> None:
    unseen = replace(QUESTIONS[0], reference=("never shown", "never shown"))
    page = html_page([report_of(plan=plan_of([unseen, QUESTIONS[1]]))])
    assert [text.get("reference") for text in Parsed(page).texts] == [None, None, "42", "40"]


def test_the_baseline_stands_beside_each_turn() -> None:
    report = report_of({(1, 1): [said("new", 3)]}, before={(1, 1): said("old", 9)})
    page = Parsed(html_page([report]))
    assert [row.get("change") for row in page.data["turns"]] == [-6, 0, 0, 0, 0]
    assert page.texts[0]["base"]["answer"] == {"text": "old"}
    assert page.texts[0]["base"]["judgments"][0]["text"][1] == "[[9]]"
    assert page.data["suites"] == [{"key": "mtbench.yaml", "own": "m", "other": "old", "pairwise": False}]


def test_what_fell_most_comes_first() -> None:
    runs: dict[Place, list[Run]] = {(1, 1): [said("a", 7)], (1, 2): [said("a", 2)], (2, 1): [said("a", 9)]}
    before: dict[Place, Run] = {place: said("b", 8.5) for place in runs}
    seen = visible(html_page([report_of(runs, before=before)]))
    assert "What fell most -6.50 q1 turn 2 writing 8.50 → 2.00 -1.50 q1 turn 1 writing 8.50 → 7.00 " in seen


def test_a_baseline_that_says_nothing_makes_no_change() -> None:
    report = report_of({(1, 1): [said("new", 3)]}, before={(1, 1): said("old", 9)})
    assert report.outcome is not None
    report = replace(report, outcome=replace(report.outcome, old=5))
    page = html_page([report])
    assert not [row for row in Parsed(page).data["turns"] if "change" in row]
    assert "What fell most" not in page


def test_thinking_is_apart_from_the_answer() -> None:
    runs: dict[Place, list[Run]] = {
        (1, 1): [said("<think>Hm.</think>\n\nRain.")],
        (1, 2): [said("So <think>a</think> it is.")],
    }
    first, second = Parsed(html_page([report_of(runs)])).texts[:2]
    assert first["runs"][0]["answer"] == {"text": "Rain.", "thinking": "<think>Hm.</think>"}
    assert second["runs"][0]["answer"] == {"text": "So  it is.", "thinking": "So <think>a</think> it is."}


def test_a_turn_without_a_score_says_why() -> None:
    page = Parsed(html_page([report_of({(1, 1): [said("x", None)], (1, 2): [Run(None, failed="refused")]})]))
    assert [(row["score"], row["status"]) for row in page.data["turns"][:2]] == [(None, "unscored")] * 2
    assert [text["unscored"] for text in page.texts[:2]] == ["the judge's reply holds no rating", "refused"]
    assert page.texts[1]["runs"][0]["answer"] is None
    assert page.texts[0]["runs"][0]["judgments"][0]["text"] == ["It is so."]


def test_every_run_and_repeat_is_there() -> None:
    twice = Run("a", judgments=(Judgment("[[7]]", 7.0), Judgment("[[9]]", 9.0)))
    page = Parsed(html_page([report_of({(1, 1): [twice, said("b", 4)]})]))
    assert page.data["turns"][0]["score"] == 6
    assert [run["score"] for run in page.texts[0]["runs"]] == [8, 4]
    assert [one["score"] for one in page.texts[0]["runs"][0]["judgments"]] == [7, 9]


def test_games_have_both_verdicts() -> None:
    plan = plan_of(opponents=(Answerer("other", WHERE),))
    runs: dict[Place, list[Run]] = {
        (1, 1): [played("a", "b", ("A", "B"))],
        (1, 2): [played("a", "b", ("A", "A"))],
        (2, 1): [played("a", "b", ("B", "A"))],
        (2, 2): [played("a", "b", ("C", "C"))],
        ("x/3", 1): [played("a", "b", ("A", None))],
    }
    page = Parsed(html_page([report_of(runs, plan=plan)]))
    statuses = ["win", "tie, the orders differ", "loss", "tie", "unscored"]
    assert [row["status"] for row in page.data["turns"]] == statuses
    (game,) = page.texts[1]["runs"][0]["games"]
    assert (game["against"], game["answer"], game["flipped"], game["winners"]) == (
        "other",
        {"text": "b"},
        "first",
        [1, -1],
    )
    assert game["judgments"][1] == ["Say I, in order 2. ", "[[A]]", ""]


def test_an_audition_has_its_comparisons() -> None:
    plan = plan_of(model=Answerer("", WHERE), selected=())
    runs: dict[Place, Run] = {(1, 2): played("left", "right", ("A", "B"), "two")}
    found = compared(plan, runs, ("one", "two"))
    models = {found[0].key.suite: ("one", "two")}
    report = replace(report_of(plan=plan), compared=found, models=models, is_audition=True)
    page = Parsed(html_page([report]))
    (row,) = page.data["turns"]
    assert (row["id"], row["models"], row["status"]) == ("q1-turn2-one-two", "one against two", "win")
    (texts,) = page.texts
    assert texts["own"] == "one"
    assert texts["runs"][0]["games"][0]["against"] == "two"


def test_what_came_before_is_in_a_turn_only_where_it_has_no_row_of_its_own() -> None:
    report = report_of({(1, 2): [said("b", earlier=("a",))]})
    assert not [texts for texts in Parsed(html_page([report])).texts if "before" in texts]
    results = [result for result in report.card.results if result.place == (1, 2)]
    page = Parsed(html_page([replace(report, card=replace(report.card, results=tuple(results)))]))
    assert page.texts[0]["before"] == [{"question": "Write a line about rain.", "answer": {"text": "a"}}]


def test_flags_have_words() -> None:
    page = Parsed(html_page([report_of({(1, 1): [said("a", flags=("thinking", "against-empty-answer", "new\x00"))]})]))
    assert page.data["flags"] == {
        "thinking": "The model's thinking was cut out before the judge saw the answer.",
        "against-empty-answer": "The other model: The answer is empty.",
        "new\\x00": "new\\x00",
    }


def test_the_top_is_there_without_scripts() -> None:
    report = report_of({(2, 1): [said("41", 2)], (2, 2): [said("40", 4)]}, before={})
    specs = (GateSpec("writing", "category", 5), GateSpec("math", "category", 6.5), GateSpec("overall", "overall", 5))
    gates = tuple(decide(spec, report.card, f"mtbench.yaml::gate[{spec.name}]") for spec in specs)
    seen = visible(html_page([replace(report, specs=specs, gates=gates, ending=Ending("failed", 1))]))
    assert (
        "✕ failed m scores 6.00 of 10 (95 % interval 1.00-10.00). 1 of 3 gates failed: math (3.00, threshold 6.5)."
        in seen
    )
    assert seen.index("✕ failed math 3.00 is below the threshold 6.5") < seen.index("✓ passed writing overall")
    assert "math 2.00 4.00 3.00 " in seen
    assert "2.00 q2 turn 1 math" in seen


def test_a_run_that_was_aborted_says_why() -> None:
    report = report_of()
    report = replace(report, card=replace(report.card, results=()), ending=Ending("aborted", 4, "wrong <key>"))
    seen = visible(html_page([report]))
    assert "The run was aborted: wrong <key>." in seen


def test_several_suites_are_one_page() -> None:
    one = report_of(ending=Ending("failed", 1))
    other = report_of({(2, 1): [said("x", None)]}, plan=plan_of(key="b.mtbench.yaml"), ending=Ending("failed", 1))
    page = html_page([one, other])
    rows = Parsed(page).data["turns"]
    assert [row["id"] for row in rows][4:6] == ["qx/3-turn1", "2-q1-turn1"]
    assert [row["suite"] for row in rows] == [0] * 5 + [1] * 5
    seen = visible(page)
    assert seen.startswith("10 conversations ↓ ✕ failed MT-Bench: 2 suites mtbench.yaml: MT-Bench: m, ")
    assert "✓ passed m scores 8.00" in seen
    assert "b.mtbench.yaml: MT-Bench: m, judged by the-judge, on small ✕ failed m scores 8.00" in seen
    assert 'href="#?category=math&amp;suite=2"' in page


def test_ids_that_look_alike_are_two() -> None:
    questions = [Question("a\x00", "c", ("one?",)), Question("a\\x00", "c", ("two?",))]
    rows = Parsed(html_page([report_of(plan=plan_of(questions))])).data["turns"]
    assert [row["id"] for row in rows] == ["qa\\x00-turn1", "qa\\x00-turn1-2"]


HOSTILE = "</script><script>alert(1)</script><!--<script>]]>{{ 7 * 7 }}\x00\u202e\ud800 \u2028<b>"


def test_no_text_is_anything_but_text() -> None:
    question = Question(HOSTILE, HOSTILE, (HOSTILE, HOSTILE), reference=(HOSTILE, HOSTILE))
    run = said(HOSTILE, flags=(HOSTILE,))
    run = replace(run, judgments=(Judgment(HOSTILE, 8.0), Judgment(HOSTILE, None, HOSTILE)))
    plan = plan_of([question], model=Answerer(HOSTILE, WHERE), key=HOSTILE)
    report = report_of({(HOSTILE, 1): [run], (HOSTILE, 2): [run]}, plan=plan, before={})
    report = replace(report, ending=Ending("failed", 1, HOSTILE), remarks=(HOSTILE,), answered_by=HOSTILE)
    page = html_page([report])
    calm = html_page([report_of(plan=plan_of([Question(1, "c", ("a?", "b?"))]), before={})])
    assert {tag for tag, _ in Parsed(page).elements} == {tag for tag, _ in Parsed(calm).elements}
    assert page.count("<script") == calm.count("<script")
    assert not re.findall("[\x00\u202e\u2028\ud800]", page)
    answer = Parsed(page).texts[0]["runs"][0]["answer"]["text"]
    assert answer == HOSTILE.replace("\x00", "\\x00").replace("\u202e", "\\u202e").replace("\ud800", "\ufffd").replace(
        "\u2028", "\\u2028"
    )


def test_the_policy_lets_in_nothing_but_the_pages_own() -> None:
    page = Parsed(html_page([report_of()]))

    def hashes(kind: str) -> list[str]:
        digests = [hashlib.sha256(text.encode()).digest() for text in page.block(kind)]
        return [f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests]

    assert page.policy("script-src") == hashes("script")
    assert len(hashes("script")) > 1
    assert page.policy("style-src") == hashes("style")
    for name in ("default-src", "connect-src", "base-uri", "form-action", "trusted-types"):
        assert page.policy(name) == ["'none'"]
    assert page.policy("require-trusted-types-for") == ["'script'"]


def test_nothing_is_fetched_and_no_link_leads_away() -> None:
    page = Parsed(html_page([report_of({(1, 1): [said("a", 3)]}, before={(1, 1): said("b", 5)})]))
    names = {name for _, attributes in page.elements for name in attributes}
    assert not names & {"src", "srcset", "style", "action", "data"}
    assert not [name for name in names if name.startswith("on")]
    links = {attributes["href"] for _, attributes in page.elements if "href" in attributes}
    assert {"#q1-turn1", "#?category=math", "#?from=8&to=8"} < links
    assert not [link for link in links if not (link or "").startswith("#")]


def test_a_text_that_is_too_long_for_a_page_is_cut_and_says_so() -> None:
    long = "x" * 10_000_000
    run = Run(long, judgments=(Judgment(f"{long} [[8]]", 8.0),))
    (texts, *_) = Parsed(html_page([report_of({(1, 1): [run]})])).texts
    assert texts["runs"][0]["answer"]["text"].endswith("x\n[... 9,900,000 characters more, in the JSON report]")
    pieces = texts["runs"][0]["judgments"][0]["text"]
    assert pieces[1:] == ["[[8]]", ""]
    assert len(pieces[0]) < 200_000


@pytest.mark.parametrize("runs", [1, 5])
def test_160_turns_stay_below_two_megabytes(runs: int) -> None:
    rng = random.Random(1)
    words = ["".join(rng.choices("etaoinshrdlcumwfgypbvk", k=rng.randint(2, 10))) for _ in range(8000)]

    def text(count: int) -> str:
        return " ".join(rng.choices(words, [1 / rank for rank in range(1, 8001)], k=count))

    def run() -> Run:
        return Run(text(300), judgments=(Judgment(text(130) + " Rating: [[7]]", 7.0),))

    questions = [Question(number, f"c{number % 8}", (text(50), text(20))) for number in range(80)]
    plan = plan_of(questions, runs=runs)
    places = [key.place for key in plan.turns()]
    own = {place: [run() for _ in range(runs)] for place in places}
    report = report_of(own, plan=plan, before={place: run() for place in places})
    page = html_page([report])
    assert len(Parsed(page).texts) == 160
    assert len(page.encode()) < 2_000_000


def test_an_answer_that_nobody_judged_is_there_to_read() -> None:
    page = Parsed(html_page([report_of({(2, 1): [Run("Forty-two.")]})]))
    row, texts = page.data["turns"][-1], page.texts[-1]  # below those that were measured
    assert (row["id"], row["status"], row["score"]) == ("q2-turn1", "not judged", None)
    assert (texts["unscored"], texts["runs"]) == ("not judged", [{"answer": {"text": "Forty-two."}, "score": None}])
