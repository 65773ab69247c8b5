"""The HTML report in a real browser."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_mtbench.domain.endpoint import Answerer
from pytest_mtbench.domain.question import Place, Question
from pytest_mtbench.domain.result import Judgment, Run
from pytest_mtbench.report.html_report import html_page
from pytest_mtbench.report.run_report import RunReport

from ..chromium import Tabs
from ..conftest import environment
from ..pages import WHERE, Parsed, compared, plan_of, played, report_of, said
from .conftest import QUICKSTART, Bench, Quickstart, flowing
from .test_trust import HOSTILE

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.slow  # a browser is waited for

DESKTOP: dict[str, Any] = {"viewport": {"width": 1400, "height": 900}}
PHONE: dict[str, Any] = {"viewport": {"width": 375, "height": 700}, "has_touch": True, "is_mobile": True}


@pytest.fixture(scope="module")
def demo(quickstart: Quickstart, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of the spoilt demo against the demo, as a real run writes it."""
    folder = tmp_path_factory.mktemp("demo")
    shutil.copy(QUICKSTART, folder)
    (folder / "baseline.json").write_text(json.dumps(quickstart.report), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "mtbench.yaml", "--mtbench-model=demo-regressed", "--rootdir=."]
    command += ["--mtbench-baseline=baseline.json", "--mtbench-report=page.html", "-p", "no:terminal"]
    run = subprocess.run(command, cwd=folder, env=environment(folder), check=False, capture_output=True, timeout=100)
    assert run.returncode == 1, run.stdout + run.stderr
    return folder / "page.html"


Shown = Callable[..., "Page"]


@pytest.fixture
def shown(tabs: Tabs, tmp_path: Path) -> Shown:
    """Opens the page of some reports."""

    def show(*reports: RunReport, hash: str = "", **options: Any) -> Page:  # noqa: A002
        path = tmp_path / "page.html"
        path.write_text(html_page(reports), encoding="utf-8")
        page = tabs.open(path, **(options or DESKTOP))
        if hash:
            follow(page, hash)
        return page

    return show


def follow(page: Page, hash: str) -> None:  # noqa: A002
    """Goes to an address within the page."""
    page.evaluate("hash => { location.hash = hash }", hash)


def found(page: Page, words: str) -> None:
    """Waits until the page says how many turns it lists."""
    page.wait_for_selector(f"#found:text-is('{words}')")


def texts(page: Page | Locator, selector: str) -> list[str]:
    """The texts of elements, each on one line; also what only a screen reader is told."""
    return [" ".join(text.split()) for text in page.locator(selector).all_text_contents()]


def labels(page: Page) -> list[str]:
    """The rows that are there: `q231 turn 2`."""
    return page.locator(".row .where").all_inner_texts()


def opened(page: Page) -> list[str]:
    """The rows that are open."""
    return page.locator(".row[aria-expanded=true] .where").all_inner_texts()


def open_first(page: Page) -> None:
    page.locator(".row").first.click()
    page.wait_for_selector(".conversation")


# --- A run's own page.


def test_verdict_and_gates_are_on_top(demo: Path, tabs: Tabs) -> None:
    page = tabs.open(demo, **DESKTOP)
    heading = "MT-Bench: demo-regressed (a stand-in), judged by demo-judge (a stand-in), on house (edition 2)"
    assert page.title() == f"Failed - {heading}"
    assert texts(page, ".verdict")[0].startswith("✕ failed demo-regressed (a stand-in) scores 6.")
    assert "3 of 5 gates failed: math (" in page.inner_text(".verdict")
    names = page.locator(".gates li strong").all_inner_texts()
    assert names == ["math", "coding", "regression", "turn2", "overall"]
    assert page.locator(".scores tbody tr").count() == 11
    assert texts(page, ".radar svg[role] text")[:2] == ["writing", "roleplay"]


