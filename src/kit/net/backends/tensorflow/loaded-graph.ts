import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Tensor } from '@tensorflow/tfjs-core';
import { encodeSavedModel, type GraphNode, servingTag } from '../../../codec/tensorflow/saved-model.ts';
import type { RecordedGraph } from '../backend.ts';
import { required } from '../tensors.ts';
import type { NodeBackend, NodeBinding } from './node-backend.ts';

/** A value that is computed outside of the library, of one that a stretch has made: the next stretches take it. */
export interface OutsideValue {
  /** What it is called where it is taken, and what it is made of. */
  readonly source: string;
  readonly given: string;
  readonly compute: (given: Tensor) => Tensor;
}

/** Kernels in a row, between which nothing comes from outside; then what does. */
export interface Stretch {
  readonly nodes: readonly GraphNode[];
  /** Absent after the last one. */
  readonly then?: OutsideValue;
}

/** A recorded computation. Values are told apart by the node and the output that they come from, `<node>:<output>`. */
export interface RecordedParts {
  readonly backend: NodeBackend;
  readonly stretches: readonly Stretch[];
  /** The names of the values that a run is given, in order. */
  readonly inputs: readonly string[];
  /** Those that every run is given, and their tensors. */
  readonly constants: ReadonlyMap<string, number>;
  /** `DataType` of every value. */
  readonly types: ReadonlyMap<string, number>;
  readonly outputs: readonly string[];
}

interface LoadedStretch extends Pick<Stretch, 'then'> {
  /** Absent where nothing that it makes is used. */
  readonly session?: {
    readonly number: number;
    readonly inputNames: string;
    readonly outputNames: string;
  };
  /** What it takes from elsewhere, and what of it is taken elsewhere. */
  readonly takes: readonly string[];
  readonly gives: readonly string[];
  /** What no later stretch takes, and is no output. */
  readonly ends: readonly string[];
}

/** A recorded computation as TensorFlow executes it: a graph for each stretch. */
export class LoadedGraph implements RecordedGraph {
  readonly #parts: RecordedParts;
  readonly #stretches: readonly LoadedStretch[];
  /** Which of the given tensors a run takes. */
  readonly #positions: ReadonlyMap<string, number>;

