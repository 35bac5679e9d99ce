"""Runs a loaded model's graph node by node, in an order that is found once.

Rasa hands the graph to dask, which orders it anew and starts a scheduler for every message.
"""

from __future__ import annotations

import graphlib
from typing import Any

from rasa.engine.exceptions import GraphRunError
from rasa.engine.graph import GraphNode, GraphSchema
from rasa.engine.runner.dask import DaskGraphRunner

Step = tuple[str, GraphNode, tuple[str, ...]]


class OrderedRunner(DaskGraphRunner):
    """The same nodes as the runner that loaded them, without a scheduler."""

    _graph_schema: GraphSchema
    _instantiated_nodes: dict[str, GraphNode]
    _plans: dict[tuple[str, ...], list[Step]]

    @classmethod
    def around(cls, loaded: DaskGraphRunner) -> OrderedRunner:
        """Return a runner of the nodes that another one has loaded."""
        ordered = cls.__new__(cls)
        ordered.__dict__.update(loaded.__dict__)
        ordered._plans = {}
        return ordered

    def run(
        self, inputs: dict[str, Any] | None = None, targets: list[str] | None = None
    ) -> dict[str, Any]:
        """Run what the targets need; return their outputs by name (see Rasa's own runner)."""
        wanted = tuple(targets or self._graph_schema.target_names)
        if wanted not in self._plans:
            self._plans[wanted] = self._plan(wanted)
        given = {name: (name, value) for name, value in (inputs or {}).items()}
        outputs: dict[str, Any] = dict(given)
        try:
            for name, node, needs in self._plans[wanted]:
                # A node that gets a bare name complains of it.
                outputs[name] = node(*(outputs.get(need, need) for need in needs))
        except RuntimeError as error:
            raise GraphRunError("Error running runner.") from error
        return dict(outputs[name] for name in wanted)

    def _plan(self, targets: tuple[str, ...]) -> list[Step]:
        nodes = self._graph_schema.minimal_graph_schema(list(targets)).nodes
        needs = {name: tuple(node.needs.values()) for name, node in nodes.items()}
        order = graphlib.TopologicalSorter(needs).static_order()
        return [(n, self._instantiated_nodes[n], needs[n]) for n in order if n in nodes]
