"""The references of the coding questions: each code block is run against an answer worked out here."""

from __future__ import annotations

import datetime
import heapq
import itertools
import random
import re
import sqlite3
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from .house import reference

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


def module_of(question_id: int, turn: int) -> dict[str, Any]:
    """Run the one Python block of a reference as a module of its own and give its names."""
    blocks = re.findall(r"^```python\n(.*?)^```$", reference(question_id, turn), re.DOTALL | re.MULTILINE)
    assert len(blocks) == 1
    names: dict[str, Any] = {"__name__": f"house_{question_id}_{turn}"}
    exec(compile(blocks[0], f"<question {question_id}, turn {turn}>", "exec"), names)
    return names


def outcome(call: Callable[..., Any], *arguments: object) -> Any:
    """What a call returns, or the type of the error that it raises (one of those that the questions name)."""
    try:
        return call(*arguments)
    except (ValueError, IndexError, KeyError) as error:
        return type(error)


# ---- 241: parsing key=value lines

FIELD = re.compile(
    r" *(?:(?P<key>[^=;]*?) *= *(?:\"(?P<quoted>(?:\\.|[^\"\\])*)\" *|(?P<plain>(?! *\")[^;]*?) *))?(?:;|\Z)",
    re.DOTALL,
)


def parsed_by_pattern(line: str) -> dict[str, str]:
    record: dict[str, str] = {}
    position = 0
    while position < len(line):
        field = FIELD.match(line, position)
        if field is None:
            raise ValueError(line)
        position = field.end()
        key, quoted, plain = field["key"], field["quoted"], field["plain"]
        if key is None:  # an empty field
            continue
        if not key or key in record:
            raise ValueError(line)
        record[key] = plain if quoted is None else re.sub(r"\\(.)", r"\1", quoted, flags=re.DOTALL)
    return record


def random_texts(alphabet: str, longest: int, count: int) -> Iterator[str]:
    rng = random.Random(241)
    for _ in range(count):
        yield "".join(rng.choices(alphabet, k=rng.randint(0, longest)))


@pytest.mark.parametrize("turn", [1, 2])
def test_241_parse_record(turn: int) -> None:
    parse: Callable[[str], dict[str, str]] = module_of(241, turn)["parse_record"]
    line = r'site=North Pier; wind=12; note="calm; later \"gusty\"";'
    assert parse(line) == {"site": "North Pier", "wind": "12", "note": 'calm; later "gusty"'}
    assert parse('a = x=y\\"z ;; b=;c=" q\\\\ "') == {"a": 'x=y\\"z', "b": "", "c": " q\\ "}
    for bad in ("a", "=1", "a=1;a=2", 'a="1', 'a="1\\"', 'a="1"2', " ;b"):
        with pytest.raises(ValueError):
            parse(bad)
    for text in random_texts('ab== ;;""\\', 12, 30_000):
        assert outcome(parse, text) == outcome(parsed_by_pattern, text)


def test_241_format_record() -> None:
    module = module_of(241, 2)
    parse: Callable[[str], dict[str, str]] = module["parse_record"]
    write: Callable[[dict[str, str]], str] = module["format_record"]
    assert write({}) == ""
    assert write({"a": "1", "b": "x; y"}) == 'a=1; b="x; y"'
    for text in random_texts('ab= ;"\\\n', 6, 8_000):
        unquoted = f"k={text}"
        survives = outcome(parse, unquoted) == {"k": text}
        assert (write({"k": text}) == unquoted) == survives
        record = {"first": text, "k": "1", "last": text}
        assert list(parse(write(record)).items()) == list(record.items())
        possible = outcome(parse, f"{text}=v") == {text: "v"}
        assert outcome(write, {text: "v"}) == (f"{text}=v" if possible else ValueError)


# ---- 242: undo and redo


class Timeline:
    """All states in a row with a finger on the current one: the plainest model of a history."""

    def __init__(self, initial: object, limit: int) -> None:
        self.states = [initial]
        self.at = 0
        self.limit = limit

    def push(self, state: object) -> None:
        self.states = [*self.states[: self.at + 1], state][-self.limit - 1 :]
        self.at = len(self.states) - 1

    def move(self, by: int) -> object:
        if not 0 <= self.at + by < len(self.states):
            raise IndexError
        self.at += by
        return self.states[self.at]


