import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { validatorFile, validatorModule } from '../spec/params-validator.ts';
import { readManifest } from '../spec/read-manifest.ts';
import { builtInStageNames } from '../spec/stage-folders.ts';
import { stageFolders } from './workspace.ts';

// The last step of the build: the validators of the parameters of every stage that comes with the package.
const folders = stageFolders();
rmSync(folders.validators, { recursive: true, force: true });
mkdirSync(folders.validators, { recursive: true });
for (const name of builtInStageNames(folders)) {
  const { params } = readManifest(join(folders.manifests, name));
  writeFileSync(join(folders.validators, validatorFile(params)), validatorModule(params));
}
