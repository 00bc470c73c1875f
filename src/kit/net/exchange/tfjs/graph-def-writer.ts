import type { JsonObject } from '../../../codec/json-text.ts';
import { type GraphNode, shapeMessage } from '../../../codec/tfjs/graph-model.ts';
import { littleEndianBytes } from '../../../codec/little-endian-floats.ts';

/** What an attribute of a node may be here: a text, a list of integers, a truth value, a type, or a number that is marked as a float. */
type AttributeValue =
  | string
  | readonly number[]
  | boolean
  | { readonly type: 'float' | 'int32' }
  | { readonly float: number }
  | { readonly integer: number };

interface NodeCall {
  readonly name: string;
  readonly inputs: readonly string[];
  /** Beside T, the type of its elements. */
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
  /** Unless T is float32: that, or none. */
  readonly elements?: 'int32' | 'none';
}

/** A constant of the graph. */
export interface WrittenWeight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'int32';
  /** Computed when they are written, so that not all are in memory at a time. */
  readonly bytes: () => Uint8Array;
}

/** Gathers the nodes and constants of a GraphDef. */
export class GraphDefWriter {
  readonly nodes: GraphNode[] = [];
  readonly weights: WrittenWeight[] = [];
  readonly #names = new Set<string>();
  /** Names of constants of integers, by their values: many nodes have the same axes. */
  readonly #integers = new Map<string, string>();

  /** A name that TensorFlow takes and that nothing else has, as close to `wanted` as can be. */
  free(wanted: string): string {
    const valid = validName(wanted);
    let name = valid;
    for (let count = 1; this.#names.has(name); count += 1) name = `${valid}_${count}`;
    this.#names.add(name);
    return name;
  }

  /** Adds a node, whose name is one of {@link free}; returns the name. */
  node(op: string, { name, inputs, attributes = {}, elements }: NodeCall): string {
    const own = elements === 'none' ? {} : { T: { type: elements ?? 'float' } as const };
    const written = Object.entries({ ...own, ...attributes }).map(([key, value]) => [key, message(value)] as const);
    this.nodes.push({ name, op, inputs, attributes: Object.fromEntries(written) });
    return name;
  }

  placeholder(name: string, shape: readonly number[]): string {
    const attributes = { dtype: message({ type: 'float' }), shape: { shape: shapeMessage(shape) } };
    this.nodes.push({ name, op: 'Placeholder', inputs: [], attributes });
    return name;
  }

  /** A constant of float32; `values` is called when it is written. */
  floats(wanted: string, shape: readonly number[], values: () => Float32Array): string {
    return this.#constant({
      name: this.free(wanted),
      shape,
      dtype: 'float32',
      bytes: () => littleEndianBytes(values()),
    });
  }

  float(wanted: string, value: number): string {
    return this.floats(wanted, [], () => Float32Array.of(value));
  }

  /** A list of integers, as axes and sizes are. */
  integers(values: readonly number[]): string {
    return this.#shared(values.join('_'), [values.length], values);
  }

  integer(value: number): string {
    return this.#shared(`scalar_${value}`, [], [value]);
  }

  /** A table of integers: a pair for each axis. */
  pairs(values: readonly (readonly number[])[]): string {
    return this.#shared(`pairs_${values.flat().join('_')}`, [values.length, 2], values.flat());
  }

  #shared(key: string, shape: readonly number[], values: readonly number[]): string {
    const known = this.#integers.get(key);
    if (known !== undefined) return known;
    const bytes = new Uint8Array(Int32Array.from(values).buffer);
    const name = this.#constant({
      name: this.free(`integers/${key.replaceAll('-', 'm')}`),
      shape,
      dtype: 'int32',
      bytes: () => bytes,
    });
    this.#integers.set(key, name);
    return name;
  }

  #constant(weight: WrittenWeight): string {
    this.weights.push(weight);
    const type = dataTypes[weight.dtype === 'int32' ? 'int32' : 'float'];
    const value = { tensor: { dtype: type, tensorShape: shapeMessage(weight.shape) } };
    this.nodes.push({ name: weight.name, op: 'Const', inputs: [], attributes: { dtype: { type }, value } });
    return weight.name;
  }
}

const dataTypes = { float: 'DT_FLOAT', int32: 'DT_INT32' } as const;

/** As protobuf's `AttrValue` is spelled in JSON: integers as text, text as base64 of its bytes. */
function message(value: AttributeValue): JsonObject {
  if (typeof value === 'string') return { s: Buffer.from(value).toString('base64') };
  if (typeof value === 'boolean') return { b: value };
  if ('type' in value) return { type: dataTypes[value.type] };
  if ('float' in value) return { f: value.float };
  if ('integer' in value) return { i: String(value.integer) };
  return { list: { i: value.map(String) } };
}

/**
 * TensorFlow's rule for names of nodes (python/framework/ops.py, VALID_OP_NAME_REGEX). Digits alone would be sorted to the front where the
 * name is the key of an output.
 */
function validName(wanted: string): string {
  const plain = wanted.replaceAll(/[^\w./>-]/g, '_');
  if (/^\d+$/.test(plain)) return `layer_${plain}`;
  return /^[A-Za-z0-9.]/.test(plain) ? plain : `layer${plain}`;
}
