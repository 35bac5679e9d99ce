"""What the words beside a number say that it is: an order's, or one of another kind.

All on folded text (``fold``). A label is a head ("müşteri", "invoice"), often a word for "number",
and little else before the digits. Only numbers that tell their kind by their length (identity
numbers, IMEI, microchips) have it looked for further away.
"""

from __future__ import annotations

import re
from typing import Final

from bot.text.label_words import ALWAYS, BRAND, ENDING, NAME, NUMBERED, STANDARD, TAIL
from bot.text.phrases import one_of

_REACH: Final = 48
"""Characters before a number in which its label may stand."""

_OTHER: Final = re.compile(
    rf"(?<![a-z])(?:{ALWAYS}{ENDING}{NAME}{{0,3}}|{NUMBERED}{NAME}{{1,3}}){TAIL}"
)
_OTHER_BESIDE: Final = re.compile(
    r"\b"
    + one_of(
        r"""
        (?:iphone|galaxy|redmi|poco|pixel|xperia)(?: \w+){0,3}
        (?<!son )model\w*
        core(?: i\d)?|i[3579]|visa|mastercard|amex|troy
        son dord\w*|(?<!en )son(?:u|um)?(?: (?:4|dort))?(?: (?:hane|rakam)\w*)?
        end(?:ing|s)(?: in| with)?|last (?:four|4)(?: digits)?(?: are)?
        """
    )
    + r"(?: is)?[\s:=.]{0,3}$"
)
_BRAND: Final = re.compile(rf"\b{BRAND} $")
_STANDARD: Final = re.compile(rf"\b{STANDARD}[ -]$")
_BODY: Final = re.compile(
    r"\b(?:boy(?:um|u|umuz)?|kilo(?:m|su)?|bel(?:im)?|gogus\w*|basen\w*|omuz\w*|beden|height"
    r"|weight|waist|chest|hips?"
    r"|eni|yuksekli\w*|genisli\w*|derinli\w*)(?: is| im| ise)?[\s:=]{1,3}$"
)
_PHONE: Final = re.compile(
    r"\b(?:mobile|phone|telephone|landline|cell|tel|telefon\w*|gsm|cep\w*|whatsapp)"
    rf"{NAME}{{0,2}}{TAIL}"
)
_CODE: Final = re.compile(
    r"(?:(\b[a-z]{1,20})['a-z]{0,4}[ .:]{1,3})?\b(?:kod|kodu|kodum|kodunuz|kodumuz|code|codes)"
    rf"{TAIL}"
)
_CODE_AFTER: Final = re.compile(
    r"(?: ?(?:diye|seklinde|olan|numarali|nolu))?(?: bir| bi| a)? ?(?:kod(?!la|lu)|sifre)\w*"
    r"| is (?:my |the |your |a )?(?:(?:delivery|verification|login|security|sms|pickup) )?code"
)
_CODE_TALK: Final = re.compile(
    r"\b(?:sms\w*|mesaj\w*|telefonuma|gelen|geldi|gelmis|gonder\w*|onay\w*|dogrula\w*|login|giris"
    r"|sent|received"
    r"|got|texted|verif\w*|secure|sifre\w*|kimse\w*|paylas\w*|share|iste\w*|soyle\w*|says)\b"
)
_CODE_OF_PARCEL: Final = tuple(
    """siparis sip order takip tracking kargo gonderi paket parcel iade return servis service tamir
    barkod yurtici yurt aras mng dhl ptt surat ups hepsi jet sendeo gelsin trendyol shipment barcode
    referans reference confirm""".split()
)
# "ekspres kodu 7716" is some desk's; "bu kod 1024" may be anything.
_NO_KIND: Final = frozenset(
    "bu su o bir bi ve ya da de the my your this that a is was ise benim bizim diye no numara".split()
)
_ORDER: Final = re.compile(
    r"(?:(?<![a-z])(?:siparis(?:ler)?(?:im|in|i|imiz|iniz|imin)?|si?pr?s\w{0,3}|sip|orders?(?!ed)"
    r"|takip\w*|tracking"
    r"|gonderi\w*|(?:kargo|paket|parcel|shipment)\w*(?= (?:no|kod|num|id|code|track)))"
    r"(?:\W{0,3}(?:no|no'?su|nu|num|numara\w*|kod\w*|number|nr|code|id|is|are|was|su|bu|ise)(?!\w))*"
    r"[\s:=.\"'(-]{0,4})$"
)
_ORDER_AFTER: Final = re.compile(r"(?:'?[a-z]{1,4})? (?:sipari|order)")
_NUMBERED_AFTER: Final = re.compile(r"\s?(?:nolu|no'?lu|no lu|numarali|numarasi\w{0,4})\b")
_OTHER_AFTER: Final = re.compile(
    "(?: ?"
    + one_of(
        r"""
        (?:vergi|vkn|tc\b|tckn|kimlik|seri|dahili|imei|sku\b|stok kod|urun kod|posta kod|plaka|hata kod)
        son (?:4|dort)|hatasi|dogumlu|kapi (?:no|numara)|dogrulama kod|onay kod|yilinda dog|sefer|sicil
        (?:(?:nolu|no'?lu|numarali|sayili) )?(?:kanun|yasa\b|yonetmeli|khk|teblig)
        (?:nolu|no'?lu|numarali) (?:telefon|hat\b|hatt|daire|oda\b|odad|bina|kapi|masa|koltuk|dekont)
        (?:nolu|no'?lu|numarali) (?:irsaliye|hesab|hesap|musteri|uye|police|kart|parca|ucus|lot|parti)
        (?:nolu|no'?lu|numarali|kodlu) (?:urun|model|parca)(?:den|dan|ler)
        kodlu (?!sip|ord|kargo|gonderi|paket|takip)
        """
    )
    + r"|(?:'?[yn]?[ae]|'?n?[iu]n)? (?:gore|kapsaminda|uyarinca|geregi\w*|maddesi)\b)"
)
_STREET_AFTER: Final = re.compile(
    r"(?:/\d{1,2})?\.?[ /]?(?:sk|sok|sokak\w*|sokag\w*|cad|cadde\w*|cd|bulvar\w*|blv|street|avenue)\b"
)
# "that's the postcode", said of the number right before.
_TURNED_OUT: Final = re.compile(
    r"[\s.,!:;-]{0,5}(?:(?:wait|no|oh|sorry|pardon|ay|dur|yok|hayir|ama)[\s,.!]{1,4}){0,3}"
    r"(?:(?:that'?s|that is|that was|it'?s|is) (?:actually )?(?:the|my|our|a) "
    r"(?:post ?code|zip|postal|phone|invoice|account|price|total|door|house|flat|customer|tax|serial|year)"
    r"|(?:o|bu) (?:benim )?(?:posta|fatura|musteri|telefon|kapi|daire|uye|seri|vergi|fiyat|tutar)\w*)"
)
# "2025/18834", "2026-0045": the number of a file or an invoice where one is spoken of.
_FILED: Final = re.compile(r"(?:20\d\d|[a-z]{1,3})[/-]\d{2,9}")
_FILE_TALK: Final = re.compile(
    one_of(
        r"""
        \b(?:fatura\w*|invoiced?|makbuz|irsaliye\w*|receipt|teklif\w*|quote|proforma|sozlesme\w*|contract)
        \b(?:dosya\w*|basvuru\w*|esas|dava\w*|icra\w*|heyet\w*|mahkeme\w*|karar|savcilik\w*|cimer)
        \b(?:file|case|court|arbitration|lawsuit|claim|policy|police\w*)\b
        """
    )
)
_LAW: Final = re.compile(
    r"\b(?:heyet\w*|mahkeme\w*|savcilik\w*|cimer|icra\w*|dava\w*|arbitration|court)\b"
)
_IDENTITY: Final = re.compile(r"\b(?:tc|t\.c|tckn|kimli[kg]\w*|nufus|national id|turkish id)\b")
_CHIP: Final = re.compile(r"\b(?:mikro ?|micro ?)?(?:cip|chip)")
_GROCERY: Final = re.compile(r"86[89]\d{10}|97[89]\d{10}")
_LETTER: Final = re.compile(r"[a-z]")
_FURTHER: Final = 90
"""Characters before a number in which an identity card may be named."""


