"""A number found in a text, with its place and what else it is."""

from __future__ import annotations

from typing import NamedTuple


class Hit(NamedTuple):
    """A number and its place; ``why`` names what else it is, "" for nothing else."""

    value: str
    start: int
    end: int
    behind: int  # the end of the ending that is written onto it
    why: str
    labelled: bool  # by a word of orders, a number sign, "nolu"
