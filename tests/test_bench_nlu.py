"""The parts of `make bench-nlu` that are pure: figures, noise, samples, the table."""

from __future__ import annotations

import difflib
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.nlu import answers, causes, metrics, noise, public_sets, sentences, table, versus
from benchmarks.nlu.answers import Answer
from benchmarks.nlu.sentences import Sentence

OUT = "out_of_scope"
LONG = "Siparişim hâlâ gelmedi, acaba kargo firması ne zaman teslim eder, lütfen bilgi verin."


def test_accuracy_and_macro_f1_by_hand() -> None:
    wanted, found = ["a", "a", "a", "b"], ["a", "a", "b", "b"]
    assert metrics.accuracy(wanted, found) == 0.75
    # a: precision 1, recall 2/3; b: precision 1/2, recall 1.
    assert metrics.macro_f1(wanted, found) == pytest.approx((0.8 + 2 / 3) / 2)


def test_an_intent_nobody_asked_for_does_not_lower_macro_f1_by_itself() -> None:
    assert metrics.macro_f1(["a", "a"], ["a", "c"]) == pytest.approx(2 / 3)


def test_calibration_error_is_the_mean_gap_by_bins() -> None:
    assert metrics.calibration_error([1.0, 1.0], [True, True]) == 0.0
    # 0.9 sure and half right, 0.1 sure and never right.
    found = metrics.calibration_error([0.9, 0.9, 0.1, 0.1], [True, False, False, False])
    assert found == pytest.approx(0.5 * 0.4 + 0.5 * 0.1)


def test_outside_recall_spends_no_more_than_the_loss() -> None:
    outside = [True, True, False, False, False, False]
    share = [0.6, 0.2, 0.3, 0.1, 0.05, 0.01]
    best = [0.3, 0.6, 0.6, 0.8, 0.9, 0.9]
    right = [False, False, True, True, True, True]

    def recall(loss: float, right: list[bool] = right) -> float:
        return metrics.outside_recall(outside, share, best, right, loss)

    # Odds needed: 0.5 and 3 of what is outside; 2, 8, 18, 90 of the rest.
    assert recall(0.0) == 0.5
    assert recall(0.25) == 1.0
    # What is wrong already can not be lost.
    assert recall(0.0, [False, False, False, True, True, True]) == 1.0


def test_mcc_counts_the_unsure_as_outside() -> None:
    wanted = ["a", "b", OUT, OUT]
    found, sure = ["a", "b", "a", "b"], [0.9, 0.8, 0.3, 0.2]
    assert metrics.mcc_at(wanted, found, sure, 0.5, OUT) == pytest.approx(1.0)
    assert metrics.mcc_at(wanted, found, sure, 0.0, OUT) < 0.6
    best, threshold = metrics.best_mcc(wanted, found, sure, OUT)
    assert best == pytest.approx(1.0) and 0.3 < threshold <= 0.8


def test_mcc_of_two_classes_is_the_textbook_one() -> None:
    # 3 right a, 1 a taken for b, 2 right b, 2 b taken for a.
    wanted = ["a"] * 4 + ["b"] * 4
    found = ["a", "a", "a", "b", "b", "b", "a", "a"]
    expected = (3 * 2 - 2 * 1) / (5 * 4 * 4 * 3) ** 0.5
    assert metrics.mcc_at(wanted, found, [1.0] * 8, 0.0, OUT) == pytest.approx(expected)


def test_what_is_mistaken_most_stands_first() -> None:
    pairs = [("a", "b"), ("a", "a"), ("b", "a"), ("a", "b")]
    assert metrics.mistaken(pairs) == [(("a", "b"), 2), (("b", "a"), 1)]


def test_letters_and_capitals_are_those_of_the_language() -> None:
    assert noise.without_turkish("Çığ düşüş ŞİŞ") == "Cig dusus SIS"
    assert noise.in_capitals("iade ılık", "tr") == "İADE ILIK"
    assert noise.in_capitals("this is it", "en") == "THIS IS IT"


