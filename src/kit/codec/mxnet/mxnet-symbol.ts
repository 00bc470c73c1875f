import { fail } from '../../../core/failure.ts';
import { failures } from '../failures.ts';
import type { Codec } from '../codec.ts';
import { tally } from '../description.ts';
import type { Cursor } from '../cursor.ts';
import { isJsonObject, jsonHead, parseJson, type JsonObject } from '../json-text.ts';

/*
 * MXNet symbol (-symbol.json; nnvm, src/pass/saveload_json.cc): a graph of nodes in topological order. Attributes are
 * text; they stand under `attrs` since MXNet 1.0, under `attr` and `param` before, and some files have two of them.
 */
export interface MxnetSymbol {
  readonly nodes: readonly MxnetNode[];
  /** Ids of the nodes without operator: data, label, parameters, running statistics. */
  readonly argNodes: readonly number[];
  /** Running total of the outputs of the nodes, one more than there are nodes; absent in old files. */
  readonly nodeRowPtr?: readonly number[];
  readonly heads: readonly MxnetEntry[];
  /** Attributes of the graph, as JSON: `{"mxnet_version": ["int", 10100]}`. */
  readonly attrs?: JsonObject;
}

export interface MxnetNode {
  /** `null` for variables. */
  readonly op: string;
  readonly name: string;
  /** `{"kernel": "(3, 3)", "no_bias": "True"}`. */
  readonly attrs: Readonly<Record<string, string>>;
  readonly inputs: readonly MxnetEntry[];
}

/** One output of a node. */
export interface MxnetEntry {
  readonly node: number;
  readonly output: number;
  /** 1 for the running statistics of BatchNorm, which the operator changes; else 0. */
  readonly version: number;
}

