"""What `make check` refuses in the sentences that the model learns from and is measured with."""

from __future__ import annotations

import resource
import subprocess
import sys
from itertools import islice, product
from pathlib import Path

import pytest

from scripts.lint_corpus import main

ROOT = Path(__file__).parent.parent
DOMAIN = """
intents: [track_order, greet, {out_of_scope: {}}, nlu_fallback, do_resume]
entities: [{city: {influence_conversation: false}}, product]
"""
# Sentences of a tiny corpus that has just enough of everything, by (file, intent, language).
TRAINING = {("orders", "track_order", "tr"): 150, ("orders", "track_order", "en"): 80,
            ("chitchat", "greet", "tr"): 150, ("chitchat", "greet", "en"): 80,
            ("chitchat", "out_of_scope", "tr"): 400, ("chitchat", "out_of_scope", "en"): 200}  # fmt: skip
TESTS = {("turkish", "track_order"): 5, ("whatsapp", "track_order"): 5,
         ("english", "track_order"): 6, ("turkish", "greet"): 5, ("whatsapp", "greet"): 5,
         ("english", "greet"): 6, ("turkish", "out_of_scope"): 50,
         ("whatsapp", "out_of_scope"): 50, ("english", "out_of_scope"): 50,
         ("close_calls", "track_order"): 100}  # fmt: skip


class Corpus:
    """A corpus without a fault in a folder of its own, to plant one in."""

    def __init__(self, root: Path, short_of: tuple[str, ...] = ()) -> None:
        """`short_of` names a part (a key of TRAINING or TESTS, or doubles) with one too few."""
        self.root = root
        words = ["".join(letters) for letters in product("bdkmnrst", "aeiou", "lprz", "aou")]
        self._pairs = product(words, words)
        for name in ("training", "tests", "development"):
            (root / name).mkdir()
        (root / "domain.yml").write_text(DOMAIN)
        for key, count in TRAINING.items():
            self.learn(*key, *self.new(count - (key == short_of)))
        for part, count in TESTS.items():
            self.measure(*part, *self.new(count - (part == short_of)))
        self.wishes("tests/doubles.yml", *self.new(60 - (short_of == ("doubles",))))
        self.wishes("development/wishes.yml", *self.new(2))

    def new(self, count: int) -> list[str]:
        """Return sentences of two words that have not been said."""
        return [" ".join(pair) for pair in islice(self._pairs, count)]

    def learn(self, file: str, intent: str, language: str, *texts: str, writer: str = "w1") -> None:
        """Add a block to learn from."""
        metadata = f"{{writer: {writer}, language: {language}}}"
        self._block(f"training/{file}.yml", intent, metadata, texts)

    def measure(self, file: str, intent: str, *texts: str) -> None:
        """Add a block to be measured with."""
        self._block(f"tests/{file}.yml", intent, "{writer: t1}", texts)

    def wishes(self, file: str, *texts: str) -> None:
        """Add messages with several wishes."""
        label = "  intents:\n  - track_order\n  - greet\n  writer: t1\n"
        self.append(file, "".join(f"- text: {text}\n{label}" for text in texts))

    def append(self, file: str, text: str) -> None:
        """Add text to a file as it is."""
        with (self.root / file).open("a", encoding="utf-8") as stream:
            stream.write(text)

    def _block(self, file: str, intent: str, metadata: str, texts: tuple[str, ...]) -> None:
        if not (self.root / file).exists():
            self.append(file, 'version: "3.1"\nnlu:\n')
        lines = "".join(f"    - {text}\n" for text in texts)
        head = f"- intent: {intent}\n  metadata: {metadata}\n  examples: |\n"
        self.append(file, head + lines)

    def arguments(self) -> list[str]:
        """Return the linter's arguments for this corpus."""
        folders = [f"--{name}={self.root / name}" for name in ("training", "tests", "development")]
        return [*folders, f"--domain={self.root / 'domain.yml'}"]


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    return Corpus(tmp_path)


Capture = pytest.CaptureFixture[str]


def findings(corpus: Corpus, capsys: Capture) -> list[str]:
    """Return the lines of the findings; the exit code says whether there are any."""
    code = main(corpus.arguments())
    *lines, summary = capsys.readouterr().out.splitlines()
    assert summary.endswith(f" {len(lines)} to mend")
    assert code == (1 if lines else 0)
    return [line.replace(f"{corpus.root}/", "") for line in lines]


