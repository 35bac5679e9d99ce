"""Card numbers and national ids are masked before anything is stored."""

from __future__ import annotations

import secrets
from pathlib import Path

from tests.stack import Stack

CARD, CARD_SPACED = "4242424242424242", "4242 4242 4242 4242"
TCKN = "10000000146"  # passes the checksum, belongs to nobody


def _everything(folder: Path) -> bytes:
    """Return every byte that the installation wrote: databases with their logs, Redis, output."""
    parts = []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "models" not in path.parts:
            parts.append(path.read_bytes())
    return b"\n".join(parts)


def test_numbers_in_text_caption_and_file_name_are_nowhere(stack: Stack) -> None:
    phone = "+905396000001"
    stack.fake.inbound(f"kartım {CARD_SPACED} kargo ücreti ne kadar?", phone)
    stack.fake.inbound(f"tc kimlik no {TCKN}, iade süresi kaç gün?", phone)
    stack.fake.wait_for(phone, 2, 15)
    stack.fake.inbound(
        f"dekont {CARD}", phone, media=[(b"\x89PNG\r\n\x1a\n" + b"0" * 64, "image/png")],
        MediaFilename0=f"{TCKN}.png", ProfileName=f"Ali {TCKN}",
    )
    stack.fake.wait_for(phone, 3, 15)
    import redis

    client = redis.Redis.from_url(stack.run_info()["redis_url"])
    client.save()
    written = _everything(stack.folder)
    for secret in (CARD, CARD_SPACED, CARD_SPACED.replace(" ", "+"), TCKN):
        assert secret.encode() not in written, secret
    texts = stack.rows(
        "SELECT m.text FROM message m JOIN identity i ON i.id = m.identity_id WHERE "
        "i.address = :p AND m.direction = 'in' ORDER BY m.id", p=phone
    )
    assert "4242" in texts[0][0] and "kargo ücreti" in texts[0][0]


def test_own_order_number_that_looks_like_a_national_id_is_kept(
    stack: Stack, tmp_path: Path
) -> None:
    phone = "+905396000002"
    orders = tmp_path / "orders.csv"
    orders.write_text(
        "order_number,ordered_at,customer_name,phone,email,language,sku,product,variant,quantity,"
        "unit_price_kurus,state,carrier,tracking_number,handed_over_at,last_scan_at,"
        "last_scan_place,estimate_from,estimate_to,delivered_at\n"
        f"{TCKN},2026-11-20T10:00:00+03:00,Can Ay,{phone},can{secrets.token_hex(2)}@example.com,"
        "tr,X-1,Çaydanlık,,1,59900,preparing,,,,,,,,\n"
    )
    done = stack.command("import", "orders", str(orders))
    assert done.returncode == 0, done.stderr
    reply = stack.ask(f"{TCKN} nerede", phone)
    assert TCKN in reply and "Çaydanlık" in reply
    [(text,)] = stack.rows(
        "SELECT m.text FROM message m JOIN identity i ON i.id = m.identity_id WHERE "
        "i.address = :p AND m.direction = 'in'", p=phone
    )
    assert TCKN in text
