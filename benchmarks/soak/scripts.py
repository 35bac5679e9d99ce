"""What customers write, what each answer must hold, and which tickets must come of it.

Everything is drawn from a seed and a customer's number, so that whoever verifies knows again what was
written without having kept it. Whatever goes into a field of a form carries a word that stands
nowhere else: an answer in the wrong field can be told from one in the right field.
"""

from __future__ import annotations

import dataclasses
import hashlib
import random
from collections.abc import Sequence

_SYLLABLES = tuple(c + v for c in "qwxz" for v in "aeio")
_FIRST_ORDER = 60_000_000  # orders that nobody has: they are kept as they were given
PHONES = "+90539"  # how the numbers of all customers begin
_TALKS = 200  # forms of one customer at most


@dataclasses.dataclass(frozen=True)
class Step:
    """One message of a customer, and words that must stand in the answer to it."""

    text: str
    expects: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Wish:
    """A ticket that must come of a talk, exactly once, with these fields."""

    intent: str
    first_message: str
    details: str
    order: str = ""
    photo: str = ""  # nobody sends one, and to say so is no answer that is kept


@dataclasses.dataclass(frozen=True)
class Talk:
    """Some messages that belong together, each written when the one before was answered.

    `at_once`: written without waiting for answers.
    """

    steps: tuple[Step, ...]
    wish: Wish | None = None
    at_once: bool = False


def phone(customer: int) -> str:
    """Return a customer's number."""
    return f"{PHONES}{customer:07d}"


def sid(seed: int, customer: int, number: int) -> str:
    """Return the provider's id of a customer's message, the first being number 0."""
    return "SM" + hashlib.md5(f"{seed} {customer} {number}".encode()).hexdigest()


def plan(seed: int, customer: int, count: int) -> list[Talk]:
    """Return what a customer writes: `count` messages, half of them or more for tickets."""
    rng = random.Random(f"plan {seed} {customer}")
    language = rng.choice(("tr", "tr", "en"))
    talks: list[Talk] = []
    written = of_forms = 0
    last = ""
    while written < count:
        left, talk = count - written, None
        if of_forms * 2 <= written:
            makers = [m for m in _FORMS[language] if m.length <= left]
            if makers:
                maker = rng.choice(makers)
                talk = maker.make(_Words(customer, len(talks), rng))
                of_forms += len(talk.steps)
        if talk is None:
            talk = _questions(rng, language, min(left, rng.choice((1, 1, 2, 3))), last)
        talks.append(talk)
        written += len(talk.steps)
        last = talk.steps[-1].text
    return talks


@dataclasses.dataclass
class _Words:
    """Words that nobody else writes, for one form of one customer."""

    customer: int
    form: int
    rng: random.Random

    @property
    def order(self) -> str:
        return str(_FIRST_ORDER + self.customer * _TALKS + self.form)

    def word(self, field: int) -> str:
        number = (self.customer * _TALKS + self.form) * 4 + field
        text = ""
        while number or len(text) < 8:
            number, place = divmod(number, len(_SYLLABLES))
            text += _SYLLABLES[place]
        return text


@dataclasses.dataclass(frozen=True)
class _Form:
    """How a form is filled: the answers in order, and which of them the ticket holds where.

    In texts `{a}` and `{b}` are words of their own and `{order}` is the order's number. `details` is
    the number of the message that the ticket holds as its details.
    """

    intent: str
    lines: tuple[tuple[str, tuple[str, ...]], ...]
    details: int

    @property
    def length(self) -> int:
        return len(self.lines)

    def make(self, words: _Words) -> Talk:
        named = {"a": words.word(0), "b": words.word(1), "order": words.order}
        steps = tuple(Step(text.format(**named), expects) for text, expects in self.lines)
        order = words.order if any("{order}" in text for text, _ in self.lines) else ""
        wish = Wish(self.intent, steps[0].text, steps[self.details].text, order)
        return Talk(steps, wish)


def _questions(rng: random.Random, language: str, count: int, last: str) -> Talk:
    """Return different questions; the first is not what was written last."""
    choices = [q for q in _QUESTIONS[language] if q.text != last]
    return Talk(tuple(rng.sample(choices, count)), at_once=count > 1)