def step_both(history: Any, model: Timeline, action: str, state: object) -> None:
    if action == "push":
        history.push(state)
        model.push(state)
    else:
        by = -1 if action == "undo" else 1
        assert outcome(getattr(history, action)) == outcome(model.move, by)
    assert history.state is model.states[model.at]


@pytest.mark.parametrize("turn", [1, 2])
def test_242_history(turn: int) -> None:
    history_class: Any = module_of(242, turn)["History"]
    rng = random.Random(242)
    for limit in (1, 2, 5):
        history, model = history_class(None, limit), Timeline(None, limit)
        for _ in range(2_000):
            action = rng.choice(["push", "undo", "redo"])
            step_both(history, model, action, rng.choice([None, object()]))
    with pytest.raises(ValueError):
        history_class("a", 0)
    with pytest.raises(AttributeError):
        history_class("a", 1).state = "b"


def nested_group(history: Any, states: list[str], fails: bool) -> None:
    """Push the states one level deeper each; at the end of the innermost block fail if told to."""
    with history.group():
        if states:
            history.push(states[0])
            assert history.state == states[0]
            nested_group(history, states[1:], fails)
        elif fails:
            raise KeyError("planned")


def test_242_group() -> None:
    history_class: Any = module_of(242, 2)["History"]
    rng = random.Random(2422)
    for limit in (1, 3):
        history, model = history_class("start", limit), Timeline("start", limit)
        for number in range(1_000):
            action = rng.choice(["push", "undo", "redo", "group"])
            if action != "group":
                step_both(history, model, action, str(number))
                continue
            states = [f"{number}.{part}" for part in range(rng.randint(0, 3))]
            fails = rng.random() < 0.3
            assert outcome(nested_group, history, states, fails) == (KeyError if fails else None)
            if states and not fails:
                model.push(states[-1])
            assert history.state == model.states[model.at]


def test_242_group_edges() -> None:
    history: Any = module_of(242, 2)["History"]("a", 5)
    history.push("b")
    with history.group():
        history.push("c")
        for move in (history.undo, history.redo):
            with pytest.raises(RuntimeError):
                move()
        with pytest.raises(KeyError):  # caught inside the outermost block
            nested_group(history, ["d", "e"], True)
        assert history.state == "e"
    assert [history.undo(), history.undo(), history.redo(), history.redo()] == ["b", "a", "b", "e"]


# ---- 243: ferries

Sailing = tuple[str, str, int, int]


def all_trips(sailings: list[Sailing], here: str, ready: int, change: int) -> Iterator[list[Sailing]]:
    """Every trip that begins at a harbour at a minute, the empty one included."""
    yield []
    for sailing in sailings:
        boards, leaves, departs, arrives = sailing
        if boards == here and departs >= ready:
            for onward in all_trips(sailings, leaves, arrives + change, change):
                yield [sailing, *onward]


def best_trip(sailings: list[Sailing], start: int, change: int) -> tuple[int, int] | None:
    """Earliest arrival at D from A, and the fewest sailings that reach it."""
    trips = [trip for trip in all_trips(sailings, "A", start, change) if trip and trip[-1][1] == "D"]
    return min(((trip[-1][3], len(trip)) for trip in trips), default=None)


def random_sailings(rng: random.Random) -> list[Sailing]:
    sailings = []
    for _ in range(rng.randint(0, 14)):
        boards, leaves = rng.sample("ABCD", 2)
        departs = rng.randint(0, 9)
        sailings.append((boards, leaves, departs, departs + rng.randint(1, 3)))
    return sailings


def test_243_earliest_arrival() -> None:
    earliest: Callable[[list[Sailing], str, str, int], int | None] = module_of(243, 1)["earliest_arrival"]
    rng = random.Random(243)
    for _ in range(3_000):
        sailings, start = random_sailings(rng), rng.randint(0, 3)
        given = list(sailings)
        best = best_trip(sailings, start, change=0)
        assert earliest(sailings, "A", "D", start) == (None if best is None else best[0])
        assert earliest(sailings, "A", "A", start) == start
        assert sailings == given


