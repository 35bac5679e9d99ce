"""The benchmarks' table: each figure beside its baseline and its aim."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Figures = Mapping[str, Any]

TURNS_PER_SECOND = 80.0  # Meta's cap for one business number
REPLY_P95_MS = 2000.0  # at 100 parallel chats
ACK_P99_MS = 100.0
ACKS_PER_SECOND = 1000.0
MEMORY_MB, FURTHER_RASA_MB = 1600.0, 750.0


def aim(value: float, wanted: float, unit: str, at_most: bool = False) -> str:
    """Return how a value stands to its aim: `aim 80/s: reached`, `aim 80/s: below (61/s)`."""
    if (value <= wanted) if at_most else (value >= wanted):
        return f"aim {wanted:g}{unit}: reached"
    return f"aim {wanted:g}{unit}: {'above' if at_most else 'below'} ({value:.0f}{unit})"


def _turn_row(label: str, run: Figures, note: str = "") -> str:
    reply = run["latency_ms"]
    failed = f"  FAILED {run['failed']}" if run["failed"] else ""
    return (
        f"  {label:34s} {run['per_second']:7.1f}/s {reply['p50']:8.0f} {reply['p95']:8.0f} "
        f"{reply['p99']:8.0f} ms   {note}{failed}"
    ).rstrip()


def turns(found: Figures, stock: Figures | None) -> list[str]:
    """Return the lines about whole turns, ours and stock Rasa's."""
    lines = ["Turns: webhook in to first reply out             per second  p50  p95  p99"]
    by_parallel = {run["parallel"]: run for run in found["turns"]}
    theirs = {run["parallel"]: run for run in stock["turns"]} if stock else {}
    for parallel, run in by_parallel.items():
        note = ""
        if parallel == 100:
            note = "; ".join((
                aim(run["per_second"], TURNS_PER_SECOND, "/s"),
                "p95 " + aim(run["latency_ms"]["p95"], REPLY_P95_MS, " ms", at_most=True),
            ))
        lines.append(_turn_row(f"Destek, {parallel} parallel", run, note))
        if parallel in theirs:
            other = theirs[parallel]
            ratio = run["per_second"] / max(other["per_second"], 0.1)
            lines.append(
                _turn_row(f"stock Rasa, {parallel} parallel", other, f"Destek does {ratio:.2f} of it")
            )
    lines.append(_turn_row("Destek, 100 parallel, known people", found["turns_known"][0]))
    if "two_rasa" in found:
        lines.append(_turn_row("Destek, 100 parallel, two Rasa", found["two_rasa"]["turns"][0]))
    if stock:
        ours = max(run["per_second"] for run in found["turns"])
        best = max(run["per_second"] for run in stock["turns"])
        lines.append(
            f"  at its best: Destek {ours:.1f}/s, stock Rasa {best:.1f}/s   "
            + f"aim: more than stock Rasa: {'reached' if ours > best else 'below'}"
        )
        lines.append(
            f"  stock Rasa: {stock['pipeline']}; {stock['epochs']} epochs; of the questions "
            f"{stock['same_answers']} of {stock['questions']} got the same response"
        )
    return lines


def doors(found: Figures, bare: Figures) -> list[str]:
    """Return the lines about acknowledgements."""
    rows: tuple[tuple[str, Figures, Callable[[Figures], str]], ...] = (
        ("messages, the bot halted", found["door"]["door"], _rate_aim),
        ("receipts, the bot idle", found["door"]["receipts"], _rate_aim),
        ("messages, the bot saturated", found["door"]["saturated_flat_out"], _rate_aim),
        ("messages at 100/s, bot saturated", found["door"]["saturated"], _p99_aim),
        ("messages at 40/s, 100 streams", found["door"]["streams_calm"], _p99_aim),
        ("at 100/s, saturated, 100 streams", found["door"]["streams"], _p99_aim),
    )
    lines = [
        "Acknowledgements: webhook in to its answer       per second  p50  p95  p99    of bare Flask",
        _turn_row("bare Flask + one SQLite insert", bare, " 1.00"),
    ]
    for label, run, aimed in rows:
        open_loop = "rate" in run
        share = "" if open_loop else f" {run['per_second'] / bare['per_second']:.2f}   "
        lines.append(_turn_row(label, run, share + aimed(run)))
        if "replies_per_second" in run and label != "messages, the bot halted":
            lines[-1] += f" (the bot answered {run['replies_per_second']:.0f}/s meanwhile)"
    return lines


