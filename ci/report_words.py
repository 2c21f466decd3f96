"""Figures and months as a page of `bcda report` writes them."""

import re

HIDDEN = "hidden"


def count(text):
    return int(text.replace(",", ""))


def grouped(number):
    return f"{number:,}"


def dollars(cents):
    sign, cents = ("-" if cents < 0 else ""), abs(cents)
    return f"{sign}{cents // 100:,}.{cents % 100:02}"


def share(part, whole):
    return f"{part * 1000 // whole // 10}.{part * 1000 // whole % 10}"


def percent(part, whole):
    return (part * 200 + whole) // (whole * 2)


def short(value, money=""):
    """A value as axes and headlines have it."""
    sign, value = ("-" if value < 0 else ""), abs(value)
    for least, unit in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if value >= least:
            number = f"{value / least:.1f}".removesuffix(".0") if value / least < 100 else f"{value / least:.0f}"
            return f"{sign}{money}{number}{unit}"
    return f"{sign}{money}{value:.0f}"


def long(text):
    """What such a value says, and by how much it may be off."""
    sign, number, unit = re.fullmatch(r"(-?)\$?([\d.]+)([BMk]?)", text).groups()
    scale = {"B": 1e9, "M": 1e6, "k": 1e3, "": 1}[unit] * (-1 if sign else 1)
    return float(number) * scale, abs(scale) * (0.1 if "." in number or unit and float(number) < 100 else 1)


def months(name):
    """The first month of a row and the month after its last, as numbers; None of one without dates."""
    found = re.fullmatch(r"(\d{4})-(\d\d)(?: … (\d{4})-(\d\d))?", name)
    if not found:
        return None
    year, month, last_year, last = (int(own) if own else None for own in found.groups())
    first = year * 12 + month - 1
    return first, (first if last is None else last_year * 12 + last - 1) + 1
