import { writeFileSync } from 'node:fs';
import { mxnetParams } from '../../../../src/kit/codec/mxnet/mxnet-params.ts';
import { Random } from '../../../../src/core/random.ts';

/** A node as it stands in a symbol file, whatever the key of its attributes. */
export type SymbolNode = readonly [
  op: string,
  name: string,
  inputs: readonly (string | readonly [name: string, output: number])[],
  attributes?: Readonly<Record<string, Readonly<Record<string, string>>>>,
];

/** Writes `<prefix>-symbol.json`; variables are the inputs that no node is named after. */
export function writeSymbol(prefix: string, nodes: readonly SymbolNode[], heads: readonly string[]): void {
  const written: Record<string, unknown>[] = [];
  const ids = new Map<string, number>();
  const idOf = (name: string): number => {
    const known = ids.get(name);
    if (known !== undefined) return known;
    ids.set(name, written.length);
    return written.push({ op: 'null', name, inputs: [] }) - 1;
  };
  for (const [op, name, inputs, attributes = {}] of nodes) {
    const entries = inputs.map((input) => (typeof input === 'string' ? [idOf(input), 0] : [idOf(input[0]), input[1]]));
    ids.set(name, written.length);
    written.push({ op, name, inputs: entries, ...attributes });
  }
  const argNodes = written.flatMap(({ op }, id) => (op === 'null' ? [id] : []));
  const content = { nodes: written, arg_nodes: argNodes, heads: heads.map((head) => [idOf(head), 0]) };
  writeFileSync(`${prefix}-symbol.json`, JSON.stringify(content));
}

/** Writes `<prefix>-0000.params` with random positive values, or with those of `fill`. */
export function writeParameters(
  prefix: string,
  shapes: Readonly<Record<string, readonly number[]>>,
  fill: Readonly<Record<string, number>> = {},
): void {
  const random = Random.derive(1, prefix);
  const arrays = Object.entries(shapes).map(([name, shape]) => {
    const length = shape.reduce((product, size) => product * size, 1);
    const values = Float32Array.from({ length }, () => fill[name] ?? random.uniform(0.5, 1.5));
    const data = new Uint8Array(values.buffer);
    return { name, version: 2, shape, type: 'float32', device: { type: 1, id: 0 }, data } as const;
  });
  writeFileSync(`${prefix}-0000.params`, mxnetParams.encode(arrays));
}
