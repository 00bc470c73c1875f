import { createHash } from 'node:crypto';
import { closeSync, existsSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { companionFiles } from '../../../core/companion-files.ts';
import { canonicalJson, digestOf, type Digest, type Json } from '../../../core/digest.ts';
import type { InputNormalization, PerChannel } from '../../net/exchange/model-format.ts';
import { filesNamedBy } from '../../net/exchange/named-files.ts';

/** Raised when vectors are made in another way from the same network and images, so that old and new ones must not be mixed. */
const layoutVersion = 1;

/** A network as its vectors depend on it. */
export interface ContractedModel {
  /** A model folder, or a file of any model format. */
  readonly path: string;
  readonly height: number;
  readonly width: number;
  readonly columns: number;
}

/**
 * What vectors must have in common to be comparable, as one digest: the content of the models, how images are fed to them, their size,
 * that both orientations are added, and the layout of a vector. The engine is not in it: engines agree within rounding.
 */
export function featureContract(
  models: readonly ContractedModel[],
  normalization: InputNormalization | undefined,
  output?: string,
): Digest {
  const parts = models.map(({ path, height, width, columns }) => ({
    model: modelDigest(path),
    height,
    width,
    columns,
  }));
  const facts = { layout: layoutVersion, mirroring: 'unit sum', normalization: factsOf(normalization), models: parts };
  return digestOf(canonicalJson(output === undefined ? facts : { ...facts, output }));
}

function factsOf(normalization: InputNormalization | undefined): Json {
  if (normalization === undefined) return null;
  const numbers = (value: PerChannel): Json => (typeof value === 'number' ? value : [...value]);
  const { mean, scale, colorOrder } = normalization;
  return { mean: numbers(mean), scale: numbers(scale), colorOrder };
}

/** Of vectors with an extra dimension that marks noise: they are comparable with each other only. */
export function markedContract(contract: string): Digest {
  return digestOf(canonicalJson({ layout: layoutVersion, contract, extraDimensions: 1 }));
}

/** The content of a model: of its folder, or of its file and those that are read along with it, whatever they are called. */
function modelDigest(named: string): Digest {
  // One network of a file with several is named by what follows a #.
  const path = existsSync(named) ? named : named.replace(/#[^/#]*$/, '');
  const digests = [...filesOf(path), ...filesNamedBy([path])].filter((file) => existsSync(file)).map(digestOfFile);
  return digestOf(canonicalJson({ part: named.slice(path.length), files: digests.sort() }));
}

function filesOf(path: string): readonly string[] {
  if (!statSync(path).isDirectory()) return [path, ...besides(path)];
  const inside = readdirSync(path, { withFileTypes: true });
  return inside.filter((entry) => entry.isFile()).map(({ name }) => join(path, name));
}

/** Other epochs of the same training are not read. */
function besides(path: string): readonly string[] {
  const files = companionFiles(path, ['-symbol.json', '-*.params', '.prototxt', '.caffemodel']);
  return path.endsWith('.params') ? files.filter((file) => !file.endsWith('.params')) : files;
}

/** Of a file of any size. */
function digestOfFile(file: string): Digest {
  const hash = createHash('sha256');
  const descriptor = openSync(file, 'r');
  try {
    const chunk = Buffer.alloc(1 << 20);
    for (let got = readSync(descriptor, chunk); got > 0; got = readSync(descriptor, chunk)) {
      hash.update(chunk.subarray(0, got));
    }
  } finally {
    closeSync(descriptor);
  }
  return hash.digest('hex') as Digest;
}
