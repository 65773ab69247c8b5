"""The reasoning questions of the house set: each reference answer worked out anew from the question."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime, timedelta
from functools import cache
from itertools import chain, combinations, permutations, product

from .house import answer

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


# 321: what day it is tomorrow

WEEK = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def today(days_from_saturday: int) -> int:
    """The weekday on which the day before yesterday is so many days after a Saturday."""
    (found,) = [day for day in range(7) if (day - 2) % 7 == (WEEK.index("Saturday") + days_from_saturday) % 7]
    return found


def test_321_days() -> None:
    assert answer(321, 1) == WEEK[(today(3) + 1) % 7]
    until = next(days for days in range(1, 8) if WEEK[(today(-3) + days) % 7] == "Saturday")
    assert answer(321, 2) == f"tomorrow {WEEK[(today(-3) + 1) % 7]}; {until} day"


# 326: bakers and runners. A person is a set of traits, a world is the kinds of persons that there are in it.

Person = frozenset[str]


def worlds(traits: str, possible: Callable[[Person], bool]) -> Iterator[list[Person]]:
    """Every world of persons that the rules allow, one of each kind."""
    words = traits.split()
    kinds = [frozenset(kind) for kind in chain(*(combinations(words, n) for n in range(len(words) + 1)))]
    allowed = [kind for kind in kinds if possible(kind)]
    return (list(world) for n in range(len(allowed) + 1) for world in combinations(allowed, n))


def some(world: Collection[Person], *traits: str) -> bool:
    return any(person.issuperset(traits) for person in world)


def test_326_bakers() -> None:
    def first(person: Person) -> bool:
        return "early" in person or "ours" not in person

    known = [world for world in worlds("ours early runner", first) if some(world, "early", "runner")]
    assert {some(world, "ours", "runner") for world in known} == {True, False}
    assert answer(326, 1) == "no"

    def second(person: Person) -> bool:
        return (
            first(person)
            and ("baker" in person or "ours" not in person)
            and ("eats" in person or "baker" not in person)
            and not {"runner", "eats"} <= person
        )

    known = [world for world in worlds("ours baker early runner eats", second) if some(world, "early", "runner")]
    assert not any(some(world, "ours", "runner") for world in known), "he is right"
    assert all(any("early" in person and "baker" not in person for person in world) for world in known)
    assert answer(326, 2) == "yes; yes"


# 328: a call between three cities

FREE = range(7 * 60, 22 * 60)
IN_LAGOS = datetime(2031, 9, 2, 14)  # noqa: DTZ001 - a Tuesday, like the rest of the question
LOCAL = {"Lagos": IN_LAGOS, "Auckland": IN_LAGOS.replace(day=3, hour=1), "Lima": IN_LAGOS.replace(hour=8)}


def window(local: Mapping[str, datetime]) -> tuple[dict[str, datetime], dict[str, datetime]]:
    """The first and the last minute at which all can talk, each in local time, of the day from noon to noon."""
    shared = []
    for minutes in range(24 * 60):
        now = {city: time + timedelta(minutes=minutes) for city, time in local.items()}
        if all(time.hour * 60 + time.minute in FREE for time in now.values()):
            shared.append((minutes, now))
    assert [minutes for minutes, _ in shared] == list(range(shared[0][0], shared[-1][0] + 1)), "one window"
    return shared[0][1], shared[-1][1]


def hour(time: datetime) -> str:
    return f"{time.hour}:{time.minute:02}"


def test_328_call() -> None:
    for turn, hours in ((1, 0), (2, 1)):
        begins, last = window(LOCAL | {"Auckland": LOCAL["Auckland"] + timedelta(hours=hours)})
        ends = {city: time + timedelta(minutes=1) for city, time in last.items()}
        times = "; ".join(f"{city} {hour(begins[city])} to {hour(ends[city])}" for city in LOCAL)
        (first_bound,) = [city for city, time in begins.items() if time.hour * 60 + time.minute == FREE.start]
        (last_bound,) = [city for city, time in ends.items() if time.hour * 60 + time.minute == FREE.stop]
        bounds = f"; beginning {first_bound}, end {last_bound}" if turn == 2 else ""
        assert answer(328, turn) == times + bounds


# 329: who thinks what of the phone. Somebody knows of the move if they made it, or saw it; and of somebody's knowing
# if they saw that.


def place(thinkers: Collection[str], seen: Collection[tuple[str, ...]]) -> str:
    """Where the phone is, as the first thinks that the second thinks ..."""
    return "shelf" if tuple(thinkers) in seen else "drawer"


def test_329_phone() -> None:
    # Ama made the move; Kofi saw her make it, so he knows of it, and that she does.
    seen = {("Ama",), ("Kofi",), ("Kofi", "Ama")}
    assert answer(329, 1) == f"Kofi {place(['Kofi'], seen)}; Ama thinks {place(['Ama', 'Kofi'], seen)}"
    # Ama saw Kofi see it, so she knows that he knows.  That she does he has not seen.
    seen |= {("Ama", "Kofi"), ("Ama", "Kofi", "Ama")}
    of_ama, of_kofi = place(["Ama", "Kofi"], seen), place(["Kofi", "Ama", "Kofi"], seen)
    assert answer(329, 2) == f"Ama thinks {of_ama}; Kofi thinks that Ama thinks {of_kofi}"


# 325: a way to the airport


def test_325_airport() -> None:
    nine = datetime(2031, 5, 4, 9)  # noqa: DTZ001 - one place, one clock
    assert answer(325, 1) == hour(nine - timedelta(minutes=40 + 10 + 45))
    slow = timedelta(minutes=5)
    assert answer(325, 2) == hour(nine - timedelta(minutes=2 * 40 + 10 + 45) - slow)