def test_typos_are_one_per_fifteen_characters_and_always_the_same() -> None:
    assert noise.mistyped(LONG) == noise.mistyped(LONG) != LONG
    assert noise.mistyped(LONG, seed=5) != noise.mistyped(LONG, seed=6)
    spoilt = noise.mistyped(LONG)
    changed = [
        code for code in difflib.SequenceMatcher(None, LONG, spoilt).get_opcodes()
        if code[0] != "equal"
    ]  # fmt: skip
    # A swap of two letters shows as two changes.
    assert 3 <= len(changed) <= 2 * (len(LONG) // noise.PER_TYPO + 1)
    assert abs(len(spoilt) - len(LONG)) <= len(LONG) // noise.PER_TYPO + 1
    assert sum(noise.mistyped(f"ab{n}") == f"ab{n}" for n in range(200)) > 100


def test_stretching_leaves_the_words_in_their_order() -> None:
    spoilt = noise.stretched("kargom nerede kaldı acaba")
    assert spoilt == noise.stretched("kargom nerede kaldı acaba")
    words = spoilt.split()
    assert len(words) == 5 and not any(letter.isalnum() for letter in words[-1])
    squeezed = ["".join(dict.fromkeys(word)) for word in words[:4]]
    plain = ["".join(dict.fromkeys(word)) for word in "kargom nerede kaldı acaba".split()]
    assert squeezed == plain and " ".join(words[:4]) != "kargom nerede kaldı acaba"


def _corpus(count: int) -> list[Sentence]:
    return [
        Sentence(f"{intent} {language} {n}", intent, language=language)
        for intent in ("a", "b") for language in ("tr", "en") for n in range(count)
    ]  # fmt: skip


def test_a_sample_has_its_intents_and_languages_in_balance() -> None:
    sample = sentences.sampled(_corpus(40), 25)
    assert Counter((one.intent, one.language) for one in sample) == {
        ("a", "tr"): 13, ("a", "en"): 12, ("b", "tr"): 13, ("b", "en"): 12,
    }  # fmt: skip
    assert sample == sentences.sampled(list(reversed(_corpus(40))), 25)
    assert sentences.digest(sample) != sentences.digest(sentences.sampled(_corpus(40), 25, seed=2))


def test_one_more_sentence_changes_one_of_a_sample_at_most() -> None:
    before = set(sentences.sampled(_corpus(40), 25))
    after = set(sentences.sampled([*_corpus(40), Sentence("new", "a", language="tr")], 25))
    assert len(before - after) <= 1


def test_sentences_are_read_without_markup(tmp_path: Path) -> None:
    path = tmp_path / "set.yml"
    path.write_text(
        'version: "3.1"\nnlu:\n- intent: track_order\n  metadata: {writer: t1}\n'
        "  examples: |\n    - [40718](order_number) nerede?\n    - - tire ile\n",
        encoding="utf-8",
    )
    assert sentences.read(path, "tr") == [
        Sentence("40718 nerede?", "track_order", "t1", "tr", "set"),
        Sentence("- tire ile", "track_order", "t1", "tr", "set"),
    ]


def test_public_tables_are_read_as_csv(tmp_path: Path) -> None:
    folder = tmp_path / "hint3" / "v1"
    for part, line in (("train", '"a, b?",X'), ("test", "hi,NO_NODES_DETECTED")):
        (folder / part).mkdir(parents=True)
        text = f"sentence,label\n{line}\n"
        (folder / part / f"curekart_{part}.csv").write_text(text, encoding="utf-8")
    known, asked = public_sets.hint3(tmp_path, "curekart")
    assert [(one.text, one.intent) for one in known] == [("a, b?", "X")]
    assert [one.intent for one in asked] == [public_sets.OUTSIDE]


def _answer(wanted: str, *ranking: tuple[str, float], wishes: tuple[str, ...] = ()) -> Answer:
    return Answer(Sentence("kargom nerede acaba bugün", wanted), list(ranking), wishes)


def test_a_row_counts_what_is_believed_and_what_is_told_apart() -> None:
    row = answers.figures([
        _answer("a", ("a", 0.9), (OUT, 0.1), wishes=("a",)),
        _answer("a", (OUT, 0.6), ("a", 0.4), wishes=(OUT,)),
        _answer(OUT, (OUT, 0.8), ("a", 0.2), wishes=(OUT,)),
        _answer(OUT, ("a", 0.5), (OUT, 0.45), wishes=("nlu_fallback",)),
    ])  # fmt: skip
    assert row["accuracy"] == 0.5
    assert row["believed"] == 0.75 and row["believed_right"] == pytest.approx(2 / 3)
    assert (row["outside_recall"], row["outside_loss"]) == (0.5, 0.5)
    assert row["outside_recall_0.01"] == 0.5  # 0.67 is the odds at which the first one is lost


def test_invented_wishes_are_counted_in_messages_with_one() -> None:
    one, two = _answer("a", ("a", 0.9), wishes=("a",)), _answer("a", ("a", 0.9), wishes=("a", "b"))
    assert answers.invented([one, one, one, two]) == 0.25


def test_errors_are_sorted_by_cause() -> None:
    known = causes.stems(["kargom nerede acaba bugün"])
    assert causes.cause(_answer(OUT, ("a", 0.9)), known).startswith("not for the shop")
    assert causes.cause(_answer("a", (OUT, 0.9)), known).startswith("for the shop")
    assert causes.cause(_answer("a", ("complaint", 0.9)), known) == "mood or matter"
    assert causes.cause(_answer("a", ("b", 0.5), ("a", 0.4)), known).startswith("nearly")
    assert causes.cause(_answer("a", ("b", 0.9), ("a", 0.1)), known).startswith("sure of it")
    assert causes.cause(_answer("a", ("b", 0.9)), frozenset()).startswith("words that")
    report = causes.report([_answer("a", ("a", 0.9)), _answer("a", ("b", 0.9))], [])
    assert report.startswith("1 errors in 2 messages")


def test_the_table_shows_what_there_is_and_how_it_stands_to_the_aim() -> None:
    speed = {"1": {"per_second": 150.0, "p50": 5.0, "p99": 25.0}, "8": {"per_second": 200.0}}
    server = {**speed, "memory_mb": 700.0}
    found = {
        "speed": {"training": {"with_vectors": 50.0}, "server": server},
        "diet": {"shop_25": {"speed": {"8": {"per_second": 100.0}, "memory_mb": 900.0}}},
        "hint3": {"curekart": {
            "asked": 9, "in_scope_accuracy": 0.8, "mcc": 0.5, "mcc_best": 0.65,
        }},
    }  # fmt: skip
    text = table.table(found)
    assert "p50 aim 6: reached, p99 aim 20: above" in text
    assert "2.00 times DIET, aim 1.5: reached" in text
    assert "aim 45: above" in text
    assert "best 0.650, aim 0.603: reached" in text
    assert "Test sets" not in text


def test_the_kept_figures_of_diet_say_how_and_when() -> None:
    kept = versus.kept()
    assert set(kept) == {"shop_25", "banking77_25", "sofmattress"}
    for figures in kept.values():
        assert figures["command"].startswith("python -m benchmarks.nlu") and figures["date"]
        assert 0.3 < figures["accuracy"] < 1.0 and figures["training_s"] > 0
