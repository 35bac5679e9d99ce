"""Which numbers of a message may be an order, a parcel, a ticket or a telephone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text import find_emails, find_numbers, find_phones, find_ticket_numbers, search_key


@pytest.mark.parametrize(
    "text",
    [
        "1024",
        "#1024",
        "slm 1024 nolu siparsm nerde",
        "1024ü iptal edin",
        "1024'ün kargosu",
        "1024’ten ses yok",
        "1024deki ürün",
        "1024 günlerdir gelmedi",
        "siparis no:1024.",
        "no1024",
        "SİPARİŞİM1024",
        "(1024)",
        "1024\n0532 123 45 67",
        "1024 mi geldi?",
        "1024 günaydın",
        "order #1024?",
        "١٠٢٤ nolu",
        "1.299,90 TL ödediğim 1024",
        "500 tl iade edin 1024 için",
        "23.11.2026 tarihli 1024",
        "[card •••• 7890] ile aldım 1024",
    ],
)
def test_the_order_number_is_found_alone(text: str) -> None:
    assert find_numbers(text) == ["1024"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1024,1025 ve 1026 nolu", ["1024", "1025", "1026"]),
        ("1024 1025 1026", ["1024", "1025", "1026"]),
        ("403-1234567-1234567", ["403-1234567-1234567"]),
        ("TR1001 geldi", ["TR1001"]),
        ("1001-W", ["1001-W", "1001"]),
        ("SIP-2024111", ["SIP-2024111", "2024111"]),
        ("servise SRV-4471", ["SRV-4471"]),
        ("2024/1024", ["2024/1024", "1024"]),
        ("1z 999 aa1 01 2345 6784", ["1Z999AA10123456784"]),
        ("rr123456785tr geldi mi", ["RR123456785TR"]),
        ("RR 123 456 785 TR", ["RR123456785TR"]),
        ("KP12345678901", ["KP12345678901"]),
        ("hj12ab34cd56 nerede", ["HJ12AB34CD56"]),
        ("takip 7330 0314 4442 6443", ["7330031444426443", "7330", "0314", "4442", "6443"]),
        ("https://kargo.example/t?code=123456789012", ["123456789012"]),
        (
            "siparis 11081650568 tel 0532 123 45 67 takip 7330031444426443",
            ["11081650568", "7330031444426443"],
        ),
        ("takip no 2125554433", ["2125554433"]),
    ],
)
def test_shapes_of_shops_and_couriers(text: str, found: list[str]) -> None:
    assert find_numbers(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "1.299,90 TL",
        "1299 tl",
        "1299tl",
        "₺1299",
        "1299 ₺",
        "1299 liraya",
        "799 ödedim 649 yatırmışsınız",
        "500 puanım vardı",
        "tel 0532 123 45 67",
        "05321234567",
        "444 0 555",
        "23.11.2026",
        "2026-11-23",
        "2024 yılında aldım",
        "168 kilo",
        "300 gündür bekliyorum",
        "5000 mah pil",
        "%100 pamuk",
        "TR33 0006 1005 1978 6457 8413 26",
        "4543 6012 3456 7890",
        "0532 *** ** 67",
        "ayse1024@example.com",
        "moda caddesi no 124 daire 512",
        "T-20931",
        "iphone 15e uyar mı",
        "siparişim nerede",
    ],
)
def test_other_numbers_are_no_orders(text: str) -> None:
    assert find_numbers(text) == []


def test_a_year_counts_when_it_is_labelled_or_stands_alone() -> None:
    assert find_numbers("sipariş no 2024") == ["2024"]
    assert find_numbers("2025 nolu sipariş") == ["2025"]
    assert find_numbers("2024") == ["2024"]


def test_a_long_list_is_cut() -> None:
    assert len(find_numbers(" ve ".join(str(number) for number in range(5000, 5100)))) == 20


@pytest.mark.parametrize(
    "written",
    [
        "0532 123 45 67",
        "05321234567",
        "532 123 45 67",
        "+90 532 123 45 67",
        "905321234567",
        "00905321234567",
        "0(532) 123 45 67",
        "0532-123-45-67",
        "0532.123.45.67",
        "0532\u200b1234567",
    ],
)
def test_phones_become_e164(written: str) -> None:
    assert find_phones(f"beni {written} numarasından arayın") == ["+905321234567"]


def test_phones_of_other_lines_and_countries() -> None:
    assert find_phones("0212 555 44 33 ya da +44 7911 123456") == ["+902125554433", "+447911123456"]
    assert find_phones("sipariş 11081650568") == []


def test_emails() -> None:
    assert find_emails("Ayse.K@Example.COM'a ya da ali@gmaıl.com, ali@gmail.com") == [
        "ayse.k@example.com",
        "ali@gmail.com",
    ]
    assert find_emails("bob@gmail.comdan yazdım") == ["bob@gmail.com"]
    assert find_emails("@ayse a@b") == []


def test_tickets() -> None:
    assert find_ticket_numbers("kaydım T-20931 ve t20932, T 20-5") == ["T-20931", "T-20932"]
    assert find_ticket_numbers("at-20931 1024") == []


@pytest.mark.parametrize(
    ("written", "key"),
    [("#1024", "1024"), ("001024", "1024"), ("sip-2024/111", "SIP2024111"), ("1001-w", "1001W")],
)
def test_search_key(written: str, key: str) -> None:
    assert search_key(written) == key


@given(st.text(st.sampled_from("0123456789 -/.,#abtrşİ'\n+%₺@")))
def test_any_text_is_survived_and_every_candidate_has_a_key(text: str) -> None:
    for number in find_numbers(text):
        assert search_key(number) or set(number) <= set("#0-/")
        assert number == number.upper()
    find_phones(text), find_emails(text), find_ticket_numbers(text)
