"""Recomputes every reference answer of the math questions (231-240) from the conditions in the question."""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import combinations, permutations, product
from math import isqrt
from typing import TYPE_CHECKING

from .house import reference

if TYPE_CHECKING:
    from collections.abc import Callable


def answer(question_id: int, turn: int) -> str:
    """What follows "Answer:" in the last line of a reference."""
    last = reference(question_id, turn).splitlines()[-1]
    assert last.startswith("Answer: ")
    return last.removeprefix("Answer: ")


def stated(question_id: int, turn: int, form: str) -> list[Fraction]:
    """The numbers of an answer line, whose words and units have to be those of `form` (# for a number)."""
    pattern = re.escape(form).replace(r"\#", r"(-?\d+(?:/\d+)?)")
    match = re.fullmatch(pattern, answer(question_id, turn))
    assert match, f"{answer(question_id, turn)!r} is not of the form {form!r}"
    return [Fraction(group) for group in match.groups()]


def is_square(n: int) -> bool:
    return isqrt(n) ** 2 == n


# 231: algebra. A number p + q*sqrt(37) is the pair (p, q); 37 is the discriminant of t^2 - 7t + 3 = 0.

Surd = tuple[Fraction, Fraction]
T_PLUS_3_OVER_T = 7
ROOT_PRODUCT = 3
DISCRIMINANT = T_PLUS_3_OVER_T**2 - 4 * ROOT_PRODUCT


def times(x: Surd, y: Surd) -> Surd:
    return x[0] * y[0] + DISCRIMINANT * x[1] * y[1], x[0] * y[1] + x[1] * y[0]


def plus(x: Surd, y: Surd) -> Surd:
    return x[0] + y[0], x[1] + y[1]


def cube(x: Surd) -> Surd:
    return times(x, times(x, x))


def inverse(x: Surd) -> Surd:
    norm = x[0] ** 2 - DISCRIMINANT * x[1] ** 2
    return x[0] / norm, -x[1] / norm


def solutions_for_t() -> list[Surd]:
    half = Fraction(1, 2)
    both: list[Surd] = [(T_PLUS_3_OVER_T * half, half), (T_PLUS_3_OVER_T * half, -half)]
    three: Surd = (Fraction(3), Fraction(0))
    for t in both:
        assert plus(t, times(three, inverse(t))) == (Fraction(T_PLUS_3_OVER_T), Fraction(0))
    return both


def test_231_turn_1_value_of_the_cubes() -> None:
    twenty_seven: Surd = (Fraction(27), Fraction(0))
    values = {plus(cube(t), times(twenty_seven, inverse(cube(t)))) for t in solutions_for_t()}
    assert len(values) == 1
    rational, irrational = values.pop()
    assert irrational == 0
    assert stated(231, 1, "#") == [rational]


def test_231_turn_2_quadratic_of_the_cubes() -> None:
    first, second = (cube(t) for t in solutions_for_t())
    assert first != second
    root_sum, root_product = plus(first, second), times(first, second)
    assert root_sum[1] == root_product[1] == 0
    assert stated(231, 2, "x^2 - #x + # = 0") == [root_sum[0], root_product[0]]


# 232: geometry. A is the origin, AB the x-axis and AD the y-axis; all lengths in cm.

RADIUS = 6
CD = 9
AD = 2 * RADIUS  # the circle touches both parallel sides


def circle_touches_bc(ab: Fraction) -> bool:
    """Is the line through B = (ab, 0) and C = (CD, AD) one radius away from the centre (RADIUS, RADIUS)?"""
    bc_x, bc_y = CD - ab, AD
    cross = bc_x * RADIUS - bc_y * (RADIUS - ab)
    return cross**2 == RADIUS**2 * (bc_x**2 + bc_y**2)


def length_of_ab() -> Fraction:
    found = [ab for ab in (Fraction(n, 4) for n in range(4 * CD + 1, 4 * 1000)) if circle_touches_bc(ab)]
    assert len(found) == 1
    return found[0]


def test_232_turn_1_trapezium() -> None:
    ab = length_of_ab()
    area = (ab + CD) / 2 * AD
    assert stated(232, 1, "AB = # cm, area = # cm^2") == [ab, area]


def test_232_turn_2_second_circle() -> None:
    ab = length_of_ab()
    ae = AD * ab / (ab - CD)  # where the line BC meets the y-axis
    de = ae - AD
    ce_squared = CD**2 + de**2
    ce = Fraction(isqrt(int(ce_squared)))
    assert ce**2 == ce_squared
    second_radius = CD * de / (CD + de + ce)  # twice the area over the perimeter
    distance_squared = (RADIUS - second_radius) ** 2 + (RADIUS - (AD + second_radius)) ** 2
    radius, factor, root = stated(232, 2, "radius = # cm, distance = #*sqrt(#) cm")
    assert radius == second_radius
    assert factor**2 * root == distance_squared


