"""The desk's pages and their live answers, as agents meet them."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from bot import db
from bot.conversations.models import Attachment
from bot.conversations.states import Author, Handling, WaitReason
from tests import databases
from tests.console import stage
from tests.console.conftest import post, token
from tests.console.stage import AYSE, ELIF, JOHN, MEHMET


def names(client: FlaskClient, tab: str) -> list[str]:
    page = client.get(f"/console/?tab={tab}").text
    return re.findall(r'class="row-name">([^<]+)<', page)


def page_of(phone: str, more: str = "") -> str:
    return f"/console/conversations/{stage.uid_of(phone)}{more}"


def live(client: FlaskClient, path: str, cursor: str = "") -> dict:  # type: ignore[type-arg]
    answer = client.get(f"{path}{'&' if '?' in path else '?'}cursor={cursor}")
    assert answer.status_code == 200 and answer.json is not None
    return answer.json


def test_the_earliest_promise_comes_first_and_everything_else_after(deniz: FlaskClient) -> None:
    for phone in (AYSE, MEHMET, ELIF, JOHN):
        stage.customer_writes(phone, "merhaba")
    stage.waits(ELIF, minutes=40, promised_in=15)
    stage.waits(AYSE, minutes=4, promised_in=5)
    assert names(deniz, "waiting") == ["Ayşe Kaya", "Elif Şahin"]
    assert names(deniz, "all") == ["Ayşe Kaya", "Elif Şahin", "John Smith", "Mehmet Demir"]


def test_a_waiting_row_tells_how_long_and_what_was_promised(deniz: FlaskClient) -> None:
    stage.customer_writes(AYSE, "bir insanla konuşmak istiyorum")
    stage.waits(AYSE, minutes=12, promised_in=-2)
    page = deniz.get("/console/").text
    assert "12 dk bekliyor" in page
    assert "söz: " in page and 'class="promise late"' in page


@pytest.mark.parametrize("make_app", databases.KINDS, indirect=True)
def test_danger_comes_first_then_urgent_tickets_then_the_rest(deniz: FlaskClient) -> None:
    for phone in (AYSE, MEHMET, ELIF, JOHN):
        stage.customer_writes(phone, "merhaba")
    stage.waits(AYSE, promised_in=5)
    stage.waits(MEHMET, promised_in=50, reason=WaitReason.RULE)
    stage.waits(ELIF, promised_in=60, summary={"danger": True}, reason=WaitReason.RULE)
    stage.waits(JOHN, promised_in=40)
    stage.ticket(MEHMET, priority="urgent")
    stage.ticket(AYSE, priority="high")
    assert names(deniz, "waiting") == ["Elif Şahin", "Mehmet Demir", "Ayşe Kaya", "John Smith"]
    page = deniz.get("/console/").text
    assert page.count("pill-urgent") == 2 and page.count("Acil") == 2
    assert "kural gereği" in page and "müşteri istedi" in page


def test_danger_is_the_first_line_of_the_summary(deniz: FlaskClient) -> None:
    stage.customer_writes(AYSE, "merhaba")
    stage.waits(AYSE, summary={"wish": "track_order", "ticket": "T-10001", "words": "nerede"})
    before = live(deniz, page_of(AYSE).replace("/console/", "/console/api/"))["cursor"]
    stage.waits(AYSE, summary={"danger": True, "ticket": "T-10002", "words": "duman çıkıyor"})
    page = deniz.get(page_of(AYSE)).text
    summary = page.split('<details class="summary"')[1].split("</details>")[0]
    assert summary.index("Güvenlik tehlikesi") < summary.index("Neden bekliyor")
    assert "T-10001 · T-10002" in summary and "duman çıkıyor" in summary
    assert live(deniz, page_of(AYSE).replace("/console/", "/console/api/"), before)["changed"]


def test_a_row_shows_what_the_customer_said_last_and_not_the_notice(deniz: FlaskClient) -> None:
    stage.customer_writes(AYSE, "kapıdaki kurye gitti")
    stage.bot_says(AYSE, "Sizi ekibimize aktarıyorum.")
    stage.waits(AYSE)
    for tab in ("waiting", "all"):
        page = deniz.get(f"/console/?tab={tab}").text
        assert "kapıdaki kurye gitti" in page and "aktarıyorum" not in page
    stage.agent_takes(AYSE, stage.DENIZ)
    stage.agent_says(AYSE, stage.DENIZ, "Arıyoruz.")
    assert "Arıyoruz." in deniz.get("/console/?tab=mine").text


def test_mine_holds_mine_only(deniz: FlaskClient, ece: FlaskClient) -> None:
    stage.customer_writes(AYSE, "merhaba")
    stage.customer_writes(MEHMET, "merhaba")
    stage.agent_takes(AYSE, stage.DENIZ)
    stage.agent_takes(MEHMET, stage.ECE)
    assert names(deniz, "mine") == ["Ayşe Kaya"]
    assert names(ece, "mine") == ["Mehmet Demir"]


@pytest.mark.parametrize("tab", ["waiting", "mine", "all"])
def test_an_empty_list_teaches(deniz: FlaskClient, tab: str) -> None:
    assert 'class="empty empty-list"' in deniz.get(f"/console/?tab={tab}").text


def test_nothing_new_is_said_in_a_few_bytes(deniz: FlaskClient) -> None:
    stage.customer_writes(AYSE, "merhaba")
    for path in ("/console/api/inbox?tab=all", f"/console/api/conversations/{stage.uid_of(AYSE)}"):
        first = live(deniz, path)
        assert first["changed"]
        again = live(deniz, path, first["cursor"])
        assert again == {"changed": False, "cursor": first["cursor"]}


def _writes() -> None:
    stage.customer_writes(AYSE, "orada mısınız?")


def _answers() -> None:
    stage.bot_says(AYSE, "Buradayım.")


def _waits() -> None:
    stage.waits(AYSE)


def _taken() -> None:
    stage.agent_takes(AYSE, stage.ECE)


def _photo() -> None:
    stage.fetch_files()


@pytest.mark.parametrize("change", [_writes, _answers, _waits, _taken, _photo])
def test_whatever_changes_is_told(deniz: FlaskClient, change: Callable[[], None]) -> None:
    stage.customer_writes(AYSE, "bakın", attachment=stage.photo())
    path = f"/console/api/conversations/{stage.uid_of(AYSE)}"
    before = live(deniz, path)
    change()
    after = live(deniz, path, before["cursor"])
    assert after["changed"]

    def versions(news: dict) -> set[str]:  # type: ignore[type-arg]
        parts = [*news["lists"]["messages"], *news["blocks"].values()]
        return {part["version"] for part in parts}

    assert versions(after) != versions(before)


@pytest.mark.parametrize("change", [_writes, _answers, _waits, _taken])
def test_whatever_changes_in_the_list_is_told(
    deniz: FlaskClient, change: Callable[[], None]
) -> None:
    stage.customer_writes(AYSE, "merhaba")
    before = live(deniz, "/console/api/inbox?tab=all")
    change()
    after = live(deniz, "/console/api/inbox?tab=all", before["cursor"])
    assert after["changed"] and after["lists"] != before["lists"]


def test_what_is_unchanged_keeps_its_version(deniz: FlaskClient) -> None:
    stage.customer_writes(AYSE, "bir")
    path = f"/console/api/conversations/{stage.uid_of(AYSE)}"
    before = live(deniz, path)["lists"]["messages"]
    stage.customer_writes(AYSE, "iki")
    after = live(deniz, path)["lists"]["messages"]
    assert after[: len(before)] == before and len(after) == len(before) + 1


def test_the_second_to_take_is_told_who_has_it(deniz: FlaskClient, ece: FlaskClient) -> None:
    stage.customer_writes(AYSE, "temsilci")
    stage.waits(AYSE)
    post(deniz, page_of(AYSE, "/take"))
    post(ece, page_of(AYSE, "/take"))
    assert "Deniz adlı arkadaşınızda" in ece.get(page_of(AYSE)).text
    assert names(ece, "mine") == []


def test_an_answer_goes_out_only_from_whoever_has_it(deniz: FlaskClient, ece: FlaskClient) -> None:
    stage.customer_writes(AYSE, "temsilci")
    stage.agent_takes(AYSE, stage.DENIZ)
    json = {"Accept": "application/json"}

    def reply(client: FlaskClient, text: str):  # type: ignore[no-untyped-def]
        form = {"text": text, "csrf_token": token(client, "/console/")}
        return client.post(page_of(AYSE, "/reply"), data=form, headers=json)

    assert reply(deniz, "Buyurun, ben Deniz.").status_code == 204
    refused = reply(ece, "Ben de buradayım.")
    assert refused.status_code == 409 and "Deniz" in refused.json["detail"]
    assert reply(deniz, "   ").status_code == 409
    assert stage.sent_texts(AYSE, Author.USER) == ["Buyurun, ben Deniz."]


def test_an_answer_works_without_scripts_too(deniz: FlaskClient) -> None:
    stage.customer_writes(AYSE, "temsilci")
    stage.agent_takes(AYSE, stage.DENIZ)
    answer = post(deniz, page_of(AYSE, "/reply"), text="Merhaba Ayşe Hanım")
    assert answer.status_code == 302
    assert "Merhaba Ayşe Hanım" in deniz.get(page_of(AYSE)).text


@pytest.mark.parametrize(
    ("move", "state"),
    [("hand-back", Handling.BOT), ("leave", Handling.WAITING), ("resolve", Handling.RESOLVED)],
)
def test_the_agent_lets_go_in_three_ways(deniz: FlaskClient, move: str, state: Handling) -> None:
    stage.customer_writes(AYSE, "temsilci")
    stage.agent_takes(AYSE, stage.DENIZ)
    post(deniz, page_of(AYSE, f"/{move}"))
    assert stage.state_of(AYSE) is state


@pytest.mark.parametrize("move", ["hand-back", "leave", "resolve"])
def test_nobody_lets_go_of_what_another_has(
    deniz: FlaskClient, ece: FlaskClient, move: str
) -> None:
    stage.customer_writes(AYSE, "temsilci")
    stage.agent_takes(AYSE, stage.DENIZ)
    post(ece, page_of(AYSE, f"/{move}"))
    assert stage.state_of(AYSE) is Handling.AGENT


@pytest.mark.parametrize("move", ["take", "reply", "hand-back", "leave", "resolve"])
def test_no_move_without_the_pages_token(deniz: FlaskClient, move: str) -> None:
    stage.customer_writes(AYSE, "temsilci")
    assert deniz.post(page_of(AYSE, f"/{move}"), data={"text": "x"}).status_code == 400
    assert stage.state_of(AYSE) is Handling.BOT


@pytest.mark.parametrize("move", ["take", "reply", "hand-back", "leave", "resolve"])
def test_no_move_without_signing_in(visitor: FlaskClient, move: str) -> None:
    stage.customer_writes(AYSE, "temsilci")
    post(visitor, page_of(AYSE, f"/{move}"), text="x")
    assert stage.state_of(AYSE) is Handling.BOT
    assert stage.sent_texts(AYSE, Author.USER) == []


def test_a_conversation_that_is_not_there_is_404(deniz: FlaskClient) -> None:
    assert deniz.get("/console/conversations/nothing").status_code == 404
    assert deniz.get("/console/api/conversations/nothing").status_code == 404
    assert post(deniz, "/console/conversations/nothing/take").status_code == 404


def test_the_summary_is_read_in_ten_seconds(deniz: FlaskClient) -> None:
    stage.customer_writes(AYSE, "kahve makinem gelmedi")
    stage.waits(AYSE, summary={
        "wish": "track_order", "order_number": "1024", "language": "tr", "turn_id": "t1",
        "answers": {"case_text": "kutusu ezik", "case_photo": "yes"}, "unclear": ["a", "b"],
        "words": "ne zaman gelir <b>", "mood": "abuse", "ticket": "T-20999", "danger": True,
        "asked_order": True, "something_new": "ignored",
    })
    page = deniz.get(page_of(AYSE)).text
    box = page.split('class="summary"')[1].split("</details>")[0]
    assert 5 <= box.count("<dt>") <= 10
    for text in ("1024", "kutusu ezik", "T-20999", "ne zaman gelir &lt;b&gt;"):
        assert text in box
    assert "track_order" not in box and "t1" not in box


def test_the_panel_knows_orders_and_tickets(deniz: FlaskClient) -> None:
    stage.customer_writes(MEHMET, "kaydım ne oldu")
    page = deniz.get(page_of(MEHMET)).text
    panel = page.split('class="panel"')[1]
    for text in ("1026", "1027", "T-20931", "mehmet.demir@example.com"):
        assert text in panel
    assert "1024" not in panel


def test_a_long_thread_shows_its_end_and_the_rest_on_demand(deniz: FlaskClient) -> None:
    for number in range(90):
        stage.customer_writes(AYSE, f"mesaj {number}.")
    page = deniz.get(page_of(AYSE)).text
    assert "mesaj 89." in page and "mesaj 5." not in page
    more = re.search(r'href="([^"]+show=\d+[^"]*)"', page)
    assert more is not None
    assert "mesaj 0." in deniz.get(more[1].replace("&amp;", "&")).text


@pytest.mark.parametrize("make_app", databases.KINDS, indirect=True)
def test_the_pages_read_the_same_from_every_database(deniz: FlaskClient) -> None:
    for phone in (AYSE, MEHMET, JOHN):
        stage.customer_writes(phone, "merhaba", attachment=stage.photo())
    stage.bot_says(AYSE, "Buyurun", ("Bir", "İki"))
    stage.waits(AYSE, minutes=5, summary={"wish": "track_order"})
    stage.agent_takes(MEHMET, stage.DENIZ)
    stage.agent_says(MEHMET, stage.DENIZ, "Buyurun Mehmet Bey")
    assert names(deniz, "all") == ["Ayşe Kaya", "John Smith", "Mehmet Demir"]
    news = live(deniz, f"/console/api/conversations/{stage.uid_of(MEHMET)}")
    assert "Buyurun Mehmet Bey" in news["lists"]["messages"][-1]["html"]
    assert live(deniz, "/console/api/inbox?tab=mine")["lists"]["rows"][0]["key"] == stage.uid_of(
        MEHMET
    )
    phone = deniz.get("/simulator/api/messages", query_string={"phone": AYSE}).json
    assert phone is not None and [m["mine"] for m in phone["messages"]] == [True, False]
    assert 'destek_conversations{state="waiting"} 1.0' in deniz.get("/metrics").text


# Files

def uid_of_file(phone: str) -> str:
    with db.read() as session:
        conversation = stage.conversation_of(session, phone)
        return str(session.query(Attachment.uid).filter(
            Attachment.message.has(conversation_id=conversation.id)
        ).scalar())


def test_a_photo_is_shown_once_it_is_there(deniz: FlaskClient) -> None:
    stage.customer_writes(AYSE, "bakın", attachment=stage.photo())
    assert "getiriliyor…" in deniz.get(page_of(AYSE)).text
    path = f"/console/media/{uid_of_file(AYSE)}"
    assert deniz.get(path).status_code == 404
    stage.fetch_files()
    assert f'<img src="{path}"' in deniz.get(page_of(AYSE)).text
    answer = deniz.get(path, buffered=True)
    assert answer.data == stage.PIXEL and answer.content_type == "image/png"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_voice_note_can_be_played_and_wound(deniz: FlaskClient) -> None:
    stage.customer_writes(AYSE, attachment={
        **stage.photo(b"OggS" + b"x" * 100, "ses.ogg", "audio/ogg"), "kind": "voice",
    })
    stage.fetch_files()
    assert '<audio class="voice" controls' in deniz.get(page_of(AYSE)).text
    part = deniz.get(f"/console/media/{uid_of_file(AYSE)}", headers={"Range": "bytes=0-3"}, buffered=True)
    assert part.status_code == 206 and part.data == b"OggS"


def test_files_are_for_people_at_the_desk_only(visitor: FlaskClient) -> None:
    stage.customer_writes(AYSE, "bakın", attachment=stage.photo())
    stage.fetch_files()
    assert visitor.get(f"/console/media/{uid_of_file(AYSE)}").status_code == 302


@pytest.mark.parametrize("kind", ["text/html", "image/svg+xml", "text/xml", "", "image/png-x"])
def test_what_could_run_is_only_ever_saved(deniz: FlaskClient, kind: str) -> None:
    stage.customer_writes(AYSE, "bakın", attachment=stage.photo(b"<script>alert(1)</script>"))
    stage.fetch_files()
    with db.write() as session:
        session.query(Attachment).update({"content_type": kind, "file_name": "a\u202e.html"})
    answer = deniz.get(f"/console/media/{uid_of_file(AYSE)}", buffered=True)
    assert answer.content_type == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "<img" not in deniz.get(page_of(AYSE)).text


@pytest.mark.parametrize("path", ["../secrets/secret_key", "/etc/passwd", "aa/../../x", "gone/x"])
def test_no_path_leads_out_of_the_media_folder(deniz: FlaskClient, path: str) -> None:
    stage.customer_writes(AYSE, "bakın", attachment=stage.photo())
    stage.fetch_files()
    with db.write() as session:
        session.query(Attachment).update({"path": path})
    assert deniz.get(f"/console/media/{uid_of_file(AYSE)}").status_code == 404
