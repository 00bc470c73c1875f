import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Experiment, TaskSpec } from '../../../src/pipeline/experiment/experiment.ts';
import type { LoadRequest } from '../../../src/pipeline/experiment/load-experiment.ts';
import { loadFixture } from './load-fixture.ts';

/** Writes files into a folder of their own, which goes when the test is over. */
export function workspaceOf(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'workspace-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
}

/** Loads the text of an experiment over the stages in test/pipeline/experiment/stages. */
export function load(text: string, changes: Partial<LoadRequest> = {}): Experiment {
  return loadFixture(workspaceOf({ 'experiment.yaml': text }), changes);
}

export function taskOf(experiment: Experiment, id: string): TaskSpec {
  const task = experiment.tasks.find((each) => each.id === id);
  if (task === undefined) throw new Error(`no ${id} among ${experiment.tasks.map((each) => each.id).join(', ')}`);
  return task;
}

/** Ids of the tasks that a port takes outputs from, or the paths it takes. */
export function sourcesOf(task: TaskSpec, port: string): string[] {
  return (task.inputs[port] ?? []).map((binding) => (binding.type === 'path' ? binding.written : binding.task));
}
