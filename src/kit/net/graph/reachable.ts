/** The names by which the nodes of a graph refer to each other's values. */
export interface NodeLinks<Node, Value> {
  readonly inputs: (node: Node) => readonly Value[];
  readonly outputs: (node: Node) => readonly Value[];
}

/** The nodes that the values `wanted` depend on, in their order. */
export function reachable<Node, Value extends string | number>(
  nodes: readonly Node[],
  wanted: readonly Value[],
  links: NodeLinks<Node, Value>,
): Node[] {
  const makers = new Map(nodes.flatMap((node) => links.outputs(node).map((value) => [value, node] as const)));
  const found = new Set<Node>();
  const waiting = [...wanted];
  for (let value = waiting.pop(); value !== undefined; value = waiting.pop()) {
    const node = makers.get(value);
    if (node === undefined || found.has(node)) continue;
    found.add(node);
    waiting.push(...links.inputs(node));
  }
  return nodes.filter((node) => found.has(node));
}

/** The layers that the outputs depend on. */
export function reachableLayers<Layer extends { readonly name: string; readonly inputs: readonly string[] }>(
  layers: readonly Layer[],
  outputs: readonly string[],
): Layer[] {
  return reachable(layers, outputs, { inputs: ({ inputs }) => inputs, outputs: ({ name }) => [name] });
}
