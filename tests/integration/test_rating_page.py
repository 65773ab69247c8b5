"""The rating page in a real browser."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_mtbench.domain.question import Question
from pytest_mtbench.domain.sheet import SheetItem
from pytest_mtbench.report.rating_page import rating_page

from ..chromium import Tabs
from .conftest import Bench

if TYPE_CHECKING:
    from playwright.sync_api import Dialog, Page

pytestmark = pytest.mark.slow  # a browser or a terminal is waited for

PHONE: dict[str, Any] = {"viewport": {"width": 375, "height": 700}, "has_touch": True, "is_mobile": True}
ITEMS = 6

MakeSheet = Callable[..., Path]


def comparison(number: int, turn: int = 1, text: str = "") -> SheetItem:
    question = Question(number, "writing", (f"Question {number}?", "And then?"))
    left, right = ((f"{side} {number}{text}", f"{side} {number} then{text}") for side in ("left", "right"))
    return SheetItem(question, turn, left[:turn], right[:turn])


COMPARISONS = [comparison(number) for number in range(ITEMS)]
RATINGS = [SheetItem(item.question, 1, item.left) for item in COMPARISONS]


@pytest.fixture
def sheet(tmp_path: Path) -> MakeSheet:
    """Writes items as a page."""

    def make(items: Sequence[SheetItem] = COMPARISONS, name: str = "sheet.html") -> Path:
        path = tmp_path / name
        path.write_text(rating_page(items, "A sheet"), encoding="utf-8")
        return path

    return make


def start(page: Page, rater: str = "Anna") -> None:
    page.fill("#rater", rater)
    page.keyboard.press("Enter")


def shown(page: Page) -> list[str]:
    """The answers to the last question, as they stand from left to right."""
    return page.locator(".turn.last .answer .text").all_inner_texts()


def status(page: Page) -> str:
    return page.inner_text("#status")


def pressed(page: Page) -> list[str | None]:
    return [button.get_attribute("data-choice") for button in page.locator("[aria-pressed=true]").all()]


def order(page: Page) -> list[list[str]]:
    """All items as this rater sees them, from the first; ends at the last page."""
    seen = []
    while page.locator("#item").is_visible():
        seen.append(shown(page))
        page.keyboard.press("ArrowRight")
    return seen


def saved(page: Page, folder: Path, name: str = "Anna.csv") -> list[dict[str, str]]:
    """What the button on the last page saves."""
    if page.locator("#to-end").is_visible():
        page.click("#to-end")
    with page.expect_download() as download:
        page.click("#save")
    assert download.value.suggested_filename == name
    download.value.save_as(folder / name)
    return read(folder / name)


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, strict=True))


def test_a_whole_run_by_keyboard_alone(sheet: MakeSheet, tabs: Tabs, tmp_path: Path) -> None:
    page = tabs.open(sheet())
    press = page.keyboard.press
    press("Tab")
    page.keyboard.type("Anna")
    press("Enter")
    wanted: dict[str, str] = {}
    for number, key in enumerate("120120"):
        assert status(page) == f"{number + 1} of {ITEMS}, {number} rated"
        assert page.evaluate("document.activeElement.id") == "heading"
        left, right = shown(page)
        wanted[left.split()[1]] = "tie" if key == "0" else (left if key == "1" else right).split()[0]
        press(key)
    assert page.inner_text("#summary") == f"You rated {ITEMS} of {ITEMS}; none is left."
    press("Tab")
    with page.expect_download() as download:
        press("Enter")
    assert download.value.suggested_filename == "Anna.csv"
    download.value.save_as(tmp_path / "Anna.csv")
    assert page.inner_text("#saved").startswith("Saved as Anna.csv")
    assert read(tmp_path / "Anna.csv") == [
        {"id": item.id, "rater": "Anna", "choice": wanted[str(item.question.id)], "note": ""} for item in COMPARISONS
    ]


def test_a_choice_speaks_of_the_items_own_sides_whatever_the_rater_saw(
    sheet: MakeSheet, tabs: Tabs, tmp_path: Path
) -> None:
    page = tabs.open(sheet())
    start(page)
    seen = order(page)
    swapped = {left.split()[1] for left, right in seen if left.startswith("right")}
    assert 0 < len(swapped) < ITEMS
    page.click("#to-left")
    for _ in COMPARISONS:
        page.keyboard.press("1")
    rows = saved(page, tmp_path)
    assert {number for number, row in enumerate(rows) if row["choice"] == "right"} == {int(name) for name in swapped}
    page.keyboard.press("ArrowLeft")
    assert pressed(page) == ["left"]


def test_a_choice_is_changed_and_taken_back(sheet: MakeSheet, tabs: Tabs, tmp_path: Path) -> None:
    page = tabs.open(sheet())
    start(page)
    press = page.keyboard.press
    press("1")
    press("ArrowLeft")
    assert (status(page), pressed(page)) == (f"1 of {ITEMS}, 1 rated", ["left"])
    press("2")
    press("ArrowLeft")
    assert pressed(page) == ["right"]
    press("ArrowLeft")
    assert status(page) == f"1 of {ITEMS}, 1 rated"  # there is nothing before the first
    press("Backspace")
    assert (status(page), pressed(page)) == (f"1 of {ITEMS}, 0 rated", [])
    press("0")
    press("ArrowLeft")
    assert pressed(page) == ["tie"]
    press("Delete")
    page.click("[data-choice=tie]")
    press("ArrowLeft")
    page.click("#clear")
    assert [row["choice"] for row in saved(page, tmp_path)] == [""] * ITEMS
    assert page.inner_text("#summary") == f"You rated 0 of {ITEMS}; {ITEMS} are left."


def test_other_keys_choose_nothing(sheet: MakeSheet, tabs: Tabs) -> None:
    page = tabs.open(sheet())
    start(page)
    for key in ("Control+1", "Alt+1", "Meta+1", "3", "a", "Enter"):
        page.keyboard.press(key)
        assert status(page) == f"1 of {ITEMS}, 0 rated", key


def test_a_key_that_is_held_down_chooses_once(sheet: MakeSheet, tabs: Tabs) -> None:
    page = tabs.open(sheet())
    start(page)
    for _ in range(4):
        page.keyboard.down("1")  # without an end between them they repeat
    assert status(page) == f"2 of {ITEMS}, 1 rated"


def test_a_digit_in_the_upper_row_of_a_french_keyboard_chooses(sheet: MakeSheet, tabs: Tabs) -> None:
    page = tabs.open(sheet())
    start(page)
    page.dispatch_event("body", "keydown", {"key": "é", "code": "Digit2"})
    page.keyboard.press("ArrowLeft")
    assert pressed(page) == ["right"]


def test_keys_in_the_note_are_text(sheet: MakeSheet, tabs: Tabs, tmp_path: Path) -> None:
    page = tabs.open(sheet())
    start(page)
    seen = shown(page)
    page.focus("#note")
    page.keyboard.type("10 of 20, \"quoted\"\n; 'x'")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Backspace")
    assert status(page) == f"1 of {ITEMS}, 0 rated"
    page.keyboard.press("Escape")
    page.keyboard.press("1")
    assert status(page) == f"2 of {ITEMS}, 1 rated"
    assert page.input_value("#note") == ""
    rows = saved(page, tmp_path)
    assert [row["note"] for row in rows if row["note"]] == ["10 of 20, \"quoted\"\n; ''"]
    assert [row["choice"] for row in rows if row["note"]] == [seen[0].split()[0]]


def test_nothing_that_is_typed_is_a_formula_to_a_spreadsheet(sheet: MakeSheet, tabs: Tabs, tmp_path: Path) -> None:
    page = tabs.open(sheet())
    start(page, "=Anna/../x")
    for note in ("=1+1", "+1", "-1", "@x", "\tx", "a,b=c"):
        page.fill("#note", note)
        page.keyboard.press("Escape")
        page.keyboard.press("ArrowRight")
    rows = saved(page, tmp_path, "Anna_x.csv")
    assert sorted(row["note"] for row in rows) == sorted(["'=1+1", "'+1", "'-1", "'@x", "'\tx", "a,b=c"])
    assert {row["rater"] for row in rows} == {"'=Anna/../x"}


def test_the_name_is_needed(sheet: MakeSheet, tabs: Tabs) -> None:
    page = tabs.open(sheet())
    for name in ("", "  "):
        start(page, name)
        assert page.locator("#start").is_visible()
    start(page, "  Anna   Lee ")
    assert page.evaluate("rater") == "Anna Lee"


def test_what_was_chosen_is_there_after_a_reload(sheet: MakeSheet, tabs: Tabs, tmp_path: Path) -> None:
    page = tabs.open(sheet())
    start(page)
    page.keyboard.press("1")
    page.fill("#note", "why")
    seen = shown(page)
    page.reload()
    assert (page.input_value("#rater"), page.inner_text("#go")) == ("Anna", "Go on")
    assert page.inner_text("#known") == f"1 of {ITEMS} rated under this name."
    page.click("#go")
    assert (shown(page), status(page), page.input_value("#note")) == (seen, f"2 of {ITEMS}, 1 rated", "why")


def test_another_rater_has_another_order_and_starts_anew(sheet: MakeSheet, tabs: Tabs) -> None:
    page = tabs.open(sheet())
    start(page)
    page.keyboard.press("1")
    page.keyboard.press("ArrowLeft")
    anna = order(page)
    page.click("#to-start")
    page.fill("#rater", "Ben")
    assert page.inner_text("#go") == "Start"
    start(page, "Ben")
    assert status(page) == f"1 of {ITEMS}, 0 rated"
    ben = order(page)
    assert [set(pair) for pair in anna] != [set(pair) for pair in ben]
    assert sorted(map(sorted, anna)) == sorted(map(sorted, ben))
    page.click("#to-start")
    start(page, "Anna")
    assert status(page) == f"1 of {ITEMS} rated"  # the page where Anna was
    elsewhere = tabs.open(sheet())
    start(elsewhere)
    assert order(elsewhere) == anna


def test_order_and_sides_are_fair(sheet: MakeSheet, tabs: Tabs) -> None:
    page = tabs.open(sheet())
    swapped = page.evaluate("ids => ids.map(id => isSwapped('Anna', id))", [f"{n:012x}" for n in range(2000)])
    assert 0.45 < sum(swapped) / 2000 < 0.55
    ids = [f"{n:012x}" for n in range(8)]
    orders = page.evaluate("ids => Array.from({length: 2000}, (_, n) => orderFor(`rater ${n}`, ids))", ids)
    first = [sum(order[0] == name for order in orders) / 2000 for name in ids]
    assert all(0.09 < share < 0.16 for share in first)  # an eighth


def test_two_sheets_do_not_mix(sheet: MakeSheet, tabs: Tabs) -> None:
    page = tabs.open(sheet())
    start(page)
    page.keyboard.press("1")
    page.goto(sheet(COMPARISONS[1:], "other.html").as_uri())
    assert page.input_value("#rater") == ""
    start(page)
    assert status(page) == f"1 of {ITEMS - 1}, 0 rated"


def test_two_tabs_lose_nothing_of_each_other(sheet: MakeSheet, tabs: Tabs) -> None:
    path = sheet()
    one = tabs.open(path)
    start(one)
    two = one.context.new_page()
    two.goto(path.as_uri())
    two.click("#go")
    two.keyboard.press("ArrowRight")
    one.keyboard.press("1")
    two.locator("#status", has_text=", 1 rated").wait_for()  # wait_for_function is an eval, which the page forbids
    two.keyboard.press("2")
    one.locator("#status", has_text=", 2 rated").wait_for()
    two.reload()
    assert two.inner_text("#known") == f"2 of {ITEMS} rated under this name."


def test_what_another_page_has_put_into_the_storage_is_left_out(sheet: MakeSheet, tabs: Tabs) -> None:
    page = tabs.open(sheet())
    own = f'{{"at": 99, "marks": {{"{COMPARISONS[0].id}": 5, "{COMPARISONS[1].id}": {{"choice": "x", "note": 1}}}}}}'
    for number, kept in enumerate(["{", "null", "7", '{"at": "x", "marks": []}', own]):
        page.evaluate("([name, text]) => localStorage.setItem(`${KEY}-${name}`, text)", [f"r{number}", kept])
        start(page, f"r{number}")
        assert status(page) in (f"1 of {ITEMS}, 0 rated", f"0 of {ITEMS} rated")
        assert page.locator("#note").input_value() == ""
        page.click("#to-start")


REFUSED = "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('no', 'SecurityError'); }});"
FULL = "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); };"


@pytest.mark.parametrize("before", [REFUSED, FULL], ids=["refused", "full"])
def test_a_browser_that_keeps_nothing_is_named_and_works(
    before: str, sheet: MakeSheet, tabs: Tabs, tmp_path: Path
) -> None:
    page = tabs.open(sheet(), before=before)
    assert page.locator("#refused").is_visible()
    assert not page.locator("#kept").is_visible()
    start(page)
    page.keyboard.press("0")
    page.click("#to-start")
    assert page.inner_text("#known") == f"1 of {ITEMS} rated under this name."
    page.click("#go")
    assert status(page) == f"2 of {ITEMS}, 1 rated"
    assert [row["choice"] for row in saved(page, tmp_path)].count("tie") == 1


def test_a_browser_that_keeps_nothing_asks_before_unsaved_choices_are_lost(
    sheet: MakeSheet, tabs: Tabs, tmp_path: Path
) -> None:
    page = tabs.open(sheet(), before=REFUSED)
    start(page)
    page.click("[data-choice=tie]")
    asked: list[str] = []

    def accept(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", accept)
    saved(page, tmp_path)
    page.reload()
    assert asked == []
    start(page)
    page.click("[data-choice=tie]")
    page.reload()
    assert asked == ["beforeunload"]


def test_a_browser_that_keeps_what_is_chosen_is_said_to(sheet: MakeSheet, tabs: Tabs) -> None:
    page = tabs.open(sheet())
    assert page.locator("#kept").is_visible()
    assert not page.locator("#refused").is_visible()


def test_ratings_by_keys_and_halves(sheet: MakeSheet, tabs: Tabs, tmp_path: Path) -> None:
    page = tabs.open(sheet(RATINGS))
    start(page)
    wanted = {}
    for key, rating in (("7", "7"), ("0", "10"), ("1", "1")):
        wanted[shown(page)[0]] = rating
        page.keyboard.press(key)
    wanted[shown(page)[0]] = "7.5"
    page.select_option("#half", "7.5")
    assert (status(page), pressed(page)) == (f"4 of {ITEMS}, 4 rated", [])
    page.click("#next")
    wanted[shown(page)[0]] = "10"
    page.click("[data-choice='10']")
    page.keyboard.press("ArrowLeft")
    assert pressed(page) == ["10"]
    page.keyboard.press("ArrowLeft")
    assert page.input_value("#half") == "7.5"
    rows = saved(page, tmp_path)
    assert list(rows[0]) == ["id", "rater", "rating", "note"]
    assert [row["rating"] for row in rows] == [wanted.get(item.left[0], "") for item in RATINGS]


@pytest.mark.parametrize("items", [COMPARISONS, RATINGS], ids=["comparisons", "ratings"])
def test_a_saved_file_goes_on_in_another_browser(
    items: Sequence[SheetItem], sheet: MakeSheet, tabs: Tabs, tmp_path: Path
) -> None:
    page = tabs.open(sheet(items))
    start(page, "-Zoë")
    page.keyboard.press("2")
    page.fill("#note", '=a, "b"\nc')
    page.keyboard.press("Escape")
    page.keyboard.press("1")
    rows = saved(page, tmp_path, "-Zoë.csv")
    elsewhere = tabs.open(sheet(items))
    elsewhere.set_input_files("#file", tmp_path / "-Zoë.csv")
    elsewhere.locator("#read", has_text="Read -Zoë.csv.").wait_for()
    assert elsewhere.input_value("#rater") == "-Zoë"
    elsewhere.click("#go")
    assert status(elsewhere) == f"1 of {ITEMS}, 2 rated"
    again = tmp_path / "again"
    assert saved(elsewhere, again, "-Zoë.csv") == rows


FILES = [
    ("id,rater,choice\n000000000000,Anna,left\n", "a.csv holds nothing of this sheet.", 0),
    ("id,rater,rating\n{0},Anna,7\n", "b.csv holds nothing of this sheet.", 0),
    ("", "c.csv holds nothing of this sheet.", 0),
    ("id,rater,choice\n{0},Anna,worse\n", "Read d.csv.", 0),
    ("\ufeffid;rater;choice\r\n{0};Anna;left\r\n{1};Anna;\r\n", "Read e.csv.", 1),
    ("id\trater\tchoice\tnote\n{0}\tAnna\ttie\t\n{1}\tAnna\tright\t\n", "Read f.csv.", 2),
]


def test_files_as_spreadsheets_save_them_and_others(sheet: MakeSheet, tabs: Tabs) -> None:
    page = tabs.open(sheet())
    for name, (text, said, rated) in zip("abcdef", FILES, strict=True):
        content = text.format(*(item.id for item in COMPARISONS)).encode()
        page.set_input_files("#file", {"name": f"{name}.csv", "mimeType": "text/csv", "buffer": content})
        page.locator("#read", has_text=said).wait_for()
        assert page.inner_text("#read") == said
        assert page.evaluate("ratedIn(keptOf('Anna').marks)") == rated, text


def test_a_file_name_is_safe_on_every_system(sheet: MakeSheet, tabs: Tabs) -> None:
    names = {"Anna": "Anna.csv", "../../x": "x.csv", "CON": "_CON.csv", "..": "rater.csv", "Łukasz W.": "Łukasz_W.csv"}
    page = tabs.open(sheet())
    assert page.evaluate("names => names.map(fileNameFor)", [*names]) == [*names.values()]


HOSTILE = [
    "</script><script>window.hacked = 1</script>",
    "<img src=x onerror='window.hacked = 1'><!-- <style>*{display:none}</style>",
    "\x00\x1b[31m\u202egnihtyna\u2066\u2028 \ud800 \U0001f600",
    "  two\n\n\tthree   spaces&nbsp;&lt;",
    "```html\n<b>code</b>\n```\nafter",
    "$& ${1} %s {{ 7 * 7 }}",
]
SEEN = [*HOSTILE[:2], "\\x00\\x1b[31m\\u202egnihtyna\\u2066\\u2028 \ufffd \U0001f600", *HOSTILE[3:]]


def test_hostile_texts_stay_text(sheet: MakeSheet, tabs: Tabs) -> None:
    items = [SheetItem(Question(n, "x", (text,)), 1, (text,), (text + ".",)) for n, text in enumerate(HOSTILE)]
    page = tabs.open(sheet(items))
    start(page, "<b>Anna</b>")
    texts = []
    while page.locator("#item").is_visible():
        made = page.evaluate("[...document.querySelectorAll('#conversation *')].map(each => each.localName)")
        assert set(made) <= {"section", "h2", "span", "div", "article", "h3", "code"}
        question, *answers = page.locator("#conversation .text").all_text_contents()
        assert sorted(answers) == [question, question + "."]
        texts.append(question)
        page.keyboard.press("ArrowRight")
    assert sorted(texts) == sorted(SEEN)
    assert page.evaluate("window.hacked") is None
    assert page.inner_text("#save") == "Save b_Anna_b.csv"


def test_white_space_is_kept_and_both_sides_look_the_same(sheet: MakeSheet, tabs: Tabs) -> None:
    page = tabs.open(sheet([SheetItem(Question(1, "x", ("q",)), 1, ("a  b\n\n c",), ("x" * 3000,))]))
    start(page)
    looks: list[Any] = page.evaluate(
        """[...document.querySelectorAll('.answer')].map(card => {
            const {fontSize, color, whiteSpace} = getComputedStyle(card.querySelector('.text'));
            return [card.offsetWidth, card.offsetTop, fontSize, color, whiteSpace];
        })"""
    )
    assert looks[0] == looks[1]
    assert looks[0][-1] == "pre-wrap"


def test_a_second_turn_shows_what_came_before(sheet: MakeSheet, tabs: Tabs) -> None:
    page = tabs.open(sheet([comparison(1, turn=2)]))
    start(page)
    assert page.locator("#conversation h2").all_inner_texts() == [
        "Question 1 of 2: what came before",
        "Question 2 of 2: compare the answers to this one",
    ]
    before = page.locator(".turn:not(.last) .answer .text").all_inner_texts()
    assert sorted(before) == ["left 1", "right 1"]
    assert shown(page) == [f"{text} then" for text in before]


def overflow(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth - innerWidth"))


LONG = [comparison(number, 2, " word" * 400 + " " + "x" * 300) for number in range(3)]


@pytest.mark.parametrize(
    "viewport, rate",
    [((375, 700), False), ((375, 700), True), ((320, 600), False), ((320, 600), True), ((700, 360), False)],
    ids=["comparisons", "ratings", "narrow-comparisons", "narrow-ratings", "landscape"],
)
def test_a_phone(viewport: tuple[int, int], rate: bool, sheet: MakeSheet, tabs: Tabs) -> None:
    items = [SheetItem(item.question, 2, item.left) for item in LONG] if rate else LONG
    options = PHONE | {"viewport": {"width": viewport[0], "height": viewport[1]}}
    page = tabs.open(sheet(items), **options)
    assert overflow(page) <= 0
    page.fill("#rater", "Anna")
    page.tap("#go")
    assert overflow(page) <= 0
    tops = page.evaluate(
        "[...document.querySelectorAll('.last .answer')].map(card => card.getBoundingClientRect().top)"
    )
    assert tops == sorted(set(tops))  # one above the other, left first
    small = page.evaluate(
        """[...document.querySelectorAll('#bar button, #bar select')]
            .filter(one => one.offsetHeight < 44 || one.offsetWidth < 44).length"""
    )
    assert small == 0
    page.tap("[data-choice='8']" if rate else "[data-choice=right]")
    assert status(page) == "2 of 3, 1 rated"
    page.tap("#back")
    assert pressed(page) == ["8" if rate else "right"]
    page.tap("#to-end")
    assert overflow(page) <= 0
    assert page.locator("#save").is_visible()


def test_the_choices_are_on_the_screen_however_long_the_answers(sheet: MakeSheet, tabs: Tabs) -> None:
    page = tabs.open(sheet(LONG), **PHONE)
    start(page)
    box = page.locator("[data-choice=left]").bounding_box()
    assert box is not None
    assert box["y"] + box["height"] < 700
    page.evaluate("scrollTo(0, 900)")
    page.tap("[data-choice=left]")
    assert page.evaluate("scrollY") == 0  # the next item is read from its beginning


# The contrast of every text that is shown with what lies behind it, by the formula of WCAG 2.
CONTRAST = """() => {
    const numbers = (color) => color.match(/[\\d.]+/g).slice(0, 3).map((number) => number / 255);
    const linear = (part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    const luminance = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
    const behind = (node) => {
        const color = getComputedStyle(node).backgroundColor;
        return color === "rgba(0, 0, 0, 0)" ? behind(node.parentElement) : color;
    };
    const hasText = (node) => [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim());
    const nodes = [...document.querySelectorAll("body *")];
    return nodes.filter((node) => node.checkVisibility() && !node.disabled && hasText(node)).map((node) => {
        const colors = [getComputedStyle(node).color, behind(node)];
        const [light, dark] = colors.map(numbers).map(luminance).sort((one, two) => two - one);
        return [(light + 0.05) / (dark + 0.05), node.textContent.slice(0, 30)];
    });
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_both_colour_schemes_are_easy_to_read(scheme: str, sheet: MakeSheet, tabs: Tabs) -> None:
    page = tabs.open(sheet([comparison(1, 2), comparison(2, 2)]), color_scheme=scheme)
    found = page.evaluate(CONTRAST)
    start(page)
    page.keyboard.press("1")
    page.keyboard.press("ArrowLeft")
    found += page.evaluate(CONTRAST)
    page.click("#to-end")
    found += page.evaluate(CONTRAST)
    assert len(found) > 40
    assert [entry for entry in found if entry[0] < 4.5] == []  # WCAG 2, AA
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)")
    assert (max(paper) < 64) == (scheme == "dark")


def test_every_control_has_a_name_and_shows_its_focus(sheet: MakeSheet, tabs: Tabs) -> None:
    page = tabs.open(sheet(RATINGS))
    start(page)
    names = []
    for _ in range(14):
        page.keyboard.press("Tab")
        name, outline = page.evaluate(
            """() => {
                const {ariaLabel, labels, textContent} = document.activeElement;
                const name = ariaLabel || labels?.[0]?.textContent || textContent;
                return [name, getComputedStyle(document.activeElement).outlineWidth];
            }"""
        )
        names.append(name)
        assert outline == "3px", name
    choices = [str(number) for number in range(1, 11)]
    assert names == ["Note, if you like", *choices, "Rating with a half", "Clear", "Next"]


def test_what_a_rater_saves_goes_back_into_the_run(bench: Bench, tabs: Tabs) -> None:
    """From a run to a page, through a browser, and into the same run again."""
    bench.endpoint.answer = lambda asked: f"({'better' if asked.model == 'm' else 'worse'} on: {asked.prompt})"
    bench.endpoint.judge = lambda asked: "[[C]]"
    bench.apart(*bench.model_options, "--mtbench-against=other", "--mtbench-rate-sheet=sheet.html")
    source = (bench.path / "sheet.html").read_text(encoding="utf-8")
    assert "other" not in source.partition('type="application/json"')[2].partition("</script>")[0]
    options = [*bench.model_options, "--mtbench-against=other", "--mtbench-report=report.json"]
    for rater in ("Anna", "Ben"):
        page = tabs.open(bench.path / "sheet.html")
        start(page, rater)
        while page.locator("#item").is_visible():
            page.keyboard.press("1" if shown(page)[0].startswith("(better") else "2")
        rows = saved(page, bench.path, f"{rater}.csv")
        assert len(rows) == 9
        options.append(f"--mtbench-people={rater}.csv")
    result = bench.apart(*options)
    found = bench.report()["agreement"]
    assert (found["votes"], found["voters"], found["stale"]) == (18, 2, 0)
    assert found["shift"][0]["people"] == 1.0
    assert result.ret == 0  # too few to decide on
