"""An action server on a port of its own, in the loop of the test."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

from aiohttp import web

Answer = dict[str, Any]


def done(name: str, *responses: Answer, events: list[Answer] | None = None) -> Answer:
    """Return what an action answers that came to its end."""
    marker = {"custom": {"destek": {"done": name}}}
    return {"events": events or [], "responses": [*responses, marker]}


class FakeActions:
    """Counts calls; every action says its own name unless a test puts another one in its place."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.bodies: list[Answer] = []
        self.replies: dict[str, Callable[[Answer], Any]] = {}
        self.replies["action_session_start"] = lambda _: done(
            "action_session_start",
            events=[{"event": "session_started"}, {"event": "action", "name": "action_listen"}],
        )

    @contextlib.asynccontextmanager
    async def served(self) -> AsyncIterator[str]:
        """Serve on a free port; give the address of the webhook."""
        app = web.Application()
        app.router.add_post("/webhook", self._answer)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        try:
            yield f"http://127.0.0.1:{port}/webhook"
        finally:
            await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        body = await request.json()
        name = body["next_action"]
        self.calls.append(name)
        self.bodies.append(body)
        reply = self.replies.get(name, lambda _: done(name, {"text": f"said by {name}"}))(body)
        if asyncio.iscoroutine(reply):
            reply = await reply
        if isinstance(reply, int):
            return web.json_response({"error": "customer text", "action_name": name}, status=reply)
        return web.json_response(reply)