# 233: probability.

BOX_A = ["brass"] * 3 + ["steel"] * 5
BOX_B = ["brass"] * 6 + ["steel"] * 2


def share_of_draws(box: list[str], brass_wanted: int) -> Fraction:
    """How often so many tokens, drawn one after another and not put back, are all brass."""
    draws = list(permutations(box, brass_wanted))
    return Fraction(sum(set(draw) == {"brass"} for draw in draws), len(draws))


def chance(brass_wanted: int) -> Fraction:
    return (share_of_draws(BOX_A, brass_wanted) + share_of_draws(BOX_B, brass_wanted)) / 2


def test_233_turn_1_two_brass_tokens() -> None:
    assert stated(233, 1, "#") == [chance(2)]
    assert answer(233, 1) == str(chance(2))  # in lowest terms


def test_233_turn_2_third_token() -> None:
    box_b = share_of_draws(BOX_B, 2) / 2 / chance(2)
    third = chance(3) / chance(2)
    assert stated(233, 2, "box B #, third brass #") == [box_b, third]
    assert answer(233, 2) == f"box B {box_b}, third brass {third}"


# 234: combinatorics.


def orders_of_pots() -> set[str]:
    ferns, cacti, orchids = 3, 3, 2
    return {"".join(order) for order in permutations("F" * ferns + "C" * cacti + "O" * orchids)}


def test_234_turn_1_no_two_ferns_together() -> None:
    allowed = {order for order in orders_of_pots() if "FF" not in order}
    assert stated(234, 1, "#") == [len(allowed)]


def test_234_turn_2_orchids_apart_too() -> None:
    allowed = {order for order in orders_of_pots() if "FF" not in order}
    removed = {order for order in allowed if "OO" in order}
    assert stated(234, 2, "removed #, remain #") == [len(removed), len(allowed - removed)]


# 235: number theory.


def cube_root(n: int) -> int | None:
    guess = round(n ** (1 / 3))
    return next((root for root in (guess - 1, guess, guess + 1) if root**3 == n), None)


def smallest_k() -> int:
    return next(k for k in range(1, 7560**2 + 1) if cube_root(7560 * k) is not None)


