import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from '../../../core/failure.ts';
import { layersOfNet, shapeOfBlob, valuesOfBlob } from '../../codec/caffe/layers-of-net.ts';
import { caffemodel } from '../../codec/caffe/caffemodel.ts';
import { Cursor } from '../../codec/cursor.ts';
import { mxnetParams, toFloat32 } from '../../codec/mxnet/mxnet-params.ts';
import { readPickledArrays } from '../../codec/numpy/npy-file.ts';
import { decodeFile, readBytes, readHead, requireFile } from '../../codec/read-file.ts';
import { shardsOf } from '../../codec/tfjs/weight-shards.ts';
import { weightsManifest } from '../../codec/tfjs/weights-manifest.ts';
import { failures } from '../failures.ts';
import type { Model } from '../model/model.ts';
import type { CascadeNetwork, MtcnnNetwork } from './cascade-graphs.ts';
import { type NetworkArrays, networkModel, packagedCascade, readFaceApiCascade } from './cascade-models.ts';
import type { TrainedArray } from './oriented-weights.ts';

/** The networks of a folder or of a package, and the files that their weights are in. */
export interface MtcnnModels extends Readonly<Record<CascadeNetwork, Model>> {
  /** Absent if it was not asked for. */
  readonly lnet?: Model;
  readonly files: readonly string[];
}

/** The authors' names of the files. */
const numbers: Readonly<Record<MtcnnNetwork, string>> = { pnet: 'det1', rnet: 'det2', onet: 'det3', lnet: 'det4' };

/** The files that may hold the weights of `det1`, the first that is there is taken. */
const readers: readonly { readonly ending: string; readonly read: (file: string) => NetworkArrays }[] = [
  { ending: '-0001.params', read: readMxnet },
  { ending: '.params', read: readMxnet },
  { ending: '.caffemodel', read: readCaffe },
  { ending: '.npy', read: readPickled },
];

/** Reads one network out of a file of MXNet, Caffe or NumPy. Fails as the codec and {@link networkModel}. */
export function readNetworkFile(file: string, network: MtcnnNetwork): Model {
  const reader = readers.find(({ ending }) => file.endsWith(ending));
  return networkModel(network, (reader?.read ?? readMxnet)(file));
}

/**
 * Reads the networks from a folder with det1, det2, det3 and, where LNet is asked for, det4 (`.params`, `.caffemodel` or
 * `.npy`, of one program or of several), from a manifest of face-api, or, without `weights`, from what comes with the
 * product, which has no LNet. Fails with `not-mtcnn-weights`, `no-network-file`, `other-network`, and the codes of the format.
 */
export function readMtcnn(
  weights: string | undefined,
  { refinesPoints }: { readonly refinesPoints: boolean },
): MtcnnModels {
  const source = weights ?? packagedCascade();
  if (statSync(source, { throwIfNoEntry: false })?.isDirectory() !== true) {
    requireFile(source, 'manifest or folder of weights of MTCNN');
    const head = readHead(source);
    if (!source.endsWith('.json') && !weightsManifest.sniff(head, source)) {
      fail(failures.notMtcnnWeights({}, { file: source }));
    }
    const models = readFaceApiCascade(source);
    if (refinesPoints)
      fail(failures.noNetworkFile({ name: numbers.lnet, endings: ['.params', '.caffemodel'] }, { file: source }));
    return { ...models, files: [source, ...shardsOf(source)] };
  }
  const files: string[] = [];
  const read = (network: MtcnnNetwork): Model => {
    const file = networkFile(source, numbers[network]);
    files.push(file);
    return readNetworkFile(file, network);
  };
  const models = { pnet: read('pnet'), rnet: read('rnet'), onet: read('onet') };
  return { ...models, ...(refinesPoints ? { lnet: read('lnet') } : {}), files };
}

function networkFile(folder: string, name: string): string {
  const names = readdirSync(folder);
  const found = readers.map(({ ending }) => name + ending).find((candidate) => names.includes(candidate));
  if (found === undefined) {
    fail(failures.noNetworkFile({ name, endings: readers.map(({ ending }) => ending) }, { file: folder }));
  }
  return join(folder, found);
}

function readMxnet(file: string): NetworkArrays {
  const arrays = decodeFile(mxnetParams, file).map((array): [string, TrainedArray] => [
    array.name.replace(/^(arg|aux):/, ''),
    { shape: array.shape, values: toFloat32(array) },
  ]);
  return { arrays: new Map(arrays), usual: 'mxnet', file };
}

/** The snapshots of the training have layers without blobs, and det2 one that nothing uses, `conv5-3`. */
function readCaffe(file: string): NetworkArrays {
  const arrays = new Map<string, TrainedArray>();
  for (const { name = '', type, blobs = [] } of layersOfNet(decodeFile(caffemodel, file))) {
    const layer = name.replaceAll('-', '_').replace('PReLU', 'prelu');
    const suffixes = type === 'PReLU' ? ['gamma'] : ['weight', 'bias'];
    if (layer === unusedLayer) continue;
    for (const [index, blob] of blobs.entries()) {
      arrays.set(`${layer}_${suffixes[index] ?? index}`, { shape: shapeOfBlob(blob), values: valuesOfBlob(blob) });
    }
  }
  return { arrays, usual: 'caffe', file };
}

const unusedLayer = 'conv5_3';

const pickledSuffixes: Readonly<Record<string, string>> = { weights: 'weight', biases: 'bias', alpha: 'gamma' };

/** The TensorFlow port's dictionary, `conv4-1/weights`. */
function readPickled(file: string): NetworkArrays {
  const arrays = readPickledArrays(new Cursor(readBytes(file, 'pickled weights (.npy)'), file));
  const named = [...arrays].map(([path, array]): [string, TrainedArray] => {
    const [layer = '', suffix = ''] = path.toLowerCase().replaceAll('-', '_').split('/');
    return [`${layer}_${pickledSuffixes[suffix] ?? suffix}`, array];
  });
  return { arrays: new Map(named), usual: 'tensorflow', file };
}
