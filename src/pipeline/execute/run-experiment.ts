import { join } from 'node:path';
import type { CacheEntry } from '../cache/cache-entry.ts';
import type { Plan } from '../plan/plan.ts';
import { taskNeeds } from '../plan/select-tasks.ts';
import { EventStream, type FlowEvent, type TaskOutcome } from './event.ts';
import { Interruption } from './interruption.ts';
import type { CachePlanningContext } from './planning-context.ts';
import { outputsLinkOf } from './run-files.ts';
import type { RunRequest } from './run-request.ts';
import { Scheduler } from './scheduler.ts';

export type RunEnd = Extract<FlowEvent, { type: 'run-ended' }>;

/**
 * Runs what a plan leaves to be run and tells the readers of the request everything that happens. Resolves however the
 * tasks come out; rejects only for defects of ours.
 */
export async function runExperiment(request: RunRequest, plan: Plan, context: CachePlanningContext): Promise<RunEnd> {
  const startedAt = request.now();
  const stream = new EventStream(request.readers, request.now);
  const halt = new Interruption();
  const scheduler = new Scheduler({ request, context, stream, halt });
  emitStarted(request, stream);
  context.onDamage((message) => {
    stream.warn(message);
  });
  const unlisten = request.interruption.listen((level) => {
    if (scheduler.defect === undefined) stream.warn(interruptionTexts[level]);
    if (level === 'stop') halt.stop();
    else halt.kill();
  });
  try {
    const outcomes = await Promise.all(plan.tasks.map((planned) => scheduler.settle(planned)));
    if (scheduler.defect !== undefined) throw scheduler.defect.error;
    const durationMs = request.now() - startedAt;
    const ended = runEnded(request, { outcomes, durationMs, resultOf: (task) => scheduler.resultOf(task) });
    stream.emit(ended);
    return { at: request.now(), ...ended };
  } finally {
    unlisten();
    await scheduler.close();
  }
}

const interruptionTexts = {
  stop: 'stopping: running tasks write their checkpoints; interrupt again to end them at once',
  kill: 'ending the running tasks at once',
};

function emitStarted({ run, experiment, engines, folder }: RunRequest, stream: EventStream): void {
  stream.emit({
    type: 'run-started',
    run,
    experiment: experiment.name,
    file: experiment.file,
    tasks: experiment.tasks.map((task) => ({
      id: task.id,
      stage: task.stage,
      kind: task.kind.manifest.name,
      needs: taskNeeds(task),
    })),
    ...engines,
    folder,
  });
}

interface Results {
  readonly outcomes: readonly TaskOutcome[];
  readonly durationMs: number;
  readonly resultOf: (task: string) => CacheEntry | undefined;
}

function runEnded(
  { run, experiment, folder, interruption }: RunRequest,
  { outcomes, durationMs, resultOf }: Results,
): Omit<RunEnd, 'at'> {
  const count = (outcome: TaskOutcome['outcome']): number => outcomes.filter((each) => each.outcome === outcome).length;
  const counts = {
    done: count('done'),
    cached: count('cached'),
    failed: count('failed'),
    interrupted: count('interrupted'),
    skipped: count('skipped'),
  };
  const isUnfinished = counts.failed + counts.interrupted + counts.skipped > 0;
  const entries = experiment.tasks.flatMap(({ id }) => {
    const entry = resultOf(id);
    return entry === undefined ? [] : [{ task: id, entry }];
  });
  return {
    type: 'run-ended',
    run,
    outcome: !isUnfinished ? 'done' : interruption.level === 'none' ? 'failed' : 'interrupted',
    durationMs,
    counts,
    figures: entries.flatMap(({ task, entry }) => entry.figures.map((figure) => ({ task, ...figure }))),
    pages: entries.flatMap(({ task, entry }) =>
      Object.values(entry.outputs)
        .filter(({ kind }) => kind === 'page')
        .map(({ path }) => ({ task, path: join(outputsLinkOf(folder, task), path) })),
    ),
  };
}