def the_finding(corpus: Corpus, capsys: Capture) -> str:
    """Return the only finding."""
    (line,) = findings(corpus, capsys)
    return line


def test_a_corpus_without_a_fault_passes(corpus: Corpus, capsys: Capture) -> None:
    corpus.learn("orders", "track_order", "tr", "[Gebze'ye](city) gelir mi", "📦❓", "👍", "👎")
    corpus.learn("orders", "track_order", "en", '[it]{"entity": "product", "value": "kettle"} sent')
    corpus.learn("orders", "track_order", "en", "I am ayse@gmail.com", "see www.example.com/a.")
    corpus.append("training/orders.yml", "- synonym: istanbul\n  examples: |\n    - ist\n")
    assert findings(corpus, capsys) == []


def test_the_repository_s_own_corpus_passes_and_soon() -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "scripts/lint_corpus.py"], cwd=ROOT, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    # Of the processor's time, which does not depend on what else the machine does.
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before.ru_utime < 5


@pytest.mark.parametrize("again", ["KARGOM NEREDE", "kargomnerede?", "[Kârgom](product) nerede 📦"])
def test_a_sentence_said_twice(corpus: Corpus, capsys: Capture, again: str) -> None:
    corpus.learn("orders", "track_order", "tr", "kargom nerede", writer="w2")
    corpus.learn("chitchat", "track_order", "tr", again, writer="w3")
    line = the_finding(corpus, capsys)
    assert "training/chitchat.yml:" in line and "training/orders.yml:" in line
    assert "track_order, w2" in line and "track_order, w3" in line
    assert "kargom nerede" in line and again in line
    assert line.endswith(": delete the weaker one")


def test_turkish_letters_fold_to_the_same_sentence(corpus: Corpus, capsys: Capture) -> None:
    corpus.learn("orders", "track_order", "tr", "Sipariş çıkmadı ığüö", "SIPARIS CIKMADI İĞÜÖ")
    assert "is said already" in the_finding(corpus, capsys)


def test_a_text_without_letters_compares_as_it_is(corpus: Corpus, capsys: Capture) -> None:
    corpus.learn("chitchat", "greet", "tr", "👋", "👋👋", "🙏")
    assert findings(corpus, capsys) == []
    corpus.learn("chitchat", "greet", "en", "👋")
    assert "is said already" in the_finding(corpus, capsys)


def test_a_sentence_under_two_intents(corpus: Corpus, capsys: Capture) -> None:
    corpus.learn("chitchat", "greet", "tr", "iyi günler", writer="w2")
    corpus.learn("orders", "track_order", "tr", "İyi günler!", writer="w3")
    line = the_finding(corpus, capsys)
    assert "stands under two intents" in line and "data/boundaries.md" in line
    assert "greet, w2" in line and "track_order, w3" in line


@pytest.mark.parametrize(
    ("shape", "said"),
    [("bana ne zaman {} {}", 'begin with "bana ne zaman"'),
     ("{} {} öğrenmek istiyorum da", 'end with "ogrenmek istiyorum da"')],
)  # fmt: skip
def test_a_writers_formula(corpus: Corpus, capsys: Capture, shape: str, said: str) -> None:
    alike = [shape.format(*text.split()) for text in corpus.new(6)]
    corpus.learn("orders", "track_order", "tr", *alike[:3])
    corpus.learn("chitchat", "greet", "tr", *alike[3:5])
    # Another writer's sentences, and short ones, are no formula.
    corpus.learn("chitchat", "greet", "tr", shape.format("a", "b"), writer="w2")
    corpus.learn("chitchat", "greet", "tr", *(f"bana ne zaman {n}" for n in range(7)))
    assert findings(corpus, capsys) == []
    corpus.learn("chitchat", "greet", "tr", alike[5].upper())
    line = the_finding(corpus, capsys)
    assert f"and 5 more of w1 {said}" in line
    assert "training/orders.yml:" in line and "training/chitchat.yml:" in line
    assert line.endswith("reword or delete 1")


