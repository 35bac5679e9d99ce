"""Which unanswered messages make one turn, and how long to wait for the rest of a thought.

People send a thought in bubbles: "slm", "kolay gelsin", "bi sorum olacaktı", "siparişim", "1024".
A message that holds a question, an identifier or a whole wish is answered without a pause; a bare
greeting or an unfinished opening waits 1.2 s for more, a photo without words 2.5 s, at most 5 s in
all. All times are real seconds: people do not type faster because a demo's clock does.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.conversations.models import Message
from bot.text import find_numbers, find_phones, find_ticket_numbers, fold, is_opt_out

OPENING_PAUSE, PHOTO_PAUSE, LONGEST_PAUSE = 1.2, 2.5, 5.0
_OPENERS = frozenset(
    """
    merhaba merhabalar mrb meraba selam slm selamlar selamun aleykum aleykumselam as sa s a
    gunaydin iyi gunler aksamlar geceler calismalar kolay gelsin gelsn hayirli isler cumalar
    hello hi hey good morning evening afternoon there dear
    bi bir sey bise bisi birsey bisey soru sorum sorucam soracaktim soracam sorcam olcak olacak
    olacakti olcakti olucakti var vardi sormak istiyorum isterim bakar misiniz misin bakarmisiniz
    musait musaitseniz musaitmisiniz rahatsiz ediyorum kusura bakmayin pardon afedersiniz acaba
    excuse me sorry i have a question quick hocam abi abla kardesim canim arkadaslar yetkili sayin
    ya yaa of ay ee peki
    """.split()
)
_UNFINISHED = re.compile(r"(?:\.\.\.|…|,|:)\s*$")

_PING = re.compile(
    r"^(?:(?:alo+|orda ?misiniz|orada ?misiniz|orda ?misin|cevap|kimse yok ?mu|ses verin|"
    r"anyone( there)?|are you there|still there|(hala )?bekliyorum)[?!.\s]*|[!.\s]*\?[?!.\s]*)$"
)


def is_ping(text: str) -> bool:
    """Tell whether a text only asks whether somebody is there ("?", "orda mısınız")."""
    return bool(_PING.match(fold(text).strip()))


def is_opening(text: str) -> bool:
    """Tell whether a text only opens a conversation or starts a sentence."""
    words = re.findall(r"[a-z0-9']+", fold(text))
    if not words:
        return False  # punctuation or emoji alone is a whole message
    if "?" in text and len(words) > 1:
        return False
    return all(w in _OPENERS for w in words) or bool(_UNFINISHED.search(text) and len(words) < 6)


def has_identifier(text: str) -> bool:
    """Tell whether a text holds an order, tracking, ticket or phone number."""
    return bool(find_numbers(text) or find_phones(text) or find_ticket_numbers(text))


def pause_after(message: Message, asked: bool = False) -> float:
    """Return how long to wait for more after this message, in seconds; 0.0 for a whole message.

    With a question of ours open (`asked`) one plain word is an answer.
    """
    if message.kind == "media" and not message.text.strip():
        return PHOTO_PAUSE
    text = message.text.strip()
    if message.kind != "text" or not text or (message.attributes or {}).get("payload"):
        return 0.0
    if has_identifier(text) or "?" in text or is_opt_out(text):
        return 0.0
    words = len(text.split())
    # One plain word ("siparişim") is the start of a sentence as often as a wish.
    starts = not asked and words == 1 and text.isalpha() and len(text) <= 20
    return OPENING_PAUSE if is_opening(text) or starts else 0.0


def next_turn(
    messages: Sequence[Message], join_all: bool = False, asked: bool = False
) -> list[Message]:
    """Return the messages of the next turn: up to and with the first whole message.

    Copies of the same text that came before anybody could answer belong to the same turn. With
    `join_all` (a flood) everything that waits becomes one turn.
    """
    if join_all:
        return list(messages)
    taken: list[Message] = []
    for position, message in enumerate(messages):
        taken.append(message)
        if pause_after(message, asked) == 0.0:
            same = fold(message.text.strip())
            for later in messages[position + 1 :]:
                if later.kind != "text" or not same or fold(later.text.strip()) != same:
                    break
                taken.append(later)
            return taken
    return taken


def due_at(messages: Sequence[Message], asked: bool = False) -> float:
    """Return the real instant from which a turn of these messages may be answered."""
    if any(pause_after(m, asked) == 0.0 for m in messages):
        return 0.0
    last = messages[-1]
    return min(
        float(last.arrived_real) + pause_after(last, asked),
        float(messages[0].arrived_real) + LONGEST_PAUSE,
    )


def text_of(messages: Sequence[Message]) -> str:
    """Return a turn's text: the bubbles as lines, copies once."""
    lines: list[str] = []
    for message in messages:
        text = message.text.strip()
        if text and (not lines or fold(lines[-1]) != fold(text)):
            lines.append(text)
    return "\n".join(lines)