_QUESTIONS: dict[str, Sequence[Step]] = {
    "tr": (
        Step("kargo ücreti ne kadar?", ("79,90",)),
        Step("iade süresi kaç gün?", ("14 gün",)),
        Step("kapıda ödeme var mı?", ("49,90",)),
        Step("çalışma saatleriniz nedir?", ("09:00",)),
        Step("puan nasıl kazanılıyor?", ("10 TL", "puan")),
        Step("kargo ücreti ne kadar, bir de iade süresi kaç gün?", ("79,90", "14 gün")),
        Step("iade süresi kaç gün? ayrıca kargo ücreti ne kadar?", ("14 gün", "79,90")),
    ),
    "en": (
        Step("how much is shipping?", ("79.90",)),
        Step("how many days do I have to return an item?", ("14 days",)),
        Step("can I pay cash on delivery?", ("49.90",)),
        Step("what are your opening hours?", ("09:00",)),
        Step("how do I earn points?", ("10 TL", "point")),
        Step(
            "how much is shipping, and how many days do I have to return an item?",
            ("79.90", "14 days"),
        ),
    ),
}

_ORDER, _PHOTO = ("Sipariş numaranızı",), ("fotoğraf",)
_EN_ORDER, _EN_PHOTO = ("order number",), ("photo",)
_DAMAGED = ("ne durumda", "değişim, onarım")
_OPENED, _EN_OPENED = ("T-",), ("T-",)

_FORMS: dict[str, Sequence[_Form]] = {
    "tr": (
        _Form("damaged_on_arrival", (
            ("sehpa kırık geldi {a}", _ORDER),
            ("{order}", _DAMAGED),
            ("sehpanın {b} ayağı kırılmış, değişim istiyorum", _PHOTO),
            ("fotoğraf yok", _OPENED),
        ), 2),
        _Form("damaged_on_arrival", (  # a question in the middle of a form
            ("sehpa kırık geldi {a}", _ORDER),
            ("{order}", _DAMAGED),
            ("kargo ücreti ne kadar?", ("79,90", *_DAMAGED)),
            ("masanın {b} kenarı ezilmiş, onarım istiyorum", _PHOTO),
            ("yok", _OPENED),
        ), 3),
        _Form("damaged_on_arrival", (  # another wish behind the form
            ("sehpa kırık geldi, ayrıca kargo ücreti ne kadar", _ORDER),
            ("{order}", _PHOTO),
            ("yok", ("T-", "Kargo bilgisi", "1) Evet")),
            ("1", ("79,90",)),
        ), 0),
        _Form("missing_or_wrong_item", (
            ("paketten eksik çıktı {a}", _ORDER),  # five words would tell the matter
            ("siparişim {order}", ("eksik ya da yanlış",)),
            ("{b} tabak takımı eksik çıktı", _PHOTO),
            ("fotoğraf yok", _OPENED),
        ), 2),
        _Form("product_fault_report", (  # its ticket is opened with the first message
            ("çamaşır makinem bozuldu {a}", ("T-", *_ORDER)),
            ("{order}", ("ne zamandan beri",)),
            ("{b} makine iki gündür su almıyor, onarım istiyorum", _PHOTO),
            ("yok", _OPENED),
        ), 2),
        _Form("exchange_request", (
            ("ürünü değiştirmek istiyorum {a}", _ORDER),
            ("{order}", ("neyle değiştirelim",)),
            ("{b} gömleği bir beden büyüğüyle değiştirmek istiyorum", _OPENED),
        ), 2),
        _Form("invoice_request", (
            ("faturamı istiyorum {a}", _ORDER),
            ("{order}", ("Faturanın kopyasını",)),
            ("kopyasını istiyorum, {b} adresine gönderin", _OPENED),
        ), 2),
        _Form("service_appointment", (
            ("servis randevusu almak istiyorum {a}", ("il ve ilçede",)),
            ("kombi için {b} ilçesinde pazartesi öğleden önce uygun", _OPENED),
        ), 1),
        _Form("complaint", (
            ("bir şikayetim var {a}", ("Ne olduğunu",)),
            ("kasadaki arkadaş {b} yüzünden yarım saat bekledim", _OPENED),
        ), 1),
        _Form("complaint", ((
            "mağazanızdaki görevli {a} bana çok kaba davrandı, şikayetçiyim, ilgilenin lütfen",
            _OPENED,
        ),), 0),
    ),
    "en": (
        _Form("damaged_on_arrival", (
            ("the table arrived broken {a}", _EN_ORDER),
            ("{order}", ("what is broken",)),
            ("the {b} leg is broken, I want a replacement", _EN_PHOTO),
            ("no", _EN_OPENED),
        ), 2),
        _Form("exchange_request", (
            ("I want to exchange an item {a}", _EN_ORDER),
            ("{order}", ("which size",)),
            ("the {b} shirt for one size larger", _EN_OPENED),
        ), 2),
        _Form("service_appointment", (
            ("I would like a service appointment {a}", ("city and district",)),
            ("for the boiler in {b} district, monday morning suits me", _EN_OPENED),
        ), 1),
        _Form("complaint", ((
            "I want to make a complaint: the clerk {a} at your store was very rude to me",
            _EN_OPENED,
        ),), 0),
    ),
}
