import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  committedStageDigests,
  generatedFiles,
  generatedKitSchema,
  stageDigestsPath,
  type GeneratedFile,
} from './generate/generated-files.ts';
import { forgottenVersions, type StageDigests } from './generate/stage-digests.ts';
import { packageFolder } from '../src/core/package-folder.ts';

/**
 * `npm run generate`: writes the schemas and contracts that are made from stages and registries. Refuses to take over
 * the digest of a changed stage whose version is the old one, unless `--same-version` says that its outputs are too.
 */
async function generate(root: string, sameVersion: boolean): Promise<number> {
  write(root, await generatedKitSchema(root));
  const files = await generatedFiles(root);
  const digests = files.find(({ path }) => path === stageDigestsPath);
  const now = JSON.parse(digests?.content ?? '{}') as StageDigests;
  const forgotten = sameVersion ? [] : forgottenVersions(committedStageDigests(root), now);
  for (const file of files) if (file !== digests || forgotten.length === 0) write(root, file);
  if (forgotten.length === 0) return 0;
  console.error(`The code of ${forgotten.join(', ')} changed, but its version in stage.json did not.`);
  console.error('Raise the version if the same inputs may now produce other outputs; otherwise:');
  console.error('  npm run generate -- --same-version');
  return 1;
}

function write(root: string, { path, content }: GeneratedFile): void {
  const target = join(root, path);
  if (existsSync(target) && readFileSync(target, 'utf8') === content) return;
  writeFileSync(target, content);
  console.log(`wrote ${path}`);
}

process.exitCode = await generate(packageFolder(), process.argv.includes('--same-version'));