def test_a_category_lists_its_turns(demo: Path, tabs: Tabs) -> None:
    page = tabs.open(demo, **DESKTOP)
    found(page, "160 turns")
    page.click(".scores tbody a:text-is('math')")
    found(page, "20 of 160 turns")
    assert page.input_value("#category") == "math"
    assert set(page.locator(".row .category").all_inner_texts()) == {"math"}
    page.reload()
    found(page, "20 of 160 turns")


def test_filters_narrow_and_are_cleared(demo: Path, tabs: Tabs) -> None:
    page = tabs.open(demo, **DESKTOP)
    page.select_option("#category", "coding")
    page.select_option("#turn", "2")
    found(page, "10 of 160 turns")
    assert all(label.endswith(" turn 2") for label in labels(page))
    page.select_option("#change", "fell-far")
    page.select_option("#to", "3")
    page.wait_for_url("**#?category=coding&turn=2&to=3&change=fell-far")
    scores = page.locator(".row .score").all_inner_texts()
    assert scores
    assert all(int(score.split()[-1]) <= 3 for score in scores)
    page.click("#clear")
    found(page, "160 turns")
    assert page.url.endswith("#")
    assert page.input_value("#category") == ""


def test_the_bar_of_a_score_lists_its_turns(demo: Path, tabs: Tabs) -> None:
    page = tabs.open(demo, **DESKTOP)
    bar = page.locator(".bars a").nth(0)
    count = int((bar.get_attribute("aria-label") or "").split()[1].rstrip(","))
    bar.click()
    found(page, f"{count} of 160 turns")


def test_rows_come_in_the_order_that_is_asked_for(demo: Path, tabs: Tabs) -> None:
    page = tabs.open(demo, **DESKTOP)
    page.select_option("#sort", "fell")
    page.wait_for_url("**#?sort=fell")
    changes = [int(text.split()[-1].replace("±", "")) for text in page.locator(".row .change").all_inner_texts()]
    assert changes == sorted(changes)
    assert changes[0] < -5
    page.select_option("#sort", "high")
    page.wait_for_url("**#?sort=high")
    scores = [int(text.split()[-1]) for text in page.locator(".row .score").all_inner_texts()]
    assert scores == sorted(scores, reverse=True)


def test_a_search_looks_into_answers_and_judgments(demo: Path, tabs: Tabs) -> None:
    page = tabs.open(demo, **DESKTOP)
    page.fill("#search", "LANDLORD nuisance threat")  # of a question, an answer and a judgment
    page.wait_for_selector("#found:text-matches('^1 of 160 turns$')")
    assert labels(page) == ["q301 turn 1"]
    page.fill("#search", "xylophone quartz")
    found(page, "0 of 160 turns")
    assert page.url.endswith("#?search=xylophone+quartz")
    assert page.locator(".row").count() == 0


def test_what_fell_most_leads_to_its_conversation(demo: Path, tabs: Tabs) -> None:
    page = tabs.open(demo, **DESKTOP)
    first = page.locator(".worst a").first
    name = first.locator("span").first.inner_text().split()
    first.click()
    page.wait_for_selector(".conversation")
    assert opened(page) == [f"{name[0]} turn {name[2]}"]
    assert page.url.endswith(f"#{name[0]}-turn{name[2]}")


def test_a_link_opens_its_turn_beside_the_baseline(demo: Path, tabs: Tabs) -> None:
    page = tabs.open(demo, **DESKTOP)
    follow(page, "#q235-turn2?category=math")
    page.wait_for_selector(".conversation")
    assert opened(page) == ["q235 turn 2"]
    found(page, "20 of 160 turns")
    assert page.locator(".side h4 .name").all_inner_texts() == ["demo-regressed", "demo"]
    assert [mark[:2] for mark in page.locator(".judgment mark").all_inner_texts()] == ["[[", "[["]
    assert page.locator(".reference summary").is_visible()
    assert page.inner_text(".node") == "mtbench.yaml::math[q235-turn2]"
    before = page.locator(".conversation > details").first
    assert not before.locator(".question").is_visible()
    before.locator("summary").click()
    assert before.locator(".side h5").all_inner_texts() == ["demo-regressed", "demo"]
    box = page.locator(".row[aria-expanded=true]").bounding_box()
    tools = page.locator("#tools").bounding_box()
    assert box
    assert tools
    assert box["y"] >= tools["y"] + tools["height"], "what stays in sight hides it"


