import { resolve } from 'node:path';
import { identify, thisHost } from '../core/process-facts.ts';
import { Interruption } from '../pipeline/execute/interruption.ts';
import { runExperiment, type RunEnd } from '../pipeline/execute/run-experiment.ts';
import type { RunRequest } from '../pipeline/execute/run-request.ts';
import { ChangeRecorder } from '../pipeline/record/change-recorder.ts';
import { DatabaseRecorder } from '../pipeline/record/database-recorder.ts';
import { gitCommit } from '../pipeline/record/git-commit.ts';
import { closeKilledRuns, lastDurationOf } from '../pipeline/record/past-runs.ts';
import { createRunFolder, linkLatest, RunFolderWriter } from '../pipeline/record/run-folder.ts';
import { recordedExperiment, type RunFacts } from '../pipeline/record/run-facts.ts';
import type { Experiment } from '../pipeline/experiment/experiment.ts';
import { cacheLimits } from './cache-limits.ts';
import { machineCapacity } from './capacity.ts';
import { checkCaches } from './check-caches.ts';
import { exitCode, type ExitCode } from './exit-code.ts';
import type { ExperimentOptions } from './experiment-options.ts';
import type { ProcessContext } from './flow-command.ts';
import { openReporter } from './open-reporter.ts';
import type { PlannedExperiment } from './planned-experiment.ts';
import type { RunSettings } from './run-options.ts';
import { handleSignals } from './signals.ts';
import { taskEnvironment } from './worker-surroundings.ts';
import { machineFacts } from './machine-facts.ts';
import type { Workspace } from './workspace.ts';

/** How long a stage may take to write its checkpoint after the first Ctrl-C. */
const graceMs = 30_000;

export interface RunSurroundings {
  readonly workspace: Workspace;
  readonly surroundings: ProcessContext;
  /** Store nothing: see what tasks give. */
  readonly isTrial?: boolean;
}

/** Runs what a plan leaves to be run, shows it, records it, and stops it in order when we are told to. */
export async function startRun(
  planned: PlannedExperiment,
  options: ExperimentOptions & RunSettings,
  { workspace, surroundings, isTrial = false }: RunSurroundings,
): Promise<RunEnd> {
  const { experiment } = planned.plan;
  await checkCaches(workspace.cache);
  // A limit that cannot be read shall not be found at the end of a run of days.
  cacheLimits(workspace.cache.folders.entries, surroundings);
  const { id, folder } = createRunFolder(workspace.runsFolder, experiment.name, new Date());
  // Absolute, so that the run can be repeated from any folder.
  const setFile = options.setFile.map((each) => resolve(surroundings.workingFolder, each));
  const facts = runFacts(id, planned, { ...options, setFile });
  const readers = openReaders({ experiment, options, workspace, surroundings, facts, folder });
  const interruption = new Interruption();
  const unheed = handleSignals(interruption);
  const request: RunRequest = {
    experiment,
    run: id,
    folder,
    engines: planned.engines.usedBy(experiment.tasks),
    cache: workspace.cache,
    digests: workspace.lazyDigests,
    openLocks: () => workspace.openLocks(id),
    openExecutor: async () => {
      const { LocalExecutor } = await import('../pipeline/execute/executors/local/local-executor.ts');
      return new LocalExecutor(machineCapacity(options, surroundings));
    },
    afterFailure: options.keepGoing ? 'go-on' : options.failFast ? 'stop' : 'finish',
    retries: options.retries,
    graceMs,
    lastDurationMs: (task) => lastDurationOf(workspace.database, experiment.name, task.id),
    workerEnvironment: (task, share) =>
      taskEnvironment(task, planned.engines.of(task)?.identity, share, surroundings.environment),
    isTrial,
    interruption,
    readers: readers.handle,
    now: () => Date.now(),
  };
  try {
    const end = await runExperiment(request, planned.plan, planned.knowledge);
    if (end.counts.done > 0 && !isTrial) await tidy(workspace, surroundings);
    return end;
  } finally {
    unheed();
    await readers.close();
    linkLatest(workspace.runsFolder, experiment.name, folder);
  }
}

/** Only a run that has stored something can have filled the cache. */
async function tidy(workspace: Workspace, surroundings: ProcessContext): Promise<void> {
  const { collectGarbageAfterRun } = await import('./collect-garbage-after-run.ts');
  await collectGarbageAfterRun(workspace, surroundings);
}

export function exitCodeOf(end: RunEnd): ExitCode {
  switch (end.outcome) {
    case 'done':
      return exitCode.done;
    case 'failed':
      return exitCode.taskFailed;
    case 'interrupted':
      return exitCode.interrupted;
  }
}

interface ReadersRequest extends RunSurroundings {
  readonly experiment: Experiment;
  readonly options: RunSettings;
  readonly facts: RunFacts;
  readonly folder: string;
}

function openReaders(request: ReadersRequest) {
  const { experiment, options, workspace, surroundings, facts, folder } = request;
  closeKilledRuns(workspace.record);
  const runFolder = new RunFolderWriter(folder, facts);
  const recorder = new DatabaseRecorder(workspace.record, facts, (key) => workspace.documentOf(key));
  const reporter = openReporter(options.json, workspace.folder, surroundings);
  // The record comes first: what is on the screen is on the disk.
  const changes = facts.gitCommit === null ? [] : [new ChangeRecorder(experiment, folder)];
  const readers = [runFolder, recorder, ...changes, reporter];
  return {
    handle: readers.map((reader) => reader.handle.bind(reader)),
    close: async () => {
      runFolder.close();
      recorder.flush();
      await Promise.all(changes.map((each) => each.close()));
      await reporter.close();
    },
  };
}

function runFacts(id: string, { plan, engines }: PlannedExperiment, options: ExperimentOptions): RunFacts {
  const { file, set, setFile, profile } = options;
  const { experiment } = plan;
  const used = engines.usedBy(experiment.tasks);
  return {
    format: 'faceflow-run',
    version: 1,
    id,
    startedAt: new Date().toISOString(),
    call: { file, overrides: set, overrideFiles: setFile, profile: profile ?? null },
    runner: identify(process.pid) ?? { host: thisHost(), pid: process.pid, started: '' },
    machine: machineFacts(),
    gitCommit: gitCommit(experiment.workspace),
    ...used,
    engineNotice: used.engineNotice ?? null,
    experiment: recordedExperiment(experiment),
  };
}
