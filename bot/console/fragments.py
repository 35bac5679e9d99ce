"""Live pages without a second way of drawing: the server renders parts, the browser swaps them.

An answer holds keyed items of lists and single blocks, each with a version. The browser exchanges
only what has another version. The cursor stands for everything that the parts are drawn from: a
browser that sends the cursor it has is told in a few bytes, and without any drawing, that nothing
changed. So asking every two seconds costs little.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable

from flask import Response, jsonify, request
from flask_login import current_user

from bot import clock

Item = tuple[str, str]  # key, HTML
Parts = tuple[dict[str, Iterable[Item]], dict[str, str]]  # lists by name, blocks by name
_LABELS_HOLD = 30  # shop seconds; labels such as "3 min" are drawn anew after them


def version(text: str) -> str:
    """Return a short digest of a text."""
    return hashlib.blake2b(text.encode(), digest_size=9).hexdigest()


def answer(mark: object, draw: Callable[[], Parts]) -> Response:
    """Return the JSON of a page's live parts, or `changed: false` for a cursor that still holds.

    `mark` is anything whose repr differs whenever the drawn parts could.
    """
    now = int(clock.now().timestamp()) // _LABELS_HOLD
    cursor = version(f"{mark!r}|{now}|{current_user.get_id()}|{current_user.language}")
    if request.args.get("cursor") == cursor:
        return jsonify(changed=False, cursor=cursor)
    lists, blocks = draw()
    return jsonify(
        changed=True,
        cursor=cursor,
        lists={
            name: [{"key": key, "version": version(html), "html": html} for key, html in items]
            for name, items in lists.items()
        },
        blocks={n: {"version": version(html), "html": html} for n, html in blocks.items()},
    )
