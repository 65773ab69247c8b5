"""The references of the coding questions in Python: each block is run against an answer worked out here."""

from __future__ import annotations

import csv
import datetime
import heapq
import itertools
import random
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from .house import code, reference

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path


def module_of(question_id: int, turn: int) -> dict[str, Any]:
    """Run the one Python block of a reference as a module of its own and give its names."""
    block = code(reference(question_id, turn), "python")
    names: dict[str, Any] = {"__name__": f"house_{question_id}_{turn}"}
    exec(compile(block, f"<question {question_id}, turn {turn}>", "exec"), names)
    return names


# ---- 245: free stretches of a room

Pairs = list[tuple[int, int]]
OPENS, CLOSES = 540, 1020


def original_free_slots(bookings: Pairs, opens: int, closes: int) -> Pairs:
    """As given in the question, turn 1 (it never looks at closes)."""
    del closes
    slots = []
    cursor = opens
    bookings.sort()
    for start, end in bookings:
        if start > cursor:
            slots.append((cursor, start))
        cursor = end
    return slots


def proposed_free_slots(bookings: Pairs, opens: int, closes: int, minimum: int) -> Pairs:
    """As given in the question, turn 2."""
    slots = []
    cursor = opens
    for booked_from, booked_to in sorted(bookings):
        start, end = max(booked_from, opens), min(booked_to, closes)
        if start - cursor > minimum:
            slots.append((cursor, start))
            cursor = end
    if closes - cursor > minimum:
        slots.append((cursor, closes))
    return slots


def free_by_the_minute(bookings: Pairs, opens: int, closes: int, minimum: int = 0) -> Pairs:
    taken = {minute for start, end in bookings for minute in range(start, end)}
    slots = []
    for is_free, run in itertools.groupby(range(opens, closes), key=lambda minute: minute not in taken):
        minutes = list(run)
        if is_free and len(minutes) >= minimum:
            slots.append((minutes[0], minutes[-1] + 1))
    return slots


def random_bookings(rng: random.Random) -> Pairs:
    starts = [rng.randint(0, 30) for _ in range(rng.randint(0, 5))]
    return [(start, start + rng.randint(1, 9)) for start in starts]


def test_245_corrected() -> None:
    free_slots: Callable[[Pairs, int, int], Pairs] = module_of(245, 1)["free_slots"]
    rng = random.Random(245)
    for _ in range(5_000):
        bookings, opens = random_bookings(rng), rng.randint(5, 15)
        given, closes = list(bookings), opens + rng.randint(0, 15)
        assert free_slots(bookings, opens, closes) == free_by_the_minute(bookings, opens, closes)
        assert bookings == given


@pytest.mark.parametrize(
    "bookings",
    [
        [(600, 660)],
        [(540, 900), (600, 660), (960, 1020)],
        [(480, 500), (600, 1020)],
        [(1080, 1140)],
    ],
)
def test_245_faults_shown(bookings: Pairs) -> None:
    wrong = original_free_slots(list(bookings), OPENS, CLOSES)
    right = free_by_the_minute(bookings, OPENS, CLOSES)
    assert wrong != right
    for shown in (bookings, wrong, right):
        assert f"{shown}" in reference(245, 1)


def test_245_callers_list_was_sorted() -> None:
    bookings = [(700, 760), (600, 660)]
    assert f"b = {bookings}" in reference(245, 1)
    original_free_slots(bookings, OPENS, CLOSES)
    assert bookings == [(600, 660), (700, 760)]


def test_245_with_minimum() -> None:
    free_slots: Callable[..., Pairs] = module_of(245, 2)["free_slots"]
    rng = random.Random(2452)
    for _ in range(5_000):
        bookings, opens, minimum = random_bookings(rng), rng.randint(5, 15), rng.randint(0, 5)
        closes = opens + rng.randint(0, 15)
        expected = free_by_the_minute(bookings, opens, closes, minimum)
        assert free_slots(tuple(bookings), opens, closes, minimum) == expected
        assert free_slots(bookings, opens, closes) == free_by_the_minute(bookings, opens, closes)


@pytest.mark.parametrize("bookings, opens, minimum", [([(1080, 1140)], 540, 0), ([(540, 600)], 540, 0), ([], 960, 60)])
def test_245_faults_of_the_proposal(bookings: Pairs, opens: int, minimum: int) -> None:
    wrong = proposed_free_slots(bookings, opens, CLOSES, minimum)
    right = free_by_the_minute(bookings, opens, CLOSES, minimum)
    assert wrong != right
    call = f"free_slots({bookings}, {opens}, {CLOSES}, {minimum})"
    assert f"`{call}` gives `{wrong}` instead of `{right}`" in reference(245, 2)