  constructor(parts: RecordedParts) {
    this.#parts = parts;
    this.#positions = new Map(parts.inputs.map((name, index) => [name, index]));
    const takes = parts.stretches.map(({ nodes }) => foreignTo(nodes));
    const given = parts.stretches.map(({ then }) => (then === undefined ? [] : [then.given]));
    const loaded: LoadedStretch[] = [];
    try {
      for (const [index, stretch] of parts.stretches.entries()) {
        const kept = new Set([...takes.slice(index + 1).flat(), ...given.slice(index + 1).flat(), ...parts.outputs]);
        const later = new Set([...(given[index] ?? []), ...kept]);
        const made = new Set(stretch.nodes.map(({ name }) => name));
        const gives = [...later].filter((source) => made.has(nodeOf(source)));
        const outside = stretch.then === undefined ? [] : [stretch.then.source, stretch.then.given];
        const ends = [...takes.slice(0, index + 1).flat(), ...outside].filter((source) => !kept.has(source));
        loaded.push({ ...this.#load(stretch, takes[index] ?? [], gives), ends: [...new Set(ends)] });
      }
    } catch (error) {
      unload(parts.backend.binding, loaded);
      throw error;
    }
    this.#stretches = loaded;
  }

  #load({ nodes, then }: Stretch, takes: readonly string[], gives: readonly string[]): Omit<LoadedStretch, 'ends'> {
    const own = { takes, gives, ...(then && { then }) };
    if (gives.length === 0) return own;
    const names = new Map(takes.map((source, index) => [source, `input${index}`]));
    const { types } = this.#parts;
    const placeholders = takes.map((source, index): GraphNode => {
      const type = required(types.get(source), `the type of ${source}`);
      return { name: `input${index}`, operation: 'Placeholder', inputs: [], attributes: [typeOf(type, 'dtype')] };
    });
    const renamed = nodes.map((node) => ({ ...node, inputs: node.inputs.map((input) => renamedInput(input, names)) }));
    const number = loadGraph(this.#parts.backend.binding, [...placeholders, ...renamed]);
    const inputNames = takes.map((_, index) => `input${index}:0`).join();
    return { ...own, session: { number, inputNames, outputNames: gives.join() } };
  }

  run(inputs: readonly Tensor[]): Tensor[] {
    const made = new Map<string, Tensor>();
    try {
      return this.#run(inputs, made);
    } catch (error) {
      for (const tensor of made.values()) tensor.dispose();
      throw error;
    }
  }

  /** `made` is what there is of values at the moment. */
  #run(inputs: readonly Tensor[], made: Map<string, Tensor>): Tensor[] {
    const { outputs } = this.#parts;
    for (const stretch of this.#stretches) {
      this.#runStretch(stretch, { made, inputs });
      if (stretch.then !== undefined) {
        const { source, given, compute } = stretch.then;
        made.set(source, compute(required(this.#tensor(given, made, inputs), `value ${given}`)));
      }
      for (const source of stretch.ends) {
        made.get(source)?.dispose();
        made.delete(source);
      }
    }
    const handedOver = new Set<string>();
    return outputs.map((source) => {
      const tensor = required(made.get(source), `value ${source}`);
      if (handedOver.has(source)) return tensor.clone();
      handedOver.add(source);
      return tensor;
    });
  }

  #runStretch(
    { session, takes, gives }: LoadedStretch,
    { made, inputs }: { readonly made: Map<string, Tensor>; readonly inputs: readonly Tensor[] },
  ): void {
    if (session === undefined) return;
    const { backend, constants } = this.#parts;
    const tensors = takes.map((source) => this.#tensor(source, made, inputs));
    const given = backend.getInputTensorIds(tensors.filter((tensor) => tensor !== undefined));
    let next = 0;
    const ids = takes.map((source, index) => {
      const id = tensors[index] === undefined ? constants.get(source) : given[next++];
      return required(id, `value ${source} of a recorded computation`);
    });
    const { number, inputNames, outputNames } = session;
    const results = backend.binding.runSavedModel(number, ids, inputNames, outputNames);
    for (const [index, source] of gives.entries()) {
      made.set(source, backend.createOutputTensor(required(results[index], `value ${source}`)));
    }
  }

  /** Undefined for a constant. */
  #tensor(source: string, made: ReadonlyMap<string, Tensor>, inputs: readonly Tensor[]): Tensor | undefined {
    const position = this.#positions.get(source);
    return position === undefined ? made.get(source) : inputs[position];
  }

  dispose(): void {
    const { binding } = this.#parts.backend;
    unload(binding, this.#stretches);
    for (const id of this.#parts.constants.values()) binding.deleteTensor(id);
  }
}

/** Values that `nodes` take and do not make. */
function foreignTo(nodes: readonly GraphNode[]): string[] {
  const own = new Set(nodes.map(({ name }) => name));
  return [...new Set(nodes.flatMap(({ inputs }) => inputs.map(valueOf)))].filter((source) => !own.has(nodeOf(source)));
}

const waits = '^';

/** An input of a node that waits until there is a value, and does not take it. */
export function waitingFor(source: string): string {
  return `${waits}${source}`;
}

function valueOf(input: string): string {
  return input.startsWith(waits) ? input.slice(waits.length) : input;
}

function renamedInput(input: string, names: ReadonlyMap<string, string>): string {
  const name = names.get(valueOf(input));
  if (valueOf(input) === input) return name ?? input;
  // TensorFlow writes it without the number of the output.
  return waitingFor(name ?? nodeOf(valueOf(input)));
}

function nodeOf(source: string): string {
  return source.slice(0, source.indexOf(':'));
}

export const typeOf = (type: number, key = 'T'): GraphNode['attributes'][number] => ({ key, value: { type } });

function unload(binding: NodeBinding, stretches: readonly LoadedStretch[]): void {
  for (const { session } of stretches) if (session !== undefined) binding.deleteSavedModel(session.number);
}

function loadGraph(binding: NodeBinding, nodes: readonly GraphNode[]): number {
  const folder = mkdtempSync(join(tmpdir(), 'faceflow-graph-'));
  try {
    writeFileSync(join(folder, 'saved_model.pb'), encodeSavedModel(nodes));
    return binding.loadSavedModel(folder, servingTag);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
