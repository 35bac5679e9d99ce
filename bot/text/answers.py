"""Short answers whose meaning must not be left to a trained model.

A number out of a list, and the words by which people refuse advertising: both are decided
by the whole message, so that a sentence that merely holds such a word is not caught.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from bot.text.normal import clean, fold, squeeze

_ORDINALS: Final = {
    "birinci": 1, "ikinci": 2, "ucuncu": 3, "dorduncu": 4, "besinci": 5, "altinci": 6,
    "yedinci": 7, "sekizinci": 8, "dokuzuncu": 9, "onuncu": 10,
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6,
    "seventh": 7, "eighth": 8, "ninth": 9, "tenth": 10,
    "ilk": 1, "ilki": 1, "bastaki": 1, "en bastaki": 1, "en ustteki": 1,
}  # fmt: skip
_CARDINALS: Final = {
    "bir": 1, "iki": 2, "uc": 3, "dort": 4, "bes": 5, "alti": 6, "yedi": 7, "sekiz": 8,
    "dokuz": 9, "on": 10, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6,
    "seven": 7, "eight": 8, "nine": 9, "ten": 10,
}  # fmt: skip
_LAST: Final = (
    *("sonuncu", "en sonuncu", "son", "en son", "sondaki", "en sondaki", "en alttaki"),
    *("last", "last one"),
)


def _any(words: Iterable[str]) -> str:
    """Return an alternation that tries the longest word first."""
    return "|".join(sorted(words, key=len, reverse=True))


_CASE: Final = r"(?:'?(?:s[iu](?:n[iu]|n[ea]|nde|nden|ni)?|n[iu]|[yn]?[iu]|[yn]?[ea]))?"
_NOUN: Final = (
    r"(?: (?:one|olan(?:i|ini|a)?|secene(?:k|gi)|siparis(?:i|im|imi|imin)?|urun(?:u|um|umu)?"
    r"|order|option|item))?"
)
_POLITE: Final = r"(?: (?:lutfen|please|pls|olsun|olur|alayim|istiyorum|evet|tabii|tamam))?"
_NUMBERED: Final = r"(?: (?:numara|nolu|numarali|no)(?:'?y?[iu])?)?(?: olan(?:i|ini)?)?"
_CHOICE: Final = re.compile(
    r"(?:(?:evet|tamam|ok|yes|tabii) )?(?:the )?(?:"
    rf"(?:(?P<ordinal>{_any(_ORDINALS)})|(?P<last>{_any(_LAST)})){_CASE}{_NOUN}"
    # "2. sipariş" and "2nd order" name one; "2 sipariş" counts them, so no noun there.
    rf"|(?P<dotted>[1-9]\d?)(?:\. ?|st|nd|rd|th|'?[iu]?nc[iu]){_CASE}{_NOUN}"
    rf"|(?:(?:secenek|option|no|numara|number|sira) ?)?(?P<number>[1-9]\d?){_CASE}{_NUMBERED}"
    rf"|(?P<word>{_any(_CARDINALS)})(?:'?[yn]?[iu])?{_NUMBERED}"
    rf"){_POLITE}"
)

_WRAPPING: Final = " \t\r\n.,;:!?()[]{}<>*_\"'#~-"
_PUNCTUATION: Final = re.compile(r"[^a-z0-9' ]+")

_OPT_OUT_WORDS: Final = frozenset(
    (
        *("ret", "red", "ret et", "ret ediyorum", "reddediyorum", "dur", "durdur", "durdurun"),
        *(
            "abonelikten cik",
            "abonelikten cikar",
            "abonelikten cikarin",
            "listeden cik",
            "listeden cikar",
        ),
        *(
            "stop",
            "stopall",
            "stop all",
            "stop sending",
            "stop messages",
            "unsubscribe",
            "unsubscribe me",
        ),
        *("opt out", "optout", "quit", "remove me"),
    )
)
# Text messages from Turkish senders end in "B002" and the like, which people copy.
_SMS_REPLY: Final = re.compile(r"(?:[a-z]?\d{2,5} )?ret(?: [a-z]?\d{2,5})?")
_FILLERS: Final = frozenset(
    word
    for line in (
        "a again amacli any anymore artik bana beni bi bidaha bildirim bildirimi bildirimleri",
        "bir bize bizi boyle bu bulten bulteni da daha de dur e ederim elektronik eposta ever",
        "from hic hicbir icin ileti iletisi istenmeyen kampanya kampanyalari kampanyalarinizi",
        "ltf lutfen mail me mesaj mesaji mesajlar mesajlari mesajlarini mesajlariniz more",
        "please pls posta promosyon reklam reklami reklamlari reklamlarinizi ret rica sizden",
        "size sizin sms smsi spam stop surekli tanitim the ticari tip to toplu tur uzerinden",
        "whatsapp whatsapptan wp ya yaa yeter your",
    )
    for word in line.split()
)
_ABOUT_ADS: Final = re.compile(r"\b(?:reklam|kampanya|tanitim|promosyon|bulten|spam)")
_REFUSAL: Final = re.compile(
    r"\b(?:at|gonder|yolla|yaz|cek|ilet|gel)m[ae](?:yin|yiniz|saniz|seniz|sin)?\b"
    r"|\b(?:almak )?istemiyorum\b|\b(?:kesin|kesiniz|durdurun|durdurunuz|iptal edin|son verin)\b"
)
_CALL_REFUSAL: Final = re.compile(r"\baramayin(?:iz)?\b")
_MESSAGE_OBJECT: Final = re.compile(r"\b(?:mesaj|sms|bildirim|e ?posta|mail|ileti)")
_LIST_OUT: Final = re.compile(
    r"\b(?:list(?:e|esin|eniz)den|abonelikten|aboneligim(?:i|den))\b.{0,12}"
    r"\b(?:cikar\w*|cikmak|sil\w*|iptal|sonlandir\w*)\b"
    r"|\b(?:ileti|iletisim|mesaj|sms|ticari) (?:izni|onayi)\w*\b.{0,12}"
    r"\b(?:kaldir\w*|iptal|geri|ret)\b"
)
_ENGLISH: Final = re.compile(
    r"\bstop (?:sending|texting|messaging|spamming)\b|\bunsubscribe\b"
    r"|\bremove me from\b.{0,20}\blist\b"
    r"|\b(?:dont|don't|do not) (?:send|text|message|spam)\b.{0,24}"
    r"\b(?:me|ads?|messages?|promotions?)\b"
    r"|\bno more (?:ads?|messages?|promotions?|marketing|sms|texts?|emails?)\b"
    r"|\bopt me out\b"
)
_OTHER_MATTER: Final = re.compile(
    r"\b(?:siparis|kargo|iade|fatura|odeme|urun|servis|neden|niye|order|refund|delivery|why"
    r"|m[iu](?:siniz|sunuz)?\b)"
)
_CANCEL: Final = re.compile(
    r"(?:lutfen |please )?(?:iptal|cancel|iptl)"
    r"(?: (?:et|edin|ediniz|it|lutfen|please|istiyorum))?"
)

MAX_OPT_OUT_WORDS: Final = 12


def ordinal_choice(text: str, n: int) -> int | None:
    """Return which of ``n`` numbered options (1..n) a short answer means, or None.

    Understands digits, ordinals and "last" in Turkish and English, with case endings and
    polite words. None for everything else, such as an amount, an order number, a number
    out of range, or a sentence.
    """
    folded = re.sub(r"\s+", " ", fold(clean(text)).strip(_WRAPPING)).replace(" '", "'")
    match = _CHOICE.fullmatch(re.sub(r"[,!]", "", folded))
    if match is None or len(folded) > 40:
        return None
    if match["last"]:
        return n if n >= 1 else None
    for group, table in (("ordinal", _ORDINALS), ("word", _CARDINALS)):
        if match[group]:
            choice = table[match[group]]
            break
    else:
        choice = int(match["dotted"] or match["number"])
    return choice if 1 <= choice <= n else None


def is_opt_out(text: str) -> bool:
    """Return True when the whole message refuses further advertising.

    Catches the reply words (RET, DUR, STOP, ...) and plain sentences ("reklam
    göndermeyin", "remove me from your list"). A question, a message that also speaks of an
    order, and a bare refusal of calls ("beni aramayın") are not caught; nor is a bare
    "iptal", whose meaning hangs on the message before it (``is_bare_cancel``).
    """
    words = _words(text)
    if words in _OPT_OUT_WORDS or _SMS_REPLY.fullmatch(words):
        return True
    stripped = " ".join(
        word for word in words.split() if word not in ("lutfen", "please", "artik", "pls")
    )
    if stripped in _OPT_OUT_WORDS:
        return True
    if (
        not words
        or len(words.split()) > MAX_OPT_OUT_WORDS
        or "?" in text
        or _OTHER_MATTER.search(words)
    ):
        return False
    if _LIST_OUT.search(words) or _ENGLISH.search(words):
        return True
    if _ABOUT_ADS.search(words):
        return bool(_REFUSAL.search(words) or _CALL_REFUSAL.search(words))
    if _MESSAGE_OBJECT.search(words) and _REFUSAL.search(words):
        # "mesaj atmayın" refuses messages; "mesaj atmayın arayın" asks for a call.
        return all(word in _FILLERS for word in _REFUSAL.sub(" ", words).split())
    return False


def is_bare_cancel(text: str) -> bool:
    """Return True when the message is nothing but "iptal" or "cancel".

    After a campaign it refuses advertising, after an order confirmation it cancels the
    order: the caller knows which came before.
    """
    return _CANCEL.fullmatch(_words(text)) is not None


def _words(text: str) -> str:
    """Fold to words and single blanks."""
    return re.sub(r"\s+", " ", _PUNCTUATION.sub(" ", squeeze(fold(clean(text))))).strip(" '")
