import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Json } from '../src/core/digest.ts';
import { validatorFile, validatorModule } from '../src/pipeline/experiment/params-validator.ts';
import { readManifest } from '../src/pipeline/experiment/stage-manifest.ts';
import { builtInStageNames } from '../src/pipeline/experiment/stage-kinds.ts';
import { stageFolders } from '../src/cli/workspace.ts';
import { functionsApart } from './functions-apart.ts';

// A step of the build: the validators of the parameters of every stage that comes with the package, and that of
// the stage.json of others.
const folders = stageFolders();
rmSync(folders.validators, { recursive: true, force: true });
mkdirSync(folders.validators, { recursive: true });
const manifestSchema = JSON.parse(readFileSync(folders.manifestSchema, 'utf8')) as Readonly<Record<string, Json>>;
const schemas = builtInStageNames(folders).map((name) => readManifest(join(folders.manifests, name)).params);
for (const schema of [manifestSchema, ...schemas]) {
  const main = validatorFile(schema);
  const files = functionsApart(validatorModule(schema), {
    main,
    partOf: (name) => `${basename(main, '.cjs')}.${name}.cjs`,
  });
  for (const [name, text] of files) writeFileSync(join(folders.validators, name), text);
}
