"""Domain, rules, responses and actions fit together, and the words keep to the house's rules."""

from __future__ import annotations

import ast
import re
import string
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml
from rasa_sdk.executor import ActionExecutor

from actions.base import MAX_TITLE
from actions.case_table import CASES
from bot.text import fold

ROOT = Path(__file__).resolve().parents[2]
DOMAIN = yaml.safe_load((ROOT / "domain.yml").read_text())
RESPONSE_FILES = sorted((ROOT / "data" / "responses").glob("*.yml"))
RESPONSES: dict[str, list[dict[str, Any]]] = {
    name: variants for path in RESPONSE_FILES
    for name, variants in yaml.safe_load(path.read_text())["responses"].items()
}
RULES = [
    rule for path in sorted((ROOT / "data" / "rules").glob("*.yml"))
    for rule in yaml.safe_load(path.read_text())["rules"]
]
SOURCES = [*sorted((ROOT / "actions").glob("*.py")), ROOT / "bot/aftersales/orders/tracking.py",
           ROOT / "bot/aftersales/policies/answers.py"]
BARRED = (
    "kesinlikle", "mutlaka", "garanti ediyoruz", "hemen", "aninda", "merak etmeyin",
    "en kisa surede", "sorun olmaz", "omur boyu", "bugun yatar", "definitely", "guaranteed",
    "immediately", "right away", "as soon as possible", "instantly", "no problem",
)  # fmt: skip


def english(name: str) -> dict[str, Any]:
    return next(v for v in RESPONSES[name] if v.get("condition"))


def turkish(name: str) -> dict[str, Any]:
    return next(v for v in RESPONSES[name] if not v.get("condition"))


def variables(variant: dict[str, Any]) -> set[str]:
    return {field for _, field, _, _ in string.Formatter().parse(variant["text"]) if field}


def steps(kind: str) -> list[str]:
    return [step[kind] for rule in RULES for step in rule["steps"] if kind in step]


def test_every_intent_has_exactly_one_rule() -> None:
    counted = Counter(steps("intent"))
    assert set(counted) == set(DOMAIN["intents"])
    assert {name for name, times in counted.items() if times > 1} == set()


def test_the_sixty_intents_are_there_and_the_rest_is_ours() -> None:
    trained = {
        block["intent"] for path in (ROOT / "data" / "nlu").glob("*.yml")
        for block in yaml.safe_load(path.read_text())["nlu"] if "intent" in block
    }
    assert len(trained) == 60
    technical = set(DOMAIN["intents"]) - trained
    assert all(name.startswith("do_") or name == "nlu_fallback" for name in technical), technical
    assert not [name for name in trained if name.startswith("do_")]


def test_every_action_of_a_rule_is_in_the_domain_and_the_code() -> None:
    executor = ActionExecutor()
    executor.register_package("actions")
    named = {name for name in steps("action") if name not in DOMAIN["forms"]}
    assert named <= set(DOMAIN["actions"])
    assert set(DOMAIN["actions"]) == set(executor.actions)


@pytest.mark.parametrize("name", sorted(RESPONSES))
def test_every_response_is_there_in_both_languages_with_the_same_variables(name: str) -> None:
    assert len(RESPONSES[name]) == 2
    assert english(name)["condition"] == [{"type": "slot", "name": "language", "value": "en"}]
    assert variables(english(name)) == variables(turkish(name))
    offered = [
        [b["payload"] for b in variant.get("buttons", ())] for variant in RESPONSES[name]
    ]
    assert offered[0] == offered[1]


def test_no_response_is_written_twice() -> None:
    counted = Counter(
        name for path in RESPONSE_FILES for name in yaml.safe_load(path.read_text())["responses"]
    )
    assert not [name for name, times in counted.items() if times > 1]


def test_no_response_says_what_nobody_can_promise() -> None:
    for variant in (v for variants in RESPONSES.values() for v in variants):
        said = fold(variant["text"])
        assert not [word for word in BARRED if re.search(rf"\b{word}\b", said)], variant["text"]
        assert "anlayamadim" not in said and "did not understand" not in said


def test_titles_fit_a_button_and_commands_are_known() -> None:
    for name, variant in ((n, v) for n, variants in RESPONSES.items() for v in variants):
        for button in variant.get("buttons", ()):
            assert len(button["title"]) <= MAX_TITLE, button
            assert button["payload"].lstrip("/") in DOMAIN["intents"], button
        if name.startswith(("utter_label_", "utter_choice_")):
            assert len(variant["text"]) <= MAX_TITLE, variant["text"]


def test_every_intent_that_can_be_offered_has_a_label() -> None:
    labelled = {name.removeprefix("utter_label_") for name in RESPONSES if "_label_" in name}
    wanted = {n for n in DOMAIN["intents"] if not n.startswith("do_") and n != "nlu_fallback"}
    assert labelled == wanted


def test_every_response_that_the_code_names_exists() -> None:
    for path in SOURCES:
        named = re.findall(r'"(utter_[a-z_]+[a-z])"', path.read_text())
        assert not [name for name in named if name not in RESPONSES], path.name


def test_every_case_that_asks_has_its_question() -> None:
    asks = {name for name, spec in CASES.items() if spec.details}
    asked = {n.removeprefix("utter_ask_details_") for n in RESPONSES if "utter_ask_details_" in n}
    assert asked == asks
    assert set(CASES) <= set(DOMAIN["intents"])
    topics = {path.stem for path in (ROOT / "data" / "nlu").glob("*.yml")}
    assert {spec.category for spec in CASES.values()} <= topics


def test_every_variable_of_a_response_is_given_where_it_is_said() -> None:
    """What is said with literal names is said with all its variables."""
    for path in sorted((ROOT / "actions").glob("*.py")):
        for call in ast.walk(ast.parse(path.read_text())):
            if not (isinstance(call, ast.Call) and getattr(call.func, "attr", "") == "say"):
                continue
            if len(call.args) != 1 or not isinstance(call.args[0], ast.Constant):
                continue
            name = call.args[0].value
            given = {keyword.arg for keyword in call.keywords} - {"choices", "promises"}
            assert given == variables(turkish(name)), f"{path.name}: {name}"


def test_actions_hold_no_sentences() -> None:
    for path in sorted((ROOT / "actions").glob("*.py")):
        tree = ast.parse(path.read_text())
        docs = {
            node.body[0].value for node in ast.walk(tree)
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))
            and node.body and isinstance(node.body[0], ast.Expr)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in docs:
                assert not re.search(r"[çğıöşüÇĞİÖŞÜ]|[a-z]+ [a-z]+[.!?]$", node.value), (
                    path.name, node.value,
                )


def test_slots_of_the_customer_are_filled_by_entities_only() -> None:
    kinds = {
        name: {m["type"] for m in slot["mappings"]} for name, slot in DOMAIN["slots"].items()
    }
    assert all(found <= {"from_entity", "custom"} for found in kinds.values()), kinds
    assert not [s for s in DOMAIN["slots"].values() if s["influence_conversation"]]
