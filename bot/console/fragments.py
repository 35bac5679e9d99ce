"""Live pages without a second way of drawing: the server renders parts, the browser swaps them.

An answer holds keyed items of lists and single blocks, each with a version. The browser exchanges
only what has another version. `cursor` is a digest of all versions: a browser that sends the cursor
it has is told in a few bytes that nothing changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from flask import Response, jsonify, request

Item = tuple[str, str]  # key, HTML


def version(html: str) -> str:
    """Return a short digest of a rendered part."""
    return hashlib.blake2b(html.encode(), digest_size=9).hexdigest()


def answer(lists: dict[str, Iterable[Item]], blocks: dict[str, str]) -> Response:
    """Return the JSON of a page's live parts, or `changed: false` for a cursor that still holds."""
    drawn = {
        name: [{"key": key, "version": version(html), "html": html} for key, html in items]
        for name, items in lists.items()
    }
    single = {name: {"version": version(html), "html": html} for name, html in blocks.items()}
    cursor = version(
        "|".join(
            [f"{name}:{item['key']}:{item['version']}" for name in drawn for item in drawn[name]]
            + [f"{name}={block['version']}" for name, block in single.items()]
        )
    )
    if request.args.get("cursor") == cursor:
        return jsonify(changed=False, cursor=cursor)
    return jsonify(changed=True, cursor=cursor, lists=drawn, blocks=single)
