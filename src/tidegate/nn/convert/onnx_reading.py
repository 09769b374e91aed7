"""Which recurrent nodes of an ONNX graph make a stack of layers, and what lies between them.

Exporters write a stack as one node per layer, with nodes between that merge the directions; ours also as ReduceSum,
ReduceMean, LayerNormalization and Add. These are walked backwards, from what a node reads to the node before it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.errors import SettingError
from tidegate.nn.convert.onnx_nodes import ROWS, called, library, named_inputs
from tidegate.nn.convert.onnx_writing import NORM_EPSILON

if TYPE_CHECKING:
    from collections.abc import Mapping

    import onnx

    from tidegate.nn.options import Merge

TIME_BATCH, DIRECTIONS_LAST = [1, 0, 2], [0, 2, 1, 3]
_MOVING = frozenset({"Cast", "Expand", "Identity", "Slice", "Split", "Squeeze", "Tile", "Transpose", "Unsqueeze"})


@dataclass(frozen=True)
class Link:
    """What happens to a node's outputs.

    Parameters
    ----------
    source
        The node.
    merge
        How its directions become one.
    norm
        Weight and bias of a layer normalisation; None for none.
    residual
        Whether the node's inputs are added.
    swapped
        Whether time and batch change places.
    """

    source: onnx.NodeProto
    merge: Merge = "concat"
    norm: tuple[np.ndarray, np.ndarray] | None = None
    residual: bool = False
    swapped: bool = False


@dataclass
class Chain:
    """The recurrent nodes of a graph, each reading from the one before.

    Parameters
    ----------
    nodes
        In the order of the layers.
    links
        What happens to the outputs of each.
    swapped
        Whether time and batch change places before the first.
    constants
        Initializers and constants of the graph by name.
    """

    nodes: list[onnx.NodeProto]
    links: list[Link]
    swapped: bool
    constants: dict[str, np.ndarray] = field(repr=False)


def read_chain(graph: onnx.GraphProto) -> Chain:
    """Return the recurrent nodes of `graph` and what lies between them.

    Raises
    ------
    SettingError
        Where there is none, where one does not read from the one before alone, or where a constant start or length
        is part of the graph.
    """
    view = _View(graph)
    nodes = [node for node in view.nodes if node.op_type in ROWS]
    if not nodes:
        raise SettingError(f"graph {graph.name!r} has no recurrent node ({', '.join(ROWS)})")
    links = []
    for before, node in pairwise(nodes):
        link = view.walk(node.input[0])
        if link is None or link.source is not before or link.swapped:
            raise SettingError(
                f"{called(node)} does not read from {called(before)} as a layer of a stack does. "
                "Read each with from_node"
            )
        links.append(link)
    links.append(view.last(nodes[-1]))
    for node in nodes:
        view.check_given(node)
    entry = view.producers.get(nodes[0].input[0])
    swapped = entry is not None and entry.op_type == "Transpose" and view.attributes(entry).get("perm") == TIME_BATCH
    return Chain(nodes, links, swapped, view.constants)


class _View:
    """A graph by the names of its values."""

    def __init__(self, graph: onnx.GraphProto) -> None:
        self.nodes = list(graph.node)
        self.producers = {name: node for node in self.nodes for name in node.output if name}
        to_array = library().numpy_helper.to_array
        self.constants = {entry.name: to_array(entry) for entry in graph.initializer}
        for node in self.nodes:
            if node.op_type == "Constant" and node.attribute[0].name == "value":
                self.constants[node.output[0]] = to_array(node.attribute[0].t)

    def attributes(self, node: onnx.NodeProto) -> Mapping[str, Any]:
        return {entry.name: library().helper.get_attribute_value(entry) for entry in node.attribute}

    def last(self, node: onnx.NodeProto) -> Link:
        """Return the longest way from the outputs of `node` that can be read."""
        names = [name for name in self.producers if (link := self.walk(name)) is not None and link.source is node]
        return self.walk(names[-1]) or Link(node) if names else Link(node)

    def walk(self, name: str) -> Link | None:
        """Return what lies between the value `name` and the recurrent node it comes from; None where it is no chain."""
        node = self.producers.get(name)
        if node is None:
            return None
        if node.op_type in ROWS:
            return Link(node) if name == node.output[0] else None
        if node.op_type == "Add":
            return self._added(node)
        before = self.walk(node.input[1 if node.op_type == "Where" else 0]) if node.input else None
        return None if before is None else self._passed(before, node)

    def _passed(self, link: Link, node: onnx.NodeProto) -> Link | None:
        """Return `link` with what `node` adds to it; None where the node is not part of a stack."""
        attributes, perm = self.attributes(node), self.attributes(node).get("perm")
        passed = None
        match node.op_type:
            case "Identity" | "Reshape" | "Squeeze":
                passed = link
            case "Transpose" if perm == DIRECTIONS_LAST:
                passed = link
            case "Transpose" if perm == TIME_BATCH:
                passed = replace(link, swapped=not link.swapped)
            case "ReduceSum" | "ReduceMean" if self._over_directions(link, node, attributes):
                passed = replace(link, merge="sum" if node.op_type == "ReduceSum" else "mean")
            case "LayerNormalization" if self._is_ours(node, attributes):
                weight, bias = (self.constants[name] for name in node.input[1:])
                passed = replace(link, norm=(weight, bias))
            case "Where" if link.norm is not None and self._is_zero(node.input[2]):
                passed = link
        return passed

    def _added(self, node: onnx.NodeProto) -> Link | None:
        for name, other in (tuple(node.input), tuple(node.input)[::-1]):
            link = self.walk(name)
            if link is not None and not link.residual and other == link.source.input[0]:
                return replace(link, residual=True)
        return None

    def _over_directions(self, link: Link, node: onnx.NodeProto, attributes: Mapping[str, Any]) -> bool:
        """Whether a reduction is over the directions' axis alone and removes it."""
        given = self.constants.get(node.input[1]) if len(node.input) > 1 else attributes.get("axes")
        axis = 2 if self.attributes(link.source).get("layout", 0) == 1 else 1
        return given is not None and list(given) == [axis] and attributes.get("keepdims", 1) == 0

    def _is_ours(self, node: onnx.NodeProto, attributes: Mapping[str, Any]) -> bool:
        """Whether a normalisation is over the features with constant weight and bias, as torch's is."""
        epsilon = attributes.get("epsilon", NORM_EPSILON)
        known = len(node.input) == 3 and all(name in self.constants for name in node.input[1:])
        return known and attributes.get("axis", -1) in (-1, 2) and bool(np.isclose(epsilon, NORM_EPSILON, rtol=1e-6))

    def _is_zero(self, name: str) -> bool:
        return name in self.constants and not np.any(self.constants[name])

    def check_given(self, node: onnx.NodeProto) -> None:
        """Refuse lengths and starts that stand in the graph, which a layer does not hold: zeros excepted."""
        given = named_inputs(node)
        for role in ("sequence_lens", "initial_h", "initial_c"):
            name = given.get(role, "")
            while name not in self.constants and name in self.producers and self.producers[name].op_type in _MOVING:
                name = self.producers[name].input[0]
            if name in self.constants and (role == "sequence_lens" or np.any(self.constants[name])):
                raise SettingError(
                    f"{role} of {called(node)} is a constant in the model, which a layer does not hold. "
                    "Remove it there and give it in the call"
                )