@pytest.mark.parametrize("part", TRAINING, ids="-".join)
def test_an_intent_with_too_few_sentences(
    tmp_path: Path, capsys: Capture, part: tuple[str, ...]
) -> None:
    line = the_finding(Corpus(tmp_path, short_of=part), capsys)
    _, intent, language = part
    few = {"tr": "149 Turkish sentences, at least 150", "en": "79 English sentences, at least 80"}
    said = "599 sentences, at least 600" if intent == "out_of_scope" else few[language]
    assert line == f"training: {intent}: {said} are needed: have 1 more written"


def test_an_intent_of_the_domain_without_any_sentence(corpus: Corpus, capsys: Capture) -> None:
    (corpus.root / "domain.yml").write_text(DOMAIN.replace("greet,", "greet, praise,"))
    assert [line.split(": ")[1] for line in findings(corpus, capsys)] == ["praise"] * 4


def test_short_forms_make_no_other_sentence_of_a_test_message(
    corpus: Corpus, capsys: Capture
) -> None:
    corpus.measure("whatsapp", "track_order", "kargom nerde")
    corpus.learn("orders", "track_order", "tr", "Kargom nerede?", writer="w4")
    assert '"Kargom nerede?" is in a test set' in the_finding(corpus, capsys)


def test_a_test_sentence_is_not_learned_from(corpus: Corpus, capsys: Capture) -> None:
    corpus.measure("whatsapp", "track_order", "paket [izmirde](city) mi")
    corpus.learn("orders", "track_order", "tr", "Paket İzmir'de mi?", writer="w4")
    line = the_finding(corpus, capsys)
    assert "track_order, w4" in line and '"Paket İzmir\'de mi?" is in a test set' in line
    assert "tests/whatsapp.yml:" in line and "delete it here" in line


def test_a_message_with_two_wishes_is_not_learned_from(corpus: Corpus, capsys: Capture) -> None:
    corpus.wishes("tests/doubles.yml", "selam paketim nerede")
    corpus.learn("orders", "track_order", "tr", "Selam, paketim nerede?")
    assert "tests/doubles.yml:" in the_finding(corpus, capsys)


@pytest.mark.parametrize("file", ["turkish", "close_calls"])
def test_a_development_message_is_in_no_test(corpus: Corpus, capsys: Capture, file: str) -> None:
    corpus.measure(file, "track_order", "nerede kaldı bu")
    corpus.wishes("development/wishes.yml", "Nerede kaldı bu?")
    line = the_finding(corpus, capsys)
    assert line.startswith("development/wishes.yml:") and f"tests/{file}.yml:" in line


@pytest.mark.parametrize(
    ("part", "count"),
    [(("whatsapp", "track_order"), "9 Turkish"), (("turkish", "greet"), "9 Turkish"),
     (("english", "greet"), "5 English"), (("english", "out_of_scope"), "149"),
     (("close_calls", "track_order"), "99"), (("doubles",), "59")],
    ids=str,
)  # fmt: skip
def test_a_test_set_that_is_too_small(
    tmp_path: Path, capsys: Capture, part: tuple[str, ...], count: str
) -> None:
    line = the_finding(Corpus(tmp_path, short_of=part), capsys)
    subject = part[0] if part[0] in ("doubles", "close_calls") else part[1]
    assert f": {subject}: {count} test messages" in line and "have 1 more written" in line


@pytest.mark.parametrize("file", ["training", "tests"])
@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("nerede [izmir](city", "has a bracket that marks nothing"),
        ("nerede izmir](city)", "has a bracket that marks nothing"),
        ("nerede [izmir] bu", "has a bracket that marks nothing"),
        ("nerede [](city) bu", "has broken markup"),
        ("nerede [izmir ](city) bu", "has broken markup"),
        ('nerede [izmir]{"entity": city}', "has broken markup"),
        ('nerede [izmir]{"value": "city"}', "has broken markup"),
        ("nerede [izmir](town)", 'marks "izmir" as "town", which domain.yml does not know'),
        ('nerede [izmir]{"entity": "town"}', 'marks "izmir" as "town"'),
        ("?!...", "has neither a letter nor a digit nor an emoji"),
        ("bakın https://kargo.com.tr/x7 yazıyor", 'names a real host, "kargo.com.tr"'),
        ("www.kargo.biz açılmıyor", 'names a real host, "kargo.biz"'),
        ("kargo.com açılmıyor", 'names a real host, "kargo.com"'),
        ("HTTP://kargo.net", 'names a real host, "kargo.net"'),
        ("notexample.com mu", 'names a real host, "notexample.com"'),
    ],
)
def test_a_faulty_sentence(
    corpus: Corpus, capsys: Capture, file: str, text: str, fault: str
) -> None:
    if file == "training":
        corpus.learn("orders", "track_order", "tr", text, writer="w1")
    else:
        corpus.measure("turkish", "track_order", text)
    line = the_finding(corpus, capsys)
    assert line.startswith(f"{file}/") and f'"{text}" {fault}' in line
    assert f"track_order, {'w1' if file == 'training' else 't1'}: " in line


