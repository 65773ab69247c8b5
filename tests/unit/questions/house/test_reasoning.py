"""The reasoning questions of the house set: each reference answer worked out anew from the question."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from datetime import date, timedelta
from functools import cache
from itertools import combinations, permutations, product

from .house import reference


def answer(question_id: int, turn: int) -> str:
    """What stands after `Answer:` in the reference's last line."""
    found = re.fullmatch(r"Answer: (.+)", reference(question_id, turn).splitlines()[-1])
    assert found, f"question {question_id}, turn {turn}: no line 'Answer: ...' at the end"
    return found[1]


# 221: narrowboats in six berths

BOATS = ("Heron", "Juniper", "Kestrel", "Marigold", "Otter", "Teasel")


def boat_orders(boats_between_otter_and_kestrel: int) -> list[tuple[str, ...]]:
    orders = []
    for order in permutations(BOATS):
        heron, juniper, kestrel, marigold, otter, teasel = (order.index(boat) + 1 for boat in BOATS)
        if (
            kestrel - otter - 1 == boats_between_otter_and_kestrel
            and juniper > kestrel
            and teasel not in (1, 6)
            and abs(teasel - kestrel) != 1
            and min(marigold, teasel) < heron < max(marigold, teasel)
        ):
            orders.append(order)
    return orders


def test_221_narrowboats() -> None:
    (order,) = boat_orders(boats_between_otter_and_kestrel=1)
    assert answer(221, 1) == ", ".join(order)

    (corrected,) = boat_orders(boats_between_otter_and_kestrel=3)
    same_berth = [boat for boat, before in zip(corrected, order, strict=True) if boat == before]
    assert answer(221, 2) == f"{', '.join(corrected)}; same berth: {', '.join(same_berth)}"


# 222: one glazing bench, one kiln

GLAZING = {"vases": 10, "tiles": 25, "jugs": 40, "bowls": 30}
FIRING = {"vases": 25, "tiles": 50, "jugs": 40, "bowls": 15}
NINE = 9 * 60
CHECK = (10 * 60 + 40, 11 * 60)


def finish(glazed: tuple[str, ...], fired: tuple[str, ...], check: tuple[int, int] | None) -> int:
    """The minute of the day at which the last batch leaves the kiln."""
    ready: dict[str, int] = {}
    bench_free = NINE
    for batch in glazed:
        bench_free = ready[batch] = bench_free + GLAZING[batch]
    kiln_free = NINE
    for batch in fired:
        start = max(kiln_free, ready[batch])
        if check and start < check[1] and start + FIRING[batch] > check[0]:
            start = check[1]
        kiln_free = start + FIRING[batch]
    return kiln_free


def best_order(check: tuple[int, int] | None) -> tuple[int, tuple[str, ...]]:
    """The earliest finish, and the order on the bench and in the kiln that alone reaches it."""
    orders = list(permutations(GLAZING))
    finishes = {(glazed, fired): finish(glazed, fired, check) for glazed, fired in product(orders, repeat=2)}
    earliest = min(finishes.values())
    ((glazed, fired),) = [pair for pair, minute in finishes.items() if minute == earliest]
    assert glazed == fired
    return earliest, glazed


def clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def test_222_pottery() -> None:
    earliest, order = best_order(check=None)
    assert answer(222, 1) == f"{clock(earliest)}; {', '.join(order)}"

    earliest, better = best_order(check=CHECK)
    kept = finish(order, order, CHECK)
    expected = f"{clock(earliest)}; {', '.join(better)}; kept order {clock(kept)}"
    assert answer(222, 2) == f"{expected}; saves {kept - earliest} minutes"


# 223: cousins who speak the truth about younger cousins only

Order = tuple[str, ...]  # from oldest to youngest
Statement = tuple[str, str, Callable[[Order], bool]]  # the speaker, the cousin spoken about, the claim

COUSINS = ("Bram", "Ilka", "Noor", "Tove")
STATEMENTS: list[Statement] = [
    ("Bram", "Ilka", lambda order: order.index("Ilka") == 2),
    ("Ilka", "Bram", lambda order: order[-1] == "Bram"),
    ("Noor", "Tove", lambda order: order[-1] == "Tove"),
    ("Tove", "Noor", lambda order: order[0] == "Noor"),
]
STATEMENTS_ABOUT_FIVE: list[Statement] = [
    ("Esi", "Ilka", lambda order: abs(order.index("Ilka") - order.index("Esi")) == 1),
    ("Noor", "Esi", lambda order: order[2] == "Esi"),
]


def truthful(order: Order, speaker: str, about: str) -> bool:
    return order.index(about) > order.index(speaker)


def habit_holds(order: Order, statements: list[Statement]) -> bool:
    return all(claim(order) == truthful(order, speaker, about) for speaker, about, claim in statements)