def test_243_plan_trip() -> None:
    plan_trip: Callable[..., list[Sailing] | None] = module_of(243, 2)["plan_trip"]
    rng = random.Random(2432)
    for _ in range(3_000):
        sailings, start, change = random_sailings(rng), rng.randint(0, 3), rng.randint(0, 2)
        best = best_trip(sailings, start, change)
        plan = plan_trip(sailings, "A", "D", start, change)
        assert plan_trip(sailings, "A", "A", start, change) == []
        assert (plan is None) == (best is None)
        if plan is not None:
            assert (plan[-1][3], len(plan)) == best
            assert plan in all_trips(sailings, "A", start, change)


def test_243_one_label_is_not_enough() -> None:
    """The first ferry at B came by way of C, yet the direct one also catches the boat to D."""
    sailings = [("A", "C", 0, 1), ("C", "B", 1, 2), ("A", "B", 0, 3), ("B", "D", 5, 6)]
    assert module_of(243, 2)["plan_trip"](sailings, "A", "D", 0) == [("A", "B", 0, 3), ("B", "D", 5, 6)]


# ---- 244: redaction


def occurs(text: str, term: str, at: int) -> bool:
    def is_word(index: int) -> bool:
        return 0 <= index < len(text) and (text[index].isalnum() or text[index] == "_")

    end = at + len(term)
    return text[at:end].lower() == term.lower() and not is_word(at - 1) and not is_word(end)


def redacted(text: str, terms: list[str]) -> str:
    result, at = "", 0
    while at < len(text):
        length = max((len(term) for term in terms if term and occurs(text, term, at)), default=0)
        result += "█" * length or text[at]
        at += length or 1
    return result


def reported(text: str, terms: list[str]) -> tuple[str, list[tuple[int, int, str]]]:
    different = [t for i, t in enumerate(terms) if t and t.lower() not in [u.lower() for u in terms[:i]]]
    found = [(at, at + len(t), t) for at in range(len(text)) for t in different if occurs(text, t, at)]
    covered = {at for start, end, _ in found for at in range(start, end)}
    blackened = "".join("█" if i in covered else c for i, c in enumerate(text))
    return blackened, sorted(found, key=lambda occurrence: (occurrence[0], -occurrence[1]))


def redaction_cases() -> Iterator[tuple[str, list[str]]]:
    yield "Ann Lee Road", ["Ann Lee", "Lee Road"]
    yield "a-a-a", ["a-a"]
    yield "C++ and c++17, (C++). J. Okoro (draft) J. Okoros", ["C++", "J. Okoro", "(draft)", "c++", ""]
    yield "nothing", []
    rng = random.Random(244)
    for _ in range(5_000):
        text = "".join(rng.choices("aAb_1-+ .", k=rng.randint(0, 14)))
        yield text, ["".join(rng.choices("aAb-+ .", k=rng.randint(0, 4))) for _ in range(rng.randint(0, 4))]


def test_244_redact() -> None:
    redact: Callable[[str, list[str]], str] = module_of(244, 1)["redact"]
    for text, terms in redaction_cases():
        assert redact(text, terms) == redacted(text, terms)


def test_244_redact_report() -> None:
    report: Callable[[str, list[str]], object] = module_of(244, 2)["redact_report"]
    for text, terms in redaction_cases():
        assert report(text, terms) == reported(text, terms)


def test_244_mistake_of_the_plain_pattern() -> None:
    plain = re.compile(r"\bC\+\+\b")
    assert plain.search("I use C++.") is None
    assert plain.search("C++17") is not None
    assert not occurs("C++17", "C++", 0)


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


# ---- 246: SQL

Readings = dict[str, list[tuple[str, float]]]


