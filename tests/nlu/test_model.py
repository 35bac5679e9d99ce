"""The intent model: the same data give the same model; bands and cuts decide as they say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.nlu import sentences
from bot.nlu.cuts import Cut, without_connector
from bot.nlu.features import UNREADABLE, key
from bot.nlu.fitting import ENOUGH
from bot.nlu.model import IntentModel, cross_validated
from bot.nlu.openings import in_one_line, without_greeting
from bot.nlu.spelling import repaired
from bot.nlu.wishes import Ranking, understand
from bot.text import normalise

TEXTS = [
    "siparişim nerede", "kargom nerede", "paketim ne zaman gelir", "where is my order",
    "iade şartları", "iade süresi", "kaç günde iade edilir", "return policy",
    "fatura istiyorum", "faturam gelmedi", "e-fatura lütfen", "invoice please",
]  # fmt: skip
LABELS = ["track_order"] * 4 + ["return_policy"] * 4 + ["invoice_request"] * 4
UNSEEN = ["kargom ne zaman gelir acaba", "iade nasıl oluyor", "FATURA", "bambaşka bir şey", ""]


def test_two_trainings_on_the_same_data_agree_to_the_last_digit(tmp_path: Path) -> None:
    first, second = IntentModel.fit(TEXTS, LABELS), IntentModel.fit(TEXTS, LABELS)
    first.save(tmp_path)
    loaded = IntentModel.load(tmp_path)
    assert first.rank(UNSEEN) == second.rank(UNSEEN) == loaded.rank(UNSEEN)


def test_many_texts_give_the_same_model_again() -> None:
    many = sentences.corpus()[:: 5]
    asked = [one.text for one in sentences.corpus()[3::400]]

    def probabilities() -> np.ndarray[Any, Any]:
        model = IntentModel.fit([one.text for one in many], [one.intent for one in many])
        return model.probabilities(asked)

    assert len(many) >= ENOUGH
    assert np.abs(probabilities() - probabilities()).max() < 1e-6


def test_a_model_of_many_texts_keeps_the_main_directions_of_vectors(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("bot.nlu.fitting.FEW", 10)
    monkeypatch.setattr("bot.nlu.fitting.DIRECTIONS", 2)
    place = {"track_order": 0, "return_policy": 1, "invoice_request": 2}
    vectors = np.zeros((len(LABELS), 5), dtype=np.float32)
    vectors[np.arange(len(LABELS)), [place[label] for label in LABELS]] = 1.0
    vectors[4:, 1] += 0.5  # what the third is known by is the least of all
    made = IntentModel.fit(TEXTS, LABELS, vectors)
    made.save(tmp_path)
    loaded = IntentModel.load(tmp_path)

    def along(axis: int) -> Callable[[Sequence[str]], np.ndarray[Any, Any]]:
        return lambda texts: np.eye(5, dtype=np.float32)[[axis] * len(texts)]

    for axis in range(5):
        assert made.rank(UNSEEN, along(axis)) == loaded.rank(UNSEEN, along(axis))
    assert made.rank(UNSEEN, along(0)) != made.rank(UNSEEN, along(1))
    assert made.rank(UNSEEN, along(3)) == made.rank(UNSEEN, along(4))


def test_a_text_is_ranked_alike_alone_and_among_others() -> None:
    model = IntentModel.fit(TEXTS, LABELS)
    assert [model.rank([text])[0] for text in UNSEEN] == model.rank(UNSEEN)
    assert model.rank([]) == []


def test_folding_and_digits_make_no_difference() -> None:
    model = IntentModel.fit(TEXTS, LABELS)
    assert model.rank(["KARGOM 1024 Nerede"]) == model.rank(["kargom 9999 nerde"])
    shouted = IntentModel.fit([text.upper() for text in TEXTS], LABELS)
    assert shouted.rank(["fatura istiyorum"]) == model.rank(["fatura istiyorum"])


@pytest.mark.parametrize("text", ["كم درجة الحرارة", "как пройти", "😂😂😂", "🐔🌽"])
def test_what_can_not_be_read_is_told_from_nothing(text: str) -> None:
    assert key(text) == UNREADABLE != key("")
    assert repaired(text, {}) == text


def test_stars_and_a_wave_are_words() -> None:
    assert len({key("⭐⭐"), key("👋"), key("😂😂"), key("⭐")}) == 4
    assert key("🌟🌟") == key("⭐⭐") == key("★★")


def test_two_intents_are_enough_and_one_is_not() -> None:
    model = IntentModel.fit(TEXTS[:8], LABELS[:8])
    assert model.rank(["kargom nerede"])[0][0][0] == "track_order"
    assert model.rank(["iade süresi"])[0][0][0] == "return_policy"
    with pytest.raises(ValueError, match="two intents"):
        IntentModel.fit(TEXTS[:4], LABELS[:4])


def test_confidence_is_calibrated_on_unseen_sentences() -> None:
    probabilities = cross_validated(TEXTS, LABELS, folds=4)
    assert probabilities.shape == (len(TEXTS), 3)
    assert probabilities.sum(axis=1) == pytest.approx([1.0] * len(TEXTS))
    # What a model says of its own training sentences is never that modest.
    assert probabilities.max(axis=1).mean() < IntentModel.fit(TEXTS, LABELS).rank(TEXTS)[0][0][1]


class Fixed:
    """A judge that gives the same ranking to every text and finds no cut."""

    def __init__(self, ranking: Ranking) -> None:
        self._ranking = ranking

    def rank(self, texts: Sequence[str]) -> list[Ranking]:
        return [list(self._ranking) for _ in texts]

    def cut(self, text: str) -> Cut | None:
        return None


@pytest.mark.parametrize(
    ("top", "second", "wish"),
    [
        (0.50, 0.39, "track_order"),
        (0.499, 0.10, "nlu_fallback"),
        (0.51, 0.42, "nlu_fallback"),
        (0.90, 0.05, "track_order"),
    ],
)
def test_bands(top: float, second: float, wish: str) -> None:
    ranking = [("track_order", top), ("return_policy", second)]
    understood = understand("bir iki üç", Fixed(ranking))
    assert understood.wishes == ((wish, top),)
    assert understood.ranking == ranking


@pytest.mark.parametrize(
    ("text", "first", "kind", "second"),
    [
        ("kargom nerede? iade süresi kaç gün", "kargom nerede?", "end", "iade suresi kac gun"),
        ("kargom nerede\niade süresi kaç gün", "kargom nerede ;", "end", "iade suresi kac gun"),
        ("kargom nerede bide fatura istiyorum", "kargom nerede", "further", "bir de fatura istiyorum"),
        ("kargom nerede ve fatura istiyorum", "kargom nerede", "and", "ve fatura istiyorum"),
        ("kargom nerede, fatura istiyorum", "kargom nerede,", "comma", "fatura istiyorum"),
        ("kargom nerede fatura istiyorum", "kargom nerede", "", "fatura istiyorum"),
    ],
)  # fmt: skip
def test_a_message_falls_apart_where_both_parts_are_clearest(
    text: str, first: str, kind: str, second: str
) -> None:
    cut = IntentModel.fit(TEXTS, LABELS).cut(normalise(in_one_line(text)))
    assert cut is not None
    assert (cut.first, cut.kind, cut.second) == (first, kind, second)
    assert cut.clear > 0.3


def test_what_is_short_or_all_of_one_matter_has_no_clear_cut() -> None:
    model = IntentModel.fit(TEXTS, LABELS)
    assert model.cut("kargom nerede") is None
    assert model.cut(" ".join(["kargom"] * 200)) is None
    cut = model.cut("kargom nerede kargom nerede")
    assert cut is not None
    assert cut.clear == 0


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("bir de fatura istiyorum", "fatura istiyorum"),
        ("ve ayrica fatura", "fatura"),
        ("also, where is it", "where is it"),
        ("bir de", "bir de"),
        ("veli bey", "veli bey"),
    ],
)
def test_the_words_that_announce_a_wish_are_not_part_of_it(text: str, rest: str) -> None:
    assert without_connector(text) == rest


def test_a_greeting_in_front_is_left_out_and_alone_it_stays() -> None:
    assert without_greeting("iyi gunler hocam kargom nerede") == "kargom nerede"
    assert without_greeting("merhaba") == "merhaba"


def test_lines_become_one_and_keep_their_ends() -> None:
    assert in_one_line("selam\n\nkargom nerede?\niade\n") == "selam ; kargom nerede? iade"


class Halves(Fixed):
    """A judge of a message of two halves: rankings of the whole and of each half, and the cut."""

    def __init__(self, whole: str, first: str, second: str, kind: str = "end") -> None:
        self._cut = Cut("bir iki uc dort", "bes alti yedi sekiz", kind, 0.9)
        self._of = {self._cut.first: first, self._cut.second: second}
        self._whole = whole

    def rank(self, texts: Sequence[str]) -> list[Ranking]:
        others = sorted({*self._of.values(), self._whole})
        return [
            [(self._of[text], 0.97), ("greet", 0.01)]
            if text in self._of
            else [(self._whole, 0.6), *((name, 0.3) for name in others if name != self._whole)]
            for text in texts
        ]

    def cut(self, text: str) -> Cut | None:
        return self._cut if len(text.split()) == 8 else None


@pytest.mark.parametrize(
    ("judge", "wishes"),
    [
        (Halves("track_order", "track_order", "invoice_request"), ["track_order", "invoice_request"]),
        (Halves("track_order", "track_order", "track_order"), ["track_order"]),
        (Halves("track_order", "track_order", "thanks_goodbye"), ["track_order"]),
        # "Where is my order? You are a disgrace.": the mood of a matter is no wish of its own,
        (Halves("complaint", "track_order", "complaint"), ["track_order"]),
        # "... and I want to complain about your clerk, too" is one.
        (Halves("track_order", "track_order", "complaint", "further"), ["track_order", "complaint"]),
        # A story without a stop stays what it is as a whole.
        (Halves("complaint", "track_order", "complaint", ""), ["complaint"]),
    ],
)  # fmt: skip
def test_two_halves(judge: Halves, wishes: list[str]) -> None:
    understood = understand("bir iki üç dört beş altı yedi sekiz", judge)
    assert [name for name, _ in understood.wishes] == wishes
    assert understood.ranking[0][0] == wishes[0]
