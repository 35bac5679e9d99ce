"""What a message names: sums, days, times, places, products, codes. Today is Tuesday 24 Nov 2026."""

from __future__ import annotations

import datetime as dt
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from rasa.shared.nlu.training_data.message import Message

from bot import clock
from bot.nlu import shelf, values
from bot.nlu.identifiers import identifiers
from bot.text import Catalogue, Product
from tests.nlu.annotated import plain, scores
from tests.nlu.value_cases import CASES

TODAY = dt.date(2026, 11, 24)
CATALOGUE = Catalogue(
    [
        Product("NAR-BAR-2", ("Nar Barista 2 espresso makinesi", "Nar Barista 2 espresso machine")),
        Product("NAR-OGU-1", ("Nar Öğütücü kahve değirmeni", "Nar Öğütücü grinder")),
        Product("NAR-KET-01", ("Keten nevresim takımı", "Linen bed set")),
        Product("NAR-TAV-26", ("Döküm tava 26 cm", "Cast-iron pan 26 cm")),
        Product("NAR-HAV-01", ("Havlu", "Towel")),
        Product("NAR-BOR-01", ("Bornoz", "Bathrobe")),
        Product("NAR-WP-01", ("Nar Arıtma su arıtma cihazı", "Nar Arıtma water purifier")),
        Product("NAR-ROB-01", ("Nar Robot süpürge", "Nar Robot vacuum")),
    ],
    shop="Nar Ev",
    coupons=("NARSEVER",),
)


def said(text: str, entity: str) -> list[str]:
    return [item.value for item in values.values(text, TODAY, CATALOGUE) if item.entity == entity]




@pytest.mark.parametrize(
    ("entity", "text", "expected"),
    [(entity, text, expected) for entity, rows in CASES.items() for text, expected in rows],
)
def test_what_a_message_names(entity: str, text: str, expected: list[str]) -> None:
    assert said(text, entity) == expected


def test_there_are_enough_cases() -> None:
    assert sum(map(len, CASES.values())) >= 150


@pytest.mark.parametrize(
    "text",
    [
        "beni 0532 123 45 67 numaradan arayın", "ayse.kaya@example.com", "1024",
        "https://narev.example/siparis/1024?adet=3", "siparişim nerede", "", "   ", "👍", "1024, 1025",
    ],
)  # fmt: skip
def test_a_message_without_a_value_has_none(text: str) -> None:
    assert values.values(text, TODAY, CATALOGUE) == []


def test_one_stretch_is_one_thing() -> None:
    text = "3 adet havlu için 1.299,90 TL'yi 6 taksit yaptınız, 2 gün önce İzmir'e gelecekti"
    found = values.values(text, TODAY, CATALOGUE)
    assert [(item.entity, text[item.start : item.end]) for item in found] == [
        ("quantity", "3 adet"),
        ("product", "havlu"),
        ("amount", "1.299,90 TL'yi"),
        ("currency", "1.299,90 TL'yi"),
        ("installments", "6 taksit"),
        ("date", "2 gün önce"),
        ("city", "İzmir'e"),
    ]


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("İzmir'e 1299 TL", ["İzmir'e", "1299 TL"]),
        ("İzmir’e 1299 TL", ["İzmir’e", "1299 TL"]),
        ("Z\u200b İzmir'e", ["İzmir'e"]),
        ("1\u200b299 TL ve İzmir'e", ["1\u200b299 TL", "İzmir'e"]),
        ("u\u0308ru\u0308n 1299 TL", ["1299 TL"]),
        ("\ufeff⭐⭐⭐", ["⭐⭐⭐"]),
        ("👩\u200d🔧 usta I\u0307zmir'e", ["I\u0307zmir'e"]),
    ],
)
def test_places_are_those_of_the_message_as_it_came(text: str, written: list[str]) -> None:
    found = [i for i in values.values(text, TODAY, CATALOGUE) if i.entity != "currency"]
    assert [text[item.start : item.end] for item in found] == written


