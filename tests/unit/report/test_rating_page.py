from __future__ import annotations

import base64
import hashlib

import pytest

from pytest_mtbench.domain.question import Question
from pytest_mtbench.domain.sheet import SheetItem
from pytest_mtbench.report.rating_page import rating_page

from ...pages import Parsed


def comparison(number: int, left: str = "", right: str = "") -> SheetItem:
    question = Question(number, "writing", (f"Q{number}?", "And then?"))
    return SheetItem(question, 1, (left or f"left {number}",), (right or f"right {number}",))


def shown(text: str) -> str:
    """What the page has of an answer."""
    side: str = Parsed(rating_page([comparison(1, left=text)], "Sheet")).data["items"][0]["sides"][0][0]
    return side


def test_an_item_is_its_conversation_up_to_its_turn() -> None:
    question = Question(7, "math", ("one?", "two?", "three?"))
    items = [SheetItem(question, 2, ("a", "b"), ("c", "d")), comparison(8)]
    sheet = Parsed(rating_page(items, "Sheet")).data
    assert sheet["kind"] == "compare"
    assert sheet["items"][0] == {"id": items[0].id, "questions": ["one?", "two?"], "sides": [["a", "b"], ["c", "d"]]}
    assert [item["id"] for item in sheet["items"]] == [item.id for item in items]


def test_one_answer_is_to_be_rated() -> None:
    item = SheetItem(Question(7, "math", ("one?",)), 1, ("a",))
    sheet = Parsed(rating_page([item], "Sheet")).data
    assert (sheet["kind"], sheet["items"][0]["sides"]) == ("rate", [["a"]])


def test_the_instructions_are_those_of_the_task() -> None:
    compare = rating_page([comparison(1), comparison(2)], "Sheet")
    rate = rating_page([SheetItem(Question(7, "math", ("one?",)), 1, ("a",))], "Sheet")
    assert "There are 2 items" in compare
    assert "There is one item" in rate
    for page in (compare, rate):
        assert "Decide alone." in page
        assert "would not mind which one you got" in page
    assert "Take a tie" in compare
    assert "from 1 to 10" in rate
    assert "Take a tie" not in rate
    assert "from 1 to 10" not in compare


def test_only_what_is_to_be_rated_is_in_the_page() -> None:
    question = Question(98765, "zebras", ("one?", "unasked?"), reference=("the right answer",))
    page = rating_page([SheetItem(question, 1, ("a",), ("b",))], "Sheet")
    for hidden in ("98765", "zebras", "unasked?", "the right answer"):
        assert hidden not in page


def test_items_that_show_the_same_are_one() -> None:
    sheet = Parsed(rating_page([comparison(1), comparison(2), comparison(1)], "Sheet")).data
    assert [item["id"] for item in sheet["items"]] == [comparison(1).id, comparison(2).id]


def test_a_sheet_is_named_by_its_items_whatever_their_order() -> None:
    one, two, three = comparison(1), comparison(2), comparison(3)
    name, turned, other = (
        Parsed(rating_page(items, "Sheet")).data["name"] for items in ([one, two], [two, one], [one, three])
    )
    assert name == turned
    assert name != other


@pytest.mark.parametrize("items", [[], [comparison(1), SheetItem(Question(2, "math", ("one?",)), 1, ("a",))]])
def test_a_sheet_is_all_comparisons_or_all_ratings(items: list[SheetItem]) -> None:
    with pytest.raises(ValueError, match="all to be compared, or all to be rated"):
        rating_page(items, "Sheet")


@pytest.mark.parametrize(
    "text, seen",
    [
        ("a\n\tb", "a\n\tb"),
        ("a\r\nb\rc", "a\nb\\rc"),
        ("\x00\x1b[31m", "\\x00\\x1b[31m"),
        ("\u202eabc\u2066", "\\u202eabc\\u2066"),
        ("a\u2028b", "a\\u2028b"),
        ("\ud83d\ude00 \ud800", "\U0001f600 \ufffd"),
        ("##[1] \u0645\u06cc\u200c\u062e", "##[1] \u0645\u06cc\u200c\u062e"),
        ("\U0001f469\u200d\U0001f4bb", "\U0001f469\u200d\U0001f4bb"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("5 < 6 && \\u003c 'x' \"y\"", "5 < 6 && \\u003c 'x' \"y\""),
    ],
)
def test_what_acts_and_is_not_seen_becomes_an_escape(text: str, seen: str) -> None:
    assert shown(text) == seen


HOSTILE = "</script><script>alert(1)</script><!--<script>]]>{{ 7 * 7 }}{% raw %}"


def test_no_text_ends_the_block_that_holds_it() -> None:
    calm, hostile = rating_page([comparison(1)], "Sheet"), rating_page([comparison(1, HOSTILE, HOSTILE)], "Sheet")
    assert [tag for tag, _ in Parsed(calm).elements] == [tag for tag, _ in Parsed(hostile).elements]
    assert Parsed(hostile).data["items"][0]["sides"] == [[HOSTILE], [HOSTILE]]
    assert "alert(1)<" not in hostile
    assert "<!--" not in hostile


def test_a_title_is_text() -> None:
    page = rating_page([comparison(1)], "R&D </title><b>\u202e")
    assert "<title>R&amp;D &lt;/title&gt;&lt;b&gt;\\u202e</title>" in page
    assert "<b>" not in page


def test_the_policy_names_the_scripts_and_the_style_by_their_hashes_and_lets_nothing_else_in() -> None:
    page = Parsed(rating_page([comparison(1)], "Sheet"))

    def hashes(kind: str) -> list[str]:
        digests = [hashlib.sha256(text.encode()).digest() for text in page.block(kind)]
        return [f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests]

    assert len(hashes("script")) == 3
    assert page.policy("script-src") == hashes("script")
    assert page.policy("style-src") == hashes("style")
    for name in ("default-src", "connect-src", "base-uri", "form-action"):
        assert page.policy(name) == ["'none'"]


def test_nothing_is_fetched_and_no_element_has_a_handler_or_a_style_of_its_own() -> None:
    page = Parsed(rating_page([comparison(1)], "Sheet"))
    names = {name for _, attributes in page.elements for name in attributes}
    assert not names & {"src", "href", "srcset", "style", "action", "data"}
    assert not [name for name in names if name.startswith("on")]
    assert "@import" not in rating_page([comparison(1)], "Sheet")


def test_eighty_long_comparisons_stay_below_two_megabytes_and_have_each_text_once() -> None:
    items = [
        comparison(number, f"left-{number} " + "é<b> " * 600, f"right-{number} " + "x" * 3000) for number in range(80)
    ]
    page = rating_page(items, "Sheet")
    assert len(page.encode()) < 2_000_000
    assert page.count("left-17 ") == page.count("right-17 ") == 1
