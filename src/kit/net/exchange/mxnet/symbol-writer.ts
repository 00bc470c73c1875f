import type { MxnetEntry, MxnetNode, MxnetSymbol } from '../../../codec/mxnet/mxnet-symbol.ts';

/** Attributes of an operator before they become text. */
export type AttributeValues = Readonly<Record<string, string | number | boolean | readonly number[]>>;

/** An operator to be written. */
export interface OperatorCall {
  readonly name: string;
  readonly inputs: readonly MxnetEntry[];
  readonly attributes?: AttributeValues;
  /** How many values the operator has, with those that only training looks at; 1 unless given. */
  readonly outputs?: number;
}

/** Puts a symbol together, node by node; every method returns the entry that others take as input. */
export class SymbolWriter {
  readonly #nodes: MxnetNode[] = [];
  readonly #rows = [0];
  readonly #values = new Map<string, MxnetEntry>();

  /** A parameter, a running statistic, or the image. */
  variable(name: string, attributes: AttributeValues = {}): MxnetEntry {
    return this.#push({ op: 'null', name, attrs: textsOf(attributes), inputs: [] }, 1);
  }

  operator(op: string, { name, inputs, attributes = {}, outputs = 1 }: OperatorCall): MxnetEntry {
    return this.#push({ op, name, attrs: textsOf(attributes), inputs }, outputs);
  }

  /** Makes the value of a layer known by the name under which other layers take it. */
  setValue(layer: string, entry: MxnetEntry): void {
    this.#values.set(layer, entry);
  }

  value(layer: string): MxnetEntry {
    const entry = this.#values.get(layer);
    if (entry === undefined) throw new Error(`layer "${layer}" is used before it is written`);
    return entry;
  }

  build(outputs: readonly string[]): MxnetSymbol {
    return {
      nodes: this.#nodes,
      argNodes: this.#nodes.flatMap(({ op }, id) => (op === 'null' ? [id] : [])),
      nodeRowPtr: this.#rows,
      heads: outputs.map((output) => this.value(output)),
      attrs: { mxnet_version: ['int', mxnetVersion] },
    };
  }

  #push(node: MxnetNode, outputs: number): MxnetEntry {
    const id = this.#nodes.push(node) - 1;
    this.#rows.push((this.#rows.at(-1) ?? 0) + outputs);
    return { node: id, output: 0, version: 0 };
  }
}

/** 1.1.0, with which the 2018 system was trained: later versions read it, and it asks none of them to upgrade a thing. */
const mxnetVersion = 10100;

function textsOf(attributes: AttributeValues): Record<string, string> {
  return Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key, textOf(value)]));
}

/** As Python prints the value. */
function textOf(value: AttributeValues[string]): string {
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number' || typeof value === 'string') return String(value);
  return value.length === 1 ? `(${value.join('')},)` : `(${value.join(', ')})`;
}