def test_245_old_calls_fail_in_the_proposal() -> None:
    right = free_by_the_minute([], OPENS, CLOSES)
    assert f"`free_slots([], {OPENS}, {CLOSES})` is a TypeError instead of `{right}`" in reference(245, 2)
    old_call: Any = proposed_free_slots
    with pytest.raises(TypeError):
        old_call([], OPENS, CLOSES)


# ---- 247: visits


def visits_of(stamps: list[int], gap: int) -> list[list[int]]:
    """Cut the sorted stamps wherever two neighbours are more than gap apart."""
    cuts = [0, *(i for i in range(1, len(stamps)) if stamps[i] - stamps[i - 1] > gap), len(stamps)]
    return [stamps[a:b] for a, b in itertools.pairwise(cuts) if a < b]


def counted(stamps: Iterable[int], read: list[int]) -> Iterator[int]:
    for stamp in stamps:
        read.append(stamp)
        yield stamp


def test_247_sessions() -> None:
    sessions: Callable[[Iterable[int], int], Iterator[list[int]]] = module_of(247, 1)["sessions"]
    rng = random.Random(247)
    for _ in range(3_000):
        stamps, gap = sorted(rng.choices(range(40), k=rng.randint(0, 12))), rng.randint(0, 6)
        read: list[int] = []
        expected = visits_of(stamps, gap)
        taken = 0
        for visit, wanted in zip(sessions(counted(stamps, read), gap), expected, strict=True):
            assert visit == wanted
            taken += len(wanted)
            assert len(read) == min(taken + 1, len(stamps))
        assert list(sessions(stamps, gap)) == expected
    with pytest.raises(ValueError):
        next(sessions([1], -1))
    with pytest.raises(ValueError):
        list(sessions([3, 2], 5))


def test_247_sessions_of_an_endless_stream() -> None:
    endless = (block * 100 + part for block in itertools.count() for part in range(3))
    first = list(itertools.islice(module_of(247, 1)["sessions"](endless, 10), 3))
    assert first == [[block * 100 + part for part in range(3)] for block in range(3)]


def random_loose_stream(rng: random.Random, slack: int) -> list[int]:
    stream: list[int] = []
    for _ in range(rng.randint(0, 15)):
        largest = max(stream, default=0)
        stream.append(rng.randint(largest - slack, largest + 6))
    return stream


def test_247_loose_sessions() -> None:
    loose: Callable[..., Iterator[tuple[int, int, int]]] = module_of(247, 2)["loose_sessions"]
    rng = random.Random(2472)
    for _ in range(5_000):
        gap, slack = rng.randint(0, 5), rng.randint(0, 5)
        stream = random_loose_stream(rng, slack)
        expected = [(visit[0], visit[-1], len(visit)) for visit in visits_of(sorted(stream), gap)]
        assert list(loose(stream, gap, slack)) == expected
        if stream:
            with pytest.raises(ValueError):
                list(loose([*stream, max(stream) - slack - 1], gap, slack))
    for gap, slack in ((-1, 0), (0, -1)):
        with pytest.raises(ValueError):
            next(loose([1], gap, slack))


