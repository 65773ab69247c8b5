"""Recomputes every reference answer of the math questions from the conditions in the question."""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import permutations, product
from math import isqrt, pi
from statistics import mean, median
from typing import TYPE_CHECKING

from .house import answer, reference

if TYPE_CHECKING:
    from collections.abc import Callable


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


# 334: a price that goes up and down.


def test_334_turn_1_up_and_down() -> None:
    price = 1200 * Fraction(120, 100) * Fraction(80, 100)
    assert stated(334, 1, "# pesos") == [price]


def test_334_turn_2_back_to_the_old_price() -> None:
    raised, first_cut = 1200 * Fraction(120, 100), 1200 * Fraction(80, 100)
    cut = 1 - 1200 / raised
    whole, rest = divmod(100 * cut, 1)
    matters = raised * Fraction(80, 100) != first_cut * Fraction(120, 100)
    assert answer(334, 2) == f"{cut}, that is {whole} {rest} %; order: {'yes' if matters else 'no'}"


# 336: tins of cake.


def area(across: int) -> float:
    return pi * (across / 2) ** 2


def test_336_turn_1_factor_of_a_larger_tin() -> None:
    assert answer(336, 1) == f"{area(26) / area(20):.2f}"


def test_336_turn_2_flour_and_eggs() -> None:
    factor, square = area(26) / area(20), 26 * 26 / area(20)
    flour, eggs, for_the_square = (round(amount) for amount in (240 * factor, 3 * factor, 240 * square))
    assert answer(336, 2) == f"{flour} g flour, {eggs} eggs, square tin {for_the_square} g flour"


# 337: salaries. The extremes are looked for on a grid of 100 dinars, and those that the reference names are shown.


def offices() -> list[tuple[int, ...]]:
    """Five salaries in order with the mean and the median that the question gives."""
    steps = range(100, 12_000, 100)
    pairs = [(low, high) for low in steps for high in steps if low <= high]
    lower = [pair for pair in pairs if pair[1] <= 2300]
    upper = {total: [] for total in range(0, 24_000, 100)}  # type: dict[int, list[tuple[int, int]]]
    for pair in pairs:
        if pair[0] >= 2300:
            upper[sum(pair)].append(pair)
    return [(*low, 2300, *high) for low in lower for high in upper[5 * 2400 - 2300 - sum(low)]]


def test_337_turn_1_the_new_salary() -> None:
    assert stated(337, 1, "# dinars") == [6 * 2500 - 5 * 2400]


def test_337_turn_2_the_new_median() -> None:
    hers = 6 * 2500 - 5 * 2400
    medians = {median([*office, hers]) for office in offices()}
    assert stated(337, 2, "# to #") == [min(medians), max(medians)]
    named = [tuple(map(int, five)) for five in re.findall(", ".join([r"(\d{4})"] * 5), reference(337, 2))]
    assert [(mean(five), median(five)) for five in named] == [(2400, 2300)] * 2
    assert {median([*five, hers]) for five in named} == {min(medians), max(medians)}


# 339: finance. A plan is the list of its yearly payments.

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


def test_339_turn_1_three_equal_payments() -> None:
    payment = level_payment(Fraction(LOAN), 3)
    interest = 3 * payment - LOAN
    assert stated(339, 1, "payment = # cedis, interest = # cedis") == [payment, interest]


def test_339_turn_2_extra_payment() -> None:
    planned = level_payment(Fraction(LOAN), 3)
    first_year = planned + EXTRA
    new_payment = level_payment(debt_after([first_year], Fraction(LOAN)), 2)
    interest = first_year + 2 * new_payment - LOAN
    saved = (3 * planned - LOAN) - interest
    assert stated(339, 2, "new payment = # cedis, saved = # cedis") == [new_payment, saved]


# 340: bags of rice. Prices in céntimos.

LARGE, SMALL = (1500, 1320), (400, 360)


def test_340_turn_1_price_of_a_kilo() -> None:
    (cheap, grams), (dear, _) = sorted((Fraction(price * 10, grams), grams) for grams, price in (LARGE, SMALL))
    assert answer(340, 1) == f"{grams / 1000} kg, at {float(cheap):.2f} against {float(dear):.2f} soles a kilo"


def test_340_turn_2_take_three_pay_two() -> None:
    ways = {
        (large, small): large * LARGE[1] + (small - small // 3) * SMALL[1]
        for large, small in product(range(3), range(12))
        if large * LARGE[0] + small * SMALL[0] >= 2000
    }
    least = min(ways.values())
    most = max(large * LARGE[0] + small * SMALL[0] for (large, small), price in ways.items() if price == least)
    assert answer(340, 2) == f"{least / 100:.2f} soles, {most / 1000} kg"
