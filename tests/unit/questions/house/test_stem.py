"""The references of the stem questions that have one right answer, worked out anew."""

from __future__ import annotations

from math import exp, log, log10

from .house import answer, reference


def test_263_buffer() -> None:
    total, pka = 500 * 0.100, 4.76  # mmol of acetate in 500 mL
    ratio = 10 ** (5.00 - pka)
    base = total * ratio / (1 + ratio)
    # Both stock solutions hold 1.00 mmol in a millilitre.
    assert answer(263, 1) == f"{total:.1f} mL acetic acid, {base:.1f} mL sodium hydroxide"

    ph = pka + log10((base - 5.0) / (total - base + 5.0))
    in_water = -log10(5.0 / 505)
    assert answer(263, 2) == f"pH {ph:.2f} in the buffer, pH {in_water:.2f} in water"
    assert f"falls by {5.00 - ph:.2f}" in reference(263, 2)


def false_positives(keys: int, functions: int, bits: int = 1000) -> float:
    return (1 - exp(-functions * keys / bits)) ** functions


def test_266_bloom_filter() -> None:
    exact = (1 - (1 - 1 / 1000) ** 700) ** 7
    assert f"{exact:.2%}" == f"{false_positives(100, 7):.2%}", "the usual approximation makes no difference"
    assert answer(266, 1) == f"{false_positives(100, 7) * 100:.2f} %"

    best = min(range(1, 20), key=lambda functions: false_positives(200, functions))
    assert abs(best - 1000 / 200 * log(2)) < 1
    rates = [false_positives(200, functions) * 100 for functions in (7, best)]
    assert answer(266, 2) == f"{rates[0]:.1f} %; best {best} functions, {rates[1]:.1f} %"


def test_267_cliff() -> None:
    dyke, ash, second_ash = 63.0, 61.4, 56.0
    events = [line.split(". ")[1] for line in reference(267, 1).splitlines() if line[0].isdigit()]
    order = [
        "mud",
        "folding",
        "uplift",
        "conglomerate",
        "sandstone",
        "dyke",
        "erosion",
        "ash",
        "fault",
        "the",
        "mudstone",
    ]
    assert [event.split(" ")[0] for event in events] == order
    assert reference(267, 1).count("time is missing") == 2
    limits = f"fault between {ash} and {second_ash}; sandstone older than {dyke}; folding older than {dyke}"
    assert answer(267, 2) == limits


def chi_squared(purple_share: float) -> float:
    seen = (181, 139)
    expected = (320 * purple_share, 320 * (1 - purple_share))
    return sum((one - other) ** 2 / other for one, other in zip(seen, expected, strict=True))


def test_270_flowers() -> None:
    assert answer(270, 1) == f"9 : 7; chi-squared {chi_squared(9 / 16):.4f}"
    assert chi_squared(9 / 16) < 3.84

    # The F1 stands in repulsion (Ab/aB): AB and ab are the recombinants, half of them each.
    recombination = 2 * 6 / 120
    share = 0.5 + (recombination / 2) ** 2  # A_B_ is a half and as much as aabb
    purple, value = 320 * share, chi_squared(share)
    assert value > 3.84
    expected = f"predicted {120 // 4}; {recombination:.0%} recombination; ".replace("%", " %")
    assert answer(270, 2) == expected + f"F2 {purple:.1f} : {320 - purple:.1f}, chi-squared {value:.2f}, does not fit"
