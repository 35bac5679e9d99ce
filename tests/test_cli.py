"""`python -m bot ...` as scripts use it: exit status, output, errors in one line."""

from __future__ import annotations

import argparse
import base64
import http.server
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from twilio.request_validator import RequestValidator

from bot import cli
from bot.commands import nlu
from bot.errors import InvalidInput
from bot.supervisor import ports

ROOT = Path(__file__).resolve().parents[1]
TOKEN = "twilio-token"
PUBLIC = "https://desk.example"


class Shell:
    """Runs commands over a `DATA_DIR` of its own."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.port = ports.pick(1)[0]

    def __call__(
        self, *words: str, stdin: str = "", **environment: str
    ) -> subprocess.CompletedProcess[str]:
        kept = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LANG")}
        return subprocess.run(
            [sys.executable, "-m", "bot", *words], cwd=ROOT, input=stdin, capture_output=True,
            text=True, timeout=60,
            env={**kept, "DATA_DIR": str(self.data_dir), "PORT": str(self.port),
                 "TWILIO_AUTH_TOKEN": TOKEN, "PUBLIC_BASE_URL": PUBLIC, **environment},
        )


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path / "var")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A database with one admin."""
    made = Shell(tmp_path_factory.mktemp("desk") / "var")
    added = made(
        "user", "add", "Admin@Example.com", "--name", "Ada", "--role", "admin",
        "--password-stdin", stdin="a long password\n",
    )
    assert added.returncode == 0, added.stderr
    assert added.stdout == "added admin@example.com (admin)\n"
    return made


def every_command(parser: argparse.ArgumentParser, path: tuple[str, ...]) -> Iterator[Any]:
    yield path
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, below in action.choices.items():
                yield from every_command(below, (*path, name))