def test_247_loose_sessions_of_an_endless_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pairs come the wrong way round in a visit of 100,000 stamps: few of them may be held at once."""
    sizes: list[int] = []
    push = heapq.heappush

    def watched(heap: list[int], item: int) -> None:
        push(heap, item)
        sizes.append(len(heap))

    monkeypatch.setattr(heapq, "heappush", watched)
    endless = (stamp for i in itertools.count() for stamp in (2 * i + 1, 2 * i))
    with_a_pause = (stamp for stamp in endless if not 100_000 <= stamp < 100_010)
    first = next(module_of(247, 2)["loose_sessions"](with_a_pause, 5, 1))
    assert first == (0, 99_999, 100_000)
    assert max(sizes) <= 3


# ---- 249: pay days

DAY = datetime.timedelta(days=1)


def working_days(year: int, holidays: set[datetime.date]) -> list[datetime.date]:
    """All working days from two years before to two years after, in order."""
    start = datetime.date(year - 2, 1, 1)
    days = (start + number * DAY for number in range(5 * 366))
    return [day for day in days if day.strftime("%a") not in ("Sat", "Sun") and day not in holidays]


def random_holidays(rng: random.Random, year: int) -> set[datetime.date]:
    holidays = set()
    for _ in range(rng.randint(0, 12)):
        first = datetime.date(year, rng.randint(1, 12), rng.randint(15, 27))
        holidays |= {first + number * DAY for number in range(rng.randint(1, 9))}
    return holidays


def test_249_pay_dates() -> None:
    pay_dates: Callable[[int, set[datetime.date]], list[datetime.date]] = module_of(249, 1)["pay_dates"]
    rng = random.Random(249)
    for year in range(2020, 2060):
        holidays = random_holidays(rng, year)
        working = working_days(year, holidays)
        nominal = [*(datetime.date(year, month, 25) for month in range(1, 12)), datetime.date(year, 12, 20)]
        assert pay_dates(year, holidays) == [max(day for day in working if day <= pay) for pay in nominal]


def test_249_pay_plan() -> None:
    pay_plan: Callable[..., list[tuple[datetime.date, datetime.date]]] = module_of(249, 2)["pay_plan"]
    rng = random.Random(2492)
    for year in range(2020, 2060):
        holidays = random_holidays(rng, year) | {datetime.date(year, 1, 1)}
        working = working_days(year, holidays)
        first, notice = datetime.date(year, 1, 1) + rng.randint(0, 60) * DAY, rng.randint(0, 6)
        expected = []
        for number in range(14):
            at = max(i for i, day in enumerate(working) if day <= first + 28 * number * DAY)
            expected.append((working[at - notice], working[at]))
        assert pay_plan(first, 14, holidays, notice) == expected
    assert pay_plan(first, 0, set(), 0) == []
    for count, notice in ((-1, 0), (0, -1)):
        with pytest.raises(ValueError):
            pay_plan(first, count, set(), notice)


def test_249_pay_days_in_a_year() -> None:
    numbers: dict[int, set[tuple[int, bool]]] = {}
    for year, day_of_first in itertools.product((2031, 2032), range(28)):
        new_year, leap = datetime.date(year, 1, 1), year == 2032
        days = [new_year + (day_of_first + 28 * number) * DAY for number in range(20)]
        in_year = sum(day.year == year for day in days)
        numbers.setdefault(in_year, set()).add((day_of_first + 1, leap))
    fewer, more = sorted(numbers)
    assert numbers[more] == {(1, False), (1, True), (2, True)}  # 1 January, or 2 January of a leap year
    condition = "if the first of them falls on 1 January, or on 2 January of a leap year"
    assert f"{fewer} nominal pay days, or {more} {condition}" in reference(249, 2)


# ---- 350: the bank's file

Row = tuple[str, str, str]  # date, text, amount


def german(amount: Decimal) -> str:
    """1250 as 1.250,00."""
    return f"{amount:,.2f}".translate(str.maketrans(",.", ".,"))


def statement(rng: random.Random) -> list[tuple[str, Decimal, Row]]:
    """Lines of a statement with the month and the amount of each."""
    lines = []
    for _ in range(rng.randint(0, 30)):
        year, month, day = rng.choice(["2025", "2026"]), f"{rng.randint(1, 12):02}", f"{rng.randint(1, 28):02}"
        amount = Decimal(rng.randint(-300_000_000, 300_000)) / 100
        text = rng.choice(["Rent February", "Caf\u00e9 Zo\u00eb", "", "a;b", 'the "old" one'])
        lines.append((f"{year}-{month}", amount, (f"{day}.{month}.{year}", text, german(amount))))
    return lines


def write_statement(path: Path, rows: Iterable[Iterable[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=";").writerows([("date", "text", "amount"), *rows])


def sums_of(lines: Iterable[tuple[str, Decimal, Row]]) -> dict[str, Decimal]:
    months = dict.fromkeys((month for month, _, _ in lines), Decimal(0))
    for month, amount, _ in lines:
        months[month] += amount
    return months


def test_350_monthly_totals(tmp_path: Path) -> None:
    totals: Callable[[Path], dict[str, Decimal]] = module_of(350, 1)["monthly_totals"]
    rng, file = random.Random(350), tmp_path / "bank.csv"
    write_statement(file, [("03.02.2025", "Rent February", "-1.250,00"), ("28.02.2025", "Refund", "65,80")])
    assert totals(file) == {"2025-02": Decimal("-1184.20")}, "the figure in the question"
    for _ in range(100):
        lines = statement(rng)
        write_statement(file, [row for _, _, row in lines])
        assert totals(file) == sums_of(lines)


def test_350_what_cannot_be_read_is_skipped(tmp_path: Path) -> None:
    totals: Callable[[Path], tuple[dict[str, Decimal], list[int]]] = module_of(350, 2)["monthly_totals"]
    rng, file = random.Random(3502), tmp_path / "bank.csv"
    unreadable = (
        ("Page 2",),
        ("", "", ""),
        ("2025-02-03", "no amount", ""),
        ("3rd", "x", "1,00"),
        ("03.02.2025", "1,00"),
    )
    for _ in range(100):
        lines, rows, skipped = statement(rng), list[tuple[str, ...]](), list[int]()
        for month, _, (date, text, amount) in lines:
            while rng.random() < 0.2:
                rows.append(rng.choice(unreadable))
                skipped.append(len(rows) + 1)  # the header is line 1
            other_date = f"{month}-{date[:2]}" if rng.random() < 0.3 else date
            rows.append((other_date, text, amount + rng.choice(["", "", " EUR"])))
        write_statement(file, rows)
        assert totals(file) == (sums_of(lines), skipped)
