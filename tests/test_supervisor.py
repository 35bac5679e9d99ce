"""The supervisor, run as a process of its own over tiny processes, as a person would see it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.errors import Conflict
from bot.supervisor import ports, rasa_files, redis_server, run_info
from bot.supervisor.health import redis_answers

ROOT = Path(__file__).resolve().parents[1]

# A process that has a child, which has a child: each writes its id to a file named for it.
FAMILY = """
import os, subprocess, sys, time
name, depth, folder = sys.argv[1], int(sys.argv[2]), sys.argv[3]
open(os.path.join(folder, f"{name}.{depth}.{os.getpid()}"), "w").close()
if depth:
    subprocess.Popen([sys.executable, __file__, name, str(depth - 1), folder])
print(name, "runs", flush=True)
time.sleep(300)
"""

SCRIPT = """
import os, sys, time
from bot.supervisor.console import Console
from bot.supervisor.processes import ProcessSpec
from bot.supervisor.supervisor import Supervisor
folder, family = sys.argv[1], sys.argv[2]

def family_of(name, depth=2, **more):
    return ProcessSpec(name, lambda: [sys.executable, family, name, str(depth), folder], **more)

def code(name, text, **more):
    return ProcessSpec(name, lambda: [sys.executable, "-u", "-c", text], **more)

