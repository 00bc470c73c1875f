import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Experiment } from '../../../src/pipeline/experiment/experiment.ts';
import { loadExperiment, type LoadRequest } from '../../../src/pipeline/experiment/load-experiment.ts';

const here = fileURLToPath(new URL('.', import.meta.url));

export const fixtures = join(here, 'fixtures');
export const testStages = {
  manifests: join(here, 'stages'),
  compiled: join(here, 'stages'),
  references: join(here, 'stages'),
  validators: join(here, 'none'),
  manifestSchema: join(here, '../../../schemas/stage.schema.json'),
};

/** Loads `experiment.yaml` of a folder, with what its `request.json` asks for besides. */
export function loadFixture(folder: string, changes: Partial<LoadRequest> = {}): Experiment {
  const request = join(folder, 'request.json');
  const asked = existsSync(request) ? (JSON.parse(readFileSync(request, 'utf8')) as Partial<LoadRequest>) : {};
  return loadExperiment({
    file: 'experiment.yaml',
    workspace: folder,
    overrides: [],
    environment: {},
    stageFolders: testStages,
    ...asked,
    ...changes,
  });
}