def test_a_turn_that_the_filters_hide_is_shown_all_the_same(demo: Path, tabs: Tabs) -> None:
    page = tabs.open(demo, **DESKTOP)
    follow(page, "#q235-turn2?category=writing")
    page.wait_for_selector(".conversation")
    found(page, "160 turns")
    follow(page, "#q235-turn2?search=xylophone")
    page.wait_for_url("**#q235-turn2")
    assert opened(page) == ["q235 turn 2"]
    follow(page, "#no-such-turn")
    follow(page, "#%E0%A4%A?category=%00&zebra=1")
    found(page, "0 of 160 turns")


def test_keys(demo: Path, tabs: Tabs) -> None:
    page = tabs.open(demo, **DESKTOP)
    press = page.keyboard.press
    found(page, "160 turns")

    def at(label: str) -> None:
        page.wait_for_function(
            "label => [...document.querySelectorAll('.row[aria-expanded=true] .where')].map(e => e.innerText)"
            ".join() === label && document.activeElement.closest('.item')?.innerText.includes(label)",
            arg=label,
        )

    press("j")
    at("q301 turn 1")
    press("j")
    at("q301 turn 2")
    press("k")
    at("q301 turn 1")
    assert page.url.endswith("#q301-turn1")
    press("Enter")
    page.wait_for_selector(".conversation", state="detached")
    press("k")  # there is none before the first
    press("/")
    page.keyboard.type("jk?m")
    assert page.input_value("#search") == "jk?m"
    found(page, "0 of 160 turns")
    press("Escape")
    assert page.input_value("#search") == "jk?m"
    press("c")
    found(page, "160 turns")
    press("?")
    assert page.locator("#help").is_visible()
    press("j")
    assert opened(page) == []
    press("Escape")
    assert not page.locator("#help").is_visible()


def test_all_that_is_listed_is_opened_and_closed_at_once(demo: Path, tabs: Tabs) -> None:
    page = tabs.open(demo, **DESKTOP)
    page.select_option("#category", "stem")
    found(page, "20 of 160 turns")
    page.click("#open-all")
    page.wait_for_selector("#open-all:text-is('Close all')")
    assert page.locator(".conversation").count() == 20
    page.click("#open-all")
    page.wait_for_selector("#open-all:text-is('Open all')")
    assert page.locator(".conversation").count() == 0


def test_it_is_dark_where_the_reader_wants_it_dark(demo: Path, tabs: Tabs) -> None:
    shades: list[Any] = []
    for scheme in ("light", "dark"):
        page = tabs.open(demo, color_scheme=scheme, **DESKTOP)
        page.keyboard.press("j")
        page.wait_for_selector(".conversation")
        places = ("body", ".verdict", ".card", ".side", ".row[aria-expanded=true]", "mark")
        shades += [(scheme, place, *page.eval_on_selector(place, CONTRAST)) for place in places]
    for scheme, place, paper, contrast in shades:
        assert contrast >= 4.5, (scheme, place)
        assert (paper > 0.5) is (scheme == "light") or place == "mark", (scheme, place)


CONTRAST = """element => {
    const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
    const luminance = (...colors) => {
        canvas.clearRect(0, 0, 1, 1);
        for (const color of colors) { canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1); }
        const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map(
            (part) => (part / 255 <= 0.04 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const papers = [];
    for (let one = element; one; one = one.parentElement) papers.unshift(getComputedStyle(one).backgroundColor);
    const [paper, ink] = [luminance(...papers), luminance(...papers, getComputedStyle(element).color)];
    return [paper, (Math.max(paper, ink) + 0.05) / (Math.min(paper, ink) + 0.05)];
}"""


