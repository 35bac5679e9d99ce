"""Cleaning and folding: one spelling for the many ways Turkish is typed.

In and out: ``str``. Keys made here are for matching only and never shown to anybody;
the original text is what people see. ``str.lower()`` must not be used on Turkish text:
``"İ".lower()`` is two code points and ``"I".lower()`` is the wrong letter.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from bot.text.short_forms import EMOJI_WORDS, SHORT_FORMS

# Letters that NFKD does not bring to ASCII by itself, or brings to something else.
_LETTERS: Final = {
    "ı": "i", "İ": "i", "ß": "ss", "ø": "o", "Ø": "o", "æ": "ae", "Æ": "ae",
    "œ": "oe", "Œ": "oe", "ə": "e", "Ə": "e", "ł": "l", "Ł": "l", "đ": "d", "Đ": "d",
    # Signs that carry meaning would otherwise vanish with the non-ASCII rest.
    "₺": "tl", "€": "eur", "£": "gbp", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"',
    "‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "-", "―": "-", "−": "-", "•": " ",
    "\u2028": "\n", "\u2029": "\n", "\u0085": "\n",
}  # fmt: skip
_FOLD: Final = {ord(key): value for key, value in _LETTERS.items()}
_APOSTROPHES: Final = {ord(char): "'" for char in "’‘´`ʼʹ′＇‛"}

# Zero-width, bidi and soft-hyphen characters, tag characters, and control characters
# other than tab and line ends. ZWJ (U+200D) is apart: it holds emoji together.
_INVISIBLE: Final = re.compile(
    "[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u0084\u0086-\u009f\u00ad\u034f\u061c"
    "\u115f\u1160\u180e\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff"
    "\uffa0\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_STRAY_JOINER: Final = re.compile(
    "(?<![\u2300-\u27bf\u2b00-\u2bff\ufe0f\U0001f000-\U0001faff])\u200d"
)
_FOREIGN_DIGIT: Final = re.compile(r"(?![0-9])\d")
_LONG_LETTER: Final = re.compile(r"(?<![^\W\d_])(www)(?=\.)|([^\W\d_])\2{2,}", re.IGNORECASE)
_TOKEN: Final = re.compile(r"(?<![\w'])[a-z]+(?![\w'])")
_GREETING: Final = re.compile(r"(?<![\w.])s\.\s?a\b\.?")
_GREETING_BACK: Final = re.compile(r"\s*a\.?\s?s\b\W*")
_EMOJI: Final = re.compile("|".join(map(re.escape, sorted(EMOJI_WORDS, key=len, reverse=True))))
_BLANKS: Final = re.compile(r"\s+")
_SLASHES: Final = "/\uff0f\u2044\u2215\u29f8\u2571"


def strip_nul(text: str) -> str:
    """Return the text without NUL, and with lone surrogates replaced by U+FFFD.

    PostgreSQL refuses NUL, and no database or socket can encode a lone surrogate, which
    JSON may legally deliver. A surrogate pair becomes the character it stands for.
    """
    text = text.replace("\x00", "")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def clean(text: str) -> str:
    """Return the text in NFC with one kind of apostrophe and nothing invisible in it.

    Tabs, line ends, letters and emoji stay as they are (joined emoji stay joined), so the
    result may still be shown to people.
    """
    text = _INVISIBLE.sub("", strip_nul(text).translate(_APOSTROPHES))
    return unicodedata.normalize("NFC", _STRAY_JOINER.sub("", text))


def fold(text: str) -> str:
    """Return the ASCII, lower-case matching key of the text; all else is dropped.

    ``SİPARİŞİM``, ``SIPARISIM``, ``siparişim`` and ``sıparısım`` give the same key. Digits
    of other scripts become 0–9. Line ends and blanks stay.
    """
    if text.isascii():
        return text.lower()
    text = _FOREIGN_DIGIT.sub(_ascii_digit, text.translate(_FOLD))
    text = unicodedata.normalize("NFKD", text).replace("\u2044", "/")
    return text.encode("ascii", "ignore").decode("ascii").lower()


def squeeze(text: str) -> str:
    """Return the text with every letter that stands three times or more in a row once.

    ``neredeee`` gives ``nerede``; ``www.`` and doubled letters stay.
    """
    return _LONG_LETTER.sub(lambda match: match.group(1) or match.group(2), text)


def expand_short_forms(folded: str) -> str:
    """Return folded text with chat short forms written out (``slm`` -> ``selam``).

    Only whole words are replaced, never a suffix after an apostrophe.
    """
    if _GREETING_BACK.fullmatch(folded):
        return "aleykum selam"
    folded = _GREETING.sub("selamun aleykum", folded)
    return _TOKEN.sub(lambda match: SHORT_FORMS.get(match.group(), match.group()), folded)


def normalise(text: str) -> str:
    """Return what the language understanding sees: cleaned, folded, squeezed, written out.

    Emoji that carry an answer or a mood become a word of their own (``emojievet``,
    ``emojikizgin``, ...), since folding would lose them. Blanks are single.
    """
    text = _EMOJI.sub(lambda match: f" {EMOJI_WORDS[match.group()]} ", clean(text))
    return _BLANKS.sub(" ", expand_short_forms(squeeze(fold(text)))).strip()


def harmless(text: str) -> str:
    """Return customer text that Rasa can not read as one of its commands.

    Rasa takes a text that begins with a slash, even behind blanks, as an intent with full
    confidence or as a session command. Leading blanks, invisible and control characters
    go, and so does a leading run of slashes (of any width) with what lies between them.
    Text that was nothing but slashes gives ``"-"``; the rest of the text is untouched.
    """
    text = strip_nul(text)
    slash = False
    start = 0
    for char in text:
        if char in _SLASHES:
            slash = True
        elif not _is_blank(char):
            break
        start += 1
    rest = text[start:]
    return "-" if slash and not rest else rest


def _is_blank(char: str) -> bool:
    """Return True for what has no ink of its own: separators, controls, lone marks."""
    category = unicodedata.category(char)
    blank = category[0] in "ZM" or category in ("Cc", "Cf") or char == "\u2800"
    return blank or _INVISIBLE.match(char) is not None


def _ascii_digit(match: re.Match[str]) -> str:
    return str(unicodedata.decimal(match.group()))
