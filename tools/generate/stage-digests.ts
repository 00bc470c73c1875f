import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { digestOf } from '../../src/core/digest.ts';
import { readManifest } from '../../src/pipeline/experiment/stage-manifest.ts';

/** What a stage's code was when its version was last looked at. */
export interface StageDigest {
  readonly version: number;
  readonly digest: string;
}

export type StageDigests = Readonly<Record<string, StageDigest>>;

/** Version and digest of the sources of every stage: a source changed without a new version is noticed by comparing. */
export function stageDigests(stagesFolder: string, names: readonly string[]): StageDigests {
  return Object.fromEntries(
    names.map((name) => {
      const folder = join(stagesFolder, name);
      return [name, { version: readManifest(folder).version, digest: sourcesDigest(folder) }];
    }),
  );
}

/** Stages whose sources changed while their version did not. */
export function forgottenVersions(before: StageDigests, now: StageDigests): string[] {
  return Object.entries(now)
    .filter(([name, { version, digest }]) => before[name]?.version === version && before[name].digest !== digest)
    .map(([name]) => name);
}

/** Code alone: parameters and their defaults, which stage.json holds, are part of every key anyway. */
function sourcesDigest(folder: string): string {
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && path !== 'contract.ts')
    .sort();
  return digestOf(sources.map((path) => `${path}\n${digestOf(readFileSync(join(folder, path)))}\n`).join(''));
}
