"""Signing in: what works, what does not, and how often one may try."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from bot import db
from bot.accounts import service
from bot.accounts.models import User
from tests.console import stage
from tests.console.conftest import Make, post, signed_in, token


def attempt(client: FlaskClient, email: str, password: str, target: str = ""):  # type: ignore[no-untyped-def]
    form = {"email": email, "password": password, "csrf_token": token(client)}
    path = "/console/login" + (f"?next={target}" if target else "")
    return client.post(path, data=form)


def test_the_right_password_opens_the_inbox(visitor: FlaskClient) -> None:
    assert attempt(visitor, stage.DENIZ, stage.PASSWORD).headers["Location"] == "/console/"
    assert "Deniz" in visitor.get("/console/").text


def test_a_wrong_password_says_so_and_keeps_the_address(visitor: FlaskClient) -> None:
    answer = attempt(visitor, stage.DENIZ, "wrong")
    assert answer.status_code == 401
    assert "E-posta ya da parola yanlış" in answer.text and stage.DENIZ in answer.text
    assert visitor.get("/console/").status_code == 302


def test_nobody_gets_in_without_the_forms_token(visitor: FlaskClient) -> None:
    form = {"email": stage.DENIZ, "password": stage.PASSWORD}
    assert visitor.post("/console/login", data=form).status_code == 400


@pytest.mark.parametrize("path", ["/console/", "/console/conversations/x", "/console/media/x"])
def test_pages_ask_to_sign_in_and_lead_back(visitor: FlaskClient, path: str) -> None:
    answer = visitor.get(path)
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"/console/login?next={path}"


def test_a_json_route_answers_401_instead_of_a_page(visitor: FlaskClient) -> None:
    answer = visitor.get("/console/api/inbox")
    assert answer.status_code == 401
    assert answer.content_type == "application/problem+json"


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "/webhooks/x",
     "/console/\\..//evil", "javascript:alert(1)", "/console/%0d%0aX: y"],
)
def test_signing_in_never_leads_out_of_the_product(visitor: FlaskClient, target: str) -> None:
    assert attempt(visitor, stage.DENIZ, stage.PASSWORD, target).headers["Location"] == "/console/"


def test_signing_in_leads_back_to_the_page_asked_for(visitor: FlaskClient) -> None:
    answer = attempt(visitor, stage.DENIZ, stage.PASSWORD, "/console/?tab=all")
    assert answer.headers["Location"] == "/console/?tab=all"


def test_after_five_wrong_tries_one_has_to_wait_but_others_do_not(app: Flask) -> None:
    guesser, other = app.test_client(), app.test_client()
    answers = [attempt(guesser, stage.DENIZ, f"guess {n}").status_code for n in range(6)]
    assert answers == [401] * 5 + [429]
    blocked = attempt(guesser, stage.DENIZ, stage.PASSWORD)
    assert blocked.status_code == 429 and "biraz bekleyin" in blocked.text
    assert attempt(other, stage.ECE, stage.PASSWORD).status_code == 302


def test_right_passwords_are_not_counted(app: Flask) -> None:
    for _ in range(8):
        signed_in(app, stage.DENIZ)


def test_ending_a_users_sessions_ends_them(app: Flask, deniz: FlaskClient) -> None:
    assert deniz.get("/console/").status_code == 200
    with db.write() as session:
        user = service.by_email(session, stage.DENIZ)
        assert user is not None
        session.get(User, user.id).session_epoch += 1
    assert deniz.get("/console/").status_code == 302


def test_a_user_who_is_switched_off_is_out_at_once(deniz: FlaskClient) -> None:
    with db.write() as session:
        user = service.by_email(session, stage.DENIZ)
        assert user is not None
        user.is_active = False
    assert deniz.get("/console/").status_code == 302


def test_signing_out_signs_out(deniz: FlaskClient) -> None:
    assert post(deniz, "/console/logout").status_code == 302
    assert deniz.get("/console/").status_code == 302


@pytest.mark.parametrize(
    ("address", "secure"), [("http://127.0.0.1:8000", False), ("https://shop.example", True)]
)
def test_the_cookie_is_secure_where_the_address_is(
    make_app: Make, address: str, secure: bool
) -> None:
    cookie = make_app(PUBLIC_BASE_URL=address).test_client().get("/console/login").headers[
        "Set-Cookie"
    ]
    assert ("Secure" in cookie) is secure
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie


def test_each_user_has_their_own_language(deniz: FlaskClient, ece: FlaskClient) -> None:
    post(deniz, "/console/language", language="en", back="/console/")
    assert 'lang="en"' in deniz.get("/console/").text
    assert 'lang="tr"' in ece.get("/console/").text


def test_a_visitor_reads_the_language_of_the_browser(visitor: FlaskClient) -> None:
    english = visitor.get("/console/login", headers={"Accept-Language": "en-GB,en;q=0.9"})
    german = visitor.get("/console/login", headers={"Accept-Language": "de"})
    assert "Sign in" in english.text and "Giriş yap" in german.text
