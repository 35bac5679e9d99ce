"""Long alternatives of regular expressions, written one a line."""

from __future__ import annotations


def one_of(lines: str) -> str:
    """Return a group that matches any one of the lines, each an expression by itself."""
    return "(?:" + "|".join(line.strip() for line in lines.strip().splitlines()) + ")"