def test_print_shows_what_is_listed(demo: Path, tabs: Tabs, tmp_path: Path) -> None:
    page = tabs.open(demo, color_scheme="dark", **DESKTOP)
    follow(page, "#q231-turn1?category=math")
    page.wait_for_selector(".conversation")
    few = page.pdf(format="A4")
    assert texts(page, "#printed") == ["Category: math (20)"]
    page.emulate_media(media="print")
    assert page.locator("#printed").is_visible()
    assert not page.locator("#tools").is_visible()
    assert page.locator(".row:visible").count() == 20
    assert page.locator(".conversation").is_visible()
    assert page.eval_on_selector("body", CONTRAST)[0] == pytest.approx(1)
    page.emulate_media(media="screen")
    page.keyboard.press("c")
    found(page, "160 turns")
    assert page.locator(".row").count() < 160
    many = page.pdf(format="A4")
    assert page.locator(".row").count() == 160
    assert few[:5] == many[:5] == b"%PDF-"
    assert 2 < len(re.findall(rb"/Type /Page\b", few)) < len(re.findall(rb"/Type /Page\b", many))


def test_a_phone_scrolls_down_alone(demo: Path, tabs: Tabs) -> None:
    page = tabs.open(demo, **PHONE)
    found(page, "160 turns")
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    follow(page, "#q342-turn1")  # with code
    page.wait_for_selector(".side pre")
    assert page.evaluate("document.documentElement.scrollWidth") == 375
    boxes = [side.bounding_box() for side in page.locator(".sides > .side").all()]
    assert boxes[0]
    assert boxes[1]
    assert boxes[1]["y"] >= boxes[0]["y"] + boxes[0]["height"], "one below the other"


def test_a_phone_scrolls_wide_code_and_tables_by_themselves(shown: Shown) -> None:
    table = f"|{' column |' * 20}\n|{'---|' * 20}\n|{' value |' * 20}"
    answer = f"{table}\n\n```\n{'long_line ' * 40}\n```\n{'x' * 500}"
    page = shown(report_of({(1, 1): [said(answer)]}, before={}), **PHONE)
    open_first(page)
    assert page.locator(".side.own table").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 375
    scrolls = "all => all.map(e => e.scrollWidth > e.clientWidth)"
    assert page.eval_on_selector_all(".side.own pre, .side.own .scroll", scrolls) == [True, True]


def test_without_scripts_the_top_is_there(demo: Path, tabs: Tabs) -> None:
    page = tabs.open(demo, java_script_enabled=False, **DESKTOP)
    assert page.locator(".verdict").is_visible()
    assert page.locator(".notice:has-text('The 160 conversations need JavaScript')").is_visible()
    assert not page.locator("#conversations").is_visible()


def test_a_screen_reader_hears_what_others_see(demo: Path, tabs: Tabs) -> None:
    page = tabs.open(demo, **DESKTOP)
    follow(page, "#q350-turn1?category=coding")
    page.wait_for_selector(".conversation")
    row = page.get_by_role("button", name=re.compile(r"^score 1 change -8 q350 turn 1 coding "), expanded=True)
    assert row.count() == 1
    item = page.get_by_role("listitem").filter(has=row)
    assert (item.get_attribute("aria-posinset"), item.get_attribute("aria-setsize")) == ("19", "20")
    assert page.get_by_role("status").inner_text() == "20 of 160 turns"
    assert page.get_by_role("row", name=re.compile("^math 2.50 1.40 1.95 ")).count() == 1
    assert page.get_by_role("combobox", name="Category").input_value() == "coding"
    assert page.get_by_role("link", name=re.compile("^1: 20, demo: 0$")).count() == 1
    unnamed = "[...document.querySelectorAll('button, a, input, select')].filter(e => e.checkVisibility() && !("
    unnamed += (
        "e.innerText ?? '').trim() && !e.getAttribute('aria-label') && !e.labels?.length && !e.textContent.trim())"
    )
    assert page.evaluate(f"{unnamed}.length") == 0


# --- What a conversation shows.

BEFORE = "The old cat sat quietly on the mat.\n\nIt was warm there, and it purred until the evening came."
AFTER = "The young cat sat quietly on the mat.\n\nIt was warm there, and it slept until the evening came at last."