def test_223_cousins() -> None:
    (order,) = [order for order in permutations(COUSINS) if habit_holds(order, STATEMENTS)]
    true = [speaker for speaker, _, claim in STATEMENTS if claim(order)]
    assert answer(223, 1) == f"{', '.join(order)}; true: {', '.join(true)}"

    with_esi = [(*order[:place], "Esi", *order[place:]) for place in range(5)]
    (five,) = [order for order in with_esi if habit_holds(order, STATEMENTS_ABOUT_FIVE)]
    false = [cousin for cousin in COUSINS if not truthful(five, cousin, "Esi")]
    assert answer(223, 2) == f"{', '.join(five)}; false about Esi: {', '.join(false)}"


# 224: a crate tipped over the floor

Crate = tuple[str, str, str, str, str, str]  # top, bottom, north, south, east, west
STEPS = {"north": (0, 1), "south": (0, -1), "east": (1, 0), "west": (-1, 0)}  # (east, north)
CRATE: Crate = ("sun", "moon", "star", "anchor", "fish", "key")


def tip(crate: Crate, direction: str) -> Crate:
    top, bottom, north, south, east, west = crate
    tipped: dict[str, Crate] = {
        "north": (south, north, top, bottom, east, west),
        "south": (north, south, bottom, top, east, west),
        "east": (west, east, north, south, top, bottom),
        "west": (east, west, north, south, bottom, top),
    }
    return tipped[direction]


def roll(crate: Crate, directions: Collection[str]) -> tuple[Crate, list[str], tuple[int, int]]:
    """The crate at the end, the symbols that came up in turn, and the squares moved (east, north)."""
    tops = []
    for direction in directions:
        crate = tip(crate, direction)
        tops.append(crate[0])
    moved = [sum(STEPS[direction][axis] for direction in directions) for axis in (0, 1)]
    return crate, tops, (moved[0], moved[1])


def ways_back(crate: Crate, east: int, north: int, tips: int) -> list[tuple[str, ...]]:
    ways = []
    for way in product(STEPS, repeat=tips):
        rolled, _, moved = roll(crate, way)
        if moved == (-east, -north) and rolled[0] == "sun":
            ways.append(way)
    return ways


def test_224_crate() -> None:
    crate, tops, (east, north) = roll(CRATE, ("north", "east", "north", "east", "south"))
    assert answer(224, 1) == f"{', '.join(tops)}; north: {crate[2]}; {east} squares east and {north} north"

    shortest_ways = sorted(set(permutations(["west"] * east + ["south"] * north)), reverse=True)
    assert len(shortest_ways) == 3
    ends = ", ".join(f"{'-'.join(way)} {roll(crate, way)[0][0]}" for way in shortest_ways)
    fewest = next(tips for tips in range(1, 10) if ways_back(crate, east, north, tips))
    (way,) = ways_back(crate, east, north, fewest)
    assert answer(224, 2) == f"{ends}; {fewest}; {', '.join(way)}"


# 225: two people's days in the reserve

WEDNESDAY, SUNDAY = 3, 7
FIRST_OF_MARCH = next(day for day in (date(year, 3, 1) for year in range(2001, 2030)) if day.isoweekday() == 1)


def days(first: date, every: int, closed: Collection[int], shift: int) -> Iterator[date]:
    """The days of somebody's visits; a closed day is shifted, and the next count starts from there."""
    day = first
    for _ in range(100):
        while day.isoweekday() in closed:
            day += timedelta(days=shift)
        yield day
        day += timedelta(days=every)


def shared_day(asha: Iterator[date], ben: Iterator[date], after: date) -> date:
    return min(day for day in set(asha) & set(ben) if day > after)


def test_225_reserve() -> None:
    asha = days(FIRST_OF_MARCH, every=4, closed={SUNDAY}, shift=+1)
    ben = days(FIRST_OF_MARCH + timedelta(days=3), every=6, closed={SUNDAY}, shift=-1)
    shared = shared_day(asha, ben, after=date.min)
    assert answer(225, 1) == f"{shared:%A} {shared.day} {shared:%B}"

    asha = days(shared, every=4, closed={SUNDAY, WEDNESDAY}, shift=+1)
    ben = days(shared, every=6, closed={SUNDAY}, shift=-1)
    shared = shared_day(asha, ben, after=shared)
    assert answer(225, 2) == f"{shared:%A} {shared.day} {shared:%B}"


# 226: three crops on an allotment


def allotments() -> Iterator[tuple[int, int]]:
    """(people with beans only, people with exactly two crops) in every case that the facts allow."""
    squash_only, none = 0, 6
    for leeks_squash, beans_squash, beans_leeks in product(range(51), repeat=3):
        all_three = 2 * leeks_squash
        beans_only = 31 - beans_leeks - beans_squash - all_three
        leeks_only = 24 - beans_leeks - leeks_squash - all_three
        squash = squash_only + beans_squash + leeks_squash + all_three
        exactly_two = beans_leeks + beans_squash + leeks_squash
        people = beans_only + leeks_only + squash_only + exactly_two + all_three + none
        if min(beans_only, leeks_only) >= 0 and squash == 14 and people == 50:
            yield beans_only, exactly_two


