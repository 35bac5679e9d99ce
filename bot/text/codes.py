"""Codes that customers copy: coupons, return, service and serial numbers, stock codes, card ends.

A shop's return and service numbers are known by the prefixes that shops use for them, all others by
the label beside them; nothing here is looked up. Values are upper-case ASCII.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from bot.text.normal import fold
from bot.text.reading import Found, Reading

_RETURN: Final = re.compile(r"(?<![\w-])(?:rt|ia|iad|rma)[- ]?\d{2,9}(?![\w-])")
_RETURN_LABELLED: Final = re.compile(
    r"\b(?:iade\w*|return|rma)(?: (?:takip|talep|kayit|kod\w*|no\w*|numara\w*|number|code"
    r"|ref\w*|id|request|is|my|:|authorisation))*[ .:#=]{1,3}"
    r"((?:[a-z]{1,4}-?)?\d{3,10})(?![\w-])"
)
_RETURN_SHORT: Final = re.compile(r"(?<![\w-])r-\d{4,6}(?![\w-])")
_SERVICE: Final = re.compile(r"(?<![\w-])(?:srv|svc|sv|srvs|sr(?=-))[- ]?\d{2,9}(?![\w-])")
_SERVICE_SHORT: Final = re.compile(r"(?<![\w-])[ads]-\d{4,6}(?![\w-])")
_REPAIR_TALK: Final = re.compile(r"\b(?:servis|tamir|onarim|repair|workshop|docket)")
_SERVICE_LABELLED: Final = re.compile(
    r"\b(?:servis\w*|service|repair|tamir\w*|ariza)(?: (?:takip|talep|kayit|kayd\w*|fis\w*"
    r"|form\w*|kod\w*|no\w*|nu\w*|numara\w*|number|ref\w*|id|request|ticket|job|is|my"
    r"|:))+[ .:#=]{1,3}"
    r"((?:[a-z]{1,4}-?)?\d{3,10})(?![\w-])"
)
_SERIAL_LABELLED: Final = re.compile(
    r"\b(?:seri(?:si|al)?|s/n|sn)(?: (?:no\w*|numara\w*|number|num|kod\w*|is|su|:|the"
    r"|burda|burada))*[ .:#=]{1,3}(?=[a-z-]{0,12}\d)([a-z0-9][a-z0-9-]{3,23})(?![\w-])"
)
_SERIAL: Final = re.compile(
    r"(?<![\w-])(?:sn-?\d{4,12}(?:-\d{1,4})?|[a-z]{2,5}-[a-z]{1,4}-\d{5,10})(?![\w-])"
)
_SKU_LABELLED: Final = re.compile(
    r"\b(?:stok kodu|urun kodu|model kodu|model(?:i|im)?(?: no)?|sku|product code"
    r"|item code|item no)[ .:#=]{1,3}(?=[a-z-]{0,8}\d)([a-z0-9][a-z0-9-]{2,23})(?![\w-])"
)
_CARD_BEFORE: Final = re.compile(
    r"(?:\bson(?:u|lari)?(?: (?:4|dort))?(?: (?:hane|rakam|numara)\w*)?|\bending(?: in"
    r"| with)?|\blast (?:4|four)(?: digits?)?(?: (?:are|is|of \w+))?|\bkart(?:im"
    r"|in)?(?: no\w*| numara\w*)?(?: son\w*)?)"
    r"[ :=]{1,3}(\d{4})(?!\d| ?(?:tl|lira|nolu|numarali))"
)
_CARD_AFTER: Final = re.compile(
    r"(?<![\d-])(\d{4})'?(?: ?(?:ile|le|la|[iy]le)) (?:bit|son)\w*"
    r"|(?<![\d-])(\d{4})'?(?: ?l[iu])? (?:kart\w*|card\b)"
)
_CARD_MASKED: Final = re.compile(r"\[card [^\]\d]{0,12}(\d{4})\]|[*•x]{2,12}[ -]?(\d{4})(?!\d)")
_COUPON_TALK: Final = re.compile(
    r"kupon|indirim kod|promosyon|hediye (?:cek|kod)|coupon|promo|voucher|discount"
    r"|(?<![a-z])kod|(?<![a-z])code|kampanya"
)
# What is said of a code that was typed in; then it must look like one.
_REFUSED: Final = re.compile(
    r"kabul e[td]|sadece|gecer|gecmi|gecmed|gecti|tanims|tanin|invalid|expired|reject|redeem|valid"
    r"|refuse|checkout|sepet|basket|uygulan|indirim|kullanil"
    r"|limit|suresi|olmu|olmad|hata|yaz[iad]|girdim|girin|giriyo|typed|type|entered"
    r"|eligible|does nothing|deduct|already used"
)
_SHAPE: Final = re.compile(r"[A-Z]{3,11}\d{1,4}")
_OTHER_CODE: Final = re.compile(
    r"(?:takip|tracking|iade|return|servis|service|hata|error|seri|serial|onay|dogrulama"
    r"|sms|urun|stok|guvenlik|posta|siparis|order|teslim\w*|aktivasyon|qr|barkod|alan"
    r"|vergi)\w* ?(?:kod|code|no|number)"
)
_TOKEN: Final = re.compile(r"(?<![\w.@/-])(?=[^\W\d_]{2})[\w]{2,12}(?:-\w{1,6})?(?![\w@]|\.\w)")
_NEAR_BEFORE: Final = re.compile(
    r"(?:kupon\w*|kod\w*|coupon|code|promo\w*|voucher|cek\w*)(?: kod\w*| code)?(?: is|:"
    r"| olan)?[ :\"'(]{1,3}$"
)
_NEAR_AFTER: Final = re.compile(
    r"[\"')]{0,2}(?:'?[a-z]{1,4})? ?(?:indirim |promosyon )?(?:kupon|kod|yazd|yaziyo|yazin"
    r"|girdi|giriyo|girin|coupon|code|promo"
    r"|voucher)"
)


def find_codes(reading: Reading) -> list[Found]:
    """Return ``return_number``, ``service_number``, ``serial_number``, ``sku`` and ``card_last4``."""
    if not reading.has_digit:
        return []
    folded = reading.folded
    found = [_code("return_number", m, 0) for m in _RETURN.finditer(folded)]
    found += [_code("return_number", m, 1) for m in _RETURN_LABELLED.finditer(folded)]
    found += [_code("return_number", m, 0) for m in _RETURN_SHORT.finditer(folded)]
    found += [_code("service_number", m, 0) for m in _SERVICE.finditer(folded)]
    if _REPAIR_TALK.search(folded):
        found += [_code("service_number", m, 0) for m in _SERVICE_SHORT.finditer(folded)]
    found += [_code("service_number", m, 1) for m in _SERVICE_LABELLED.finditer(folded)]
    found += [_code("serial_number", m, 1) for m in _SERIAL_LABELLED.finditer(folded)]
    found += [_code("serial_number", m, 0) for m in _SERIAL.finditer(folded)]
    found += [_code("sku", m, 1) for m in _SKU_LABELLED.finditer(folded)]
    for pattern in (_CARD_MASKED, _CARD_BEFORE, _CARD_AFTER):
        for match in pattern.finditer(folded):
            found.append(_code("card_last4", match, 1 if match[1] else 2))
    return found


def find_coupons(reading: Reading, known: Collection[str] = ()) -> list[Found]:
    """Return ``coupon_code``: the shop's own codes (folded upper-case), then what looks like one.

    Unknown ones need the message to speak of a coupon or code; letters alone need capitals and the
    word right beside them.
    """
    folded = reading.folded
    talk = _COUPON_TALK.search(folded) is not None and not _OTHER_CODE.search(folded)
    refused = _REFUSED.search(folded) is not None and not _OTHER_CODE.search(folded)
    if not known and not talk and not refused:
        return []
    shouted = reading.text.isupper() and len(reading.words) > 1
    found = []
    for match in _TOKEN.finditer(reading.text):
        written = match.group()
        value = fold(written).upper()
        if value in known:
            found.append(Found("coupon_code", value, match.start(), match.end()))
            continue
        if len(value) > 15:
            continue
        if not talk:
            if refused and _SHAPE.fullmatch(value) and written.replace("ı", "i").isupper():
                found.append(Found("coupon_code", value, match.start(), match.end()))
            continue
        near = _NEAR_BEFORE.search(
            folded, max(0, match.start() - 24), match.start()
        ) or _NEAR_AFTER.match(folded, match.end())
        digits = sum(char.isdigit() for char in value)
        capitals = written.replace("ı", "i").isupper()
        fits = (digits and (near or capitals)) or (
            capitals and near and not shouted and len(value) >= 3
        )
        if fits and not re.fullmatch(
            r"[A-Z]{1,3}-?\d{5,}|T-\d+|(?:SMS|MNG|PTT|UPS|DHL|TL|USD|EFT|KDV|QR|PTT|IBAN)", value
        ):
            found.append(Found("coupon_code", value, match.start(), match.end()))
    return found


def _code(entity: str, match: re.Match[str], group: int) -> Found:
    value = match.group(group).upper().replace(" ", "-" if group == 0 else "")
    return Found(entity, value, match.start(group), match.end(group))
