"""The intent model: the same data give the same model; bands and clauses decide as they say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from bot.nlu.clauses import clauses
from bot.nlu.model import IntentModel, cross_validated
from bot.nlu.wishes import Ranking, understand

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


def test_a_text_is_ranked_alike_alone_and_among_others() -> None:
    model = IntentModel.fit(TEXTS, LABELS)
    assert [model.rank([text])[0] for text in UNSEEN] == model.rank(UNSEEN)
    assert model.rank([]) == []


def test_folding_and_digits_make_no_difference() -> None:
    model = IntentModel.fit(TEXTS, LABELS)
    assert model.rank(["KARGOM 1024 Nerede"]) == model.rank(["kargom 9999 nerde"])
    shouted = IntentModel.fit([text.upper() for text in TEXTS], LABELS)
    assert shouted.rank(["fatura istiyorum"]) == model.rank(["fatura istiyorum"])


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


def fixed(*rankings: Ranking) -> Callable[[Sequence[str]], list[Ranking]]:
    """Return a ranker that gives the same ranking to every text."""
    return lambda texts: [list(rankings[0]) for _ in texts]


@pytest.mark.parametrize(
    ("top", "second", "wish"),
    [
        (0.55, 0.40, "track_order"),
        (0.549, 0.10, "nlu_fallback"),
        (0.56, 0.42, "nlu_fallback"),
        (0.90, 0.05, "track_order"),
    ],
)
def test_bands(top: float, second: float, wish: str) -> None:
    ranking = [("track_order", top), ("return_policy", second)]
    understood = understand("bir iki üç", fixed(ranking))
    assert understood.wishes == ((wish, top),)
    assert understood.ranking == ranking


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Siparişim nerede? İade olur mu", ["siparisim nerede?", "iade olur mu"]),
        ("2. siparişim nerede", ["2. siparisim nerede"]),
        ("renk ve beden değişsin", ["renk ve beden degissin"]),
        ("kargom nerede bide fatura yok", ["kargom nerede", "fatura yok"]),
        ("kargom nerede ve fatura lazım", ["kargom nerede", "fatura lazim"]),
        ("iyi günler hocam kargom nerede", ["kargom nerede"]),
        ("merhaba", ["merhaba"]),
        ("bir de fatura istiyorum", ["fatura istiyorum"]),
        ("kargo 49.90 TL mi", ["kargo 49.90 tl mi"]),
        ("\n\n", []),
    ],
)
def test_clauses(text: str, parts: list[str]) -> None:
    assert [part.text for part in clauses(text)] == parts


def test_a_long_story_is_one_clause() -> None:
    assert len(clauses("bir şey oldu. " * 50)) == 1
