import { type Graph, inputName, type LayerNode, type LayerNodeOf } from './graph.ts';
import type { AttributesOf, LayerKind } from './layers/index.ts';

/** Puts a graph together layer by layer; every method that adds a layer gives its name, to be the input of others. */
export class GraphBuilder {
  readonly data = inputName;
  readonly #layers: LayerNode[] = [];

  add<Kind extends LayerKind>(
    kind: Kind,
    name: string,
    inputs: string | readonly string[],
    ...rest: object extends AttributesOf<Kind>
      ? [attributes?: AttributesOf<Kind>, parameterNames?: Record<string, string>]
      : [attributes: AttributesOf<Kind>, parameterNames?: Record<string, string>]
  ): string {
    const [attributes = {} as AttributesOf<Kind>, parameterNames] = rest;
    const node: LayerNodeOf<Kind> = {
      name,
      kind,
      inputs: typeof inputs === 'string' ? [inputs] : inputs,
      attributes,
      ...(parameterNames === undefined ? {} : { parameterNames }),
    };
    this.#layers.push(node as LayerNode);
    return name;
  }

  /** The graph that ends in `outputs`. */
  build(input: Graph['input'], ...outputs: readonly string[]): Graph {
    return { input, layers: [...this.#layers], outputs };
  }
}
