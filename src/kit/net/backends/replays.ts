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

/** Tensors that walks read and do not change. */
export class GivenTensors implements TensorState {
  readonly #given: ReadonlyMap<string, Tensor>;

  /** They are its own. */
  constructor(given: ReadonlyMap<string, Tensor>) {
    this.#given = given;
  }

  tensors(): ReadonlyMap<string, Tensor> {
    return this.#given;
  }

  dispose(): void {
    for (const tensor of this.#given.values()) tensor.dispose();
  }
}

/**
 * Tensors by name, which are its own. Of hundreds of them a walk over some layers is given those that it takes: to exchange the
 * others as well would cost more than to execute it.
 */
export class NamedTensors {
  readonly #held = new Map<string, Tensor>();

  tensors(): ReadonlyMap<string, Tensor> {
    return new Map(this.#held);
  }

  /** What it holds under these names. */
  of(names: readonly string[]): TensorState {
    const tensors = (): ReadonlyMap<string, Tensor> =>
      new Map(
        names.flatMap((name) => {
          const tensor = this.#held.get(name);
          return tensor === undefined ? [] : [[name, tensor]];
        }),
      );
    return {
      tensors,
      become: (next) => {
        disposeReplaced(tensors(), next);
        for (const name of names) this.#held.delete(name);
        for (const [name, tensor] of next) this.#held.set(name, tensor);
      },
    };
  }

  get(name: string): Tensor | undefined {
    return this.#held.get(name);
  }

  /** Disposes of what had the name before. */
  set(name: string, tensor: Tensor): void {
    this.#held.get(name)?.dispose();
    this.#held.set(name, tensor);
  }

  delete(name: string): void {
    this.#held.get(name)?.dispose();
    this.#held.delete(name);
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

/** How many walks are remembered, and when one is recorded. */
export interface ReplayLimits {
  /** How often a walk is done kernel by kernel before it is recorded; absent: as often as the recorder finds worth it. */
  readonly after?: number;
  /** Recordings that are there at a time; absent: any number. */
  readonly recordings?: number;
}

/** Of walks that are not recorded, where the recordings are limited: those done before the last so many are as if they had never been. */
const mostCounted = 64;

interface KnownWalk {
  /** How often it was done kernel by kernel. */
  count: number;
  /** When it was done first, and last, in walks of all kinds. */
  readonly first: number;
  last: number;
  replay?: Replay;
}

/**
 * Walks over a network that are done again and again. Where the backend can record, one is done kernel by kernel at first, then
 * recorded once, and is one graph from then on; otherwise it is always done kernel by kernel.
 */
export class Replays {
  readonly #recorder: GraphRecorder | undefined;
  readonly #after: number;
  readonly #recordings: number;
  /** In the order in which they were done last. */
  readonly #known = new Map<string, KnownWalk>();
  #walks = 0;

  constructor(recorder: GraphRecorder | undefined, { after, recordings = Infinity }: ReplayLimits = {}) {
    this.#recorder = recorder;
    this.#after = after ?? recorder?.after ?? Infinity;
    this.#recordings = recordings;
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
    const known = this.#knownAs([name, ...before.map((tensors) => [...tensors.keys()].join())].join('\n'));
    if (known.replay !== undefined) replay(known.replay, states, before);
    else if (known.count < this.#after || !this.#makeRoomFor(known)) {
      known.count += 1;
      walk();
    } else known.replay = record(this.#recorder, { states, before, walk });
  }

  #knownAs(key: string): KnownWalk {
    this.#walks += 1;
    const known = this.#known.get(key) ?? { count: 0, first: this.#walks, last: this.#walks };
    known.last = this.#walks;
    this.#known.delete(key);
    this.#known.set(key, known);
    this.#forgetCounted();
    return known;
  }

  #forgetCounted(): void {
    if (this.#recordings === Infinity) return;
    const counted = [...this.#known].filter(([, { replay }]) => replay === undefined);
    for (const [key] of counted.slice(0, -mostCounted)) this.#known.delete(key);
  }

  /**
   * Another recording has to go only if its walk was not done since this one was first done: of walks that take turns, more than there is
   * room for, some are recorded, and none is recorded again and again.
   */
  #makeRoomFor({ first }: KnownWalk): boolean {
    const recorded = [...this.#known].filter(([, { replay }]) => replay !== undefined);
    if (recorded.length < this.#recordings) return true;
    const [key = '', oldest] = recorded[0] ?? [];
    if (oldest === undefined || oldest.last > first) return false;
    oldest.replay?.graph.dispose();
    this.#known.delete(key);
    return true;
  }

  /** Forgets all of them: the next walks are others. */
  clear(): void {
    for (const { replay } of this.#known.values()) replay?.graph.dispose();
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
