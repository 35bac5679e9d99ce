"""What to do when a provider refuses: templates, dead addresses, people to tell."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from bot import clock
from bot.channels import registry
from bot.channels.errors import Outcome, Remedy
from bot.conversations.models import Conversation, Customer, Identity, Message
from bot.gateway.outbox.tries import supersede
from bot.shop.queries import templates

DEFAULT_TEMPLATE = "update"  # the shop's general-purpose template; variable 1 is the text


def classify(channel: str, code: str) -> tuple[Outcome, Remedy]:
    """Return what a provider's error code means, by the channel's own table."""
    return registry.CHANNELS[channel].classify(code)


def mark_address(identity: Identity, remedy: Remedy, code: str) -> None:
    """Remember on the identity what a refusal says about its address."""
    if remedy is Remedy.ADDRESS_BAD:
        identity.unreachable = code or "unreachable"
    if remedy is Remedy.OPTED_OUT:
        identity.unreachable = code or "blocked"
        identity.opted_out_at = identity.opted_out_at or clock.now()


def template_for(session: Session, message: Message, identity: Identity) -> dict[str, Any] | None:
    """Return {name, sid, variables} for a message outside the free-text window, or None.

    The message's own template if it names one, else the shop's general one, in the customer's
    language, else in Turkish.
    """
    wanted = dict(message.template or {})
    name = str(wanted.get("name") or DEFAULT_TEMPLATE)
    versions = templates(session).get(name) or {}
    conversation = session.get(Conversation, message.conversation_id)
    language = conversation.language if conversation else "tr"
    version = versions.get(language) or versions.get("tr")
    if not version or not version.get("sid"):
        return None
    variables = wanted.get("variables")
    if variables is None:
        customer = session.get(Customer, identity.customer_id)
        values = {"text": " ".join(message.text.split()), "name": customer.name if customer else ""}
        variables = {
            str(i): str(values.get(v, ""))
            for i, v in enumerate(version.get("variables") or ["text"], start=1)
        }
    return {"name": name, "sid": str(version["sid"]), "variables": variables}


def switch_to_template(session: Session, message: Message, identity: Identity | None) -> bool:
    """Queue a refused free text again as a template, once; tell whether that was possible."""
    if identity is None or (message.template or {}).get("sid"):
        return False
    template = template_for(session, message, identity)
    if template is None:
        return False
    message.template = template
    supersede(message)
    return True


def drop_media(message: Message) -> bool:
    """Queue a refused message again without its file, once; tell whether words are left."""
    if not (message.attributes or {}).get("media_url") or not message.text:
        return False
    message.attributes = {k: v for k, v in message.attributes.items() if k != "media_url"}
    supersede(message)
    return True
