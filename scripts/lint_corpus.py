"""Check the sentences that the model learns from and is measured with; exit 1 on a finding.

    python scripts/lint_corpus.py [--counts] [--training FOLDER] [--tests FOLDER]
                                  [--development FOLDER] [--domain FILE]

One line a finding: file and line, intent, writer, the sentence, what to do. `--counts` prints how
many sentences there are instead. What the rules are for is in data/README.md.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import yaml

sys.path.insert(0, str(Path(__file__).parent.parent))

from scripts.corpus import counts, one_by_one, rules
from scripts.corpus.sentences import Finding, Reading, files, read

# Intents without sentences: made by the fallback, or only by buttons of ours.
_FALLBACK = "nlu_fallback"
_COMMANDS = "do_"


def names(domain: Path) -> tuple[list[str], set[str]]:
    """Return the intents that people's messages may have, and all entities, of a domain file."""
    content = yaml.load(domain.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    intents, entities = (
        [next(iter(item)) if isinstance(item, dict) else str(item) for item in content[key]]
        for key in ("intents", "entities")
    )
    spoken = [name for name in intents if name != _FALLBACK and not name.startswith(_COMMANDS)]
    return spoken, set(entities)


def findings(
    options: argparse.Namespace, training: Reading, tests: Reading, development: Reading
) -> Iterator[Finding]:
    """Yield all findings, file by file first, then by rule."""
    intents, entities = names(options.domain)
    for reading in (training, tests, development):
        yield from reading.findings
        yield from one_by_one.faults(reading.sentences, set(intents), entities)
    yield from rules.doubles(training.sentences)
    yield from rules.leaks([*training.sentences, *development.sentences], tests.sentences)
    yield from rules.formulas(training.sentences)
    yield from rules.thin(options.training, training.sentences, intents)
    yield from rules.thin_tests(options.tests, tests.sentences, intents)


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the arguments and the files, print, and return the exit code."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--counts", action="store_true", help="print how many there are, and end")
    parser.add_argument("--training", type=Path, default=Path("data/nlu"))
    parser.add_argument("--tests", type=Path, default=Path("tests/nlu/sets"))
    parser.add_argument("--development", type=Path, default=Path("benchmarks/nlu"))
    parser.add_argument("--domain", type=Path, default=Path("domain.yml"))
    options = parser.parse_args(arguments)
    training = read(files(options.training), with_language=True)
    tests = read(files(options.tests), with_language=False)
    development = read(files(options.development), with_language=False)
    if options.counts:
        print("\n".join(counts.tables(training.sentences, tests.sentences, development.sentences)))
        return 0
    found = list(findings(options, training, tests, development))
    for finding in found:
        print(finding)
    total = len(training.sentences) + len(tests.sentences) + len(development.sentences)
    print(f"{total} sentences read, {len(found)} to mend")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
