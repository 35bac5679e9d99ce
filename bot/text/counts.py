"""What is counted: ``quantity``, ``installments``, ``points`` and ``rating``. Values are digits.

A rating is "8" or, when the scale was named or shown by stars, "8/10", "4/5".
"""

from __future__ import annotations

import re
from typing import Final

from bot.text.numerals import Numeral
from bot.text.reading import Found, Reading

_PIECES: Final = re.compile(
    r"'?[a-z]{0,2} ?(?:adet|tane|paket|koli|kutu|cift|takim|set|kavanoz|cuval|teneke|sise"
    r"|poset|rulo|top|parca|kalem|duzine"
    r"|pieces?|pcs|pairs?|sets?|boxes|box|jars?|bags?|bottles?|packs?|packets?|items?"
    r"|rolls?|units?|copies|of (?:them|these|those|the))"
    r"(?:l[ae]r|s[iu]|[iu])?(?:n[iu]n?|n[ae]|n?[dt][ae]n?|[iu]n|[ae]|l[iu]k|y?l[ae]|[iu]"
    r"|[iu]n[iu]|ydi)?(?![a-z])"
)
_PART_OF: Final = re.compile(r"'?(?:s[iu]|[iu])(?:n[iu]n?|n[ae]|nd[ae]n?|yl[ae]|d[ae])?")
# "biri" is somebody as well: then only beside something that happens to goods.
_SOMEBODY: Final = re.compile(
    r" (?:kir|eksik|bozuk|yok|calis|yirt|defo|hasar|cik|yanlis|delik|leke|patla|catla"
    r"|sigmi|olma|iade|kayip)"
)
_MINUTES_LEFT: Final = re.compile(
    r" (?:\w+ (?=var|kala|gece))?(?:var|kala|gece|geciyor|gibi|sularinda|ceyrek)"
)
_INSTALMENTS: Final = re.compile(
    r"'?[a-z]{0,2} ?(?:(?:ay\w*|month\w*|aylik) )?(?:taksi[td]\w*|instal+ments?"
    r"|installments?|pay in)|'?[a-z]{0,2} ay\w* (?:bol|vade|taksi)\w*|(?:'?[ae])? bol\w*"
)
_INSTALMENT_TALK: Final = re.compile(r"taksi[td]|instal+ment")
_MONTHS: Final = re.compile(r" (?:ay\b|aya\b|months?\b|payments?\b)")
_POINTS: Final = re.compile(
    r"'?[a-z]{0,3} ?(?:kusur )?(?:puan\w*|points?|pts|bonus puan\w*|star points)(?![a-z])"
)
_POINTS_BEFORE: Final = re.compile(
    r"\b(?:puan\w*|points?)(?: bakiye\w*| balance)?(?: is| was| da| de| hala| su an"
    r"| toplam| :)?[ :=]{1,2}$"
)
_IS_MARK: Final = re.compile(r"\W*$|[,;]| (?:ver|benden|o da|bile cok|eder|diyor)|\W{0,2}ver")
_ONE_OF: Final = re.compile(r"adet|tane|of them|of these|of those")
_MAKE_IT: Final = re.compile(
    r"(?:\bmake it|\b(?:adet|adedi|adetini|miktar\w*|quantity|qty)(?: is| must be| to"
    r"| should be| from \w+ to| \d+ degil)?)[ :]{1,2}$"
)
_GIVES: Final = re.compile(
    r"\W{0,2}(?:ver(?:iyor|dim|irim|ecem|ecegim|eyim|iyom|ir\b)|puan ver|diyelim|yeter)\w*"
)
_SCALE_BEFORE: Final = re.compile(r"\b(?:(10|5|on|bes|yuz)'?[a-z]{0,3}) uzer\w* $")
_SLASH: Final = re.compile(r"(?<![\d/.,-])(10|\d)(?:[.,]5)? ?/ ?(10|5)(?![\d/-]|[.,]\d)")
_STARS: Final = re.compile("[⭐★🌟✨]\ufe0f?(?:[ ]?[⭐★🌟✨]\ufe0f?){0,9}")
_STAR_WORD: Final = re.compile(r"'?[ -]?(?:tam )?(?:yildiz|star)\w*")
_RATING_TALK: Final = re.compile(
    r"\b(?:notum|notunuz|not olarak|rating|rate|score|would give|i'd give|i give|give it"
    r"|give you|giving)\W{1,3}(?:is |it |you |this |a |an |sadece |olarak |:)*$"
)
_ON_NUMARA: Final = re.compile(
    r"(?<![a-z0-9])(?:on|10) numara(?! (?:ayakkabi|beden|terlik|eldiven|bot|yap|olan"
    r"|olsun))(?:(?: ve)? (?:5|bes) yildiz)?(?![a-z])"
)
_OUT_OF_AFTER: Final = re.compile(r" ?(?:out of|over|of) (10|ten|5|five)\b")
_SURVEY: Final = re.compile(
    r"anket|survey|\bnps\b|puanla|puan ver|puan ist|degerlendir|tavsiye|memnuniyet|memnun"
    r"|recommend|\brating|\brate\b|\bscore\b|\bgrade|\bmark\b|\bsolid$|\ba solid"
)
_NO_UNIT: Final = re.compile(
    r"'?(?:[iu]|y[iu]|[ae]|y[ae]|n|t[iu]r|d[iu]r)?(?:\W*$|[,;:.!?)]| -| (?:cunku|ama"
    r"|because|since|and|but|brother|olsun|uygun|isaret\w*|diyor\w*|yaz\w+|from me|hey"
    r"|cause|bence|benden|puan|points?)\b)"
)
_FIRST: Final = re.compile(
    r"(?:,| ?[-:] | (?:cunku|because|cause)\b| i (?:guess|think|suppose)|,? sorry| from me"
    r"| bile cok)"
)
_SCALES: Final = {"10": 10, "5": 5, "on": 10, "bes": 5, "ten": 10, "five": 5, "yuz": 100}


