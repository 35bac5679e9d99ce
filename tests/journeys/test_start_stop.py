"""Starting, starting again, stopping: nothing is left behind."""

from __future__ import annotations

import time

import pytest

from tests.processes import alive, tree
from tests.stack import Stack


@pytest.mark.timeout(240)
def test_second_start_is_quick_and_ctrl_c_leaves_nothing(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    stack = Stack(tmp_path_factory.mktemp("start"))
    with stack:
        stack.ask("kargo ücreti ne kadar?", "+905389000001")
        pids = set(tree(stack.pid))
        assert len(pids) >= 6
        assert stack.stop() < 10
        deadline = time.monotonic() + 3
        while alive(sorted(pids)) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert alive(sorted(pids)) == []
        began = time.monotonic()
        stack.start()
        assert time.monotonic() - began < 40
        assert "14" in stack.ask("iade süresi kaç gün?", "+905389000001")
        assert stack.stop() < 10
