import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { builtInStageNames } from '../../src/pipeline/experiment/stage-kinds.ts';
import { readManifest } from '../../src/pipeline/experiment/stage-manifest.ts';
import { contractOf } from './contract.ts';
import type { StageManifest } from '../../src/pipeline/experiment/stage-manifest.ts';
import { openApiDocument } from '../../src/service/openapi.ts';
import { errorDocs } from './error-docs.ts';
import { experimentSchema } from './experiment-schema.ts';
import { glossaryDocs } from './glossary-docs.ts';
import { kitSchema } from './kit-schema.ts';
import { lossDocs } from './loss-docs.ts';
import { networkDocs } from './network-docs.ts';
import { serviceClient } from './service-client.ts';
import { stageDigests, type StageDigests } from './stage-digests.ts';

export interface GeneratedFile {
  /** Relative to the package. */
  readonly path: string;
  readonly content: string;
}

export const kitSchemaPath = 'schemas/kit.schema.json';
export const stageDigestsPath = 'schemas/stage-digests.json';

/** The schema of networks and losses; the manifests refer to it, so it comes before {@link generatedFiles}. */
export function generatedKitSchema(root: string): Promise<GeneratedFile> {
  return formatted(root, kitSchemaPath, JSON.stringify(kitSchema()));
}

/** Every other file that is made from the stages and the tables of the engine. */
export async function generatedFiles(root: string): Promise<readonly GeneratedFile[]> {
  const stages = join(root, 'stages');
  const names = builtInStageNames({ manifests: stages });
  const manifests = names.map((name) => readManifest(join(stages, name)));
  return await Promise.all([
    formatted(root, 'schemas/experiment.schema.json', JSON.stringify(experimentSchema(manifests))),
    errorDocs(root).then((text) => formatted(root, 'docs/errors.md', text)),
    formatted(root, 'docs/glossary.md', glossaryDocs(root)),
    formatted(root, 'docs/losses.md', lossDocs(root)),
    formatted(root, 'docs/networks.md', networkDocs()),
    formatted(root, 'schemas/openapi.json', JSON.stringify(openApiDocument())),
    serviceClient().then((text) => formatted(root, 'src/service/client.ts', text)),
    formatted(root, stageDigestsPath, JSON.stringify(stageDigests(stages, names))),
    ...manifests
      .filter(({ program }) => program !== true)
      .map(async (manifest) => {
        const declared = JSON.parse(readFileSync(join(stages, manifest.name, 'stage.json'), 'utf8')) as StageManifest;
        return formatted(root, `stages/${manifest.name}/contract.ts`, await contractOf(manifest, declared.params));
      }),
  ]);
}

/** The digests as committed; empty if there are none yet. */
export function committedStageDigests(root: string): StageDigests {
  const path = join(root, stageDigestsPath);
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as StageDigests) : {};
}

async function formatted(root: string, path: string, content: string): Promise<GeneratedFile> {
  const filepath = join(root, path);
  return { path, content: await format(content, { ...(await resolveConfig(filepath)), filepath }) };
}