def greenhouse(rng: random.Random) -> tuple[sqlite3.Connection, Readings]:
    """A database with readings put in at random, and the same by sensor in order of time."""
    conn = sqlite3.connect(":memory:")
    conn.execute("CREATE TABLE sensor (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)")
    conn.execute(
        "CREATE TABLE reading (sensor_id INTEGER NOT NULL REFERENCES sensor(id), taken_at TEXT NOT NULL,"
        " celsius REAL NOT NULL, UNIQUE (sensor_id, taken_at))"
    )
    by_sensor: Readings = {}
    rows = []
    for number, name in enumerate(rng.sample(["bench", "door", "pond", "roof", "vine"], rng.randint(0, 5))):
        conn.execute("INSERT INTO sensor VALUES (?, ?)", (number, name))
        minutes = sorted(rng.sample(range(60), rng.randint(0, 9)))
        readings = [(f"2031-05-04 10:{minute:02}", float(rng.randint(18, 23))) for minute in minutes]
        by_sensor[name] = readings
        rows += [(number, taken_at, celsius) for taken_at, celsius in readings]
    rng.shuffle(rows)
    conn.executemany("INSERT INTO reading VALUES (?, ?, ?)", rows)
    return conn, by_sensor


def in_one_select(query: Callable[..., Any], conn: sqlite3.Connection, *arguments: float) -> Any:
    statements: list[str] = []
    conn.set_trace_callback(statements.append)
    result = query(conn, *arguments)
    conn.set_trace_callback(None)
    assert len(statements) == 1
    assert "SELECT" in statements[0]
    return result


def test_246_latest_readings() -> None:
    latest: Callable[[sqlite3.Connection], object] = module_of(246, 1)["latest_readings"]
    rng = random.Random(246)
    for _ in range(300):
        conn, by_sensor = greenhouse(rng)
        newest = {name: max(readings) if readings else (None, None) for name, readings in by_sensor.items()}
        assert in_one_select(latest, conn) == [(name, *newest[name]) for name in sorted(newest)]
        conn.close()


def longest_spell(readings: list[tuple[str, float]], threshold: float) -> int:
    longest = current = 0
    for _, celsius in readings:
        current = current + 1 if celsius > threshold else 0
        longest = max(longest, current)
    return longest


def test_246_longest_warm_spells() -> None:
    spells: Callable[[sqlite3.Connection, float], object] = module_of(246, 2)["longest_warm_spells"]
    rng = random.Random(2462)
    for _ in range(300):
        conn, by_sensor = greenhouse(rng)
        threshold = rng.choice([17.5, 19.0, 20.0, 20.5, 23.0])
        lengths = [(name, longest_spell(readings, threshold)) for name, readings in by_sensor.items()]
        assert in_one_select(spells, conn, threshold) == sorted(lengths, key=lambda item: (-item[1], item[0]))
        conn.close()


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


# ---- 248: huts on a trail


def walkable(positions: Iterable[int], length: int, reach: int) -> bool:
    return all(b - a <= reach for a, b in itertools.pairwise([0, *positions, length]))


def all_plans(huts: list[tuple[int, int]], length: int, reach: int) -> Iterator[tuple[int, int, list[int]]]:
    """(price, nights, positions) of every choice of huts with which the trail can be walked."""
    for nights in range(len(huts) + 1):
        for chosen in itertools.combinations(sorted(huts), nights):
            positions = [position for position, _ in chosen]
            if walkable(positions, length, reach):
                yield sum(price for _, price in chosen), nights, positions


def random_trail(rng: random.Random) -> tuple[list[tuple[int, int]], int, int]:
    length = rng.randint(2, 20)
    positions = rng.sample(range(1, length), rng.randint(0, min(8, length - 1)))
    return [(position, rng.randint(0, 3)) for position in positions], length, rng.randint(1, 12)


def test_248_cheapest_nights() -> None:
    cheapest: Callable[[list[tuple[int, int]], int, int], int | None] = module_of(248, 1)["cheapest_nights"]
    rng = random.Random(248)
    for _ in range(3_000):
        huts, length, reach = random_trail(rng)
        best = min(all_plans(huts, length, reach), default=None)
        assert cheapest(huts, length, reach) == (None if best is None else best[0])


