import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FeatureLayout } from '../../../../src/kit/face/features/feature-index.ts';
import { FeatureWriter } from '../../../../src/kit/face/features/feature-writer.ts';

interface StoreOptions {
  readonly contract?: string;
  readonly layout?: FeatureLayout;
  readonly suffix?: string;
}

export const someContract = 'ab'.repeat(32);

/** Writes a folder of features with these rows and returns it. */
export function storeOf(
  folder: string,
  rows: Iterable<readonly [name: string, values: readonly number[]]>,
  { contract = someContract, layout = 'matrix', suffix = '' }: StoreOptions = {},
): string {
  const all = [...rows];
  const columns = all[0]?.[1].length ?? 0;
  const writer = new FeatureWriter({ folder, columns, layout, suffix });
  for (const [name, values] of all) writer.add(name, Float32Array.from(values));
  writer.finish({ models: ['model'], engine: { name: 'cpu', version: '0' }, contract });
  return folder;
}

/** Changes features.json of a folder. */
export function changeIndex(folder: string, index: object): void {
  writeFileSync(join(folder, 'features.json'), JSON.stringify(index));
}
