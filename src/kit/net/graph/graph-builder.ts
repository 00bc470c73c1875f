import { type Graph, inputName, layerNode, type LayerNode } from './graph.ts';
import type { AttributesOf, LayerKind } from './layers/index.ts';

/** Puts a graph together layer by layer; every method that adds a layer returns its name, to be the input of others. */
export class GraphBuilder {
  readonly data = inputName;
  readonly #layers: LayerNode[] = [];
  readonly #numbers = new Map<string, number>();

  add<Kind extends LayerKind>(
    kind: Kind,
    name: string,
    inputs: string | readonly string[],
    ...rest: object extends AttributesOf<Kind>
      ? [attributes?: AttributesOf<Kind>, parameterNames?: Record<string, string>]
      : [attributes: AttributesOf<Kind>, parameterNames?: Record<string, string>]
  ): string {
    const [attributes = {} as AttributesOf<Kind>, parameterNames] = rest;
    const node = layerNode({
      name,
      kind,
      inputs: typeof inputs === 'string' ? [inputs] : inputs,
      attributes,
      ...(parameterNames === undefined ? {} : { parameterNames }),
    });
    this.#layers.push(node);
    return name;
  }

  /** The name under which MXNet numbers the next node without a name: the first is `<hint>0`. */
  numbered(hint: string): string {
    const number = this.#numbers.get(hint) ?? 0;
    this.#numbers.set(hint, number + 1);
    return `${hint}${number}`;
  }

  /** The graph that ends in `outputs`. */
  build(input: Graph['input'], ...outputs: readonly string[]): Graph {
    return { input, layers: [...this.#layers], outputs };
  }
}