def divisors(n: int) -> set[int]:
    small = [d for d in range(1, isqrt(n) + 1) if n % d == 0]
    return {*small, *(n // d for d in small)}


def test_235_turn_1_smallest_factor() -> None:
    k = smallest_k()
    root = cube_root(7560 * k)
    assert root is not None
    assert stated(235, 1, "k = #, the cube of #") == [k, root]


def test_235_turn_2_divisors_of_the_cube() -> None:
    counted = [d for d in divisors(7560 * smallest_k()) if d % 12 == 0 and not is_square(d)]
    assert stated(235, 2, "#") == [len(counted)]


# 236: rates. The volume is followed exactly, from one event to the next.


def minutes_until_full(pump_a_off_from: int, pump_a_on_again: int | None) -> Fraction:
    capacity, pump_a, pump_b, drain = 3600, 60, 40, 25
    ticks_a_minute = 60  # every event of the solution falls on a whole tick
    litres, tick = Fraction(0), 0
    while litres < capacity:
        minute = Fraction(tick, ticks_a_minute)
        repaired = pump_a_on_again is not None and minute >= pump_a_on_again
        a_runs = minute < pump_a_off_from or repaired
        rate = pump_b + (pump_a if a_runs else 0) - (drain if litres >= Fraction(capacity, 2) else 0)
        litres += Fraction(rate, ticks_a_minute)
        tick += 1
    assert litres == capacity
    return Fraction(tick, ticks_a_minute)


def test_236_turn_1_pump_a_stays_off() -> None:
    assert stated(236, 1, "# minutes") == [minutes_until_full(12, None)]


def test_236_turn_2_pump_a_mended() -> None:
    mended = minutes_until_full(12, 12 + 40)
    assert stated(236, 2, "# minutes earlier") == [minutes_until_full(12, None) - mended]


# 237: sequences.


def terms(count: int) -> list[int]:
    b = [4]
    for n in range(1, count):
        b.append(3 * b[-1] - 4 * n)
    return b


def test_237_turn_1_closed_formula() -> None:
    base, shift, slope, constant, tenth = stated(237, 1, "b(n) = #^(n-#) + #n + #, b(10) = #")
    formula = [base ** int(n - shift) + slope * n + constant for n in range(1, 41)]
    assert formula == terms(40)
    assert tenth == terms(10)[-1]


def test_237_turn_2_running_total_above_one_million() -> None:
    totals = ((n, sum(terms(n))) for n in range(1, 100))
    count, total = next((n, total) for n, total in totals if total > 1_000_000)
    assert stated(237, 2, "# terms, total #") == [count, total]


# 238: optimisation. The costs are strictly convex in v: a best value of a grid that beats its nearest
# neighbours at ever finer steps is the minimum.


def cost(v: Fraction, current: int) -> Fraction:
    distance_km = 60
    pounds_an_hour = 45 + v**2 / 5
    return distance_km / (v - current) * pounds_an_hour


def best_speed(costs: Callable[[Fraction], Fraction], slowest: int) -> Fraction:
    grid = [Fraction(n, 20) for n in range(20 * slowest + 1, 20 * 100)]
    best = min(grid, key=costs)
    assert sum(costs(v) == costs(best) for v in grid) == 1
    for step in (Fraction(1, 10**k) for k in range(2, 10)):
        assert costs(best - step) > costs(best) < costs(best + step)
    return best


def test_238_turn_1_still_water() -> None:
    v = best_speed(lambda speed: cost(speed, 0), 0)
    assert stated(238, 1, "v = # km/h, cost = # pounds") == [v, cost(v, 0)]


def test_238_turn_2_against_the_current() -> None:
    current = 8
    still = best_speed(lambda speed: cost(speed, 0), 0)
    v = best_speed(lambda speed: cost(speed, current), current)
    dearer = cost(v, current) - cost(still, 0)
    form = "v = # km/h, cost = # pounds, dearer by # pounds"
    assert stated(238, 2, form) == [v, cost(v, current), dearer]


# 239: finance. A plan is the list of its yearly payments.

LOAN = 6620
EXTRA = 1050


def debt_after(payments: list[Fraction], debt: Fraction) -> Fraction:
    for payment in payments:
        debt = debt * Fraction(110, 100) - payment
    return debt


def level_payment(debt: Fraction, years: int) -> Fraction:
    """The debt left at the end is linear in the payment, so two trials give the payment that clears it."""
    left_with_0 = debt_after([Fraction(0)] * years, debt)
    left_with_1 = debt_after([Fraction(1)] * years, debt)
    payment = left_with_0 / (left_with_0 - left_with_1)
    assert debt_after([payment] * years, debt) == 0
    return payment


def test_239_turn_1_three_equal_payments() -> None:
    payment = level_payment(Fraction(LOAN), 3)
    interest = 3 * payment - LOAN
    assert stated(239, 1, "payment = # pounds, interest = # pounds") == [payment, interest]


def test_239_turn_2_extra_payment() -> None:
    planned = level_payment(Fraction(LOAN), 3)
    first_year = planned + EXTRA
    new_payment = level_payment(debt_after([first_year], Fraction(LOAN)), 2)
    interest = first_year + 2 * new_payment - LOAN
    saved = (3 * planned - LOAN) - interest
    assert stated(239, 2, "new payment = # pounds, saved = # pounds") == [new_payment, saved]


# 240: modular arithmetic.


def is_valid(digits: tuple[int, ...]) -> bool:
    assert len(digits) == 6
    return sum(weight * digit for weight, digit in enumerate(digits, start=1)) % 10 == 0


def complete_number() -> tuple[int, ...]:
    candidates = product([5], [8], range(10), [3], [1], [9])
    found = [digits for digits in candidates if is_valid(digits)]
    assert len(found) == 1
    return found[0]


def swapped(digits: tuple[int, ...], first: int, second: int) -> tuple[int, ...]:
    """The digits with those at two positions, counted from 1, exchanged."""
    copy = list(digits)
    copy[first - 1], copy[second - 1] = copy[second - 1], copy[first - 1]
    return tuple(copy)


def test_240_turn_1_missing_digit() -> None:
    assert answer(240, 1) == "".join(map(str, complete_number()))


def test_240_turn_2_undetected_swaps() -> None:
    number = complete_number()
    swaps = list(combinations(range(1, 7), 2))
    assert len(swaps) == 15
    assert all(swapped(number, *pair) != number for pair in swaps)
    passing = [pair for pair in swaps if is_valid(swapped(number, *pair))]
    count, *positions = stated(240, 2, "# swaps: positions # and #, # and #, # and #")
    assert count == len(passing)
    assert positions == [position for pair in passing for position in pair]
