"""The driver's command line: one run and its figures, or a server that is told what to do.

    python -m benchmarks.driver --webhook http://127.0.0.1:8000 --parallel 100 --count 1000
    python -m benchmarks.driver --webhook http://127.0.0.1:8000 --port 9109 --serve

The second form stays, so that the product can be started with `TWILIO_API_BASE_URL` at its port:

    curl http://127.0.0.1:9109/run -d '{"parallel": 20, "count": 300, "watch": <pid>}'

answers one line of JSON when the run is over. `/run` takes the fields of `runs.Run`.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import json
import signal
import sys
from collections.abc import Sequence

from benchmarks.driver import http
from benchmarks.driver.forms import Account
from benchmarks.driver.runs import Run, Runner
from benchmarks.driver.twilio import STATUSES, Fake


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Load driver and Twilio fake, on loopback.")
    parser.add_argument("--webhook", required=True, help="where the product is")
    parser.add_argument("--public", default="https://destek.example", help="its PUBLIC_BASE_URL")
    parser.add_argument("--port", type=int, default=9109, help="the fake's port; 0: a free one")
    parser.add_argument("--sid", default="AC" + "0" * 32)
    parser.add_argument("--token", default="fake-token")
    parser.add_argument("--from", dest="sender", default="whatsapp:+14155238886")
    parser.add_argument("--statuses", default=",".join(STATUSES), help="receipts of each message")
    parser.add_argument("--serve", action="store_true", help="wait for POST /run instead")
    parser.add_argument(
        "--until-eof", action="store_true", help="end with whoever holds the other end of stdin"
    )
    for field in dataclasses.fields(Run):
        if field.name not in ("texts", "watch"):
            kind = type(field.default)
            parser.add_argument(f"--{field.name}", type=kind, default=field.default)
    return parser.parse_args(given)


async def _main(options: argparse.Namespace) -> None:
    account = Account(
        options.sid, options.token, options.sender, options.webhook, options.public
    )
    fake = Fake(account, tuple(s for s in options.statuses.split(",") if s))
    runner = Runner(account, fake)
    lock = asyncio.Lock()

    async def told(body: bytes) -> bytes:
        try:
            wanted = json.loads(body)
            for name in ("texts", "watch"):
                if name in wanted:
                    value = wanted[name]
                    wanted[name] = tuple(value) if isinstance(value, list) else (value,)
            run = Run(**wanted)
        except (ValueError, TypeError) as error:
            return http.response(400, json.dumps({"message": str(error)}).encode())
        async with lock:
            try:
                return http.response(200, json.dumps(await runner.run(run)).encode() + b"\n")
            except Exception as error:  # told, not swallowed: who asked must not wait for ever
                told_why = {"message": f"{type(error).__name__}: {error}"}
                return http.response(500, json.dumps(told_why).encode() + b"\n")

    async def state(_body: bytes) -> bytes:
        told_now = {"accepted": fake.accepted, "receipts_open": fake.receipts_open}
        return http.response(200, json.dumps(told_now).encode())

    fake.control[b"/run"] = told
    fake.control[b"/state"] = state
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: http.Serving(fake.handle), "127.0.0.1", options.port, backlog=1024
    )
    if options.serve:
        port = server.sockets[0].getsockname()[1]
        print(json.dumps({"url": f"http://127.0.0.1:{port}"}), flush=True)
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        if options.until_eof:
            loop.add_reader(sys.stdin.fileno(), stop.set)
        await stop.wait()
    else:
        values = {f.name: getattr(options, f.name) for f in dataclasses.fields(Run)
                  if f.name not in ("texts", "watch")}
        print(json.dumps(await runner.run(Run(**values))), flush=True)
    server.close()


def main(given: Sequence[str] | None = None) -> None:
    """Serve or run once."""
    try:
        import uvloop

        uvloop.install()
    except ImportError:  # asyncio's own loop costs a little more
        pass
    asyncio.run(_main(_arguments(given)))


if __name__ == "__main__":
    main()
