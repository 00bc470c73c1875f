import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { writeFileAtomic } from '../../src/core/atomic-file.ts';
import type { EngineIdentity } from '../../src/core/engine-identity.ts';
import { unitSum } from '../../src/kit/face/pair-distances.ts';
import { featureMatrix, featureOf } from '../../src/kit/codec/megaface/feature-matrix.ts';
import type { Params } from './contract.ts';
import type { NamedImages } from './images.ts';
import type { RowFile } from './row-file.ts';

export interface FeaturesRequest {
  readonly images: NamedImages;
  /** One per network; all hold rows of the same images. */
  readonly files: readonly RowFile[];
  readonly columns: number;
  readonly models: readonly string[];
  readonly engine: EngineIdentity;
  readonly params: Pick<Params, 'layout' | 'suffix'>;
  readonly folder: string;
}

/** Writes the output of the stage; docs/formats/features.md describes it. */
export function writeFeatures(request: FeaturesRequest): void {
  const { images, files, columns, models, engine, params, folder } = request;
  mkdirSync(folder, { recursive: true });
  const rows = files[0]?.count ?? 0;
  const names = Array.from({ length: rows }, (_, row) => images.nameAt(files[0]?.at(row).position ?? 0));
  if (params.layout === 'matrix') writeMatrix(request, rows);
  else for (const [row, name] of names.entries()) writeOne(request, row, name);
  writeFileSync(join(folder, 'names.txt'), names.map((name) => `${name}\n`).join(''));
  const index = { format: 'faceflow-features', version: 1, layout: params.layout, rows, columns, models, engine };
  writeFileAtomic(join(folder, 'features.json'), `${JSON.stringify(index, undefined, 2)}\n`);
}

/** Row by row: the matrix of a million images is not held in memory. */
function writeMatrix({ files, columns, folder }: FeaturesRequest, rows: number): void {
  const target = openSync(join(folder, 'features.bin'), 'w');
  try {
    const empty = featureMatrix.encode({ rows, columns, type: 'float32', values: new Float32Array(0) });
    writeSync(target, empty);
    for (let row = 0; row < rows; row += 1) writeSync(target, new Uint8Array(rowOf(files, columns, row).buffer));
  } finally {
    closeSync(target);
  }
}

function writeOne({ files, columns, params, folder }: FeaturesRequest, row: number, name: string): void {
  const file = join(folder, `${insideOf(name)}${params.suffix}.bin`);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, featureMatrix.encode(featureOf(rowOf(files, columns, row))));
}

/** A path below the output, absolute ones too; ".." was refused before anything was computed. */
function insideOf(name: string): string {
  return name
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/');
}

/** The rows of one image by all networks behind each other, brought to length 1 again where there are several. */
function rowOf(files: readonly RowFile[], columns: number, row: number): Float32Array {
  const parts = files.map((file) => file.at(row).values);
  const [first] = parts;
  if (parts.length === 1 && first !== undefined) return first;
  const joined = new Float32Array(columns);
  let place = 0;
  for (const part of parts) {
    joined.set(part, place);
    place += part.length;
  }
  const unit = new Float64Array(columns);
  unitSum([joined], unit);
  return Float32Array.from(unit);
}