def test_the_words_that_changed_are_marked(shown: Shown) -> None:
    report = report_of({(1, 1): [said(AFTER, 5)]}, before={(1, 1): said(BEFORE, 8)})
    page = shown(report)
    for _ in ("Markdown", "text"):
        open_first(page)
        assert page.locator(".side.own ins").all_inner_texts() == ["young", "slept", "at last"]
        assert page.locator(".side.other del").all_inner_texts() == ["old", "purred"]
        page.uncheck("#markdown")
        page.locator(".row").first.click()
    open_first(page)
    assert page.inner_text(".side.own .answer") == AFTER
    page.keyboard.press("d")
    page.wait_for_selector("ins", state="detached")
    assert not page.is_checked("#marked")


def test_a_word_in_common_amid_changes_is_none(shown: Shown) -> None:
    page = shown(report_of())
    kept = "([one, two]) => commonWords(one.split(' '), two.split(' ')).map(found => found.join(''))"
    assert page.evaluate(kept, ["a b c the d e f", "g h i the j k l"]) == ["0000000", "0000000"]
    assert page.evaluate(kept, ["a b c the old cat d e f", "g h i the old cat j k l"]) == ["000111000"] * 2
    assert page.evaluate(kept, ["x a the b y", "x c the d y"]) == ["10101", "10101"]
    assert page.evaluate(kept, ["a b", "a b c"]) == ["11", "110"]
    assert page.evaluate(kept, ["", "a"]) == ["0", "0"]


def test_answers_with_little_in_common_are_marked_on_demand(shown: Shown) -> None:
    page = shown(
        report_of({(1, 1): [said("Rain falls on the old roof.")]}, before={(1, 1): said("Clouds, grey as slate!")})
    )
    open_first(page)
    assert page.locator("ins, del").count() == 0
    page.click("button:has-text('Mark them all the same')")
    assert page.locator("ins").all_inner_texts() == ["Rain falls on the old roof."]


def test_equal_answers_say_so(shown: Shown) -> None:
    page = shown(report_of({(1, 1): [said("The same.", 5)]}, before={(1, 1): said("The same.", 8)}))
    open_first(page)
    assert page.get_by_text("The two answers are the same.").is_visible()


def test_long_answers_are_compared_in_no_time(shown: Shown) -> None:
    words = [f"word{number % 997}" for number in range(1400)]
    other = [word if number % 7 else f"other{number}" for number, word in enumerate(words)]
    page = shown(report_of({(1, 1): [said(" ".join(words))]}, before={(1, 1): said(" ".join(other))}))
    seconds = page.evaluate(
        "async () => { const start = performance.now(); await openRow(ROWS[0]); return performance.now() - start }"
    )
    assert page.locator("del").count() == 200
    assert seconds < 2000
    page.evaluate("commonWords(Array(6000).fill('a'), Array(6000).fill('b'))")
    assert page.evaluate("commonWords(Array(6000).fill('a'), Array(6000).fill('b'))") is None


def test_runs_are_shown_one_at_a_time(shown: Shown) -> None:
    first = Run("one", judgments=(Judgment("[[7]]", 7.0), Judgment("[[9]]", 9.0)))
    report = report_of({(1, 1): [first, said("two", 3)], (1, 2): [said("then one"), said("then two")]})
    page = shown(report)
    open_first(page)
    assert texts(page, ".runs button") == ["Run 1score 8", "Run 2score 3"]
    assert texts(page, ".judgment h5") == ["Judgment 1rated 7", "Judgment 2rated 9"]
    page.click(".runs button >> nth=1")
    page.wait_for_selector(".answer:has-text('two')")
    assert page.locator(".judgment mark").all_inner_texts() == ["[[3]]"]
    assert page.evaluate("document.activeElement.innerText").startswith("Run 2")
    follow(page, "#q1-turn2")
    page.wait_for_selector(".answer:has-text('then one')")
    item = page.locator(".item", has_text="Now without the letter e.")
    item.locator(".runs button >> nth=1").click()
    page.wait_for_selector(".answer:has-text('then two')")
    item.locator("summary", has_text="(run 2)").click()
    assert item.locator("details .text").all_inner_texts() == ["Write a line about rain.", "two"]


