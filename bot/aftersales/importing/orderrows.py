"""Reading an order file: lines of CSV to whole orders, with every fault named by its line.

An order is taken only if all of its lines can be read: half an order would be a wrong order.
"""

from __future__ import annotations

import csv
import dataclasses
import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import phonenumbers
from dateutil import parser

from bot.aftersales.importing.report import Report
from bot.aftersales.orders.shopsystem import OrderState
from bot.errors import InvalidInput
from bot.text import fold, search_key, strip_nul

COLUMNS = (
    "order_number", "ordered_at", "customer_name", "phone", "email", "language", "sku", "product",
    "variant", "quantity", "unit_price_kurus", "state", "carrier", "tracking_number",
    "handed_over_at", "last_scan_at", "last_scan_place", "estimate_from", "estimate_to",
    "delivered_at",
)
REQUIRED = ("order_number", "ordered_at", "product", "quantity", "unit_price_kurus", "state")
_LENGTHS = {
    "order_number": 64, "customer_name": 200, "email": 320, "sku": 64, "product": 200,
    "variant": 100, "carrier": 64, "tracking_number": 64, "last_scan_place": 200,
}
_OF_ORDER = ("ordered_at", "customer_name", "phone", "email", "language", "state")
_PARCEL = (
    "carrier", "tracking_number", "handed_over_at", "last_scan_at", "last_scan_place",
    "estimate_from", "estimate_to", "delivered_at",
)
_STATES = {
    **{state.value: state.value for state in OrderState},
    "canceled": OrderState.CANCELLED.value, "in_transit": OrderState.SHIPPED.value,
    "handed_over": OrderState.SHIPPED.value,
}
_MOST_MONEY = 2_000_000_000  # kuruş; what the column holds


@dataclasses.dataclass
class OrderRow:
    """An order of the file: its own values, its lines, its parcels."""

    number: str
    first_line: int
    values: dict[str, Any]
    lines: list[dict[str, Any]]
    parcels: list[dict[str, Any]]


def read(path: Path, zone: str, report: Report) -> list[OrderRow]:
    """Return the orders of a file that can be taken; what can not goes to the report.

    InvalidInput when the file as a whole is unusable. `zone` is the shop's, for plain dates.
    """
    orders: dict[str, OrderRow] = {}
    broken: dict[str, int] = {}
    for place, row in _rows(path, report):
        faults: list[str] = []
        values = _values(row, ZoneInfo(zone), faults.append)
        number = str(values.get("order_number") or "")
        if number and not faults:
            if number in orders:
                _join(orders[number], values, faults.append)
            else:
                orders[number] = _start(number, place, values)
        if faults:
            report.errors.append(f"line {place}: {'; '.join(faults)}")
            broken.setdefault(number, place)
    for number, place in broken.items():
        if number in orders:
            del orders[number]
            report.errors.append(f"order {number} was left out because of line {place}")
    return list(orders.values())


def _rows(path: Path, report: Report) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        file = path.open(encoding="utf-8-sig", newline="")
    except OSError as error:
        raise InvalidInput(f"{path} can not be opened: {error.strerror}") from error
    with file:
        try:
            head = file.readline()
            # Spreadsheets in Türkiye write semicolons under the name of CSV.
            mark = max(",;\t", key=head.count)
            names = [name.strip().lower() for name in next(csv.reader([head], delimiter=mark), [])]
            missing = [name for name in REQUIRED if name not in names]
            if missing:
                raise InvalidInput(f"{path.name} lacks the columns {', '.join(missing)}")
            unknown = [name for name in names if name not in COLUMNS]
            if unknown:
                report.notes.append(f"unknown columns were skipped: {', '.join(unknown)}")
            reader = csv.reader(_without_nul(file), delimiter=mark)
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    stripped = (strip_nul(cell).strip() for cell in cells)
                    yield reader.line_num + 1, dict(zip(names, stripped, strict=False))
        except UnicodeDecodeError as error:
            raise InvalidInput(f"{path.name} is not UTF-8; save it again as CSV UTF-8") from error
        except csv.Error as error:
            raise InvalidInput(f"{path.name} can not be read as CSV: {error}") from error


def _without_nul(lines: Iterable[str]) -> Iterator[str]:
    return (line.replace("\x00", "") for line in lines)


