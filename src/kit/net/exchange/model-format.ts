import type { ImageSize } from '../graph/graph.ts';
import type { Model } from '../model/model.ts';

/** A way to keep a network with its parameters in files. Every importer makes a `Model`, every exporter takes one. */
export interface ModelFormat {
  /** Kebab-case, unique: what `--from` and `--to` take. */
  readonly name: string;
  /** For people: `ONNX`, `MXNet symbol and parameters`. */
  readonly title: string;
  /** What it is good for and who reads it, in one sentence. */
  readonly summary: string;
  /**
   * Endings of the paths that mean this format when a model is written: `.onnx`. Where a model takes several files each
   * of them counts, and `read` and `write` find the others beside it.
   */
  readonly endings: readonly string[];
  /** Name of a model in a folder of its own: `model.onnx`; empty if the folder is the model. */
  readonly standardName: string;
  /** Whether there is a model of this format at `path`: one of its files, or a folder that holds it. */
  recognises(path: string): boolean;
  /** The files, there or not, that `path` means, or of several epochs of a network what they share; see `companions`. */
  filesAt(path: string): readonly string[];
  /**
   * Endings of files that belong together, `*` for any digits: one that has an ending of these means also those beside
   * it that begin as it does. Ports that take models watch the same files: what is listed here goes into their
   * schema by `npm run generate`. Empty if a model is one file.
   */
  readonly companions: readonly string[];
  /** What it has a use for; anything else that is given is a failure (`option-not-taken`). */
  readonly takes: { readonly read: readonly ReadOption[]; readonly write: readonly WriteOption[] };
  /** Paths of the networks in what holds several by itself; absent if a path means one network. */
  networksIn?(path: string): readonly string[];
  /**
   * Reads the model at a path that {@link recognises} accepts. Fails with the codes of its format, of graphs
   * (`inferShapes`) and of parameters (`checkParameters`), and names the layer.
   */
  read(path: string, options: ModelReadOptions): Model;
  /** Writes the model, folder included; absent if there is no use in writing. Fails with `not-expressible`. */
  write?(path: string, model: Model, options: ModelWriteOptions): void;
}

export type ReadOption = keyof ModelReadOptions;
export type WriteOption = keyof ModelWriteOptions;

/** What a file does not state itself. All may be left out. */
export interface ModelReadOptions {
  /** Of a checkpoint with several parameter files, `model-0012.params`; the last one unless given. */
  readonly epoch?: number;
  /** Layers whose values are the results, instead of those the file names. */
  readonly outputs?: readonly string[];
  /** Size of the images, if the file leaves it open; 112 x 112 for networks that embed. */
  readonly input?: InputSize;
  /**
   * What the programs that use the file do to an image before the network sees it; becomes part of the graph, whose
   * own images are RGB, 0..255.
   */
  readonly normalization?: InputNormalization;
}

export interface InputSize extends ImageSize {
  /** 3 unless given. */
  readonly channels?: number;
}

/** One number for all channels, or one for each: red, green, blue. */
export type PerChannel = number | readonly [red: number, green: number, blue: number];

/** The network is fed (value - mean) * scale. */
export interface InputNormalization {
  /** On the scale of images, 0..255. */
  readonly mean: PerChannel;
  readonly scale: PerChannel;
  readonly colorOrder: 'rgb' | 'bgr';
}

export interface ModelWriteOptions {
  /**
   * For formats whose programs may do it themselves (Caffe): whether the network turns pixels 0..255 into what its first
   * layer takes, or its caller. What the format's programs expect unless given.
   */
  readonly normalization?: 'inside' | 'outside';
  /** Part of the file names of formats that keep several epochs of a network; 0 unless given. */
  readonly epoch?: number;
}
