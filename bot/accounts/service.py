"""Accounts: who may log in, and the record of what they did.

Passwords are kept as argon2id hashes with OWASP's minimum (19 MiB, two passes, one lane): a check
takes some 30 ms, and many at once do not fill the memory of a small server.
"""

from __future__ import annotations

import functools
import os
import re
import secrets
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy.orm import Session

from bot import config, db
from bot.accounts.models import AuditEntry, User
from bot.accounts.queries import by_email
from bot.errors import Conflict, InvalidInput

__all__ = [
    "ROLES", "add_user", "audit", "authenticate", "by_email", "ensure_demo_users", "set_language",
]

ROLES = ("admin", "supervisor", "agent")
SHORTEST_PASSWORD = 8  # characters; NIST SP 800-63B
LONGEST_PASSWORD = 1024  # characters; longer ones only cost us time
DEMO_USERS = (
    ("admin@example.com", "Yönetici", "admin"),
    ("agent1@example.com", "Deniz", "agent"),
    ("agent2@example.com", "Ece", "agent"),
)
DEMO_FILE = "demo-logins"

_hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,255}")


def _new_user(session: Session, email: str, name: str, role: str, password: str) -> User:
    address, name = email.strip().lower(), name.strip()
    if not _EMAIL.fullmatch(address):
        raise InvalidInput(f"not an e-mail address: {email!r}")
    if not name or len(name) > 200:
        raise InvalidInput("a name of 1 to 200 characters is needed")
    if role not in ROLES:
        raise InvalidInput(f"role must be one of {', '.join(ROLES)}, not {role!r}")
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise InvalidInput(f"a password needs {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters")
    made = db.insert_once(
        session, User, email=address, name=name, role=role, password_hash=_hasher.hash(password)
    )
    if not made:
        raise Conflict(f"there is already a user {address}")
    user = by_email(session, address)
    assert user is not None
    return user


def add_user(email: str, name: str, role: str, password: str) -> User:
    """Make a user who may log in; raise InvalidInput on bad values, Conflict on a known address."""
    with db.write() as session:
        user = _new_user(session, email, name, role, password)
        audit(session, None, "user.add", target=f"user:{user.id}", details={"role": role})
    return user


@functools.lru_cache(maxsize=1)
def _nobody() -> str:
    """Return a hash to check when nobody has the address, so that the answer takes as long."""
    return _hasher.hash(secrets.token_urlsafe(32))


def authenticate(session: Session, email: str, password: str) -> User | None:
    """Return the active user whose password this is, else None, in about the same time.

    How often one may try is the caller's matter: it knows the address the request came from.
    """
    user = by_email(session, email)
    try:
        _hasher.verify(
            user.password_hash if user else _nobody(), password[:LONGEST_PASSWORD]
        )
    except (VerificationError, InvalidHashError):
        return None
    return user if user is not None and user.is_active else None


def set_language(session: Session, user_id: int, language: str) -> None:
    """Set the language in which a user reads the console (tr or en)."""
    user = session.get(User, user_id)
    if user is not None and language in ("tr", "en"):
        user.language = language


def audit(
    session: Session, user_id: int | None, action: str, target: str = "",
    details: dict[str, Any] | None = None,
) -> None:
    """Record who did what to which object; details hold no words or numbers of a customer."""
    session.add(AuditEntry(user_id=user_id, action=action, target=target, details=details or {}))


def ensure_demo_users(data_dir: Path | None = None) -> list[tuple[str, str]]:
    """Make the demo's users that are missing; return (e-mail, password) of those newly made.

    Every password known so far is kept in `DATA_DIR/demo-logins`, readable by its owner only.
    """
    settings = config.load()
    folder = data_dir or settings.data_dir
    made: list[tuple[str, str]] = []
    with db.write() as session:
        for email, name, role in DEMO_USERS:
            if by_email(session, email) is None:
                password = settings.demo_password or secrets.token_urlsafe(12)
                _new_user(session, email, name, role, password)
                made.append((email, password))
        if made:  # before the commit: a user whose password nobody knows would be of no use
            _keep(folder / DEMO_FILE, made)
    return made


def _keep(path: Path, logins: list[tuple[str, str]]) -> None:
    known: dict[str, str] = {}
    if path.exists():
        for line in path.read_text().splitlines():
            address, _, word = line.partition(" ")
            known[address] = word
    known.update(logins)
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.writelines(f"{address} {word}\n" for address, word in known.items())
    fresh.chmod(0o600)
    fresh.replace(path)