@pytest.mark.parametrize("path", every_command(cli.parser(), ()), ids=" ".join)
def test_every_command_explains_itself(
    path: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main([*path, "--help"])
    assert ended.value.code == 0
    assert f"python -m bot {' '.join(path)}".strip() in " ".join(capsys.readouterr().out.split())


def test_help_needs_no_settings_and_loads_no_database() -> None:
    code = (
        "import sys; from bot import cli\ntry: cli.main(['--help'])\nexcept SystemExit: pass\n"
        "assert not {'sqlalchemy', 'flask', 'rasa'} & set(sys.modules), 'heavy import'"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env={**os.environ, "PORT": "not a number"},
        capture_output=True, text=True, timeout=30,
    )
    assert done.returncode == 0, done.stderr


def test_wrong_use_ends_with_2(shell: Shell) -> None:
    assert shell("no-such-command").returncode == 2
    assert shell("user", "add", "a@example.com", "--name", "A", "--role", "king").returncode == 2


def test_a_bad_setting_is_named_in_one_line(shell: Shell) -> None:
    done = shell("export", "messages", CLOCK_SPEED="1", PORT="eighty")
    assert done.returncode == 1
    assert done.stderr == "error: PORT must be a number, not 'eighty'\n"


@pytest.mark.parametrize(
    ("words", "stdin", "error"),
    [
        (("--password-stdin",), "\n", "error: the password is empty\n"),
        ((), "", "error: give the password on standard input with --password-stdin\n"),
    ],
)
def test_user_add_needs_a_password(
    shell: Shell, words: tuple[str, ...], stdin: str, error: str
) -> None:
    done = shell("user", "add", "a@example.com", "--name", "A", "--role", "agent", *words,
                 stdin=stdin)
    assert (done.returncode, done.stderr) == (1, error)


def test_a_user_is_added_once(desk: Shell) -> None:
    again = desk(
        "user", "add", "admin@example.com", "--name", "B", "--role", "agent", "--password-stdin",
        stdin="another password\n",
    )
    assert again.returncode == 1
    assert "admin@example.com" in again.stderr


def test_an_empty_desk_lists_nothing(desk: Shell) -> None:
    for words in (
        ("export", "messages", "--json"), ("dead-letters", "list", "--json"),
        ("conversation", "list", "--as", "admin@example.com", "--json"),
        ("conversation", "list", "--which", "mine", "--as", "admin@example.com"),
        ("conversation", "list", "--which", "recent", "--as", "admin@example.com"),
        ("dead-letters", "retry", "all"),
    ):
        done = desk(*words)
        assert (done.returncode, done.stdout) == (0, ""), done.stderr


@pytest.mark.parametrize("action", ["show", "take", "hand-back", "resolve"])
def test_what_does_not_exist_is_said(desk: Shell, action: str) -> None:
    done = desk("conversation", action, "nowhere", "--as", "admin@example.com")
    assert done.returncode == 1
    assert "error: there is no conversation nowhere" in done.stderr
    stranger = desk("conversation", action, "nowhere", "--as", "stranger@example.com")
    assert stranger.returncode == 1
    assert "error: there is no active user stranger@example.com" in stranger.stderr


def test_nobody_is_erased_unasked_and_strangers_are_not_found(desk: Shell) -> None:
    unasked = desk("customer", "erase", "1")
    assert unasked.returncode == 1
    assert "--yes" in unasked.stderr
    for words in (("export", "4711"), ("erase", "4711", "--yes")):
        done = desk("customer", *words)
        assert (done.returncode, done.stderr) == (1, "error: there is no customer 4711\n")


@pytest.mark.parametrize("since", ["yesterday", "2027-03-08T12:59:00"])
def test_a_time_needs_a_zone(desk: Shell, since: str) -> None:
    done = desk("export", "messages", "--since", since)
    assert done.returncode == 1
    assert since in done.stderr


def test_missing_files_are_named(desk: Shell) -> None:
    for words in (("import", "orders"), ("import", "shop"), ("nlu", "evaluate")):
        done = desk(*words, "/nowhere/file")
        assert done.returncode == 1
        assert "/nowhere/file" in done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.usefixtures("door")
def test_up_names_a_port_that_is_taken(shell: Shell) -> None:
    done = shell("up", HOST="127.0.0.1")
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: port {shell.port} on 127.0.0.1 is in use")


@pytest.mark.parametrize(
    ("name", "value"), [("CLOCK", "2027-03-08T12:59:00"), ("RASA_COUNT", "0"), ("CLOCK_COUNT", "17"),
                        ("HOST", "192.0.2.1")]
)
def test_up_names_a_setting_that_can_not_be(shell: Shell, name: str, value: str) -> None:
    done = shell("up", **{name: value})
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert name in done.stderr
    assert "Traceback" not in done.stderr


def test_rasa_files_are_written_for_another_supervisor(shell: Shell) -> None:
    assert "ACTIONS_URL" in shell("rasa-files").stderr
    done = shell("rasa-files", ACTIONS_URL="http://127.0.0.1:5055/", INTERNAL_SECRET="a-secret")
    endpoints, credentials = (Path(line).read_text() for line in done.stdout.splitlines())
    assert "url: http://127.0.0.1:5055/webhook" in endpoints
    assert "X-Destek-Secret: a-secret" in endpoints
    assert "secret: a-secret" in credentials


class Door(http.server.BaseHTTPRequestHandler):
    """Answers 200 to what Twilio's own validator believes, 401 to the rest."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        from urllib.parse import parse_qs

        fields = {k: v[0] for k, v in parse_qs(body, keep_blank_values=True).items()}
        genuine = RequestValidator(TOKEN).validate(
            PUBLIC + self.path, fields, self.headers["X-Twilio-Signature"]
        )
        self.send_response(200 if genuine and self.headers["Host"] == "desk.example" else 401)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        return


@pytest.fixture
def door(shell: Shell) -> Iterator[None]:
    server = http.server.HTTPServer(("127.0.0.1", shell.port), Door)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    shell.data_dir.mkdir(parents=True)
    (shell.data_dir / "run.json").write_text(json.dumps({"port": shell.port}))
    yield
    server.shutdown()
    server.server_close()


def saved(path: Path, **content: Any) -> str:
    path.write_text(json.dumps({"target": "/webhooks/twilio/whatsapp?a=%2F", **content}))
    return str(path)


@pytest.mark.usefixtures("door")
def test_replay_signs_what_was_saved(shell: Shell, tmp_path: Path) -> None:
    form = saved(tmp_path / "form.json", form={"Body": "nerede? ğ+&", "NumMedia": "0", "X": ""})
    raw = saved(
        tmp_path / "raw.json", body_base64=base64.b64encode(b"Body=a%20b&From=c").decode()
    )
    done = shell("replay", form, raw)
    assert done.stdout.splitlines() == [f"{form}: 200", f"{raw}: 200"], done.stderr
    assert done.returncode == 0
    refused = shell("replay", form, TWILIO_AUTH_TOKEN="another")
    assert (refused.returncode, refused.stdout) == (1, f"{form}: 401\n")


def test_replay_without_a_stack_says_so(shell: Shell, tmp_path: Path) -> None:
    done = shell("replay", saved(tmp_path / "form.json", form={"Body": "a"}))
    assert done.returncode == 1
    assert "make run" in done.stderr
    assert shell("replay", str(ROOT / "Makefile")).returncode == 1


def test_scores_count_an_answer_as_right_only_with_every_intent() -> None:
    def pair(wanted: str, predicted: str) -> nlu.Pair:
        return frozenset(wanted.split()), frozenset(predicted.split())

    found = nlu.scores([
        pair("track", "track"), pair("track", "refund"), pair("refund", "refund"),
        pair("track refund", "track"), pair("track refund", "track refund"),
    ])
    assert found["count"] == 5
    assert found["accuracy"] == 0.6
    assert found["per_intent"]["track"] == {
        "precision": 1.0, "recall": 0.75, "f1": 0.8571, "support": 4,
    }
    assert found["per_intent"]["refund"] == {
        "precision": 0.6667, "recall": 0.6667, "f1": 0.6667, "support": 3,
    }
    assert found["macro_f1"] == 0.7619


def test_a_labelled_file_is_read_with_one_or_several_intents(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_text("text,intents,language\n\"a, b\",track|refund,tr\nc,track,\n", "utf-8-sig")
    assert nlu.read(path) == [
        {"text": "a, b", "intents": "track|refund", "language": "tr"},
        {"text": "c", "intents": "track", "language": ""},
    ]
    path.write_text("sentence,intent\na,b\n")
    with pytest.raises(InvalidInput, match="text and intent"):
        nlu.read(path)


def test_commands_share_the_time_of_a_running_stack(shell: Shell, tmp_path: Path) -> None:
    shell.data_dir.mkdir(parents=True)
    (shell.data_dir / "run.json").write_text(json.dumps({
        "clock": "2027-03-08T12:59:00+03:00", "clock_speed": "", "started_at": 1000.0,
    }))
    code = (
        "from bot import cli, clock; cli._join_the_stack();"
        "import time; print((clock.now().timestamp() - time.time()) + 1000.0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=30,
        env={"PATH": os.environ["PATH"], "DATA_DIR": str(shell.data_dir)},
    )
    assert float(done.stdout) == pytest.approx(1804499940.0, abs=1)  # 2027-03-08T09:59:00Z