def find_ratings(reading: Reading) -> list[Found]:
    """Return ``rating``: out of ten, out of five, stars, or a message that is nothing but 0 to 10."""
    folded, found = reading.folded, list[Found]()
    for match in _STARS.finditer(reading.text):
        count = sum(char in "⭐★🌟✨" for char in match.group())
        if (count > 1 or "⭐" in match.group() or "★" in match.group()) and count <= 5:
            found.append(Found("rating", f"{count}/5", match.start(), match.end()))
    for match in _SLASH.finditer(folded) if reading.has_digit else ():
        score = match.group().split("/")[0].strip().replace(",", ".")
        if float(score) <= int(match[2]):
            found.append(Found("rating", f"{score}/{match[2]}", match.start(), match.end()))
    for match in _ON_NUMARA.finditer(folded):
        found.append(Found("rating", "10/10", match.start(), match.end()))
    survey = _SURVEY.search(folded) is not None
    for numeral in reading.numerals:
        if not 0 <= numeral.value <= 10:
            continue
        score, start = f"{numeral.value:f}", numeral.start
        scale = _SCALE_BEFORE.search(folded, max(0, start - 24), start)
        out_of = _OUT_OF_AFTER.match(folded, numeral.end)
        stars = _STAR_WORD.match(folded, numeral.end)
        if scale and numeral.value <= _SCALES[scale[1]]:
            found.append(
                Found("rating", f"{score}/{_SCALES[scale[1]]}", scale.start(), numeral.end)
            )
        elif out_of:
            found.append(Found("rating", f"{score}/{_SCALES[out_of[1]]}", start, out_of.end()))
        elif stars and numeral.value <= 5:
            found.append(Found("rating", f"{score}/5", start, stars.end()))
        elif _is_given(reading, numeral, survey):
            found.append(Found("rating", score, start, numeral.end))
    return found