def test_248_many_huts_at_one_coin() -> None:
    count = 200_000
    huts = [(position, 1) for position in range(count, 0, -1)]
    for reach in (1, 1_000, count):
        nights = -(-(count + 1) // reach) - 1  # as many days as it takes, less one
        assert module_of(248, 1)["cheapest_nights"](huts, count + 1, reach) == nights


def test_248_plan_nights() -> None:
    plan: Callable[..., list[int] | None] = module_of(248, 2)["plan_nights"]
    rng = random.Random(2482)
    for _ in range(1_000):
        huts, length, reach = random_trail(rng)
        for nights in range(5):
            allowed = (choice for choice in all_plans(huts, length, reach) if choice[1] <= nights)
            best = min(allowed, default=None)
            assert plan(huts, length, reach, nights) == (None if best is None else best[2])


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


# ---- 250: seats and threads

SOON = 0.15  # seconds in which a thread that can go on has surely done so


class Request(threading.Thread):
    """A thread that takes seats and notes the answer."""

    def __init__(self, pool: Any, seats: int, timeout: float | None = None) -> None:
        super().__init__(daemon=True)
        self.pool, self.seats, self.timeout = pool, seats, timeout
        self.answer: bool | None = None
        self.start()
        time.sleep(SOON / 3)  # long enough to be in the queue before the next request comes

    def run(self) -> None:
        self.answer = self.pool.take(self.seats, self.timeout)

    def served(self) -> bool:
        self.join(10)
        return self.answer is True

    def waits(self) -> bool:
        self.join(SOON)
        return self.is_alive()


@pytest.mark.parametrize("turn", [1, 2])
def test_250_numbers(turn: int) -> None:
    pool_class: Any = module_of(250, turn)["SeatPool"]
    pool = pool_class(5)
    no_wait = () if turn == 1 else (0,)
    assert [pool.take(3, *no_wait), pool.take(3, *no_wait), pool.free] == [True, False, 2]
    bad_calls: list[Callable[[], Any]] = [
        lambda: pool_class(0),
        lambda: pool.take(0),
        lambda: pool.give_back(0),
        lambda: pool.give_back(4),
    ]
    for bad in bad_calls:
        with pytest.raises(ValueError):
            bad()
    assert pool.free == 2
    pool.give_back(3)
    assert pool.free == 5


@pytest.mark.parametrize("turn", [1, 2])
def test_250_many_threads(turn: int) -> None:
    capacity, sold = 500, list[int]()
    pool: Any = module_of(250, turn)["SeatPool"](capacity)
    no_wait = () if turn == 1 else (0,)

    def sell() -> None:
        sold.extend(1 for _ in range(200) if pool.take(1, *no_wait))

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    threads = [threading.Thread(target=sell) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sys.setswitchinterval(interval)
    assert len(sold) + pool.free == capacity
    assert turn == 2 or pool.free == 0  # with a queue, a request that may not wait can fail behind another


def test_250_more_than_there_are_for_one() -> None:
    with pytest.raises(ValueError):
        module_of(250, 1)["SeatPool"](5).give_back(1)
    with pytest.raises(ValueError):
        module_of(250, 2)["SeatPool"](5).take(6)
    assert module_of(250, 1)["SeatPool"](5).take(6) is False


def test_250_no_overtaking() -> None:
    pool: Any = module_of(250, 2)["SeatPool"](3)
    assert pool.take(3)
    large = Request(pool, 3)
    small = Request(pool, 1)
    pool.give_back(1)
    assert small.waits()
    assert large.waits()
    assert pool.take(1, 0) is False  # one is free, but two requests came earlier
    pool.give_back(2)
    assert large.served()
    assert small.waits()
    pool.give_back(3)
    assert small.served()
    assert pool.free == 2


def test_250_time_runs_out() -> None:
    pool: Any = module_of(250, 2)["SeatPool"](3)
    assert pool.take(2)
    large = Request(pool, 3, timeout=5 * SOON)
    small = Request(pool, 1)
    assert small.is_alive()
    assert small.served()  # as soon as the large one has left the queue
    large.join(10)
    assert large.answer is False
    assert pool.free == 0