def has_letter(folded: str) -> bool:
    """Return True when there is a letter; without one no label need be looked for."""
    return _LETTER.search(folded) is not None


def is_order_label(before: str) -> bool:
    """Return True when the text before a number ends in a label of orders or parcels, or in #."""
    before = before[-_REACH:]
    return (has_letter(before) and _ORDER.search(before) is not None) or before.endswith(
        ("#", "# ")
    )


def is_labelled_order(folded: str, start: int, end: int) -> bool:
    """Return True when the words before or behind ``folded[start:end]`` make an order of it."""
    return bool(
        folded[start] == "#"
        or is_order_label(folded[max(0, start - _REACH) : start])
        or _NUMBERED_AFTER.match(folded, end)
        or _ORDER_AFTER.match(folded, end)
    )


def is_other_label(folded: str, start: int, end: int, value: str) -> bool:
    """Return True when a label of ``folded[start:end]`` says that it is no order's number."""
    before = folded[max(0, start - _REACH) : start]
    if _TURNED_OUT.match(folded, end):
        return True
    if is_order_label(before):
        return False
    if folded[start] == "#":
        return _OTHER.search(f"{before.rstrip()} no ") is not None  # "item #45872"
    worded = has_letter(before)
    if worded and (_OTHER.search(before) or _OTHER_BESIDE.search(before)):
        return True
    if _OTHER_AFTER.match(folded, end) or _STREET_AFTER.match(folded, end):
        return True
    if _is_of_a_file(folded, start, end, value):
        return True
    return value.isdigit() and _is_other_digits(folded, start, end, before if worded else "")