def test_226_allotments() -> None:
    (beans_only,) = {beans_only for beans_only, exactly_two in allotments() if exactly_two == 17}
    assert answer(226, 1) == f"Beans only: {beans_only}"

    smallest, largest = min(allotments()), max(allotments())
    for case in (smallest, largest):
        assert [other for other in allotments() if other[0] == case[0]] == [case]
    expected = f"Beans only: {smallest[0]} to {largest[0]}"
    assert answer(226, 2) == f"{expected}; exactly two crops: {smallest[1]} and {largest[1]}"


# 227: two jars of salt among eight

JARS = "ABCDEFGH"
TASTED = {1: "DFG", 2: "BDH", 3: "CDE", 4: "BFG", 5: "AEG"}
SALTY = {1: False, 2: True, 3: True, 4: False, 5: True}


def wrong_results(salt: Collection[str]) -> list[int]:
    return [test for test, jars in TASTED.items() if SALTY[test] != any(jar in jars for jar in salt)]


def test_227_jars() -> None:
    pairs = list(combinations(JARS, 2))
    (salt,) = [pair for pair in pairs if not wrong_results(pair)]
    assert answer(227, 1) == " and ".join(salt)

    (with_b,) = [pair for pair in pairs if "B" in pair and len(wrong_results(pair)) == 1]
    (wrong,) = wrong_results(with_b)
    (other,) = set(with_b) - {"B"}
    (cleared,) = set(salt) - set(with_b)
    assert answer(227, 2) == f"test {wrong}; other salt jar {other}; cleared {cleared}"


# 228: crews of a mountain rescue post

VOLUNTEERS = ("Ada", "Bo", "Cal", "Dee", "Eli", "Fay", "Gus", "Hal")


def permitted(crew: Collection[str]) -> bool:
    ada, bo, cal, dee, eli, fay, gus, hal = (volunteer in crew for volunteer in VOLUNTEERS)
    return (ada or fay) and not (bo and cal) and (eli or not dee) and not (ada and gus) and (bo or cal or not hal)


def test_228_crews() -> None:
    crews = [crew for crew in combinations(VOLUNTEERS, 4) if permitted(crew)]
    assert answer(228, 1) == str(len(crews))

    remaining = [crew for crew in crews if not {"Eli", "Fay"} <= set(crew)]
    with_hal = [crew for crew in remaining if "Hal" in crew]
    assert answer(228, 2) == f"{len(remaining)} crews; Hal in {len(with_hal)}"
    listed = re.findall(r"\w+-\w+-\w+-\w+", reference(228, 2))
    assert sorted(listed) == sorted("-".join(crew) for crew in remaining)


# 229: a chain of causes in a watermill museum

TWO_O_CLOCK = 14 * 60


def bell(generator_runs_on: int = 3, overflows: bool = True, pump_off_at: int | None = None) -> tuple[int, str]:
    """The minute at which the bell rings and what sets it off; the museum's minutes one by one."""
    generator_stops = TWO_O_CLOCK + 12 + generator_runs_on
    fuse_box_wet = TWO_O_CLOCK + 30 + 5 if overflows else None
    charge, pump, cellar_floods = 100, True, None
    for minute in range(TWO_O_CLOCK, TWO_O_CLOCK + 24 * 60):
        if pump and (minute in (fuse_box_wet, pump_off_at) or charge == 0):
            pump, cellar_floods = False, minute + 20
        if charge == 0:
            return minute + 2, "lights"
        if minute == cellar_floods:
            return minute + 2, "cellar"
        if minute >= generator_stops:
            charge -= 4 if pump else 2
    raise AssertionError("the bell never rings")


def test_229_museum() -> None:
    rings, event = bell()
    assert answer(229, 1) == f"{clock(rings)}; {event}"

    changed = {
        "(a)": bell(generator_runs_on=10)[0],
        "(b)": bell(overflows=False)[0],
        "(c)": bell(pump_off_at=TWO_O_CLOCK + 28)[0],
    }
    (earlier,) = [change for change, minute in changed.items() if minute < rings]
    times = "; ".join(f"{change} {clock(minute)}" for change, minute in changed.items())
    assert answer(229, 2) == f"{times}; earlier: {earlier}"


# 230: a token on a ladder


@cache
def winning_moves(rung: int, barred: int | None, repeats_allowed: bool) -> tuple[int, ...]:
    """The moves that force a win for the player to move; `barred` is the other player's last move."""
    moves = [move for move in (1, 3, 4) if move <= rung and (repeats_allowed or move != barred)]
    return tuple(move for move in moves if not winning_moves(rung - move, move, repeats_allowed))


def test_230_ladder() -> None:
    (first,) = winning_moves(19, None, repeats_allowed=False)
    (reply,) = winning_moves(19 - first - 3, 3, repeats_allowed=False)
    assert answer(230, 1) == f"{first}; reply {reply}"

    (opponent,) = winning_moves(19 - first, first, repeats_allowed=True)
    (instead,) = winning_moves(19, None, repeats_allowed=True)
    assert answer(230, 2) == f"opponent answers {opponent}; first move {instead}"
