import { fail } from '../../../core/failure.ts';
import { failures } from '../failures.ts';
import type { Codec } from '../codec.ts';
import { tally } from '../description.ts';
import { type JsonObject, isJsonObject, isStringList, parseJson } from '../json-text.ts';

/*
 * Weights manifest of TensorFlow.js and face-api (`*-weights_manifest.json`; tfjs-core, src/io/types.ts `WeightsManifestConfig`):
 * groups of arrays, each group in one file that is cut into shards, the arrays one after the other without gaps.
 */
export interface WeightGroup {
  /** Names of the shards, next to the manifest. */
  readonly paths: readonly string[];
  readonly weights: readonly WeightEntry[];
}

export interface WeightEntry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  /** Where the file has small integers instead: value = integer * scale + min. */
  readonly quantization?: WeightQuantization;
}

export interface WeightQuantization {
  readonly dtype: 'uint8' | 'uint16';
  readonly scale: number;
  readonly min: number;
}

export const weightsManifest: Codec<readonly WeightGroup[]> = {
  name: 'weights-manifest',
  title: 'weights manifest of TensorFlow.js or face-api (-weights_manifest.json)',
  summary: 'Which arrays of a network are in which files next to it.',
  endings: ['-weights_manifest.json'],
  sniff: (head) => /^\s*\[\s*\{\s*"(paths|weights)"\s*:\s*\[/.test(Buffer.from(head).toString('utf8')),
  decode(cursor) {
    const refuse = (expected: string): never => fail(failures.damagedManifest({ expected }, cursor.at(0)));
    const groups = parseJson(cursor);
    return Array.isArray(groups) ? parseGroups(groups, refuse) : refuse('a list of groups of weights');
  },
  describe(cursor) {
    const groups = weightsManifest.decode(cursor);
    const weights = groups.flatMap((group) => group.weights);
    const numbers = weights.reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0);
    return {
      facts: [
        { name: 'arrays', value: weights.length },
        { name: 'numbers', value: numbers },
        { name: 'element types', value: tally(weights.map(({ dtype, quantization }) => quantization?.dtype ?? dtype)) },
        { name: 'shards', value: groups.flatMap(({ paths }) => paths).join(', ') },
      ],
    };
  },
  encode: (groups) => Buffer.from(JSON.stringify(groups)),
};

/** The groups of a manifest, of which `refuse` tells what was expected: `[0].paths to be a list of names`. */
export function parseGroups(groups: unknown, refuse: (expected: string) => never): readonly WeightGroup[] {
  const parser = new ManifestParser(refuse);
  if (!Array.isArray(groups)) return refuse(' to be a list of groups of weights');
  return groups.map((group: unknown, index) => parser.group(group, `[${index}]`));
}

class ManifestParser {
  readonly refuse: (expected: string) => never;

  constructor(refuse: (expected: string) => never) {
    this.refuse = refuse;
  }

  group(value: unknown, where: string): WeightGroup {
    const { paths, weights } = this.#object(value, where);
    if (!isStringList(paths)) return this.refuse(`${where}.paths to be a list of names`);
    if (!Array.isArray(weights)) return this.refuse(`${where}.weights to be a list`);
    // In the order of the file, so that it comes back as it was.
    const entries = weights.map((entry: unknown, index) => this.#entry(entry, `${where}.weights[${index}]`));
    return Object.keys(value as JsonObject)[0] === 'weights'
      ? { weights: entries, paths }
      : { paths, weights: entries };
  }

  #entry(value: unknown, where: string): WeightEntry {
    const entry = this.#object(value, where);
    const { name, shape, dtype, quantization } = entry;
    if (typeof name !== 'string' || typeof dtype !== 'string')
      return this.refuse(`${where} to have a name and a dtype`);
    if (!isShape(shape)) return this.refuse(`${where}.shape to be a list of sizes`);
    const plain = { name, shape, dtype };
    return quantization === undefined ? plain : { ...plain, quantization: this.#quantization(quantization, where) };
  }

  #quantization(value: unknown, where: string): WeightQuantization {
    const { dtype, scale, min } = this.#object(value, `${where}.quantization`);
    if ((dtype !== 'uint8' && dtype !== 'uint16') || typeof scale !== 'number' || typeof min !== 'number') {
      return this.refuse(`${where}.quantization to have a dtype (uint8 or uint16), a scale and a min`);
    }
    return { dtype, scale, min };
  }

  #object(value: unknown, where: string): JsonObject {
    return isJsonObject(value) ? value : this.refuse(`${where} to be an object`);
  }
}

function isShape(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}
