import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from '../../../core/failure.ts';
import type { EngineIdentity } from '../../../core/engine-identity.ts';
import { isJsonObject, isStringList, shownJson } from '../../codec/json-text.ts';
import { failures } from './failures.ts';

/** One matrix, or a file for each image. */
export type FeatureLayout = 'matrix' | 'files';

/** The content of features.json; docs/formats/features.md describes it. */
export interface FeatureIndex {
  readonly format: 'faceflow-features';
  readonly version: 1;
  readonly layout: FeatureLayout;
  readonly rows: number;
  readonly columns: number;
  /** File names of the models, in the order in which their rows are put behind each other. */
  readonly models: readonly string[];
  readonly engine: EngineIdentity;
  /** What other vectors must have too to be comparable; absent in what version 3 of the stage features wrote. */
  readonly contract?: string;
  /** Of the file names in the layout `files`: `<name><suffix>.bin`. */
  readonly suffix?: string;
  /** Images that were to be embedded and could not be read. */
  readonly unreadable?: readonly string[];
}

export const featureFiles = { index: 'features.json', names: 'names.txt', matrix: 'features.bin' } as const;

/** Where the feature of an image is in the layout `files`; a path below the folder, whatever the name is. */
export function featureFile(folder: string, name: string, suffix: string): string {
  const parts = name.split('/').filter((part) => part !== '' && part !== '.' && part !== '..');
  return join(folder, `${parts.join('/')}${suffix}.bin`);
}

/** Reads features.json of a folder. Fails with `not-features`. */
export function readFeatureIndex(folder: string): FeatureIndex {
  const file = join(folder, featureFiles.index);
  const refuse = (found: string, at = file): never => fail(failures.notFeatures({ found }, { file: at }));
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) return refuse('no folder', folder);
  if (!existsSync(file)) return refuse('a folder without features.json', folder);
  const content = parse(readFileSync(file, 'utf8'));
  if (!isJsonObject(content)) return refuse('something else than a JSON object');
  const { format, version, layout, rows, columns } = content;
  if (format !== 'faceflow-features' || version !== 1)
    return refuse(`"format": ${shownJson(format)}, "version": ${shownJson(version)}`);
  if (layout !== 'matrix' && layout !== 'files') return refuse(`"layout": ${shownJson(layout)}`);
  if (!isCount(rows) || !isCount(columns))
    return refuse(`"rows": ${shownJson(rows)}, "columns": ${shownJson(columns)}`);
  const { contract, suffix, unreadable, models, engine } = content;
  return {
    ...{ format, version, layout, rows, columns },
    models: isStringList(models) ? models : [],
    // What wrote the file knew the names of engines; nothing here depends on them.
    engine: engine as EngineIdentity,
    ...(typeof contract === 'string' ? { contract } : {}),
    ...(typeof suffix === 'string' ? { suffix } : {}),
    ...(isStringList(unreadable) ? { unreadable } : {}),
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Told as what it is: not a JSON object.
    return undefined;
  }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0;
}