def test_an_intent_that_the_domain_does_not_know(corpus: Corpus, capsys: Capture) -> None:
    corpus.learn("orders", "track_oder", "tr", "nerede kaldı")
    corpus.append(
        "tests/doubles.yml",
        "- {text: selam ve veda, intents: [greet, nlu_fallback], writer: t1}\n",
    )
    one, two = findings(corpus, capsys)
    assert 'has the intent "track_oder", which domain.yml does not know' in one
    assert 'has the intent "nlu_fallback"' in two and "tests/doubles.yml:" in two


@pytest.mark.parametrize(
    ("block", "fault"),
    [
        ("- intent: greet\n  metadata: {language: tr}\n  examples: |\n    - ha\n",
         "block without a writer"),
        ("- intent: greet\n  metadata: {writer: w1}\n  examples: |\n    - ha\n",
         "block without a language"),
        ("- intent: greet\n  metadata: {writer: w1, language: de}\n  examples: |\n    - ha\n",
         'block in the language "de"'),
        ("- metadata: {writer: w1, language: tr}\n  examples: |\n    - ha\n",
         "block without an intent"),
        ("- intent: greet\n  metadata: {writer: w1, language: tr}\n  examples: [ha]\n",
         "block without `examples: |`"),
        ("- intent: greet\n  metadata: {writer: w1, language: tr}\n  examples: |\n    ha\n",
         '"ha" is no sentence of the block'),
    ],
)  # fmt: skip
def test_a_faulty_block(corpus: Corpus, capsys: Capture, block: str, fault: str) -> None:
    lines = (corpus.root / "training/chitchat.yml").read_text().count("\n")
    corpus.append("training/chitchat.yml", block)
    line = the_finding(corpus, capsys)
    at = lines + (4 if "no sentence" in fault else 1)
    assert line.startswith(f"training/chitchat.yml:{at}: ") and fault in line


def test_a_test_message_without_a_writer(corpus: Corpus, capsys: Capture) -> None:
    corpus.append("tests/turkish.yml", "- intent: greet\n  examples: |\n    - ha\n")
    corpus.append("tests/doubles.yml", "- {text: ha ho, intents: [greet, track_order]}\n")
    one, two = sorted(findings(corpus, capsys))
    assert "has no writer" in one and "block without a writer" in two


def test_a_file_that_can_not_be_read(corpus: Corpus, capsys: Capture) -> None:
    corpus.append("training/returns.yml", "nlu: [\n")
    assert "training/returns.yml: file: " in the_finding(corpus, capsys)


def test_a_finding_names_the_line_of_the_sentence(corpus: Corpus, capsys: Capture) -> None:
    corpus.learn("orders", "track_order", "tr", "bir iki", "üç dört", "???", "beş altı")
    place = the_finding(corpus, capsys).split(": ")[0]
    name, number = place.split(":")
    assert (corpus.root / name).read_text().splitlines()[int(number) - 1] == "    - ???"


def test_counts(corpus: Corpus, capsys: Capture) -> None:
    corpus.learn("orders", "track_order", "tr", "bir iki", "üç dört", writer="w2")
    assert main([*corpus.arguments(), "--counts"]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["1062", "sentences", "to", "learn", "from"] in rows
    assert ["orders", "152", "80", "232"] in rows  # by topic
    assert ["w1", "700", "360", "1060"] in rows and ["w2", "2", "0", "2"] in rows
    assert ["out_of_scope", "400", "200", "600"] in rows
    assert ["close_calls", "100", "100"] in rows and ["wishes", "2", "2"] in rows
