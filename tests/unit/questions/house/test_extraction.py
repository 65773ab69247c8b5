"""The references of the extraction questions, worked out from the texts in the questions where they can be."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from datetime import date, timedelta

from .house import asked, reference


def table(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


def cells(question_id: int, turn: int) -> list[list[str]]:
    """The lines of a reference that hold bars, split at them."""
    lines = [line for line in reference(question_id, turn).splitlines() if "|" in line]
    return [[cell.strip() for cell in line.strip("| ").split("|")] for line in lines]


def test_251_order() -> None:
    order = {"rolls": (60, 45), "almond slices": (24, 180), "rye loaves": (8, 320)}  # Monday morning, in pence
    order["almond slices"] = (18, 180)
    order["rye loaves"] = (6, 340)
    order["cheese twists"] = (2 * 10, 1250 // 10)  # two trays of ten
    rolls, price = order.pop("rolls")
    order |= {"seeded rolls": (rolls // 2, price), "plain rolls": (rolls // 2, price)}
    items = [{"item": item, "quantity": n, "unit_price": pence / 100} for item, (n, pence) in sorted(order.items())]
    found = json.loads(reference(251, 1))
    assert found == items
    assert [list(row) for row in found] == [["item", "quantity", "unit_price"]] * 5

    del order["rye loaves"]
    rows = [[item, str(n), f"{p / 100:.2f}", f"{n * p / 100:.2f}"] for item, (n, p) in sorted(order.items())]
    total = sum(n * p for n, p in order.values()) * 0.9 / 100
    expected = [["item", "quantity", "unit_price", "line_total"], *rows, ["TOTAL", "", "", f"{total:.2f}"]]
    assert table(reference(251, 2)) == expected


def test_253_log() -> None:
    lines = re.findall(r"^(\d\d):(\d\d):(\d\d) req=(\d+) (\w+) (\w+)", asked(253, 1), re.MULTILINE)
    requests: dict[str, list[tuple[int, str, str]]] = {}
    for hours, minutes, seconds, request, service, what in lines:
        at = int(hours) * 3600 + int(minutes) * 60 + int(seconds)
        requests.setdefault(request, []).append((at, service, what))
    rows = []
    for request, seen in sorted(requests.items()):
        assert seen[0][2] == "START"
        outcome = {"OK": "OK", "FAIL": "FAILED"}.get(seen[-1][2], "OPEN")
        rows.append([request, seen[0][1], outcome, str(seen[-1][0] - seen[0][0])])
    assert cells(253, 1) == rows

    fails = Counter(service for *_, service, what in lines if what == "FAIL")
    outcomes = Counter((service, outcome) for _, service, outcome, _ in rows)
    expected = []
    for service in sorted({row[1] for row in rows}, key=lambda name: (-fails[name], name)):
        counts = [outcomes[service, outcome] for outcome in ("OK", "FAILED", "OPEN")]
        numbers = dict(zip(("requests", "ok", "failed", "open"), (sum(counts), *counts), strict=True))
        expected.append({"service": service, **numbers, "fail_lines": fails[service]})
    assert reference(253, 2) == json.dumps(expected)


def life(born: int) -> dict[str, tuple[int, bool]]:
    """The year of each event by its first word, and whether it is worked out."""
    left = born + 19
    return {
        "born": (born, False), "left": (left, True), "opened": (left + 4, True), "the": (left + 4 + 2, True),
        "published": (1934, False), "second": (born + 40, True), "retired": (1961, False), "finished": (1961 + 3, True),
        "died": (1970, False),
    }  # fmt: skip


def test_254_life() -> None:
    years = life(1902)
    lines = [f"{year}{' (c)' if worked_out else ''} - {event}" for event, (year, worked_out) in years.items()]
    found = reference(254, 1).splitlines()
    assert [re.sub(r"( - \w+).*", r"\1", line) for line in found] == lines
    assert [int(line[:4]) for line in found] == sorted(year for year, _ in years.values())

    *moved, unchanged = reference(254, 2).splitlines()
    later = {event: year for event, (year, _) in life(1904).items() if year != years[event][0]}
    assert [re.sub(r"(: \w+).*", r"\1", line) for line in moved] == [
        f"{year}: {event}" for event, year in later.items()
    ]
    assert unchanged == f"unchanged: {len(years) - len(later)}"


def working_days_before(day: date, count: int) -> date:
    while count:
        day -= timedelta(days=1)
        count -= day.isoweekday() < 6
    return day


def test_355_trip() -> None:
    trip = date(2031, 6, 12)  # a Thursday, as in the letter
    assert f"{trip:%A} {trip.day} {trip:%B}" in asked(355, 1)
    friday = next(day for day in (trip - timedelta(days=n) for n in range(1, 8)) if day.isoweekday() == 5)
    due = working_days_before(trip, 2)
    found = re.findall(r"^- (\w+ \d+ \w+)[:,]", reference(355, 1), re.MULTILINE)
    assert found == [f"{day:%A} {day.day} {day:%B}" for day in (friday, due, trip)]
    children, late = 2, date(2031, 6, 11) > due
    assert children * 1800 == 3600
    assert f"{200 * children * late} shillings, at the gate on Thursday 12 June" in reference(355, 2)


def end_of_month(day: date) -> date:
    following = day.replace(day=28) + timedelta(days=4)
    return following - timedelta(days=following.day)


def months_later(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    return day.replace(year=day.year + years, month=month + 1)


def test_257_lease() -> None:
    first, rent = date(2024, 9, 1), 1450
    form = dict(line.split(": ", 1) for line in reference(257, 1).splitlines())
    assert ", ".join(form) in asked(257, 1).replace(" (of the full term)", "").replace(" (as an amount)", "")
    assert (form["first_day"], form["monthly_rent"], form["deposit"]) == (str(first), f"£{rent:,}", f"£{2 * rent:,}")
    assert form["last_day"] == str(months_later(first, 36) - timedelta(days=1))

    earliest = date.fromisoformat(form["earliest_expiry_of_notice"])
    for (case, *found), given in zip(cells(257, 2), (date(2025, 3, 14), date(2025, 10, 14)), strict=True):
        ends = max(end_of_month(months_later(given, 4)), earliest)
        due = [month for month in (months_later(first, n) for n in range(36)) if given < month <= ends]
        assert found[:3] == [str(ends), str(len(due)), f"£{len(due) * rent:,}"], case
        assert ("31 December" in found[3]) == (ends == earliest)


def check_digit(number: str, weights: tuple[int, int, int]) -> str:
    digits = re.sub(r"\D", "", number)
    return str(sum(weight * int(digit) for weight, digit in zip(weights, digits, strict=False)) % 10)


def test_258_part_numbers() -> None:
    note = asked(258, 1).partition("Delivery note.")[2]
    numbers = list(dict.fromkeys(re.findall(r"[A-Z]+-\d+(?:/\w)?", note)))
    wrong = {}
    for number in numbers:
        if not re.fullmatch(r"[A-Z]{2}-\d{4}(?:/[A-Z])?", number):
            wrong[number] = "form"
        elif number[6] != check_digit(number, (1, 1, 1)):
            wrong[number] = "check digit"
    valid = [number for number in numbers if number not in wrong]
    invalid = [f"{number} - {why}" for number, why in wrong.items()]
    assert reference(258, 1) == "\n".join(["VALID:", *valid, "", "INVALID:", *invalid])

    new = {number: number[:6] + check_digit(number, (1, 2, 1)) + number[7:] for number in valid}
    stays = [old for old, number in new.items() if old == number]
    changes = [f"{old} -> {number}" for old, number in new.items() if old != number]
    begins = "\n".join(["STAYS:", *stays, "", "CHANGES:", *changes, "", "CLASH:"])
    (clash,) = [number for number in new.values() if number in wrong]
    assert reference(258, 2).startswith(f"{begins}\n{clash} stands in the INVALID list")
    assert note.index("KR-4138") < note.index(clash) < note.index("crate 2"), "seals and ring lie in crate 1"


def clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def journey(ferry_late: int) -> tuple[list[list[str]], dict[str, int]]:
    """The four legs, and the local times of some moments in minutes."""
    ferry = 9 * 60 + 40 + ferry_late
    in_skarholm = ferry + 140 + 60  # one hour ahead
    train = next(minute for minute in range(13 * 60 + 10, 24 * 60, 60) if minute >= in_skarholm)
    car = train + 105 + 15
    times = [(6 * 60 + 50, 9 * 60 + 15), (ferry, in_skarholm), (train, train + 105), (car, car + 50)]
    legs = ["Orrin -> Vell", "Vell -> Skarholm", "Skarholm -> Aldmoor", "Aldmoor -> Tressick"]
    means = ["coach", "ferry", "train", "car"]
    rows = [[leg, by, clock(a), clock(b)] for leg, by, (a, b) in zip(legs, means, times, strict=True)]
    return rows, {"wait": train - in_skarholm, "there": car + 50, "door to door": car + 50 - 60 - times[0][0]}


def test_260_journey() -> None:
    rows, late = journey(35)
    assert cells(260, 1) == rows
    rows, on_time = journey(0)
    assert cells(260, 2) == rows
    hours, minutes = divmod(on_time["door to door"], 60)
    assert reference(260, 2).splitlines()[-3:] == [
        f"wait in Skarholm: {on_time['wait']} min",
        f"earlier in Tressick: {late['there'] - on_time['there']} min",
        f"door to door: {hours}:{minutes:02}",
    ]


def test_352_dinner() -> None:
    """Who is named as coming says so in the chat and does not take it back; the second list swaps two dishes."""
    first, second = reference(352, 1), reference(352, 2)
    assert "Jonas: oh no, saturday is" in asked(352, 1)
    (time,), (later,) = (
        re.findall(r"^Meera: (\d+) then", asked(352, 1), re.MULTILINE),
        re.findall(r"but then (\S+)\. ", asked(352, 2)),
    )
    assert re.findall(r"^Time: (\S+) in the evening$", f"{first}\n{second}", re.MULTILINE) == [time, later]
    assert "Coming: Meera, Tadeo, Yuki" in first
    assert "Coming: Meera, Tadeo, Yuki" in second
    brings = first.rpartition("Bringing: ")[2]
    swapped = brings.replace("Meera", "?").replace("Yuki", "Meera").replace("?", "Yuki")
    assert set(second.rpartition("Bringing: ")[2].split("; ")) == set(swapped.split("; "))


def test_356_receipt() -> None:
    lines = re.findall(r"^ ?([A-Z][A-Z ]+?|20% OFF) +(?:(\d) x )?(-?[\d,]+)$", asked(356, 1), re.MULTILINE)
    amounts = {name: (int(count or 1), int(price.replace(",", ""))) for name, count, price in lines}
    total = amounts.pop("TOTAL")[1]
    assert len(amounts) == 8
    assert sum(count * price for count, price in amounts.values()) == total
    rows = cells(356, 1)[2:]
    expected = [[str(n) * (p > 0), str(p) * (p > 0), str(n * p)] for n, p in amounts.values()]
    assert [row[1:] for row in rows] == expected
    assert f"Together {total:,} yen: the sum is right." in reference(356, 1)

    parts = [amounts[name][1] for name in ("UMBRELLA", "ONIGIRI PLUM", "COFFEE L")] + [amounts["BATTERIES AA"][1] // 2]
    named = [int(number) for number in re.findall(r" (\d+)[,.]", reference(356, 2).splitlines()[0])]
    assert named == parts
    owes, left = sum(parts), total - sum(parts)
    last = f"Haru owes {owes:,} yen; {total:,} - {owes:,} = {left:,} yen are left for you."
    assert reference(356, 2).splitlines()[-1] == last


def test_359_contacts() -> None:
    header, *rows = table(reference(359, 1))
    assert header == ["name", "company", "phone", "email"]
    messages = re.findall(r'^\d\) "(.+)"$', asked(359, 1), re.MULTILINE)
    for row, message in zip(rows, messages, strict=True):
        assert all(field in message for field in row)
        assert row[3] == "".join(re.findall(r"\S+@\S+\.example", message))
        assert row[2] == "".join(re.findall(r"\+[\d ]+\d", message))

    codes = {"+234": "NG", "+61": "AU", "+56": "CL"}
    expected = []
    for name, company, phone, email in rows:
        first, _, family = name.partition(" ")
        country = next((code for prefix, code in codes.items() if phone.startswith(prefix)), "")
        expected.append([family, first, company, phone.replace(" ", ""), email, country])
    expected.sort(key=lambda row: (not row[0], row[0]))
    header = ["family_name", "first_name", "company", "phone", "email", "country"]
    assert table(reference(359, 2)) == [header, *expected]
