import { join } from 'node:path';
import { fail } from '../../src/core/failure.ts';
import type { DevkitList } from '../../src/kit/codec/megaface/devkit-list.ts';
import { featureFiles } from '../../src/kit/face/features/feature-index.ts';
import type { FeatureMask } from '../../src/kit/face/features/feature-mask.ts';
import type { FeatureStore } from '../../src/kit/face/features/feature-store.ts';
import { failures as featureFailures } from '../../src/kit/face/features/failures.ts';
import { type ProbeSet, probeSet } from '../../src/kit/face/megaface/probe-set.ts';
import { requireUnitRows } from '../../src/kit/face/similarity/stored-vectors.ts';
import { failures } from './failures.ts';
import { readList } from './read-list.ts';

export interface ProbeSource {
  readonly name: string;
  readonly store: FeatureStore;
  /** A list of the development kit; undefined: all that the store has. */
  readonly list: string | undefined;
  readonly mask: FeatureMask | undefined;
}

/** Probes in memory. Fails with `unusable-list`, `missing-features`, `no-trials`, and with what is wrong with a feature. */
export function readProbes({ name, store, list, mask }: ProbeSource): ProbeSet {
  const { paths, ids }: DevkitList = list === undefined ? { paths: [...store.names] } : readList(list);
  const rows = store.rowsOf(paths);
  const { columns } = store;
  const values = new Float32Array(rows.length * columns);
  for (const [place, row] of rows.entries()) {
    const target = values.subarray(place * columns, (place + 1) * columns);
    const replacement = mask?.replaced.get(paths[place] ?? '');
    if (replacement === undefined) store.read(row, 1, target);
    else target.set(mask?.replacements.subarray(replacement * columns, (replacement + 1) * columns) ?? []);
  }
  requireUnitRows(values, columns, (row) => ({ name: paths[row] ?? '', folder: store.folder }));
  const set = probeSet({ name, values, columns, ids: ids ?? paths.map(folderOf) });
  if (set.people.samePairs === 0) {
    fail(failures.noTrials({ name, images: rows.length }, { file: list ?? join(store.folder, featureFiles.names) }));
  }
  return set;
}

/** An image that is in no folder is alone. */
function folderOf(path: string): string {
  const end = path.lastIndexOf('/');
  return end < 0 ? path : path.slice(0, end);
}

/** Features with what they are called in messages. */
export interface NamedStore {
  readonly name: string;
  readonly store: FeatureStore;
}

export interface ContractRequest {
  readonly stores: readonly NamedStore[];
  readonly mask: FeatureMask | undefined;
  readonly maskFolder: string | undefined;
  /** Whether features that tell no contract are compared all the same. */
  readonly acceptsUnproven: boolean;
}

/**
 * Features that are compared must be of one network and preprocessing, and of one length. Returns the names of those that do not tell. Fails
 * with `unproven-features`, `other-contract`, `feature-length`.
 */
export function requireOneContract({
  stores,
  mask,
  maskFolder = '',
  acceptsUnproven,
}: ContractRequest): readonly string[] {
  const [first] = stores;
  const told = stores.find(({ store: { index } }) => index.contract !== undefined)?.store;
  const own = told?.index.contract;
  for (const { folder, columns, index } of stores.map(({ store }) => store)) {
    const file = join(folder, featureFiles.index);
    if (first !== undefined && columns !== first.store.columns) {
      const facts = { name: 'each image', expected: first.store.columns, found: columns };
      fail(featureFailures.featureLength(facts, { file }));
    }
    if (own === undefined || index.contract === undefined || index.contract === own) continue;
    fail(featureFailures.otherContract({ other: told?.folder ?? '', own, found: index.contract }, { file }));
  }
  const unproven = stores.filter(({ store: { index } }) => index.contract === undefined);
  const [one] = unproven;
  const names = unproven.map(({ name }) => name);
  if (one !== undefined && !acceptsUnproven) {
    fail(failures.unprovenFeatures({ names }, { file: join(one.store.folder, featureFiles.index) }));
  }
  if (mask === undefined || own === undefined || mask.contract === own) return names;
  const facts = { other: told?.folder ?? '', own, found: mask.contract };
  return fail(featureFailures.otherContract(facts, { file: join(maskFolder, 'mask.json') }));
}