def _values(row: dict[str, str], zone: ZoneInfo, fault: Callable[[str], None]) -> dict[str, Any]:
    """Return the typed values of one line; blank cells give None."""
    values: dict[str, Any] = {name: row.get(name) or None for name in COLUMNS}
    for name in REQUIRED:
        if values[name] is None:
            fault(f"{name} is empty")
    for name, most in _LENGTHS.items():
        if len(values[name] or "") > most:
            fault(f"{name} is longer than {most} characters")
    if values["order_number"] and not search_key(values["order_number"]):
        fault("order_number holds neither letter nor digit")
    for name, read_cell in _READERS.items():
        if values[name] is not None:
            try:
                values[name] = read_cell(values[name], zone)
            except ValueError as error:
                fault(f"{name}: {error}")
    return values


def _instant(text: str, _zone: ZoneInfo) -> dt.datetime:
    try:
        moment = parser.isoparse(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is no ISO 8601 time") from error
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone; write it as 2026-11-24T09:30:00+03:00")
    return moment.astimezone(dt.timezone.utc)


def _date(text: str, zone: ZoneInfo) -> dt.date:
    if len(text) == len("2026-11-24"):
        try:
            return dt.date.fromisoformat(text)
        except ValueError as error:
            raise ValueError(f"{text!r} is no date; write it as 2026-11-24") from error
    return _instant(text, zone).astimezone(zone).date()


def _phone(text: str, _zone: ZoneInfo) -> str:
    try:
        number = phonenumbers.parse(text, "TR")
    except phonenumbers.NumberParseException as error:
        raise ValueError(f"{text!r} is no phone number") from error
    if not phonenumbers.is_possible_number(number):
        raise ValueError(f"{text!r} is no phone number")
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def _email(text: str, _zone: ZoneInfo) -> str:
    name, at, domain = text.lower().rpartition("@")
    if not name or not at or "." not in domain or " " in text:
        raise ValueError(f"{text!r} is no e-mail address")
    return text.lower()


def _whole(text: str, least: int) -> int:
    if not text.isascii() or not text.isdigit() or not least <= int(text) <= _MOST_MONEY:
        raise ValueError(f"{text!r} is no whole number of at least {least}")
    return int(text)


def _state(text: str, _zone: ZoneInfo) -> str:
    try:
        return _STATES[fold(text).replace(" ", "_")]
    except KeyError:
        known = ", ".join(state.value for state in OrderState)
        raise ValueError(f"{text!r} is not one of {known}") from None


_READERS: dict[str, Callable[[str, ZoneInfo], Any]] = {
    "ordered_at": _instant, "handed_over_at": _instant, "last_scan_at": _instant,
    "delivered_at": _instant, "estimate_from": _date, "estimate_to": _date,
    "phone": _phone, "email": _email, "state": _state,
    "language": lambda text, _zone: "en" if text.lower().startswith("en") else "tr",
    "quantity": lambda text, _zone: _whole(text, 1),
    "unit_price_kurus": lambda text, _zone: _whole(text, 0),
}


def _start(number: str, place: int, values: dict[str, Any]) -> OrderRow:
    order = OrderRow(number, place, {name: values[name] for name in _OF_ORDER}, [], [])
    _add(order, values)
    return order


def _join(order: OrderRow, values: dict[str, Any], fault: Callable[[str], None]) -> None:
    """Take a further line of an order; what it says of the order must not contradict the first."""
    for name in _OF_ORDER:
        if values[name] is None:
            continue
        if order.values[name] is None:
            order.values[name] = values[name]
        elif order.values[name] != values[name]:
            fault(f"{name} differs from line {order.first_line} of the same order")
    _add(order, values)


def _add(order: OrderRow, values: dict[str, Any]) -> None:
    order.lines.append({
        "sku": values["sku"] or "", "name": values["product"], "variant": values["variant"] or "",
        "quantity": values["quantity"], "unit_price_kurus": values["unit_price_kurus"],
    })
    if not values["carrier"] and not values["tracking_number"]:
        return
    parcel = {name: values[name] for name in _PARCEL}
    same = ("carrier", "tracking_number")
    if not any(all(parcel[n] == other[n] for n in same) for other in order.parcels):
        order.parcels.append(parcel)
