"""The identifiers of messages as customers write them, out of identifiers.yml."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.nlu.identifiers import identifiers

MESSAGES: list[dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parent / "identifiers.yml").read_text(encoding="utf-8")
)
MOST_WRONG = 0.01


def found_in(text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for entity, value in identifiers(text):
        found.setdefault(entity, []).append(value)
    return found


def fault(row: dict[str, Any]) -> str:
    """Return what is wrong with the identifiers of one message, or ""."""
    found = found_in(row["text"])
    orders, also = row.get("orders", []), row.get("also", [])
    got = found.get("order_number", [])
    if not set(orders) <= set(got) <= {*orders, *also}:
        return f"{row['text']!r}: orders {got}, not {orders}"
    got = found.get("tracking_number", [])
    if not set(row.get("tracking", [])) <= set(got) <= {*orders, *also}:
        return f"{row['text']!r}: tracking {got}, not {row.get('tracking', [])}"
    for key, entity in (("phones", "phone"), ("emails", "email"), ("tickets", "ticket_number")):
        if found.get(entity, []) != row.get(key, []):
            return f"{row['text']!r}: {key} {found.get(entity, [])}, not {row.get(key, [])}"
    return ""


def test_at_most_one_message_in_a_hundred_is_read_wrong() -> None:
    faults = [found for row in MESSAGES if (found := fault(row))]
    rate = len(faults) / len(MESSAGES)
    print(f"{len(faults)} of {len(MESSAGES)} messages read wrong ({rate:.1%})")
    assert len(MESSAGES) >= 1500
    assert rate <= MOST_WRONG, "\n".join(faults)


def test_the_messages_differ() -> None:
    texts = [row["text"] for row in MESSAGES]
    assert len(set(texts)) == len(texts)


def test_a_mobile_stays_a_telephone_whatever_stands_before_it() -> None:
    assert found_in("numaram 5441112233") == {"phone": ["+905441112233"]}
    assert "phone" not in found_in("takip no 2125554433")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("2215in ödemesi işte", "2215"),
        ("just wired the money for 2093", "2093"),
        ("siparis 60718 odemesi yapilmistir", "60718"),
        ("2017 siparişini iade edicem", "2017"),
        ("Resend the tax document for 50662, can't find the mail", "50662"),
        ("1031in parası yatmadı", "1031"),
        ("1024 iade edilmedi, param nerede", "1024"),
    ],
)
def test_a_number_beside_money_or_in_the_shape_of_a_year_stays_an_order(
    text: str, number: str
) -> None:
    assert found_in(text)["order_number"] == [number]


@pytest.mark.parametrize(
    "text",
    [
        "6698 sayılı Kanun", "200 m2 depo", "500 words essay", "motor 150 cc", "dahili 214",
        "call 07700 900655", "last four are 8812", "gate code is 7719", "etikette 450 yazıyordu",
        "kartımdan 540 çıktı", "500 parça puzzle",
    ],
)  # fmt: skip
def test_other_numbers_are_no_orders(text: str) -> None:
    assert "order_number" not in found_in(text)


@pytest.mark.parametrize(
    "text",
    [
        "müşteri numaramız 61820", "stok kodu 61820", "irsaliye no 61820", "üyelik no: 61820",
        "garanti belgesi numarası 61820", "zip code 61820", "IMEI'm 490154203237518",
        "IMEI 1: 490154203237518\nIMEI 2: 490154203237526", "my passport is U8123456",
        "the login code you sent is 618204", "618204 diye bir kod geldi", "model no 6182",
        "GTX 1660 arızalı", "plate of the van was 06 ABC 6182", "GB29 NWBK 6016 1331 9268 19",
        "item #61820 is sold out?", "Law No. 6502", "1955 doğumluyum", "1453/2 sokak", "oda 1204",
    ],
)  # fmt: skip
def test_a_label_of_something_else_makes_no_order(text: str) -> None:
    assert found_in(text) == {}


@pytest.mark.parametrize(
    "text",
    [
        "6182 harcadım ben buna", "kurye 618 istedi", "618'e almıştım", "hesabıma 6182 geldi",
        "I spent 6182 on it", "anything under 6180 each?", "6180 üzerine indirim vardı",
        "6182 lira tuttu dediniz, 6182!!", "6.182,50 TL yazıyor yani 6182", "6182'ydi 6820 olmuş",
        "between 1400 and 1815 please", "8/256 istemiştim", "256 gb yazıyordu 128 geldi",
        "180 of 200 arrived",
    ],
)  # fmt: skip
def test_sums_measures_and_hours_without_a_unit_are_no_orders(text: str) -> None:
    assert found_in(text) == {}


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("6182 değil pardon 6128", ["6128"]),
        ("it's 6128, not 6182", ["6128"]),
        ("6182 demişim, 6128 olacak", ["6128"]),
        ("6182 değil mi? 6128 de var", ["6182", "6128"]),
        ("6182/6185", ["6182", "6185"]),
        ("61820-61821-61823", ["61820", "61821", "61823"]),
        ("6182-9405", ["6182-9405", "6182", "9405"]),
        ("61.820 nolu sipariş", ["61820"]),
        ("numara 6 1 8 2 0", ["61820"]),
        ("that's six one eight two", ["6182"]),
        ("1 2 3 4 5 puan", []),
        ("sipariş 6182 bi bakın", ["6182"]),
        ("order 618, 2 pcs missing", ["618"]),
        ("sipno61820", ["61820"]),
        ("1985'i iptal edin", ["1985"]),
        ("2031 ve 6182 nolu siparişlerim", ["2031", "6182"]),
        ("fatura 6182 için kesilmedi", ["6182"]),
        ("kartıma 6182 için iade gelmedi", ["6182"]),
        ("6182 koli açık geldi", ["6182"]),
        ("takip kodum 618204", ["618204"]),
    ],
)
def test_of_several_numbers_those_are_offered_that_are_meant(text: str, numbers: list[str]) -> None:
    assert found_in(text).get("order_number", []) == numbers


@pytest.mark.parametrize(
    "text",
    [
        "VIN WVWZZZ1KZ6W618204", "MRN 25TR341200EX618204", "ISBN 0-306-40615-2", "978-605-375-123-4",
        "OEM 06435-KPP-911 olmadı", "model DHP484 var mı", "Flight TK1980 leaves on Friday",
        "fatura 2026-061820 hatalı", "icra dosyası 2024/61820 esas", "ekspres kodu 6182 dediler",
        "intercom code 6182", "kimliğimi de yazayım: 39185672044", "imeisini sordunuz, 352099001761481",
        "çip numarası 900182001234567", "seri no 5120003847", "Lego Technic 42151 kaç para",
        "1184 pages", "Ship to 35220 Alsancak, Izmir, Flat 14", "reads 1042 g", "EN 1078 var mı",
    ],
)  # fmt: skip
def test_what_is_named_or_shaped_as_another_kind_is_offered_as_nothing(text: str) -> None:
    assert found_in(text) == {}


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("HD9252 siparişim", ["HD9252"]),
        ("NV10234 nerede", ["NV10234"]),
        ("61820 - 61821 - 61830 iptal", ["61820", "61821", "61830"]),
        ("61820 ve 61830 1450 lira, siparişim 61820", ["61820", "61830"]),
        ("sipariş 61820, kapıda 6182 dendi", ["61820"]),
        ("9987 ve 10012 nolu siparişlerim", ["9987", "10012"]),
        ("both 55171 and 55172 went missing", ["55171", "55172"]),
        ("61820: yanlış ürün, 61821: eksik ürün", ["61820", "61821"]),
        ("61820 sorry for the trouble, 61821 is fine", ["61820", "61821"]),
        ("61820 yok yok dur 61280", ["61280"]),
        ("for 61820 not for 61280", ["61820"]),
        ("order is 61820. I wrote 61280 before but it is wrong", ["61820"]),
        ("61820'yi değil 61280'i almış, 61280 bana ait değil", ["61820"]),
        ("61 820 değil 61 280", ["61280"]),
        ("dropped from 4599 to 3899", []),
        ("dün 2899du bugün 3199", []),
        ("charged 3 times 1250", []),
        ("the price of 61820 dropped", ["61820"]),
        ("sitede 61820 hazırlanıyor", ["61820"]),
    ],
)
def test_numbers_seen_together_tell_of_each_other(text: str, numbers: list[str]) -> None:
    assert found_in(text).get("order_number", []) == numbers


@pytest.mark.parametrize(
    "text",
    [
        "MNG tracking no 583920174", "takip kodum 640128873", "sürat kargo 6512098831 nerede",
        "UPS gave me 918273645", "583920174 as the tracking number", "HepsiJet HX7204918365",
    ],
)  # fmt: skip
def test_a_carrier_or_a_label_makes_a_parcel_of_nine_digits(text: str) -> None:
    found = found_in(text)
    assert found["tracking_number"] == found["order_number"]
    assert "tracking_number" not in found_in("siparişim 583920174")


@pytest.mark.parametrize("ending", ["", "du", "dur", "'du", "dan", "a", "daki"])
def test_an_address_is_found_with_what_is_written_onto_it(ending: str) -> None:
    text = f"mailim mehmet34@example.org{ending} yazmistim"
    assert found_in(text)["email"] == ["mehmet34@example.org"]


def test_a_labelled_code_or_an_account_is_no_telephone() -> None:
    assert "phone" not in found_in("return code is 5441112233")
    assert "phone" not in found_in("TR41 0006 4000 0011 2345 6789 01")
    assert found_in("iade için beni 5441112233 nolu telefondan arayın")["phone"] == [
        "+905441112233"
    ]


@pytest.mark.parametrize(
    ("text", "tickets"),
    [
        ("t4471 ne oldu", ["T-4471"]),
        ("destek talebim 4471", ["T-4471"]),
        ("hakem heyeti başvuru no 4471", []),
        ("talep numaram 88120", ["T-88120"]),
        ("4471 numaralı şikayet kaydım", ["T-4471"]),
        ("ticket 55021?", ["T-55021"]),
        ("case number 90331, open or closed", ["T-90331"]),
        ("iade talebi no 88120", []),
        ("kayıt oldum 1024 siparişim", []),
    ],
)
def test_a_ticket_is_known_by_its_label_too(text: str, tickets: list[str]) -> None:
    assert found_in(text).get("ticket_number", []) == tickets


def test_ten_thousand_characters_are_read_at_once() -> None:
    for piece in (
        "1024 ",
        "bir iki üç ",
        "0532 ",
        "a@",
        "1-",
        "4126 - ",
        "seri no ",
        "isbn 1-2-",
        "1a",
    ):
        assert identifiers((piece * 10_000)[:10_000]) is not None