def _is_given(reading: Reading, numeral: Numeral, survey: bool) -> bool:
    """Tell whether a bare 0 to 10 is a mark: by "veriyorum", "puanım", or alone in the message."""
    folded = reading.folded
    first = numeral.start < 12 and not folded[: numeral.start].strip(" .!,")
    rest = folded[numeral.behind : numeral.behind + 40].strip(" .!,")
    if first and rest in (
        "",
        "puan",
        "points",
        "dim",
        "veriyorum",
    ):
        return True
    if (
        survey
        and not (numeral.spoken and numeral.whole == 1)
        and _NO_UNIT.match(folded, numeral.end)
    ):
        return not folded[max(0, numeral.start - 8) : numeral.start].endswith(
            ("no ", "numara ", "#", "siparis ", "-", "/")
        )
    if first and _FIRST.match(folded, numeral.end):
        return True
    after = re.compile(r"(?: ?puan)?").match(folded, numeral.behind)
    if after and _GIVES.match(folded, after.end()):
        return not re.match(r" ?(?:adet|tane|gun|ay|tl|lira)", folded[numeral.behind :])
    return bool(
        _RATING_TALK.search(folded, max(0, numeral.start - 30), numeral.start)
    ) and not re.match(
        r" ?(?:tl|lira|gun|ay|saat|day|month|hour|refund|money|%)", folded[numeral.behind :]
    )


def find_points(reading: Reading) -> list[Found]:
    """Return ``points`` of the loyalty programme."""
    folded, found = reading.folded, list[Found]()
    for numeral in reading.numerals:
        if numeral.whole is None or numeral.whole > 10_000_000:
            continue
        unit = _POINTS.match(folded, numeral.end)
        if unit and numeral.value <= 10 and _IS_MARK.match(folded, unit.end()):
            found.append(Found("rating", str(numeral.whole), numeral.start, unit.end()))
        elif unit:
            found.append(Found("points", str(numeral.whole), numeral.start, unit.end()))
        elif numeral.value > 10 and _POINTS_BEFORE.search(
            folded, max(0, numeral.start - 30), numeral.start
        ):
            found.append(Found("points", str(numeral.whole), numeral.start, numeral.end))
    return found


def find_installments(reading: Reading) -> list[Found]:
    """Return ``installments``: into how many parts a sum is to be split."""
    folded, found = reading.folded, list[Found]()
    talk = _INSTALMENT_TALK.search(folded) is not None
    for numeral in reading.numerals:
        if numeral.whole is None or not 1 < numeral.whole <= 36:
            continue
        match = _INSTALMENTS.match(folded, numeral.end) or (
            talk and _MONTHS.match(folded, numeral.end)
        )
        if match:
            found.append(Found("installments", str(numeral.whole), numeral.start, match.end()))
    return found


def find_quantities(reading: Reading) -> list[Found]:
    """Return ``quantity``: ``3 adet``, ``2si kırık``, ``bir tanesi``, ``two of them``."""
    folded, found = reading.folded, list[Found]()
    for numeral in reading.numerals:
        if numeral.whole is None or not 1 <= numeral.whole <= 10_000:
            continue
        pieces = _PIECES.match(folded, numeral.end)
        if pieces and numeral.spoken and numeral.whole == 1 and not _ONE_OF.search(pieces.group()):
            continue  # "bir kutuda": an article
        if pieces or _MAKE_IT.search(folded, max(0, numeral.start - 32), numeral.start):
            end = pieces.end() if pieces else numeral.behind
            found.append(Found("quantity", str(numeral.whole), numeral.start, end))
        elif numeral.ending and numeral.whole <= 100 and _PART_OF.fullmatch(numeral.ending):
            if _MINUTES_LEFT.match(folded, numeral.behind) or folded[: numeral.start].endswith(
                ("ayin ", "saat ")
            ):
                continue
            if (
                numeral.whole in (1, 10, 100)
                and numeral.spoken
                and not _SOMEBODY.match(folded, numeral.behind)
            ):
                continue  # "biri", "onu", "yüzü" are words of their own
            found.append(Found("quantity", str(numeral.whole), numeral.start, numeral.behind))
    return found