PIECES = (
    *("bin", "yüz", "elli", "buçuk", "yarım", "on", "bir", "1.299", ",90", "2024", "31", "30.02", "12:", "0"),
    *("şubat", "mayıs", "ayın", "bayram", "arefe", "sonra", "önce", "haftaya", "salı", "geçe", "kala"),
    *("TL", "₺", "k", "puan", "⭐", "/10", "%", "'", "-", " ", "\n", "\u200b", "İ", "ı", "van", "M", "kod"),
    *("seri no", "[card", "]", "NAR-WP-", "havlu", "@", "http://", "9999999999", "ile", "arası", "gün"),
)


@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join) | st.text(max_size=60))
def test_any_text_is_survived_and_every_place_lies_in_it(text: str) -> None:
    for item in values.values(text, TODAY, CATALOGUE):
        assert 0 <= item.start < item.end <= len(text)
        assert item.value
    identifiers(text)


@pytest.mark.parametrize("today", [dt.date(2026, 12, 31), dt.date(2028, 2, 29), dt.date(2040, 6, 1)])
def test_every_case_is_read_on_any_day(today: dt.date) -> None:
    for rows in CASES.values():
        for text, _ in rows:
            values.values(text, today, CATALOGUE)


def test_without_a_catalogue_everything_else_is_found() -> None:
    found = values.values("baristam 1299 TL", TODAY, Catalogue())
    assert [item.entity for item in found] == ["amount", "currency"]


def test_two_products_that_fit_are_left_as_written() -> None:
    shop = Catalogue([Product("A1", ("Bakır cezve",)), Product("A2", ("Bakır tencere",))])
    assert [i.value for i in shop.find_products(values.Reading("bakır olan"))] == ["bakır"]


# The component


def parsed(text: str) -> list[dict[str, Any]]:
    message = Message({"text": text, "entities": [{"entity": "language", "value": "tr"}]})
    extractor = values.ValueExtractor()
    [out] = extractor.process([message])
    return list(out.get("entities"))


def test_the_component_adds_to_what_others_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(values, "shelf", shelf.Shelf("sqlite:////nowhere/at/all.sqlite3"))
    assert parsed("1299 TL")[:2] == [
        {"entity": "language", "value": "tr"},
        {"entity": "amount", "value": "1299", "start": 0, "end": 7, "extractor": "ValueExtractor"},
    ]
    assert parsed('/track_order{"order_number": "8 TL"}') == [{"entity": "language", "value": "tr"}]


def test_days_are_told_by_the_shops_clock_and_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    late = dt.datetime(2026, 11, 24, 22, 30, tzinfo=dt.timezone.utc)
    monkeypatch.setattr(clock, "now", lambda: late)
    monkeypatch.delenv("SHOP_TIME_ZONE", raising=False)
    assert values.shop_day() == dt.date(2026, 11, 25)
    monkeypatch.setenv("SHOP_TIME_ZONE", "UTC")
    assert values.shop_day() == TODAY


def test_no_value_fills_a_slot_of_the_dialogue() -> None:
    assert not set(CASES) & {"language", "order_number", "tracking_number", "wish"}


# The snapshot of the catalogue


def database(path: Path) -> sa.engine.Engine:
    engine = sa.create_engine("sqlite://", creator=lambda: sqlite3.connect(path))
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE product (id INTEGER, sku TEXT, name TEXT, name_en TEXT)"))
        connection.execute(sa.text("CREATE TABLE shop_setting (key TEXT, value TEXT)"))
        connection.execute(sa.text("INSERT INTO product VALUES (1, 'K-1', 'Bakır cezve', '')"))
        connection.execute(sa.text("INSERT INTO shop_setting VALUES ('profile', '{\"name\": \"Bakır Ev\"}')"))
    return engine