def test_flags_and_missing_scores_are_said_in_words(shown: Shown) -> None:
    runs: dict[Place, list[Run]] = {
        (1, 1): [said("<think>Hm.</think>Rain.", None, flags=("thinking", "answer-cut-off"))],
        (1, 2): [Run(None, failed="the endpoint refused the request", elsewhere="So <b>what</b>?")],
    }
    page = shown(report_of(runs, floor={"math": 9}))
    page.select_option("#status", "unscored")
    found(page, "2 of 5 turns")
    page.click("#open-all")
    page.wait_for_selector("#open-all:text-is('Close all')")
    notes = page.locator(".notes li").all_inner_texts()
    assert notes == [
        "Without a score: the judge's reply holds no rating.",
        "The model's thinking was cut out before the judge saw the answer.",
        "The answer was cut off by max_tokens.",
        "Without a score: the endpoint refused the request.",
    ]
    assert page.get_by_text("No answer: the endpoint refused the request").is_visible()
    thinking = page.locator(".side.own", has_text="Rain.").get_by_text("<think>Hm.</think>")
    assert not thinking.is_visible()
    page.click("summary:has-text('Thinking')")
    assert thinking.is_visible()
    page.click("summary:has-text('in another field')")
    assert page.get_by_text("So <b>what</b>?").is_visible()
    page.select_option("#status", "")
    page.select_option("#flag", "answer-cut-off")
    found(page, "1 of 5 turns")
    follow(page, "#?status=below+the+floor")
    found(page, "2 of 5 turns")


def test_a_game_shows_both_orders(shown: Shown) -> None:
    plan = plan_of(opponents=(Answerer("other", WHERE),))
    runs: dict[Place, list[Run]] = {
        (1, 1): [played("mine", "theirs", ("A", "A"))],
        (1, 2): [played("mine", "theirs", ("B", "A"))],
        (2, 1): [played("mine", "theirs", ("C", "C"))],
        (2, 2): [played("mine", "theirs", ("A", "B"))],
        ("x/3", 1): [played("mine", "theirs", ("A", None))],
    }
    page = shown(report_of(runs, plan=plan))
    assert page.locator(".row .outcome").all_inner_texts() == ["tie", "lost", "tie", "won", "unscored"]
    page.click("#open-all")
    page.wait_for_selector("#open-all:text-is('Close all')")
    assert texts(page, ".outcome-line") == [
        "tieA tie: in both orders the judge named the first answer, whichever model that was.",
        "lostother is better: so says the judge in both orders.",
        "tieA tie: so says the judge in both orders.",
        "wonm is better: so says the judge in both orders.",
        "unscoredNo verdict: no verdict.",
    ]
    first = page.locator(".item").first
    assert texts(first, ".verdicts h5") == [
        "First order: m as A, other as Bm is better",
        "Second order: other as A, m as Bother is better",
    ]
    assert first.locator(".verdicts mark").all_inner_texts() == ["[[A]]", "[[A]]"]
    page.select_option("#status", "tie, the orders differ")
    found(page, "1 of 5 turns")


def test_an_audition_lists_its_comparisons(shown: Shown) -> None:
    plan = plan_of(model=Answerer("", WHERE), selected=())
    runs: dict[Place, Run] = {
        (1, 1): played("l", "r", ("A", "B"), "two"),
        (1, 2): played("l2", "r2", ("B", "B"), "two"),
    }
    found = compared(plan, runs, ("one", "two"))
    models = {found[0].key.suite: ("one", "two")}
    report = replace(report_of(plan=plan), compared=found, models=models, is_audition=True)
    page = shown(report, hash="#q1-turn2-one-two")
    page.wait_for_selector(".conversation")
    assert page.locator(".sides:not(.verdicts) h4 .name").all_inner_texts() == ["one", "two"]
    page.locator(".conversation > details summary").click()
    assert texts(page, ".conversation > details .side") == ["onel", "twor"]


