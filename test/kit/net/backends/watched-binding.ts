import type { NodeBackend, NodeBinding } from '../../../../src/kit/net/backends/tensorflow/node-backend.ts';
import type { TensorLibrary } from '../../../../src/kit/net/backends/backend.ts';

/** What TensorFlow holds of what was made since the watch began. */
export class WatchedBinding {
  readonly #tensors = new Set<number>();
  readonly #graphs = new Set<number>();
  readonly #backend: NodeBackend;
  readonly #binding: NodeBinding;
  /** Graphs that were loaded, also those that are not any more. */
  loaded = 0;
  /** Operations executed one by one. */
  executed = 0;
  /** Loading this graph, counted from 1, fails. */
  failsToLoad: number | undefined;

  constructor(tf: TensorLibrary) {
    this.#backend = tf.backend() as unknown as NodeBackend;
    this.#binding = this.#backend.binding;
    this.#backend.binding = this.#watching(this.#binding);
  }

  get held(): { readonly tensors: number; readonly graphs: number } {
    return { tensors: this.#tensors.size, graphs: this.#graphs.size };
  }

  end(): void {
    this.#backend.binding = this.#binding;
  }

  #watching(binding: NodeBinding): NodeBinding {
    const made = <Outputs extends ReturnType<NodeBinding['executeOp']>>(outputs: Outputs): Outputs => {
      for (const { id } of outputs) this.#tensors.add(id);
      return outputs;
    };
    const watched: Partial<NodeBinding> = {
      executeOp: (...call) => {
        this.executed += 1;
        return made(binding.executeOp(...call));
      },
      runSavedModel: (...call) => made(binding.runSavedModel(...call)),
      createTensor: (...call) => {
        const id = binding.createTensor(...call);
        this.#tensors.add(id);
        return id;
      },
      deleteTensor: (id) => {
        binding.deleteTensor(id);
        this.#tensors.delete(id);
      },
      loadSavedModel: (...call) => {
        if (this.loaded + 1 === this.failsToLoad) throw new Error('there is no room for it');
        const graph = binding.loadSavedModel(...call);
        this.loaded += 1;
        this.#graphs.add(graph);
        return graph;
      },
      deleteSavedModel: (graph) => {
        binding.deleteSavedModel(graph);
        this.#graphs.delete(graph);
      },
    };
    return Object.create(
      binding,
      Object.fromEntries(Object.entries(watched).map(([name, value]) => [name, { value }])),
    ) as NodeBinding;
  }
}