def _is_other_digits(folded: str, start: int, end: int, before: str) -> bool:
    """Return True for digits that a label makes something else; ``before`` "" without a letter."""
    length = end - start if folded[start] != "#" else end - start - 1
    value = folded[end - length : end]
    if _is_of_a_card(folded, start, end, value):
        return True
    if before:
        if length <= 3 and _BODY.search(before):
            return True
        if (
            length <= 5
            and (_BRAND.search(before) or _STANDARD.search(before))
            and not _is_labelled_behind(folded, end)
        ):
            return True
        if length >= 7 and _PHONE.search(before):
            return True
    return 4 <= length <= 8 and _is_one_time_code(folded, before, end, value)


def _is_labelled_behind(folded: str, end: int) -> bool:
    return bool(_NUMBERED_AFTER.match(folded, end) or _ORDER_AFTER.match(folded, end))


def _is_of_a_card(folded: str, start: int, end: int, value: str) -> bool:
    """Return True for groceries, books, identity numbers, IMEI and microchips, told by length."""
    if _GROCERY.fullmatch(value):
        return True
    if len(value) == 11:
        return _IDENTITY.search(folded, max(0, start - _FURTHER), end + _REACH) is not None
    if 14 <= len(value) <= 16 and "imei" in folded:
        return True
    return len(value) == 15 and _CHIP.search(folded) is not None


def _is_of_a_file(folded: str, start: int, end: int, value: str) -> bool:
    """Return True for the number of an invoice with its year, of a lawsuit, of an arbitration."""
    if _is_labelled_behind(folded, end) and not _LAW.search(folded):
        return False
    near = folded[max(0, start - _REACH) : min(len(folded), end + 32)]
    if _FILED.fullmatch(value):
        return _FILE_TALK.search(near) is not None
    # Six digits may be an order's ("hakem heyetine giderim, 104233"), so many hardly.
    return value.isdigit() and len(value) in (9, 10) and _LAW.search(near) is not None


def _is_one_time_code(folded: str, before: str, end: int, value: str) -> bool:
    """Return True for "kod 482913" and the like, where no parcel's or return's code is meant."""
    told = _CODE.search(before)
    if told is None:
        return bool(_CODE_AFTER.match(folded, end) and _CODE_TALK.search(folded))
    if told[1] and told[1].startswith(_CODE_OF_PARCEL):
        return False
    if told[1] and told[1] not in _NO_KIND:
        return True
    return len(value) == 6 or _CODE_TALK.search(folded) is not None
