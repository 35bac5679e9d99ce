"""``variant``: colour, size of clothes, shoes or bedding, and measures, as a customer names them."""

from __future__ import annotations

import re
from typing import Final

from bot.text.reading import Found, Reading

_COLOURS: Final = (
    "siyah|beyaz|gri|mavi|yesil|kirmizi|sari|mor|pembe|lacivert|bordo|bej|ekru|haki|turuncu|turkuaz"
    "|antrasit|vizon|pudra|lila|fusya|kahverengi|gumus rengi|gumus gri|altin rengi|rose gold|fume"
    "|hardal rengi|krem rengi|mint yesili"
)
_COLOURS_EN: Final = (
    "black|white|grey|gray|blue|green|navy|beige|ivory|pink|silver|brown|purple|yellow|orange"
    "|turquoise|teal|burgundy|khaki|cream colou?red|red(?! (?:et|edi|ol))"
)
_COLOUR: Final = re.compile(
    rf"(?<![a-z])(?P<shade>(?:acik|koyu|light|dark) )?(?:(?P<tr>{_COLOURS})(?:s?[iu]n[iu]n?"
    rf"|s?[iu]n[ae]|s?[iu]y?l[ae]|s[iu]|[iu]|y[iu]|[yn]?[ae]|n?[dt][ae]n?|[iu]n|y?l[ae]"
    rf"|lar\w*|ler\w*|m[iu]|rengi\w*)?|(?P<en>{_COLOURS_EN})(?: one)?)(?![a-z])"
)
_NO_COLOUR: Final = re.compile(r" (?:esya|friday|and white|market|liste|out\b|screen)")
_SIZE: Final = re.compile(
    r"(?<![\w-])(?P<size>x{0,4}[sl]|[2-6]xl|m|small|medium|large|x-?large)"
    r"(?P<ending>'?(?:[iu]|y[iu]|s[iu]|[iu]n[iu]|[ae]|y[ae]|d[ae]n|si"
    r"|sini))?(?P<noun> (?:beden\w*|size\w*|olan\w*|boy\w*))?(?![\w'&-])"
)
_SIZE_BEFORE: Final = re.compile(r"(?:beden\w*|size|numara\w*|boy) (?:olarak |is |a )?$")
_SIZE_TALK: Final = re.compile(
    r"beden|size|numara|degis|exchange|swap|kucuk|buyuk|dar\b|bol\b|instead|yerine|tight"
    r"|loose|fit"
)
_NUMBER_SIZE: Final = re.compile(
    r"(?<![\w.,/-])(?P<n>[2-5]\d)(?:'?(?:s[iu]|[iu]n?|l[iu]k))?(?= (?:numara|beden|no\b"
    r"|olan|yerine|instead))(?! ?(?:tl|gun))"
    r"|(?:(?<=numara )|(?<=beden )|(?<=size ))(?P<b>\d{1,2}(?:\.5)?)(?![\d.,]| ?(?:tl|lira"
    r"|gun))|(?<=yerine )(?P<c>[34]\d)(?![\d.,]| ?(?:tl|gun|gr))"
)
_SHOE_TALK: Final = re.compile(
    r"numara|beden|ayakkab|ayag|\bbot\b|\bbotu|cizme|terlik|sandalet|sneaker|trainers"
    r"|boots?\b|shoes?\b|sandals|degis|exchange|swap|kalip|kucuk|buyuk|\bdar|\bbol\b"
    r"|too small|too big|tight|insted|instead"
)
_SHOE: Final = re.compile(
    r"(?<![\w.,/#-])((?:3[4-9]|4[0-8])(?:[.,]5)?)(?='?(?:[iu]|y[iu]|s[iu]|[ae]|y[ae]"
    r"|y?l[ae]|[iu]n)?(?![\w/-]|[.,]\d| ?(?:tl|lira|gun|ay\b|kisi|yas|adet|tane|kilo|kg"
    r"|day|cm|mm|saat|hour)))"
)
_BED: Final = re.compile(
    r"(?<![a-z])(?:(?P<double>cift kisilik|(?:double|king|queen)(?= (?:size|bed|duvet"
    r"|sheet|mattress|linen|set)))|(?P<single>tek kisilik|single(?= (?:size|bed|duvet"
    r"|sheet|mattress|linen|set))))\w{0,3}(?![a-z])"
)
_METRE: Final = re.compile(
    r"(?<![\d.,])(\d{1,3}(?: ?[x*] ?\d{2,3})? ?(?:cm|ml|lt|litre|inch"
    r"|inc))(?:'?[a-z]{0,4})?(?![a-z])|(?<![\d.,])(\d{2,3} ?[x*] ?\d{2,3})(?!\d)"
)


def find_variants(reading: Reading) -> list[Found]:
    """Return ``variant``: colour, size of clothes, shoes or bedding, and measures."""
    folded, found = reading.folded, list[Found]()
    for match in _COLOUR.finditer(folded):
        if match.group() == "more" or _NO_COLOUR.match(folded, match.end()):
            continue
        colour = (match["shade"] or "") + (match["tr"] or match["en"])
        place = match.start("tr") if match["tr"] else match.start("en")
        end = place + len(match["tr"] or match["en"])
        written = reading.text[place:end] if match["tr"] else colour
        shade = reading.text[match.start() : place] if match["shade"] and match["tr"] else ""
        found.append(Found("variant", _lower(shade + written), match.start(), match.end()))
    for match in _SIZE.finditer(folded):
        single = len(match["size"]) == 1
        if single and match["ending"] and not match["ending"].startswith("'"):
            continue  # "düştü mü size" asks
        upper = reading.text[match.start()].isupper()
        told = match["noun"] or _SIZE_BEFORE.search(
            folded, max(0, match.start() - 16), match.start()
        )
        if (
            single
            and not told
            and not (upper and (_SIZE_TALK.search(folded) or reading.capital(match.start())))
        ):
            continue
        if (
            not single
            and match["size"] in ("small", "medium", "large")
            and not told
            and not _SIZE_TALK.search(folded)
        ):
            continue
        end = match.end("size")
        found.append(Found("variant", match["size"].upper(), match.start("size"), end))
    for match in _NUMBER_SIZE.finditer(folded) if reading.has_digit else ():
        found.append(
            Found(
                "variant", str(match["n"] or match["b"] or match["c"]), match.start(), match.end()
            )
        )
    if reading.has_digit and _SHOE_TALK.search(folded):
        for match in _SHOE.finditer(folded):
            found.append(Found("variant", match[1], match.start(), match.start() + len(match[1])))
    for match in _BED.finditer(folded):
        found.append(
            Found("variant", "double" if match["double"] else "single", match.start(), match.end())
        )
    for match in _METRE.finditer(folded) if reading.has_digit else ():
        value = (match[1] or match[2]).replace(" ", "").replace("*", "x")
        found.append(
            Found("variant", value, match.start(), match.start() + len(match[1] or match[2]))
        )
    return found


def _lower(text: str) -> str:
    return text.replace("İ", "i").replace("I", "ı").lower()
