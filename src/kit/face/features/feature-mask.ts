import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeOwnFolder, writeFileAtomic } from '../../../core/atomic-file.ts';
import { fail } from '../../../core/failure.ts';
import { isJsonObject, isStringList, shownJson } from '../../codec/json-text.ts';
import { featureMatrix } from '../../codec/megaface/feature-matrix.ts';
import { decodeFile } from '../../codec/read-file.ts';
import { failures } from './failures.ts';

/**
 * Which features are noise, beside the features themselves: a folder with `mask.json` and, where probes are replaced,
 * `replacements.bin`, a matrix of float32 with a row for each of them.
 */
export interface FeatureMask {
  /** Of the features that it is a mask of. */
  readonly contract: string;
  /** Names of distractors that count as infinitely far from everything. */
  readonly excluded: readonly string[];
  /** Names of probes that have another feature: the row of each in `replacements`. */
  readonly replaced: ReadonlyMap<string, number>;
  readonly columns: number;
  /** replaced.size x columns. */
  readonly replacements: Float32Array;
}

const maskFile = 'mask.json';
const replacementFile = 'replacements.bin';

/** Writes the folder of a mask. */
export function writeFeatureMask(folder: string, mask: FeatureMask): void {
  const { contract, excluded, replaced, columns, replacements } = mask;
  makeOwnFolder(folder);
  if (replaced.size > 0) {
    const matrix = { rows: replaced.size, columns, type: 'float32', values: replacements } as const;
    writeFileSync(join(folder, replacementFile), featureMatrix.encode(matrix));
  }
  const content = {
    ...{ format: 'faceflow-feature-mask', version: 1, features: contract, excluded },
    replaced: Object.fromEntries(replaced),
  };
  writeFileAtomic(join(folder, maskFile), `${JSON.stringify(content, undefined, 1)}\n`);
}

/** Reads the folder of a mask. Fails with `bad-mask`. */
export function readFeatureMask(folder: string): FeatureMask {
  const file = join(folder, maskFile);
  const refuse = (expected: string, found: string, at = file): never =>
    fail(failures.badMask({ expected, found }, { file: at }));
  if (!existsSync(file)) return refuse('a folder with mask.json', 'none', folder);
  const content = parse(readFileSync(file, 'utf8'));
  const isMask = isJsonObject(content) && content['format'] === 'faceflow-feature-mask' && content['version'] === 1;
  if (!isMask) return refuse('"format": "faceflow-feature-mask", "version": 1', 'something else');
  const { features, excluded, replaced } = content;
  if (typeof features !== 'string') return refuse('"features", a contract', shownJson(features));
  if (!isStringList(excluded)) return refuse('"excluded", a list of names', shownJson(excluded));
  if (!isJsonObject(replaced)) return refuse('"replaced", rows by name', shownJson(replaced));
  const rows = new Map<string, number>();
  for (const [name, row] of Object.entries(replaced)) {
    if (typeof row !== 'number') return refuse(`the row of "${name}" in "replaced"`, JSON.stringify(row));
    rows.set(name, row);
  }
  if (rows.size === 0)
    return { contract: features, excluded, replaced: rows, columns: 0, replacements: new Float32Array(0) };
  const matrix = decodeFile(featureMatrix, join(folder, replacementFile));
  const bad = [...rows].find(([, row]) => !Number.isInteger(row) || row < 0 || row >= matrix.rows);
  if (bad !== undefined) return refuse(`a row of 0 to ${matrix.rows - 1} for "${bad[0]}"`, String(bad[1]));
  return {
    contract: features,
    excluded,
    replaced: rows,
    columns: matrix.columns,
    replacements: Float32Array.from(matrix.values),
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Told as what it is: no mask.
    return undefined;
  }
}
