"""Event streams as a page meets them: the real web server, the real Redis, plain sockets."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import threading
import time
from collections.abc import Iterator

import pytest
import requests
import sqlalchemy as sa

from bot import db, live
from bot.accounts import service as accounts
from bot.accounts.models import User
from bot.conversations.tickets import queries as tickets
from bot.conversations.tickets.service import solve
from tests import databases
from tests.console import stage
from tests.console.stage import AYSE, DENIZ, ECE, MEHMET
from tests.crowd import Asked, Crowd
from tests.databases import Databases
from tests.webserver import Redis, WebServer, shop

EVENTS = "/console/api/events"
INBOX = f"{EVENTS}?topic=inbox"
THREADS, PLACES, EACH = 12, 6, 4
SECRET = "gizli-söz-4711"


@pytest.fixture(scope="module")
def redis(all_databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    """A running Redis, and a shop where two people wrote."""
    with shop(
        all_databases, tmp_path_factory.mktemp("events"), STREAMS_PER_USER=str(EACH)
    ) as server:
        yield server


@pytest.fixture(scope="module")
def web(redis: Redis) -> Iterator[WebServer]:
    """The web server, with six places for streams, at most four of one user."""
    server = WebServer(threads=THREADS)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def cookies(web: WebServer) -> dict[str, str]:
    """What the browsers of three people send."""
    return {email: web.signed_in(email)[0] for email in (DENIZ, ECE, stage.ADMIN)}


@pytest.fixture
def crowd(web: WebServer) -> Iterator[Crowd]:
    """Who asks for streams. Every place is free at the end."""
    made = Crowd("127.0.0.1", web.port)
    yield made
    made.close()


def listening(
    crowd: Crowd, cookie: str, topic: str = "inbox", last: str = ""
) -> Asked:
    """Open a stream, also when the places of those who left before are only just given back."""
    deadline = time.monotonic() + 15
    while True:
        [one] = crowd.ask(1, [cookie], f"{EVENTS}?topic={topic}", last)
        assert crowd.answered()
        if one.status == 200:
            return _began(crowd, one)
        assert one.status == 204 and time.monotonic() < deadline, one.status
        crowd.leave([one])
        time.sleep(0.2)


def _began(crowd: Crowd, one: Asked) -> Asked:
    assert crowd.listen(lambda: bool(one.events), 5), one.heard
    return one


def told(crowd: Crowd, one: Asked, topics: list[str], since: int = 1, within: float = 5.0) -> bool:
    """Tell whether a stream hears that these topics changed, after so many events."""
    return crowd.listen(lambda: ("changed", topics) in [e[:2] for e in one.events[since:]], within)


def test_a_page_is_told_that_something_changed_and_nothing_of_what(
    crowd: Crowd, cookies: dict[str, str]
) -> None:
    one = listening(crowd, cookies[DENIZ])
    assert one.events[0][:2] == ("changed", ["inbox"])  # what was before it is not known
    assert one.headers["content-type"].startswith("text/event-stream")
    assert (one.headers["cache-control"], one.headers["x-accel-buffering"]) == ("no-store", "no")
    stage.customer_writes(AYSE, SECRET)
    assert told(crowd, one, ["inbox"])
    heard = one.heard.decode()
    assert SECRET not in heard and AYSE[1:] not in heard and stage.uid_of(AYSE) not in heard


def test_what_changes_all_the_time_is_told_together(
    crowd: Crowd, cookies: dict[str, str]
) -> None:
    one = listening(crowd, cookies[DENIZ])
    for number in range(30):
        stage.customer_writes(AYSE, f"{number}")
    assert told(crowd, one, ["inbox"])
    while told(crowd, one, ["inbox"], len(one.events), within=1.5):
        pass
    assert 2 <= len(one.events) < 15


def test_a_thread_hears_of_its_own_conversation_and_of_no_other(
    crowd: Crowd, cookies: dict[str, str]
) -> None:
    topic = f"conversation:{stage.uid_of(AYSE)}"
    one = listening(crowd, cookies[DENIZ], topic)
    other = listening(crowd, cookies[DENIZ], f"conversation:{stage.uid_of(MEHMET)}")
    stage.bot_says(AYSE, "Buyurun")
    assert told(crowd, one, [topic])
    stage.waits(AYSE)
    before = len(one.events)
    stage.agent_takes(AYSE, DENIZ)
    assert told(crowd, one, [topic], before)
    assert len(other.events) == 1


def test_a_list_of_tickets_hears_of_a_new_one_and_of_a_solved_one(
    crowd: Crowd, cookies: dict[str, str]
) -> None:
    one = listening(crowd, cookies[ECE], "tickets")
    number = stage.ticket(MEHMET)
    assert told(crowd, one, ["tickets"])
    before = len(one.events)
    with db.write() as session:
        found = tickets.find(session, number)
        assert found is not None and solve(session, found["id"])
    assert told(crowd, one, ["tickets"], before)


def test_who_comes_back_hears_only_whether_something_was_missed(
    crowd: Crowd, cookies: dict[str, str]
) -> None:
    one = listening(crowd, cookies[DENIZ])
    crowd.leave([one])
    again = listening(crowd, cookies[DENIZ], last=_mark(crowd, cookies[DENIZ]))
    assert again.events[0][0] == "beat"  # nothing was missed
    mark = again.events[0][2]
    crowd.leave([again])
    stage.customer_writes(AYSE, "bu arada")
    again = listening(crowd, cookies[DENIZ], last=mark)
    assert again.events[0][:2] == ("changed", ["inbox"])
    [other] = crowd.ask(1, [cookies[DENIZ]], f"{INBOX}&last={again.events[0][2]}")
    assert crowd.listen(lambda: bool(other.events), 10)
    assert other.events[0][0] == "beat"  # the mark may come in the address as well


def _mark(crowd: Crowd, cookie: str) -> str:
    """Return the mark of now: that of a page which comes back with one that says nothing."""
    one = listening(crowd, cookie, last="none")
    assert one.events[0][0] == "changed"
    crowd.leave([one])
    return one.events[0][2]


def test_streams_take_half_of_the_threads_and_the_rest_serves(
    web: WebServer, crowd: Crowd, cookies: dict[str, str]
) -> None:
    crowd.ask(40, list(cookies.values()))
    assert crowd.answered()
    assert 1 <= crowd.open <= PLACES
    refused = crowd.with_status(204)
    assert len(refused) == 40 - crowd.open
    assert all(30 <= int(one.headers["retry-after"]) <= 60 for one in refused)
    assert all(one.headers["x-request-id"] for one in refused)
    while crowd.open < PLACES:  # those who were only in the way of others
        listening(crowd, cookies[DENIZ if crowd.open % 2 else ECE])
    [late] = crowd.ask(1, [cookies[stage.ADMIN]])
    assert crowd.answered() and late.status == 204
    assert web.get("/healthz").status_code == 200
    assert web.get("/console/", cookies[DENIZ]).status_code == 200
    # On a connection that is kept, where the door can not see it, it is the same.
    with requests.Session() as session:
        session.trust_env = False
        session.headers["Cookie"] = cookies[ECE]
        assert session.get(f"{web.url}/healthz", timeout=5).status_code == 200
        again = session.get(f"{web.url}{INBOX}", headers={"X-Request-Id": "mine-1"}, timeout=5)
        assert (again.status_code, again.headers["X-Request-Id"]) == (204, "mine-1")
    # A page that is left gives its place back before anything is written to it.
    crowd.leave([one for one in crowd.asked if one.is_open][:1])
    listening(crowd, cookies[stage.ADMIN])


def test_one_user_does_not_take_all_places(crowd: Crowd, cookies: dict[str, str]) -> None:
    for _ in range(EACH):
        listening(crowd, cookies[DENIZ])
    crowd.ask(4, [cookies[DENIZ]])
    assert crowd.answered() and crowd.open == EACH
    listening(crowd, cookies[ECE])


def test_asking_for_the_headers_alone_keeps_no_place(
    web: WebServer, crowd: Crowd, cookies: dict[str, str]
) -> None:
    listening(crowd, cookies[ECE])
    with requests.Session() as session:
        session.trust_env = False
        for _ in range(PLACES + 2):
            answer = session.head(f"{web.url}{INBOX}", headers={"Cookie": cookies[ECE]}, timeout=5)
            assert answer.status_code == 200
    for _ in range(EACH - 1):
        listening(crowd, cookies[ECE])


@pytest.mark.parametrize(("query", "status"), [
    ("", 400), ("?topic=everything", 400), ("?topic=inbox&topic=tickets&topic=a&topic=b&topic=c", 400),
    ("?topic=conversation:unknown", 404),
])
def test_what_is_no_topic_is_refused(
    web: WebServer, cookies: dict[str, str], query: str, status: int
) -> None:
    answer = web.get(EVENTS + query, cookies[stage.ADMIN])  # who was not refused a moment ago
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_nobody_listens_who_has_not_signed_in(web: WebServer) -> None:
    assert web.get(INBOX).status_code == 401


def test_signing_out_ends_the_streams_of_that_user_at_once(
    web: WebServer, crowd: Crowd, cookies: dict[str, str]
) -> None:
    cookie, token = web.signed_in(DENIZ)
    mine, other = listening(crowd, cookie), listening(crowd, cookies[ECE])
    with requests.Session() as session:
        session.trust_env = False
        session.post(
            f"{web.url}/console/logout", data={"csrf_token": token}, headers={"Cookie": cookie},
            timeout=5, allow_redirects=False,
        )
    assert crowd.listen(lambda: mine.ended, 5)
    assert other.is_open


def test_a_user_who_may_no_longer_read_is_cut_off_within_a_minute(
    crowd: Crowd, web: WebServer, cookies: dict[str, str]
) -> None:
    accounts.add_user("gone@example.com", "Gone", "agent", stage.PASSWORD)
    leaver, _ = web.signed_in("gone@example.com")
    mine, other = listening(crowd, leaver), listening(crowd, cookies[ECE])
    with db.write() as session:
        session.execute(
            sa.update(User).where(User.email == "gone@example.com").values(is_active=False)
        )
    assert crowd.listen(lambda: mine.ended, 60)
    assert other.is_open


def test_without_redis_pages_poll_and_with_it_they_listen_again(
    redis: Redis, crowd: Crowd, cookies: dict[str, str]
) -> None:
    one = listening(crowd, cookies[DENIZ])
    redis.stop()
    try:
        assert crowd.listen(lambda: one.ended, 10)
        [again] = crowd.ask(1, [cookies[DENIZ]])
        assert crowd.answered() and again.status == 204
        stage.customer_writes(AYSE, "kimse duymasa da")  # costs nothing and breaks nothing
    finally:
        redis.start()
    again = listening(crowd, cookies[DENIZ])
    before = len(again.events)
    stage.customer_writes(AYSE, "şimdi duyulur")
    assert told(crowd, again, ["inbox"], before, within=10)


def test_a_redis_that_does_not_answer_costs_who_changes_something_nothing(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("REDIS_URL", f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        databases.forget()
        began = time.monotonic()
        for number in range(2000):
            live.changed(number, live.INBOX)
        assert time.monotonic() - began < 2  # one call to it alone would take half a second
    monkeypatch.undo()
    databases.forget()


def hold(web: WebServer, count: int, words: bytes) -> Iterator[socket.socket]:
    """Open connections that say something and then neither read nor close."""
    for _ in range(count):
        one = socket.create_connection(("127.0.0.1", web.port))
        one.sendall(words)
        yield one


@pytest.mark.parametrize("words", [
    b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",  # and do not close after it
    b"",  # as browsers do in advance
    b"GET /console/api/events?topic=inbox HTTP/1.1\r\nHost: x\r\n",  # and never end
], ids=["lingering", "silent", "half"])
def test_slow_peers_hold_nobody_up(web: WebServer, words: bytes) -> None:
    count = THREADS - 2 if words.endswith(b"x\r\n") else 3 * THREADS
    held = list(hold(web, count, words))
    try:
        assert web.get("/healthz", timeout=1.5).status_code == 200
    finally:
        for one in held:
            one.close()


def test_the_last_answer_reaches_who_sent_more_than_was_read(web: WebServer) -> None:
    with socket.create_connection(("127.0.0.1", web.port), timeout=5) as one:
        one.sendall(
            b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" + b"x" * 10_000
        )
        answer = b""
        while data := one.recv(4096):
            answer += data
    assert answer.startswith(b"HTTP/1.1 200")


def test_open_streams_do_not_hold_up_the_end_of_the_server(
    redis: Redis, web: WebServer, cookies: dict[str, str]
) -> None:
    server = WebServer(threads=THREADS)
    server.start()
    crowd = Crowd("127.0.0.1", server.port)
    one = listening(crowd, cookies[ECE])
    reader = threading.Thread(target=crowd.listen, args=(lambda: one.ended, 20))
    reader.start()
    took = server.stop(signal.SIGTERM)
    reader.join()
    assert one.ended and took < 15  # its patience is 20 s
    crowd.close()


def test_what_can_not_be_read_means_that_all_may_have_changed(
    redis: Redis, crowd: Crowd, cookies: dict[str, str]
) -> None:
    import redis as client

    one = listening(crowd, cookies[ECE], "tickets")
    with client.Redis.from_url(redis.url) as connection:
        connection.publish("destek:live", json.dumps({"made": "by another release"}))
        assert told(crowd, one, ["tickets"])


def test_who_falls_silent_in_the_middle_of_a_request_holds_no_thread_for_ever(
    redis: Redis,
) -> None:
    server = WebServer("tests.webserver.Impatient", threads=2)
    server.start()
    try:
        with contextlib.ExitStack() as peers:
            for _ in range(4):
                peer = peers.enter_context(socket.create_connection(("127.0.0.1", server.port)))
                peer.sendall(b"POST /webhooks/twilio/whatsapp HTTP/1.1\r\nHost: x\r\n")
            assert server.get("/healthz", timeout=10).status_code == 200
    finally:
        server.stop()
