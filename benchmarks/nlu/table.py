"""The one table of `make bench-nlu`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from benchmarks.nlu import public_sets
from benchmarks.nlu.versus import BANKING, SHOP, SOFMATTRESS

Figures = Mapping[str, Any]

COLUMNS: Final = (
    ("messages", "messages", "{:.0f}"), ("accuracy", "accuracy", "{:.3f}"),
    ("macro_f1", "macro F1", "{:.3f}"), ("outside_recall_0.01", "oos @1", "{:.3f}"),
    ("outside_recall_0.03", "oos @3", "{:.3f}"), ("calibration_error", "ECE", "{:.3f}"),
    ("p50", "p50 ms", "{:.1f}"), ("p99", "p99 ms", "{:.1f}"), ("per_second", "per s", "{:.0f}"),
    ("training", "train s", "{:.0f}"), ("memory_mb", "MB", "{:.0f}"),
)  # fmt: skip
WIDTH: Final = 42
_NAMES: Final = {
    "turkish": "Turkish, properly written", "whatsapp": "Turkish, WhatsApp",
    "english": "English", "close_calls": "close calls, both languages", "all": "all test sets",
    "all, tr": "  of them Turkish", "all, en": "  of them English",
}  # fmt: skip


def row(label: str, figures: Figures, note: str = "") -> str:
    """Return a line: what a row has, in its columns, and a note."""
    cells = [
        f"{shape.format(figures[key]) if key in figures else '':>9s}" for key, _, shape in COLUMNS
    ]
    return f"  {label:{WIDTH}s}{''.join(cells)}   {note}".rstrip()


def table(found: Figures) -> str:
    """Return the whole table of what a run has measured."""
    head = " " * (WIDTH + 2) + "".join(f"{name:>9s}" for _, name, _ in COLUMNS)
    parts = (
        ("The shop's corpus, cross-validated", _corpus(found.get("cross_validation"))),
        ("Test sets", _tests(found.get("tests"))),
        ("Several wishes, language", _wishes(found)),
        ("Robustness: all test sets", _robust(found.get("robustness"))),
        ("The server: /model/parse, `rasa run`", _speed(found)),
        ("25 sentences an intent, beside DIET", _versus(found)),
        ("Public sets", _public(found)),
        ("Learning curve: all test sets", _curve(found.get("curve"))),
    )
    lines = [head]
    for title, rows in parts:
        if rows:
            lines += [title, *rows]
    return "\n".join(lines)


def aim(value: float, wanted: float, at_most: bool = False) -> str:
    """Return how a figure stands to its aim."""
    reached = value <= wanted if at_most else value >= wanted
    word = "reached" if reached else "above" if at_most else "below"
    return f"aim {wanted:g}: {word}"


def _corpus(found: Figures | None) -> list[str]:
    if not found:
        return []
    names = {"random": "five random folds", "writers": "each writer held out in turn"}
    lines = [row(label, found[name]) for name, label in names.items() if name in found]
    if "by_writer" in found:
        told = ", ".join(f"{name} {value:.3f}" for name, value in found["by_writer"].items())
        lines.append(f"    accuracy by writer: {told}")
    return lines


def _tests(found: Figures | None) -> list[str]:
    if not found:
        return []
    aims = {"turkish": 0.92, "english": 0.92, "whatsapp": 0.90, "close_calls": 0.88}
    lines = []
    for name, label in _NAMES.items():
        figures = found[name]
        note = aim(figures["accuracy"], aims[name]) if name in aims else ""
        if name == "all":
            note = "ECE " + aim(figures["calibration_error"], 0.05, at_most=True)
            note += "; oos @3 " + aim(figures["outside_recall_0.03"], 0.85)
        lines.append(row(label, figures, note))
    figures = found["all"]
    lines.append(
        f"    as the product is set: out-of-scope recall {figures['outside_recall']:.3f} at "
        f"{100 * figures['outside_loss']:.1f} points lost; it acts on {figures['believed']:.3f}, "
        f"of which {figures['believed_right']:.3f} are right"
    )
    return lines


def _wishes(found: Figures) -> list[str]:
    lines = []
    if "wishes" in found:
        wishes = found["wishes"]
        lines = [
            row("exactly the wishes of a double message",
                {"messages": wishes["doubles"], "accuracy": wishes["right"]},
                aim(wishes["right"], 0.70)),
            row("a second wish invented",
                {"messages": wishes["singles"], "accuracy": wishes["invented"]},
                aim(wishes["invented"], 0.03, at_most=True)),
        ]  # fmt: skip
    if "languages" in found:
        figures = found["languages"]
        lines.append(
            row("language, three words and more",
                {"messages": figures["messages"], "accuracy": figures["right"]},
                aim(figures["right"], 0.97))
        )  # fmt: skip
    return lines


def _robust(found: Figures | None) -> list[str]:
    lines = []
    for name, figures in (found or {}).items():
        most = 4.0 if "typo" in name else 1.5
        lost = figures["points_lost"]
        note = f"{lost:+.1f} points lost, " + aim(lost, most, at_most=True)
        lines.append(row(name, figures, note))
    return lines


def _speed(found: Figures) -> list[str]:
    speed = found.get("speed")
    same_run = (speed or {}).get("diet")
    diet = same_run or found.get("diet", {}).get(SHOP, {}).get("speed")
    lines = []
    if speed:
        training = speed["training"]
        for clients in ("1", "8"):
            figures = speed["server"][clients]
            whole = {**figures, "memory_mb": speed["server"]["memory_mb"]}
            note = ""
            if clients == "1":
                note = "p50 " + aim(figures["p50"], 6, at_most=True)
                note += ", p99 " + aim(figures["p99"], 20, at_most=True)
            if diet and clients in diet:
                ratio = figures["per_second"] / diet[clients]["per_second"]
                note += f"{'; ' if note else ''}{ratio:.2f} times DIET"
                note += f", {aim(ratio, 1.5)}" if clients == "8" else ""
            lines.append(row(f"Destek, {clients} at once", whole, note))
        for name, seconds in training.items():
            note = aim(seconds, 45, at_most=True) if name == "with_vectors" else ""
            label = f"whole training, {name.replace('_', ' ')} kept"
            lines.append(row(label, {"training": seconds}, note))
    if diet:
        about = found["diet"][SHOP]
        for clients in [name for name in ("1", "8") if name in diet]:
            lines.append(row(
                f"DIET, {clients} at once", {**diet[clients], "memory_mb": diet["memory_mb"]},
                "in this run" if same_run or found.get("diet_is_new") else f"kept, {about.get('date', '')}",
            ))  # fmt: skip
    return lines


def _versus(found: Figures) -> list[str]:
    lines = []
    for name, label in ((SHOP, "test sets"), (BANKING, "BANKING77"), (SOFMATTRESS, "SOFMattress")):
        ours, theirs = (found.get(key, {}).get(name) for key in ("ours_25", "diet"))
        for who, figures in (("Destek", ours), ("DIET", theirs)):
            if figures:
                extra = {"training": figures["training_s"]} if "training_s" in figures else {}
                told = "".join(
                    f"{source} {figures[source]:.3f}  " for source in _NAMES if source in figures
                )
                note = f"best MCC {figures['mcc_best']:.3f}" if "mcc_best" in figures else told
                lines.append(row(f"{who}, {label}", {**figures, **extra}, note))
        if ours and theirs:
            gained = 100 * (ours["accuracy"] - theirs["accuracy"])
            note = f"    {gained:+.1f} points over DIET"
            if name == SHOP:
                note += ", " + aim(gained, 5)
            if ours.get("sample") != theirs.get("sample"):
                note += "; the corpus has changed since DIET learned from it"
            lines.append(note)
    return lines


def _public(found: Figures) -> list[str]:
    lines = []
    for name, label in (("banking77_25", "BANKING77, 25 an intent"), ("banking77", "BANKING77")):
        figures = found.get("banking77", {}).get(name)
        if figures:
            wanted = public_sets.BANKING_AIMS[name]
            lines.append(row(
                label, {**figures, "messages": figures["asked"]}, aim(figures["accuracy"], wanted)
            ))  # fmt: skip
    for name, figures in found.get("hint3", {}).items():
        published = public_sets.PUBLISHED_MCC[name]
        lines.append(
            row(f"HINT3 {name}, known questions",
                {"messages": figures["asked"], "accuracy": figures["in_scope_accuracy"]},
                f"MCC {figures['mcc']:.3f} at the threshold of its training data; best "
                f"{figures['mcc_best']:.3f}, {aim(figures['mcc_best'], published)}")
        )  # fmt: skip
    return lines


def _curve(found: Figures | None) -> list[str]:
    return [*_points((found or {}).get("writers", ())), *_points((found or {}).get("sentences", ()))]


def _points(points: Iterable[Figures]) -> list[str]:
    lines: list[str] = []
    for point in points:
        who = f"{point['writers']} writers, " if "writers" in point else ""
        lines.append(row(f"{who}{point['sentences']:,} sentences", point))
    return lines


def markdown(points: Sequence[Figures], first: str) -> str:
    """Return points of a learning curve as a table of a document."""
    lines = [f"| {first} | sentences | accuracy | macro F1 |", "|---|---|---|---|"]
    for point in points:
        lines.append(
            f"| {point.get('writers', 'all')} | {point['sentences']:,} | "
            f"{point['accuracy']:.3f} | {point['macro_f1']:.3f} |"
        )
    return "\n".join(lines)