specs = {specs}
supervisor = Supervisor(specs, dict(os.environ), folder, Console(), {options})
sys.exit(supervisor.run(lambda: print("ALL READY", flush=True)))
"""


def wait_for(condition: Callable[[], object], seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


class Running:
    """A supervisor over some specs, and what became of its processes."""

    def __init__(self, folder: Path, specs: str, options: str = "") -> None:
        self.folder = folder / "pids"
        self.folder.mkdir()
        family, script = folder / "family.py", folder / "script.py"
        family.write_text(FAMILY)
        script.write_text(textwrap.dedent(SCRIPT).format(specs=specs, options=options))
        self.log = folder / "output"
        with open(self.log, "w") as output:
            self.process = subprocess.Popen(
                [sys.executable, str(script), str(self.folder), str(family)],
                env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=output,
                stderr=subprocess.STDOUT, start_new_session=True,
            )

    @property
    def output(self) -> str:
        return self.log.read_text()

    def pids(self, name: str, depth: int | str = "*") -> list[int]:
        return [int(p.name.split(".")[2]) for p in self.folder.glob(f"{name}.{depth}.*")]

    def living(self) -> list[int]:
        return [pid for pid in self.pids("*") if alive(pid)]

    def lifelines(self) -> list[int]:
        return [
            int(p.name) for p in Path("/proc").iterdir()
            if p.name.isdigit() and alive(int(p.name))
            and b"lifeline.py" in (p / "cmdline").read_bytes()
            and f"PPid:\t{self.process.pid}\n" in (p / "status").read_text()
        ]

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for pid in self.living():
            os.kill(pid, signal.SIGKILL)


@pytest.fixture
def supervise(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    started: list[Running] = []

    def start(specs: str, options: str = "") -> Running:
        started.append(Running(tmp_path, specs, options))
        return started[-1]

    yield start
    for running in started:
        running.end()


def test_a_killed_process_is_started_again(supervise: Callable[..., Running]) -> None:
    running = supervise('[family_of("one"), family_of("two")]')
    wait_for(lambda: len(running.living()) == 6)
    os.kill(running.pids("one", 2)[0], signal.SIGKILL)
    wait_for(lambda: len(running.pids("one", 0)) == 2)
    # The children of the killed one are gone, those of the new one and of the other one are there.
    wait_for(lambda: len(running.living()) == 6)
    assert len(running.pids("two")) == 3
    assert "one ended (signal 9)" in running.output


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_stops_everything(supervise: Callable[..., Running], number: int) -> None:
    running = supervise('[family_of("one"), family_of("two")]')
    wait_for(lambda: len(running.living()) == 6 and "ALL READY" in running.output)
    begun = time.monotonic()
    running.process.send_signal(number)
    assert running.process.wait(timeout=10) == 0
    assert time.monotonic() - begun < 5
    assert running.living() == []


def test_no_process_survives_a_killed_supervisor(supervise: Callable[..., Running]) -> None:
    running = supervise('[family_of("one"), family_of("two")]')
    wait_for(lambda: len(running.living()) == 6)
    running.process.kill()
    running.process.wait()
    wait_for(lambda: running.living() == [], seconds=3)


def test_a_killed_lifeline_is_replaced(supervise: Callable[..., Running]) -> None:
    running = supervise('[family_of("one")]')
    wait_for(lambda: len(running.living()) == 3)
    first = running.lifelines()[0]
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: [pid for pid in running.lifelines() if pid != first])
    time.sleep(0.5)  # it has been told the groups
    running.process.kill()
    running.process.wait()
    wait_for(lambda: running.living() == [], seconds=3)


def test_deaf_processes_are_killed_in_time(supervise: Callable[..., Running]) -> None:
    deaf = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf');"
        "time.sleep(300)"
    )
    names = [f"deaf{n}" for n in range(5)]
    running = supervise(
        "[" + ", ".join(f"code({n!r}, {deaf!r})" for n in names) + "]", "stop_within=3.0"
    )
    wait_for(lambda: running.output.count("| deaf\n") == 5)
    begun = time.monotonic()
    running.process.terminate()
    assert running.process.wait(timeout=15) == 0
    assert time.monotonic() - begun < 5


def test_a_second_signal_uses_force_at_once(supervise: Callable[..., Running]) -> None:
    deaf = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf');"
        "time.sleep(300)"
    )
    running = supervise(f"[code('deaf', {deaf!r}, stop_seconds=30)]", "stop_within=30")
    wait_for(lambda: "| deaf\n" in running.output)
    running.process.send_signal(signal.SIGINT)
    wait_for(lambda: "stopping" in running.output)
    begun = time.monotonic()
    running.process.send_signal(signal.SIGINT)
    running.process.wait(timeout=10)
    assert time.monotonic() - begun < 4


def test_the_end_of_make_is_no_second_signal(supervise: Callable[..., Running]) -> None:
    slow = (
        "import signal, sys, time; "
        "signal.signal(signal.SIGTERM, lambda *a: (time.sleep(1), print('bye'), sys.exit(0)));"
        "print('up'); time.sleep(300)"
    )
    running = supervise(f"[code('slow', {slow!r}, stop_seconds=5)]")
    wait_for(lambda: "| up\n" in running.output)
    running.process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    running.process.send_signal(signal.SIGHUP)
    running.process.wait(timeout=10)
    assert "| bye\n" in running.output


def test_processes_stop_in_reverse_order(supervise: Callable[..., Running]) -> None:
    polite = (
        "import signal, sys, time; "
        "signal.signal(signal.SIGTERM, lambda *a: (print('bye'), sys.exit(0)));"
        "print('up'); time.sleep(300)"
    )
    running = supervise(f"[code(n, {polite!r}) for n in ('first', 'second', 'third')]")
    wait_for(lambda: running.output.count("| up\n") == 3)
    running.process.terminate()
    running.process.wait(timeout=10)
    assert re.findall(r"(\w+) +\| bye", running.output) == ["third", "second", "first"]


def test_pauses_grow_while_a_process_fails(supervise: Callable[..., Running]) -> None:
    running = supervise("[code('bad', 'raise SystemExit(3)')]", "pauses=(0.1, 0.2, 0.4)")
    wait_for(lambda: running.output.count("bad ended") >= 5)
    pauses = re.findall(r"bad ended \(status 3\), next start in ([\d.]+) s", running.output)
    assert pauses[:5] == ["0.1", "0.2", "0.4", "0.4", "0.4"]


def test_a_process_waits_until_the_one_before_it_is_ready(
    supervise: Callable[..., Running],
) -> None:
    running = supervise(
        "[code('base', 'import time; print(\"base\"); time.sleep(300)', "
        "      answers=lambda: os.path.exists(folder + '/open')),"
        " code('top', 'import time; print(\"top up\"); time.sleep(300)', after=('base',))]"
    )
    wait_for(lambda: "| base\n" in running.output)
    time.sleep(1)
    assert "| top up" not in running.output
    assert "ALL READY" not in running.output
    (running.folder / "open").touch()
    wait_for(lambda: "top up" in running.output and "ALL READY" in running.output)


def test_a_process_that_answers_no_more_is_started_again(supervise: Callable[..., Running]) -> None:
    running = supervise(
        "[family_of('mute', answers=lambda: not os.path.exists(folder + '/silent'))]",
        "ask_every=0.1",
    )
    wait_for(lambda: "ALL READY" in running.output)
    (running.folder / "silent").touch()
    wait_for(lambda: "mute answers no more" in running.output)
    (running.folder / "silent").unlink()
    wait_for(lambda: running.output.count("mute is ready") == 2)
    wait_for(lambda: len(running.living()) == 3)
    assert len(running.pids("mute", 2)) == 2


def test_a_note_that_can_not_be_written_stops_nothing(supervise: Callable[..., Running]) -> None:
    running = supervise(
        '[family_of("one")]', "on_change=lambda pids: open(folder + '/later/note', 'w').close()"
    )
    wait_for(lambda: "ALL READY" in running.output)
    time.sleep(1.5)
    assert running.output.count("can not be written yet") == 1
    assert len(running.living()) == 3
    (running.folder / "later").mkdir()
    wait_for(lambda: (running.folder / "later" / "note").exists(), seconds=3)


def test_a_command_that_does_not_exist_is_named(supervise: Callable[..., Running]) -> None:
    running = supervise("[ProcessSpec('ghost', lambda: ['/does/not/exist'])]")
    wait_for(lambda: "can not start /does/not/exist" in running.output)
    running.process.terminate()
    assert running.process.wait(timeout=10) == 0


def test_make_that_alone_is_interrupted_stops_the_stack(tmp_path: Path) -> None:
    script = (
        "import time; from bot.supervisor import parent; parent.watch(); print('up', flush=True)\n"
        "import signal, sys\nsignal.signal(signal.SIGHUP, lambda *_: (print('down'), sys.exit()))\n"
        "time.sleep(60)"
    )
    (tmp_path / "child.py").write_text(script)
    (tmp_path / "Makefile").write_text(f"run:\n\t@exec {sys.executable} child.py\n")
    # Not as a child of the make that may be running these tests.
    clean = {k: v for k, v in os.environ.items() if not k.startswith("MAKE") and k != "MFLAGS"}
    make = subprocess.Popen(
        ["make", "run"], cwd=tmp_path, env={**clean, "PYTHONPATH": str(ROOT)}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
        # Whoever runs the tests in the background ignores this signal, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL) and None,
    )
    assert make.stdout is not None
    assert make.stdout.readline() == "up\n"
    time.sleep(0.3)
    make.send_signal(signal.SIGINT)
    output, _ = make.communicate(timeout=10)
    assert "down" in output


def test_two_stacks_can_not_share_a_data_dir(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", "import sys, time, pathlib; from bot.supervisor import run_info;"
         f"run_info.take_lock(pathlib.Path({str(tmp_path)!r})); print('held', flush=True);"
         "time.sleep(60)"],
        env={**os.environ, "PYTHONPATH": str(ROOT)}, text=True, stdout=subprocess.PIPE,
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(Conflict, match=str(holder.pid)):
            run_info.take_lock(tmp_path)
        assert run_info.running(tmp_path)
    finally:
        holder.kill()
        holder.communicate()
    assert not run_info.running(tmp_path)
    os.close(run_info.take_lock(tmp_path))


def test_run_information_and_rasa_files_are_private(tmp_path: Path) -> None:
    run_info.write(tmp_path, {"redis_url": "redis://:secret@127.0.0.1:1/0"})
    paths = rasa_files.write(tmp_path, "http://127.0.0.1:5055", "a-secret")
    for path in (tmp_path / "run.json", *paths):
        assert path.stat().st_mode & 0o777 == 0o600
    assert "http://127.0.0.1:5055/webhook" in paths[0].read_text()


def test_chosen_ports_differ_and_are_free() -> None:
    chosen = ports.pick(6)
    assert len(set(chosen)) == 6
    for port in chosen:
        ports.require_free("127.0.0.1", port)


def test_the_bundled_redis_asks_for_its_password(tmp_path: Path) -> None:
    port = ports.pick(1)[0]
    path = redis_server.write_configuration(tmp_path, port, "correct-horse")
    server = subprocess.Popen(
        [str(redis_server.binary()), str(path)], stdout=subprocess.DEVNULL
    )
    try:
        wait_for(redis_answers(port, "correct-horse"))
        assert not redis_answers(port, "wrong")()
        assert b"correct-horse" not in Path(f"/proc/{server.pid}/cmdline").read_bytes()
    finally:
        server.terminate()
        server.wait()
