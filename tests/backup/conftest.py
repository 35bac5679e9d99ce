"""Installations on both databases, empty ones and one that is filled and saved."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.backup.shops import New, Shop, fill, maker
from tests.databases import Databases


@pytest.fixture
def new(all_databases: Databases, tmp_path: Path) -> Iterator[New]:
    """Return a function that makes an installation without tables on a kind of database."""
    with contextlib.ExitStack() as stack:
        yield maker(all_databases, tmp_path, stack)


@pytest.fixture(scope="module")
def saved(
    all_databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], tuple[Shop, Path]]]:
    """Return a function that gives a filled installation and its backup, for who changes neither."""
    with contextlib.ExitStack() as stack:
        make = maker(all_databases, tmp_path_factory.mktemp("saved"), stack)

        @functools.cache
        def filled(kind: str) -> tuple[Shop, Path]:
            shop = make(kind)
            fill(shop)
            return shop, shop.backup()

        yield filled