def test_several_suites_are_told_apart(shown: Shown) -> None:
    other = report_of({(1, 1): [said("from b")]}, plan=plan_of(key="b.mtbench.yaml"))
    page = shown(report_of({(1, 1): [said("from a")]}), other)
    found(page, "10 turns")
    page.select_option("#suite", "2")
    found(page, "5 of 10 turns")
    open_first(page)
    assert page.inner_text(".answer") == "from b"
    assert page.url.endswith("#2-q1-turn1?suite=2")
    page.reload()
    page.wait_for_selector(".answer:has-text('from b')")


def test_thousands_of_turns_open_and_the_last_is_a_key_away(shown: Shown) -> None:
    questions = [Question(number, f"c{number % 4}", (f"Question {number}?", "And?")) for number in range(1500)]
    page = shown(report_of(plan=plan_of(questions)))
    found(page, "3000 turns")
    assert page.locator(".row").count() <= 100
    page.keyboard.press("k")
    page.wait_for_selector(".conversation")
    assert opened(page) == ["q1499 turn 2"]
    assert page.locator(".row").count() <= 250
    page.evaluate("scrollTo(0, document.body.scrollHeight / 2)")
    page.wait_for_function("() => [...document.querySelectorAll('.where')].some(e => e.innerText.startsWith('q75'))")
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_function("() => ![...document.querySelectorAll('.where')].some(e => e.innerText.startsWith('q75'))")
    page.fill("#search", "answer 777.1")
    found(page, "1 of 3000 turns")


# --- Texts that want more than to be read.


@pytest.mark.parametrize("as_markdown", [True, False], ids=["markdown", "text"])
def test_hostile_answers_stay_text(as_markdown: bool, shown: Shown) -> None:
    rows = {name: (row.model[0], row.judge[0]) for name, row in HOSTILE.items()}
    rows |= {name: (text, "[[8]]") for name, text in TAGS.items()}
    questions = [Question(name, "trust", (f"Row <b>{name}</b>",)) for name in rows]
    runs: dict[Place, list[Run]] = {
        (name, 1): [Run(str(answer), judgments=(Judgment(str(judge), 8.0),), flags=("<i>",))]
        for name, (answer, judge) in rows.items()
    }
    page = shown(report_of(runs, plan=plan_of(questions), before={}))
    if not as_markdown:
        page.uncheck("#markdown")
    page.click("#open-all")
    page.wait_for_selector("#open-all:text-is('Close all')")
    assert page.locator(".conversation").count() == len(rows)
    inside = page.eval_on_selector_all(
        ".conversation *", "all => all.map(e => [e.localName, ...e.getAttributeNames()].join(' '))"
    )
    names = {text.split()[0] for text in inside}
    assert not names & {"script", "img", "iframe", "object", "embed", "style", "form", "input", "svg", "b", "i", "meta"}
    assert not [text for text in inside if re.search(r" (on\w+|src|style|srcdoc)\b", text)]
    assert set(page.eval_on_selector_all("a", "all => all.map(a => a.getAttribute('href')[0])")) == {"#"}
    answers = page.locator(".side.own .answer").all_text_contents()
    assert not re.search("[\x00\x1b\x9b\u202e\u2066\u200b\ufeff\u2028\u2029]", "".join(answers))
    assert "\\u202eabc\\u202c" in "".join(answers)
    assert page.evaluate("globalThis.hacked") is None


TAGS = {
    "tags": "<script>hacked = 1</script><img src=x onerror='hacked = 1'><svg onload='hacked = 1'><b>bold</b>",
    "links": "[a](javascript:hacked=1) ![b](http://127.0.0.1:9/x.png) <http://127.0.0.1:9> [c](data:text/html,x)",
    "ends": "</script><script>hacked = 1</script><!-- ]]> </div></textarea>",
    "code": "```html\n<script>hacked = 1</script>\n```\n`<img src=x onerror=hacked=1>`",
    "table": "| <img src=x onerror=hacked=1> | b |\n|---|---|\n| [x](javascript:hacked=1) | <b>c</b> |",
    "deep": ">" * 5000 + "\n" + "- " * 5000 + "\n" + "*" * 5000 + "_a_" * 2000 + "[" * 5000 + "`" * 4999,
}


