"""Cards and national ids do not survive, the shop's own numbers do."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.redaction import (
    candidates,
    mask_email,
    mask_payload,
    mask_phone,
    mask_sensitive,
)

# Numbers that pass the checks and belong to nobody (schemes' test numbers).
VISA = "4543601234567890"
ID = "10000000146"
CARDS = [
    VISA,
    "4222222222222",
    "5555555555554444",
    "2223003122003222",
    "378282246310005",
    "30569309025904",
    "3530111333300000",
    "6011111111111117",
    "6200000000000005",
    "6759649826438453",
    "6799990100000000019",
    "9792030394440796",
]


def in_groups(digits: str, separator: str, size: int = 4) -> str:
    return separator.join(digits[start : start + size] for start in range(0, len(digits), size))


@pytest.mark.parametrize("card", CARDS)
@pytest.mark.parametrize(
    "separator",
    [
        "",
        " ",
        "-",
        ".",
        "+",
        "%20",
        "%2D",
        "%C2%A0",
        "\n",
        "\r\n",
        "\u00a0",
        "\u200b",
        "&nbsp;",
        " - ",
        ", ",
    ],
)
def test_a_card_of_each_scheme_however_it_is_grouped(card: str, separator: str) -> None:
    masked = mask_sensitive(f"kartım {in_groups(card, separator)} son kullanma")
    assert masked == f"kartım [card •••• {card[-4:]}] son kullanma"


@pytest.mark.parametrize("separator", [" ", "\n", "\u200b", "-"])
def test_a_card_digit_by_digit(separator: str) -> None:
    assert mask_sensitive(separator.join(VISA)) == "[card •••• 7890]"


@pytest.mark.parametrize("zero", [0x660, 0x6F0, 0xFF10, 0x966])
def test_digits_of_other_scripts(zero: int) -> None:
    digits = {48 + value: chr(zero + value) for value in range(10)}
    assert mask_sensitive(VISA.translate(digits)) == "[card •••• 7890]"
    assert mask_sensitive(in_groups(VISA, " ").translate(digits)) == "[card •••• 7890]"
    assert mask_sensitive(ID.translate(digits)) == "[id •••]"


def test_form_encoded_text() -> None:
    assert mask_sensitive(f"Body=kart%C4%B1m%C4%B1{VISA}&From=x") == (
        "Body=kart%C4%B1m%C4%B1[card •••• 7890]&From=x"
    )
    assert mask_sensitive(f"Body=%C4%B1%20{in_groups(VISA, '+')}%20tc+{ID}") == (
        "Body=%C4%B1%20[card •••• 7890]%20tc+[id •••]"
    )
    arabic = "".join(f"%D9%A{digit}" for digit in VISA)
    assert mask_sensitive(arabic) == "[card •••• 7890]"


@pytest.mark.parametrize("text", [f"kartno{VISA}tl", f"no:{VISA}.", f"({VISA})", f"x{VISA}y"])
def test_letters_around_a_card_do_not_hide_it(text: str) -> None:
    assert VISA not in mask_sensitive(text)


def test_several_in_one_text_with_other_numbers_between() -> None:
    text = f"1024 {in_groups(VISA, ' ')} 12/27 123 tel 0532 123 45 67 tc {ID} cvv 999"
    assert mask_sensitive(text) == (
        "1024 [card •••• 7890] 12/27 ••• tel 0532 123 45 67 tc [id •••] cvv •••"
    )


@pytest.mark.parametrize(
    "text",
    [
        "4543601234567891",  # Luhn fails
        "1234567812345670",  # Luhn holds, no scheme
        "7330031444426443",
        "11081650568",
        "12345678901",
        "00000000000",
        "+90 532 123 45 67",
        "TR33 0006 1005 1978 6457 8413 26",
        "550e8400-e29b-41d4-4543-601234567890",
        "1.299,90 TL 23.11.2026 17:30",
        "1732400000000",
        "403-1234567-1234567",
    ],
)
def test_other_numbers_stay(text: str) -> None:
    assert mask_sensitive(text) == text
    assert candidates(text) == []


def test_numbers_of_the_shop_stay() -> None:
    text = f"siparişim {ID}, kartım {VISA}"
    assert candidates(text) == [ID, VISA]
    assert mask_sensitive(text, [ID]) == f"siparişim {ID}, kartım [card •••• 7890]"
    assert mask_sensitive(text, {f"#{ID}", VISA}) == text
    assert mask_sensitive(f"SIP-{ID}", [f"SIP{ID}"]) == f"SIP-{ID}"
    assert mask_sensitive(in_groups(VISA, " "), [VISA]) == in_groups(VISA, " ")


def test_the_well_written_number_wins_over_one_that_overlaps_it() -> None:
    # "640 4543..." passes as a number of 19 digits too; the well written one is the card.
    for lead in range(1, 10_000):
        text = f"{lead} {VISA}"
        assert mask_sensitive(text) == f"{lead} [card •••• 7890]"


@given(
    st.lists(
        st.sampled_from(
            [
                *CARDS,
                ID,
                "4",
                "44",
                "4444",
                "12/27",
                " ",
                "-",
                "%20",
                "\n",
                "+",
                "cvv ",
                "a",
                "[",
                "123",
            ]
        )
    ).map("".join)
)
def test_masking_twice_changes_nothing(text: str) -> None:
    masked = mask_sensitive(text)
    assert mask_sensitive(masked) == masked


@given(st.text(st.sampled_from("0123456789 -.%2+\n٤")))
def test_no_candidate_is_left_after_masking(text: str) -> None:
    assert candidates(mask_sensitive(text)) == []


@given(st.text(), st.sampled_from(CARDS), st.text())
def test_a_card_does_not_survive_in_any_text(before: str, card: str, after: str) -> None:
    assert card not in mask_sensitive(f"{before} | {card} | {after}")


def test_text_without_numbers_is_returned_as_it_is() -> None:
    text = "merhaba, siparişim nerede? 👍\n"
    assert mask_sensitive(text) == text


@pytest.mark.parametrize(
    "piece",
    ["4", "4 ", "44 ", "6 66 ", "6666 ", "4444 ", f"{VISA} ", "%C4%B1", "\u200b ", "TR33 0006 "],
)
def test_a_megabyte_is_masked(piece: str) -> None:
    # A pattern that backtracks does not come back from this within the test's time limit.
    text = piece * (1_000_000 // len(piece))
    assert VISA not in mask_sensitive(text)


def test_payload() -> None:
    payload: dict[str, Any] = {
        "Body": f"tc {ID}",
        "From": ID,
        "To": [ID],
        "items": [
            {"text": in_groups(VISA, "-"), "n": int(VISA), "ok": True, "none": None},
            (ID, 1.5),
        ],
        ID: "x",
        "from": {"id": ID, "name": ID},
        "raw": f"tc={ID}".encode(),
    }
    masked = mask_payload(payload, skip_keys={"From", "To", "id", "from"})
    assert masked == {
        "Body": "tc [id •••]",
        "From": ID,
        "To": [ID],
        "items": [
            {"text": "[card •••• 7890]", "n": "[card •••• 7890]", "ok": True, "none": None},
            ("[id •••]", 1.5),
        ],
        "[id •••]": "x",
        "from": {"id": ID, "name": "[id •••]"},
        "raw": "tc=[id •••]".encode(),
    }
    assert payload["Body"] == f"tc {ID}"
    assert mask_payload(payload, [ID, VISA]) == payload


def test_keys_that_mask_alike_lose_no_value() -> None:
    masked = mask_payload({ID: 1, f"{ID[:5]} {ID[5:]}": 2})
    assert sorted(masked.values()) == [1, 2]
    assert not any(ID in key for key in masked)


def test_a_bottomless_payload_ends() -> None:
    payload: Any = ID
    for _ in range(900):
        payload = [payload]
    assert ID not in str(mask_payload(payload))


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("+905321234567", "0532 *** ** 67"),
        ("+447700900123", "+44 *** *** 123"),
        ("whatsapp", "***"),
        ("", "***"),
    ],
)
def test_mask_phone(number: str, masked: str) -> None:
    assert mask_phone(number) == masked


@pytest.mark.parametrize(
    ("address", "masked"),
    [("ayse@x.com", "a***@x.com"), ("@x.com", "***"), ("ayse", "***"), ("", "***")],
)
def test_mask_email(address: str, masked: str) -> None:
    assert mask_email(address) == masked