def test_the_catalogue_is_read_once_in_its_time(tmp_path: Path) -> None:
    path = tmp_path / "my shop #%20.sqlite3"
    engine = database(path)
    held = shelf.Shelf(f"sqlite:///{path}", age=3600)
    assert [p.sku for p in held.catalogue(wait=True).products] == ["K-1"]
    with engine.begin() as connection:
        connection.execute(sa.text("INSERT INTO product VALUES (2, 'K-2', 'Cam fincan', '')"))
    assert [p.sku for p in held.catalogue(wait=True).products] == ["K-1"]
    held._age = 0
    assert [p.sku for p in held.catalogue(wait=True).products] == ["K-1", "K-2"]
    assert [i.entity for i in held.catalogue().find_products(values.Reading("bakır ev"))] == []


def test_a_lost_database_leaves_the_last_snapshot(tmp_path: Path) -> None:
    path = tmp_path / "shop.sqlite3"
    database(path)
    held = shelf.Shelf(f"sqlite:///{path}", age=0)
    held.catalogue(wait=True)
    path.unlink()
    assert [p.sku for p in held.catalogue(wait=True).products] == ["K-1"]
    assert not path.exists()


def test_the_address_of_the_database_is_that_of_the_settings(tmp_path: Path) -> None:
    assert shelf.database_url({"DATABASE_URL": "postgres://a/b"}) == "postgresql://a/b"
    secret = tmp_path / "url"
    secret.write_text("postgresql://c/d\n", encoding="utf-8")
    assert shelf.database_url({"DATABASE_URL_FILE": str(secret)}) == "postgresql://c/d"
    assert shelf.database_url({"DATA_DIR": str(tmp_path)}) == f"sqlite:///{tmp_path}/destek.sqlite3"


def test_the_tables_of_the_application_are_the_ones_that_are_read(tmp_path: Path) -> None:
    from bot.aftersales.orders.models import Product as Row
    from bot.db import Base
    from bot.shop.models import ShopSetting

    url = f"sqlite:///{tmp_path / 'real.sqlite3'}"
    engine = sa.create_engine(url)
    Base.metadata.create_all(engine, tables=[Row.__table__, ShopSetting.__table__])
    with engine.begin() as connection:
        connection.execute(sa.insert(Row.__table__).values(sku="K-1", name="Cezve", attributes={}))
        connection.execute(sa.insert(ShopSetting.__table__).values(key="profile", value={"name": "Ev"}))
    assert [p.names for p in shelf.Shelf(url).catalogue(wait=True).products] == [("Cezve",)]


# What it costs


LONG = {
    "words": "merhaba 3 gündür Ankara'da bekleyen siparişim nerede kaldı acaba " * 160,
    "numbers": "1 23 456 7,89 " * 720, "days": "3 mart salı " * 840, "letters": "a" * 10_000,
    "digits": "9" * 10_000, "mail": "a@" * 5000, "stars": "⭐" * 10_000, "blanks": " " * 10_000,
    "ones": "bir " * 2500, "card": "kart son " * 1100, "quotes": "'" * 10_000, "past": "dün " * 2500,
    "coupons": "AB1 kupon " * 1000,
}  # fmt: skip


@pytest.mark.parametrize("kind", LONG)
def test_ten_thousand_characters_take_no_time(kind: str) -> None:
    values.values(LONG[kind], TODAY, CATALOGUE)
    began = time.process_time()
    values.values(LONG[kind], TODAY, CATALOGUE)
    # 20 ms on an idle machine; a regular expression that runs away takes seconds.
    assert time.process_time() - began < 0.2


# The measure


def test_markup_is_read_and_scored() -> None:
    assert plain("[yarın](date) gelin") == ("yarın gelin", [("date", 0, 5)])
    table = scores(
        ["[yarın](date) [İzmire](city) gelin", "salı"],
        lambda text: [("date", 0, 4)] + ([("amount", 0, 2)] if "gelin" in text else []),
    )
    assert (table["date"].right, table["date"].missed, table["date"].extra) == (1, 0, 1)
    assert (table["city"].missed, table["amount"].extra) == (1, 1)
    assert table["date"].precision == 0.5 and table["date"].recall == 1.0