export const mxnetSymbol: Codec<MxnetSymbol> = {
  name: 'mxnet-symbol',
  title: 'MXNet symbol (-symbol.json)',
  summary: 'The graph of a network as MXNet saves it.',
  endings: ['-symbol.json'],
  sniff: (head) => /^\{\s*"nodes"\s*:\s*\[/.test(jsonHead(head)) && jsonHead(head).includes('"op"'),
  decode(cursor) {
    const content = parseJson(cursor);
    const parser = new SymbolParser(cursor);
    if (!isJsonObject(content) || !Array.isArray(content['nodes'])) return parser.refuse('a list "nodes"');
    const nodes = content['nodes'].map((node: unknown, id) => parser.node(node, id));
    const { node_row_ptr: rows, attrs } = content;
    return {
      nodes,
      argNodes: parser.numbers(content['arg_nodes'], 'arg_nodes', nodes.length - 1),
      ...(rows === undefined ? {} : { nodeRowPtr: parser.numbers(rows, 'node_row_ptr', Number.MAX_SAFE_INTEGER) }),
      heads: parser.entries(content['heads'], 'heads', nodes.length),
      ...(isJsonObject(attrs) ? { attrs } : {}),
    };
  },
  describe(cursor) {
    const { nodes, heads, attrs } = mxnetSymbol.decode(cursor);
    const operators = nodes.filter(({ op }) => op !== 'null');
    return {
      facts: [
        {
          name: 'nodes',
          value: `${String(operators.length)} operators, ${String(nodes.length - operators.length)} variables`,
        },
        {
          name: 'operators',
          value: tally(
            operators.map(({ op }) => op),
            8,
          ),
        },
        { name: 'outputs', value: heads.map(({ node }) => nodes[node]?.name ?? '?').join(', ') },
        ...(attrs === undefined ? [] : [{ name: 'attributes', value: JSON.stringify(attrs) }]),
      ],
    };
  },
  encode: (symbol) => Buffer.from(renderSymbol(symbol)),
};

class SymbolParser {
  readonly #cursor: Cursor;

  constructor(cursor: Cursor) {
    this.#cursor = cursor;
  }

  refuse(expected: string): never {
    fail(failures.damagedSymbol({ expected }, this.#cursor.at(0)));
  }

  node(value: unknown, id: number): MxnetNode {
    const where = `nodes[${String(id)}]`;
    if (!isJsonObject(value)) return this.refuse(`${where} to be an object`);
    const { op, name } = value;
    if (typeof op !== 'string' || typeof name !== 'string') return this.refuse(`${where} to have "op" and "name"`);
    return {
      op,
      name,
      attrs: this.#attributes(value, where),
      inputs: this.entries(value['inputs'], `${where}.inputs`, id),
    };
  }

  /** Entries of nodes before `end`: graphs are in topological order. */
  entries(value: unknown, where: string, end: number): MxnetEntry[] {
    if (!Array.isArray(value)) return this.refuse(`${where} to be a list`);
    return value.map((entry: unknown, index) => {
      const numbers = this.numbers(entry, `${where}[${String(index)}]`, Number.MAX_SAFE_INTEGER);
      const [node, output = 0, version = 0] = numbers;
      if (node === undefined || numbers.length > 3 || node >= end) {
        return this.refuse(`${where}[${String(index)}] to name one of the ${String(end)} nodes before it`);
      }
      return { node, output, version };
    });
  }

  numbers(value: unknown, where: string, largest: number): number[] {
    const isList = Array.isArray(value);
    if (isList && value.every((item) => Number.isInteger(item) && item >= 0 && item <= largest))
      return value as number[];
    return this.refuse(`${where} to be a list of numbers from 0 to ${String(largest)}`);
  }

  #attributes(node: JsonObject, where: string): Record<string, string> {
    const merged: Record<string, string> = {};
    for (const key of ['attrs', 'attr', 'param']) {
      const attributes = node[key];
      if (attributes === undefined) continue;
      if (!isJsonObject(attributes)) return this.refuse(`${where}.${key} to be an object`);
      for (const [name, text] of Object.entries(attributes)) {
        if (typeof text !== 'string') return this.refuse(`${where}.${key}.${name} to be text`);
        merged[name] = text;
      }
    }
    return merged;
  }
}

/** The text of nnvm's own writer: two spaces, a space after each comma, short lists on one line. */
function renderSymbol(symbol: MxnetSymbol): string {
  const parts = [
    `"nodes": ${lines(
      symbol.nodes.map((node) => renderNode(node)),
      '[]',
      1,
    )}`,
    `"arg_nodes": ${numberList(symbol.argNodes, 1)}`,
    ...(symbol.nodeRowPtr === undefined ? [] : [`"node_row_ptr": ${numberList(symbol.nodeRowPtr, 1)}`]),
    `"heads": ${entryList(symbol.heads, 1)}`,
    ...(symbol.attrs === undefined ? [] : [`"attrs": ${graphAttributes(symbol.attrs)}`]),
  ];
  return lines(parts, '{}', 0);
}

function renderNode(node: MxnetNode): string {
  const attributes = Object.entries(node.attrs).map(
    ([name, text]) => `${JSON.stringify(name)}: ${JSON.stringify(text)}`,
  );
  const parts = [
    `"op": ${JSON.stringify(node.op)}`,
    `"name": ${JSON.stringify(node.name)}`,
    ...(attributes.length === 0
      ? []
      : [`"attrs": ${attributes.length === 1 ? `{${attributes.join()}}` : lines(attributes, '{}', 3)}`]),
    `"inputs": ${entryList(node.inputs, 3)}`,
  ];
  return lines(parts, '{}', 2);
}

/** nnvm breaks lists of more than ten items. */
const longestInline = 10;

function numberList(numbers: readonly number[], depth: number): string {
  return numbers.length > longestInline ? lines(numbers.map(String), '[]', depth) : `[${numbers.join(', ')}]`;
}

function entryList(entries: readonly MxnetEntry[], depth: number): string {
  const items = entries.map(({ node, output, version }) => numberList([node, output, version], depth + 1));
  return items.length > longestInline ? lines(items, '[]', depth) : `[${items.join(', ')}]`;
}

function graphAttributes(attrs: JsonObject): string {
  const items = Object.entries(attrs).map(
    ([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value).replaceAll(',', ', ')}`,
  );
  return items.length === 1 ? `{${items.join()}}` : lines(items, '{}', 1);
}

/** One item per line between brackets; the closing one is indented by `depth`. */
function lines(items: readonly string[], brackets: '[]' | '{}', depth: number): string {
  const [open = '', close = ''] = brackets;
  if (items.length === 0) return open + close;
  const indent = '  '.repeat(depth);
  return `${open}\n${items.map((item) => `${indent}  ${item}`).join(', \n')}\n${indent}${close}`;
}
