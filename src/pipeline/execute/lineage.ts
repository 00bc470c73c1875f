import type { CacheEntry } from '../cache/cache-entry.ts';
import type { Lineage, LineageTask } from '../../stage-api/lineage.ts';
import { externalInputsOf } from '../plan/key-document.ts';
import type { Experiment, TaskSpec } from '../experiment/experiment.ts';
import { dataNeeds, upstreamTasks } from '../plan/select-tasks.ts';

/** Looks up the stored result of an upstream task. */
export type EntryOf = (taskId: string) => CacheEntry;

/**
 * The text of `lineage.json` for one task: equal text for equal stored results, since its digest is part of the key.
 */
export function lineageText(experiment: Experiment, task: TaskSpec, entryOf: EntryOf): string {
  const lineage: Lineage = {
    format: 'faceflow-lineage',
    version: 1,
    experiment: { name: experiment.name, summary: experiment.summary },
    tasks: upstreamTasks(experiment, task).map((each) => lineageTask(each, entryOf(each.id))),
  };
  return `${JSON.stringify(lineage, null, 1)}\n`;
}

function lineageTask(task: TaskSpec, entry: CacheEntry): LineageTask {
  const { manifest } = task.kind;
  return {
    id: task.id,
    stage: task.stage,
    kind: manifest.name,
    kindVersion: manifest.version,
    summary: manifest.summary,
    needs: dataNeeds(task),
    params: task.params,
    seed: manifest.seeded === true ? task.seed : null,
    engine: entry.engine,
    key: entry.key,
    durationMs: entry.durationMs,
    peakMemoryBytes: entry.peakMemoryBytes,
    figures: entry.figures,
    externalInputs: externalInputs(task, entry),
    outputs: Object.entries(entry.outputs).map(([port, { kind, digest, bytes }]) => ({ port, kind, digest, bytes })),
  };
}

function externalInputs(task: TaskSpec, entry: CacheEntry): LineageTask['externalInputs'] {
  return externalInputsOf(task).map(({ port, index, binding }) => ({
    port,
    path: binding.written,
    digest: inputDigest(entry, port, index),
  }));
}

/** The digest the input had when the result was computed, from the key document stored with it. */
function inputDigest(entry: CacheEntry, port: string, index: number): string {
  const document = entry.keyDocument as { readonly inputs?: Readonly<Record<string, readonly string[]>> };
  return document.inputs?.[port]?.[index] ?? '';
}
