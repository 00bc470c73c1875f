import type { Tensor } from '@tensorflow/tfjs-core';
import type { GraphRecorder, RecordedGraph } from './backend.ts';
import { disposeReplaced, required } from './tensors.ts';

/** Something that holds tensors, and exchanges them while a network is walked. */
export interface TensorState {
  /** What it holds, by names that are the same in every step; it stays its own. */
  tensors(): ReadonlyMap<string, Tensor>;
  /** What else it is made of, as `become` takes it; absent: nothing. */
  layout?(): unknown;
  /**
   * Holds what it holds after the walk; what it held before and does not any longer is disposed of. Absent: no walk changes it.
   */
  become?(tensors: ReadonlyMap<string, Tensor>, layout: unknown): void;
}

/** Tensors by name, which are its own. */
export class NamedTensors implements TensorState {
  readonly #held = new Map<string, Tensor>();

  tensors(): ReadonlyMap<string, Tensor> {
    return new Map(this.#held);
  }

  become(tensors: ReadonlyMap<string, Tensor>): void {
    disposeReplaced(this.#held, tensors);
    this.#held.clear();
    for (const [name, tensor] of tensors) this.#held.set(name, tensor);
  }

  get(name: string): Tensor | undefined {
    return this.#held.get(name);
  }

  /** Disposes of what had the name before. */
  set(name: string, tensor: Tensor): void {
    this.#held.get(name)?.dispose();
    this.#held.set(name, tensor);
  }

  dispose(): void {
    for (const tensor of this.#held.values()) tensor.dispose();
    this.#held.clear();
  }
}

/** What a walk makes of the states it is given. */
interface Replay {
  readonly graph: RecordedGraph;
  readonly states: readonly {
    readonly layout: unknown;
    /** Each is one of the graph's outputs, or what is held under this name before. */
    readonly tensors: readonly { readonly name: string; readonly output: number | undefined }[];
  }[];
}

/**
 * Walks over a network that are done again and again. Where the backend can record, one is done kernel by kernel at first, then
 * recorded once, and is one graph from then on; otherwise it is always done kernel by kernel.
 */
export class Replays {
  readonly #recorder: GraphRecorder | undefined;
  /** The recording of a walk, or how often it has been done without. */
  readonly #known = new Map<string, Replay | number>();

  constructor(recorder: GraphRecorder | undefined) {
    this.#recorder = recorder;
  }

  /** Whether walks are recorded. */
  get areRecorded(): boolean {
    return this.#recorder !== undefined;
  }

  /**
   * `walk` reads and changes nothing but `states`, and executes the same kernels whenever `name` is the same and the states hold
   * tensors of the same names and shapes.
   */
  run(name: string, states: readonly TensorState[], walk: () => void): void {
    if (this.#recorder === undefined) {
      walk();
      return;
    }
    const before = states.map((state) => state.tensors());
    const key = [name, ...before.map((tensors) => [...tensors.keys()].join())].join('\n');
    const known = this.#known.get(key) ?? 0;
    if (typeof known !== 'number') replay(known, states, before);
    else if (known < this.#recorder.after) {
      this.#known.set(key, known + 1);
      walk();
    } else this.#known.set(key, record(this.#recorder, { states, before, walk }));
  }

  /** Forgets all of them: the next walks are others. */
  clear(): void {
    for (const known of this.#known.values()) if (typeof known !== 'number') known.graph.dispose();
    this.#known.clear();
  }
}

type HeldTensors = readonly ReadonlyMap<string, Tensor>[];

interface RecordedWalk {
  readonly states: readonly TensorState[];
  readonly before: HeldTensors;
  readonly walk: () => void;
}

const inRow = (held: HeldTensors): Tensor[] => held.flatMap((tensors) => [...tensors.values()]);

function record(recorder: GraphRecorder, { states, before, walk }: RecordedWalk): Replay {
  const held = new Set(inRow(before));
  const outputs: Tensor[] = [];
  const found: Replay['states'][number][] = [];
  const graph = recorder.record([...held], () => {
    walk();
    for (const state of states) {
      const tensors = [...state.tensors()].map(([name, tensor]) => {
        const output = held.has(tensor) ? undefined : outputs.push(tensor) - 1;
        return { name, output };
      });
      found.push({ layout: state.layout?.(), tensors });
    }
    return outputs;
  });
  return { graph, states: found };
}

function replay({ graph, states: after }: Replay, states: readonly TensorState[], before: HeldTensors): void {
  const made = graph.run([...new Set(inRow(before))]);
  for (const [index, state] of states.entries()) {
    const { tensors, layout } = required(after[index], 'what the walk made of a state');
    const next = tensors.map(({ name, output }) => {
      const tensor = output === undefined ? before[index]?.get(name) : made[output];
      return [name, required(tensor, `tensor "${name}" of a walk`)] as const;
    });
    state.become?.(new Map(next), layout);
  }
}
