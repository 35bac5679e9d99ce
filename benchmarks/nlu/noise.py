"""The same message as somebody else would type it: without Turkish letters, shouted, mistyped.

Everything is drawn from the seed and the text, so that a message is always spoilt the same way.
"""

from __future__ import annotations

import random
from typing import Final

SEED: Final = 4
PER_TYPO: Final = 15
"""Characters for which one typo is made."""

_ASCII: Final = str.maketrans("çğıöşüâîûÇĞİÖŞÜÂÎÛ", "cgiosuaiuCGIOSUAIU")
_CAPITALS: Final = str.maketrans("iı", "İI")
_ROWS: Final = ("qwertyuıopğü", "asdfghjklşi", "zxcvbnmöç")
_EMOJI: Final = ("😊", "🙏", "😡", "👍", "😭", "❤️", "🤔", "📦")
_VOWELS: Final = "aeıioöuü"


def _neighbours() -> dict[str, str]:
    found = {}
    for number, row in enumerate(_ROWS):
        for at, letter in enumerate(row):
            near = row[max(0, at - 1) : at] + row[at + 1 : at + 2]
            for other in (number - 1, number + 1):
                if 0 <= other < len(_ROWS):
                    near += _ROWS[other][at : at + 1]
            found[letter] = near
    return found


_NEAR: Final = _neighbours()  # of a Turkish Q keyboard


def without_turkish(text: str) -> str:
    """Return the text with the plain letter for each Turkish one."""
    return text.translate(_ASCII)


def in_capitals(text: str, language: str) -> str:
    """Return the text in capitals: in Turkish "i" becomes "İ", in English "I"."""
    return text.translate(_CAPITALS).upper() if language == "tr" else text.upper()


def mistyped(text: str, seed: int = SEED) -> str:
    """Return the text with one typo for each 15 characters; the rest of them decides by lot.

    A typo is a neighbour of the key, two letters swapped, one dropped or one doubled, inside or at
    the end of a word.
    """
    draw = random.Random(f"{seed} {text}")
    count = len(text) // PER_TYPO + (draw.random() < len(text) % PER_TYPO / PER_TYPO)
    places = [at for at, sign in enumerate(text) if sign.isalpha()]
    letters = list(text)
    for at in draw.sample(places, min(count, len(places))):
        letters[at] = _typo(letters, at, draw)
    return "".join(letters)


def _typo(letters: list[str], at: int, draw: random.Random) -> str:
    letter = letters[at]
    kind = draw.choice(("neighbour", "swap", "drop", "double"))
    if kind == "double":
        return letter * 2
    if kind == "drop":
        return ""
    if kind == "swap" and at + 1 < len(letters) and letters[at + 1].isalpha():
        letters[at + 1], letter = letter, letters[at + 1]
        return letter
    near = _NEAR.get(letter.lower(), "")
    if not near:
        return letter * 2
    typed = draw.choice(near)
    return typed.upper() if letter.isupper() else typed


def stretched(text: str, seed: int = SEED) -> str:
    """Return the text with a word or two drawn out and emoji behind it."""
    draw = random.Random(f"{seed} {text}")
    words = text.split(" ")
    long = [n for n, word in enumerate(words) if len(word) > 2 and word.isalpha()]
    for number in draw.sample(long, min(len(long), draw.randint(1, 2))):
        words[number] = _drawn_out(words[number], draw)
    return " ".join(words) + " " + "".join(draw.choices(_EMOJI, k=draw.randint(1, 3)))


def _drawn_out(word: str, draw: random.Random) -> str:
    vowels = [at for at, letter in enumerate(word) if letter.lower() in _VOWELS]
    at = vowels[-1] if vowels else len(word) - 1
    return word[:at] + word[at] * draw.randint(3, 6) + word[at + 1 :]