def test_markdown_is_what_models_write(shown: Shown) -> None:
    text = (
        "# Title #\n\nA **bold** *word* with `code`, ~~not~~ 3*3*7 and snake_case_name.\nNext line: (a)*b*.\n\n"
        "1. one\n   - inner\n2. two\n\n   more\n\n> quoted\n\n---\n\n| a | b |\n|---|:-:|\n| 1 | **2** |\n\n"
        '```python\ndef f(x):  # why\n    return "s" + 1\n```\n[text](https://example.com) \\*stars\\*'
    )
    page = shown(report_of({(1, 1): [said(text)]}))
    open_first(page)
    made = page.eval_on_selector(".answer-text", "e => e.innerHTML")
    for html in (
        "<h4>Title</h4>",
        "<p>A <strong>bold</strong> <em>word</em> with <code>code</code>, <s>not</s> 3*3*7 and snake_case_name.\n",
        "Next line: (a)*b*.",
        '<ol start="1"><li>one<ul><li>inner</li></ul></li><li>two<p>more</p></li></ol>',
        "<blockquote><p>quoted</p></blockquote><hr>",
        "<th>a</th><th>b</th></tr></thead><tbody><tr><td>1</td><td><strong>2</strong></td></tr>",
        '<span class="keyword">def</span> f(x):  <span class="comment"># why</span>',
        '<span class="keyword">return</span> <span class="string">"s"</span> + <span class="number">1</span>',
        '<span class="link">text<span class="address"> (https://example.com)</span></span> *stars*',
    ):
        assert html in made, made


# --- The file.


def test_a_page_of_several_suites_is_written_by_a_run(bench: Bench) -> None:
    bench.suite("thresholds: {overall: 9}\n", "a.mtbench.yaml")
    bench.suite("", "b.mtbench.yaml")
    result = bench.plain("a.mtbench.yaml", "b.mtbench.yaml", "--mtbench-report=out/x.html")
    result.assert_outcomes(passed=18, failed=1)
    page = Parsed((bench.path / "out" / "x.html").read_text(encoding="utf-8"))
    assert [row["suite"] for row in page.data["turns"]] == [0] * 9 + [1] * 9
    assert page.data["turns"][0]["node"] == "a.mtbench.yaml::writing[q1-turn1]"
    refused = bench.plain("a.mtbench.yaml", "b.mtbench.yaml", "--mtbench-report=x.html", "--mtbench-report=x.json")
    assert refused.ret == 4
    assert "JSON reports" in " ".join(refused.errlines) + flowing(refused)


def test_a_page_is_replaced_whole_or_not_at_all(bench: Bench) -> None:
    option = "--mtbench-report=x.html"
    assert bench.run(option).ret == 0
    before = (bench.path / "x.html").read_bytes()
    bench.endpoint.clear()
    nothing = bench.run(option, "--mtbench-cache=only", "--mtbench-revision=new")
    assert nothing.ret != 0
    assert "x.html: not replaced, since this run scored no turn" in flowing(nothing)
    assert (bench.path / "x.html").read_bytes() == before
    (bench.path / "file").write_text("")
    result = bench.run("--mtbench-report=file/x.html")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["ERROR: --mtbench-report=*file/x.html: cannot be written (*)"])


def test_a_floor_is_told(bench: Bench) -> None:
    bench.suite("thresholds: {floor: {math: 9}}\n")
    assert bench.plain("mtbench.yaml", "--mtbench-report=x.html").ret == 1
    page = (bench.path / "x.html").read_text(encoding="utf-8")
    assert {row["category"] for row in Parsed(page).data["turns"] if row["status"] == "below the floor"} == {"math"}
    assert "4 turns are below the floor." in page
