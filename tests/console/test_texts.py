"""Every text exists in both languages, with the same gaps, and every key that is used exists."""

from __future__ import annotations

import re
import string
import time
from pathlib import Path

import pytest

import bot.console
from bot.aftersales.orders.shopsystem import OrderState
from bot.aftersales.promises.kinds import PromiseKind
from bot.channels.events import MessageKind
from bot.channels.registry import CHANNELS
from bot.console import i18n, labels, wishes
from bot.conversations.states import Handling, Outbound, WaitReason

ROOM = Path(bot.console.__file__).parent


def gaps(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_the_catalogues_have_the_same_texts_with_the_same_gaps() -> None:
    turkish, english = i18n.catalogue("tr"), i18n.catalogue("en")
    assert turkish.keys() == english.keys()
    assert {k: gaps(v) for k, v in turkish.items()} == {k: gaps(v) for k, v in english.items()}
    assert not [k for k, v in {**turkish, **english}.items() if not v.strip()]


def used_keys() -> set[str]:
    found: set[str] = set()
    for path in ROOM.rglob("*.html"):
        found |= set(re.findall(r"""\bt\(["']([a-z_0-9.]+)["'][,)]""", path.read_text()))
    for path in ROOM.rglob("*.py"):
        found |= set(re.findall(r"""i18n\.text\("([a-z_0-9.]+)"[,)]""", path.read_text()))
    for path in ROOM.rglob("*.js"):
        found |= {f"js.{key}" for key in re.findall(r"""\btext\("([a-z_]+)"\)""", path.read_text())}
    return found


def test_every_key_in_templates_and_scripts_is_in_the_catalogue() -> None:
    keys = used_keys()
    assert len(keys) > 80
    assert keys <= i18n.catalogue("tr").keys()


@pytest.mark.parametrize(
    ("prefix", "members"),
    [
        ("state.", [s.value for s in Outbound]),
        ("kind.", [k.value for k in MessageKind]),
        ("reason.", [r.value for r in WaitReason]),
        ("order.", [s.value for s in OrderState]),
        ("promise.", [k.value for k in PromiseKind]),
        ("channel.", list(CHANNELS)),
        ("composer.shut.", [h.value for h in Handling if h is not Handling.AGENT]),
        ("error.", [f"{n}.title" for n in (400, 401, 403, 404, 413, 429, 500)]),
    ],
)
def test_every_member_of_a_vocabulary_has_its_text(prefix: str, members: list[str]) -> None:
    assert {prefix + member for member in members} <= i18n.catalogue("tr").keys()


def test_a_wish_is_named_as_customers_read_it() -> None:
    assert wishes.label("track_order", "tr") not in ("track_order", "track order")
    assert wishes.label("track_order", "tr") != wishes.label("track_order", "en")
    assert wishes.label("never_heard_of", "tr") == "never heard of"


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("*1024* yolda", "<strong>1024</strong> yolda"),
        ("_belki_ ~hayır~", "<em>belki</em> <s>hayır</s>"),
        ("2*3*4 ve a_b_c", "2*3*4 ve a_b_c"),
        ("* madde\n* madde", "* madde\n* madde"),
        ("*<b>*", "<strong>&lt;b&gt;</strong>"),
        ('"><img src=x onerror=alert(1)>', "&#34;&gt;&lt;img src=x onerror=alert(1)&gt;"),
    ],
)
def test_marks_become_tags_and_nothing_else_does(text: str, html: str) -> None:
    assert str(labels.marked(text)) == html


@pytest.mark.parametrize(
    "text", ["*a " * 20_000, "*" * 60_000, "*a*" * 20_000, "_a *b ~c " * 7_000, "*a* " * 15_000]
)
def test_a_message_of_nothing_but_marks_takes_no_longer(text: str) -> None:
    began = time.process_time()
    labels.marked(text)
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("*a* ve *b*", "<strong>a</strong> ve <strong>b</strong>"),
        ("*a _b_ c*", "<strong>a _b_ c</strong>"),
        ("*bir\niki*", "*bir\niki*"),
        ("a * b *c*", "a * b <strong>c</strong>"),
        ("*açık kaldı _ama bu değil_", "*açık kaldı <em>ama bu değil</em>"),
    ],
)
def test_a_mark_ends_with_the_next_that_closes_it(text: str, html: str) -> None:
    assert str(labels.marked(text)) == html


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a\n b\t c", "a b c"),
        ("fatura\u202egpj.exe", "faturagpj.exe"),
        ("x" * 200, "x" * 119 + "…"),
        ("\u2067\u2066", ""),
    ],
)
def test_a_line_in_a_list_is_short_and_runs_one_way(text: str, line: str) -> None:
    assert labels.one_line(text) == line
