import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ResultCache } from '../../../src/pipeline/cache/result-cache.ts';
import { StatCache } from '../../../src/pipeline/cache/stat-cache.ts';
import { stageFolders } from '../../../src/cli/workspace.ts';
import { TaskLocks } from '../../../src/pipeline/cache/task-locks.ts';
import type { FlowEvent } from '../../../src/pipeline/execute/event.ts';
import { LocalExecutor } from '../../../src/pipeline/execute/executors/local/local-executor.ts';
import { Interruption } from '../../../src/pipeline/execute/interruption.ts';
import { CachePlanningContext } from '../../../src/pipeline/execute/planning-context.ts';
import { runExperiment } from '../../../src/pipeline/execute/run-experiment.ts';
import type { RunRequest } from '../../../src/pipeline/execute/run-request.ts';
import { planExperiment } from '../../../src/pipeline/plan/plan.ts';
import { loadExperiment } from '../../../src/pipeline/experiment/load-experiment.ts';

const engine = { name: 'cpu', version: 'test' } as const;

/** Runs an experiment of commands in this process, with all of the engine but the command line and the record. */
export async function runInProcess(
  folder: string,
  yaml: string,
  change: Partial<RunRequest> = {},
): Promise<{ events: FlowEvent[]; outcomes: Record<string, string> }> {
  const runFolder = join(folder, 'run');
  mkdirSync(runFolder, { recursive: true });
  writeFileSync(join(folder, 'experiment.yaml'), yaml);
  const experiment = loadExperiment({
    file: join(folder, 'experiment.yaml'),
    workspace: folder,
    overrides: [],
    environment: {},
    stageFolders: stageFolders(),
  });
  const cache = new ResultCache({ entries: join(folder, 'cache'), scratch: join(folder, 'scratch') });
  const digests = new StatCache(join(folder, 'stat.db'));
  const knowledge = new CachePlanningContext({
    experiment,
    engineOf: () => engine,
    cache,
    digests,
    adopts: false,
    previous: () => undefined,
    lastAttempt: () => undefined,
    programVersion: () => Promise.resolve('1'),
  });
  const events: FlowEvent[] = [];
  const request: RunRequest = {
    experiment,
    run: 'run',
    folder: runFolder,
    engines: { engine },
    cache,
    digests,
    openLocks: () => Promise.resolve(new TaskLocks(join(folder, 'locks.db'), 'run')),
    openExecutor: () => Promise.resolve(new LocalExecutor({ jobs: 4, cpus: 4, memoryBytes: 2 ** 40, gpus: [] })),
    afterFailure: 'finish',
    retries: 0,
    graceMs: 1000,
    lastDurationMs: () => undefined,
    workerEnvironment: () => ({ PATH: '/usr/bin:/bin' }),
    withheldVariables: () => [],
    isTrial: false,
    interruption: new Interruption(),
    readers: [(event) => events.push(event)],
    now: () => Date.now(),
    ...change,
  };
  try {
    await runExperiment(request, await planExperiment(experiment, knowledge), knowledge);
  } finally {
    digests.close();
  }
  const ended = events.flatMap((event) => (event.type === 'task-ended' ? [[event.task, event.result.outcome]] : []));
  return { events, outcomes: Object.fromEntries(ended) as Record<string, string> };
}