def streams(found: Mapping[str, Figures]) -> list[str]:
    """Return the lines about acknowledgements while pages listen, and while many more ask to.

    `found` has the phases of `benchmarks.streams` with the bot halted (idle) and answering (chats).
    """
    lines = ["Acknowledgements while pages listen                 per second  p50  p95  p99"]
    for open_ in (True, False):
        for state, name in (("idle", "the bot halted"), ("chats", "the bot answering")):
            phases = found[state]
            asked = (phases["asked_at_once"], phases["asked_spread"])
            run = phases["open"] if open_ else max(asked, key=lambda one: one["ack_ms"]["p99"])
            label = f"{'150 streams' if open_ else '1,000 asked for'}, {name}"
            run = {**run, "latency_ms": run["ack_ms"]}
            lines.append(_turn_row(label, run, _p99_aim(run)))
    lines.append("  a thousand are asked for at once, and spread over ten seconds: the slower one is shown")
    return lines


def _rate_aim(run: Figures) -> str:
    return aim(run["per_second"], ACKS_PER_SECOND, "/s")


def _p99_aim(run: Figures) -> str:
    return "p99 " + aim(run["latency_ms"]["p99"], ACK_P99_MS, " ms", at_most=True)


def processors(found: Figures, stock: Figures | None) -> list[str]:
    """Return where the milliseconds of a core per turn go."""
    lines = ["Milliseconds of a core per turn, by process"]
    for run in (*found["turns"], *found["turns_known"]):
        known = ", known people" if run["people"] == "same" else ""
        lines.append(f"  Destek, {run['parallel']} parallel{known}: {_parts(run)}")
    for run in stock["turns"] if stock else ():
        lines.append(f"  stock Rasa, {run['parallel']} parallel: {_parts(run)}")
    run = found["turns"][-1]
    lines.append(
        f"  the driver itself {run['driver_cpu_ms_each']} ms a turn; at 100 parallel the stack kept "
        f"{run['cores_busy']} cores busy"
    )
    return lines


def _parts(run: Figures) -> str:
    parts = sorted(run["cpu_ms_each"].items(), key=lambda part: -part[1])
    told = ", ".join(f"{name} {value:.1f}" for name, value in parts if value >= 0.05)
    return f"{run['cpu_ms_each_all']:.1f} = {told}"


def memory(found: Figures, stock: Figures | None) -> list[str]:
    """Return the lines about memory."""
    lines = ["Memory after the load, MB (what is shared is divided among who shares it)"]
    whole = sum(found["memory"]["pss"].values())
    lines.append(f"  Destek: {_megabytes(found['memory'])}")
    lines.append("    " + aim(whole, MEMORY_MB, " MB", at_most=True))
    if "two_rasa" in found:
        two = sum(found["two_rasa"]["memory"]["pss"].values())
        lines.append(f"  Destek with two Rasa: {_megabytes(found['two_rasa']['memory'])}")
        lines.append(
            f"    the second one adds {two - whole:.0f}   "
            + aim(two - whole, FURTHER_RASA_MB, " MB", at_most=True)
        )
    if stock:
        lines.append(f"  stock Rasa: {_megabytes(stock['memory'])}")
    return lines


def _megabytes(found: Figures) -> str:
    parts = sorted(found["pss"].items(), key=lambda part: -part[1])
    told = ", ".join(f"{name} {value:.0f}" for name, value in parts if value >= 0.5)
    resident = sum(found["rss"].values())
    return f"{sum(found['pss'].values()):.0f} = {told}; resident, shared counted each time: {resident:.0f}"


def table(found: Figures) -> str:
    """Return the whole table of a run of the benchmarks."""
    stock = found.get("stock")
    parts = (
        turns(found, stock), doors(found, found["bare"]), streams(found["streams"]),
        processors(found, stock), memory(found, stock),
    )
    return "\n\n".join("\n".join(lines) for lines in parts)
