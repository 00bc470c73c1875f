import { resolve } from 'node:path';
import { identify, readIfThere, thisHost } from '../core/process-facts.ts';
import { JsonLines } from '../pipeline/console/json-lines.ts';
import { PlainLines } from '../pipeline/console/plain-lines.ts';
import type { LiveViewOptions } from '../pipeline/console/live-view.ts';
import type { Reporter } from '../pipeline/console/reporter.ts';
import { Interruption } from '../pipeline/execute/interruption.ts';
import { runExperiment, type RunEnd } from '../pipeline/execute/run-experiment.ts';
import type { RunRequest } from '../pipeline/execute/run-request.ts';
import { DatabaseRecorder } from '../pipeline/record/database-recorder.ts';
import type { ChangeRecorder } from '../pipeline/record/git-changes.ts';
import { closeKilledRuns, lastDurationOf } from '../pipeline/record/past-runs.ts';
import { createRunFolder, linkLatest, RunFolderWriter } from '../pipeline/record/run-folder.ts';
import { gitCommit, recordedExperiment, type RunFacts } from '../pipeline/record/run-facts.ts';
import { throwIfAny } from '../core/failure.ts';
import type { Experiment } from '../pipeline/experiment/experiment.ts';
import { cacheLimits, checkCaches, collectGarbageAfterRun } from './cache-upkeep.ts';
import {
  type ExperimentOptions,
  type RunSettings,
  type SelectionOptions,
  exitCode,
  showsColour,
  type ExitCode,
  type ProcessContext,
} from './flow-command.ts';
import { machineCapacity, machineFacts, passedVariables, taskEnvironment, withheldVariables } from './machine.ts';
import type { PlannedExperiment } from './planned-experiment.ts';
import type { Workspace } from './workspace.ts';

/** How long a stage may take to write its checkpoint after the first Ctrl-C. */
const graceMs = 30_000;

export interface RunContext {
  readonly workspace: Workspace;
  readonly context: ProcessContext;
  /** Store no results: only see what tasks produce. */
  readonly isTrial?: boolean;
}

/** Runs what a plan leaves to be run, shows it, records it, and stops it in order on a signal. */
export async function startRun(
  planned: PlannedExperiment,
  options: ExperimentOptions & Partial<SelectionOptions> & RunSettings,
  { workspace, context, isTrial = false }: RunContext,
): Promise<RunEnd> {
  const { experiment } = planned.plan;
  const startedAt = Date.now();
  await checkCaches(workspace.cache);
  // A limit that cannot be read must not be found at the end of a run of days.
  cacheLimits(workspace.cache.folders.entries, context);
  // With --keep-going those tasks fail that must, and the others run.
  if (!options.keepGoing) await checkKnownInputs(planned, workspace);
  const { id, folder } = createRunFolder(workspace.runsFolder, experiment.name, new Date());
  // Absolute, so that the run can be repeated from any folder.
  const setFile = options.setFile.map((each) => resolve(context.workingFolder, each));
  const engines = planned.engines.usedBy(experiment.tasks);
  const facts = runFacts(id, {
    experiment,
    engines,
    options: { ...options, setFile },
    variables: passedVariables(context.environment),
  });
  const readers = await openReaders({ experiment, options, workspace, context, facts, folder });
  const interruption = new Interruption();
  const stopHandling = handleSignals(interruption);
  const request: RunRequest = {
    experiment,
    run: id,
    folder,
    engines,
    cache: workspace.cache,
    digests: workspace.lazyDigests,
    openLocks: () => workspace.openLocks(id),
    openExecutor: async () => {
      const { LocalExecutor } = await import('../pipeline/execute/executors/local/local-executor.ts');
      return new LocalExecutor(machineCapacity(options, context));
    },
    afterFailure: options.keepGoing ? 'go-on' : options.failFast ? 'stop' : 'finish',
    retries: options.retries,
    graceMs,
    lastDurationMs: (task) => lastDurationOf(workspace.database, experiment.name, task.id),
    ...environments(planned, context),
    isTrial,
    interruption,
    readers: readers.handle,
    now: () => Date.now(),
  };
  try {
    const end = await runExperiment(request, planned.plan, planned.knowledge);
    // Only a run that has stored something can have filled the cache.
    if (end.counts.done > 0 && !isTrial) await collectGarbageAfterRun(workspace, context, startedAt);
    return end;
  } finally {
    // Last: a signal that comes while the record is written must not end us in the midst of it.
    await endRecord(readers, { workspace, context, name: experiment.name, folder }).finally(stopHandling);
  }
}

interface EndedRun extends RunContext {
  /** Of its experiment. */
  readonly name: string;
  readonly folder: string;
}

async function endRecord(
  readers: Awaited<ReturnType<typeof openReaders>>,
  { workspace, context, name, folder }: EndedRun,
): Promise<void> {
  await readers.close();
  const problem = linkLatest(workspace.runsFolder, name, folder);
  if (problem !== undefined) context.stderr.write(`warning: ${problem}\n`);
}

/** What the processes of tasks see of our environment, and what not. */
function environments(
  { engines }: PlannedExperiment,
  { environment }: ProcessContext,
): Pick<RunRequest, 'workerEnvironment' | 'withheldVariables'> {
  return {
    workerEnvironment: (task, share) =>
      taskEnvironment({ task, engine: engines.of(task)?.identity, share }, environment),
    withheldVariables: (task) => withheldVariables(task, environment),
  };
}

/** Fails with what tasks that are to run would end with, as far as their inputs are there. */
async function checkKnownInputs({ plan, knowledge, engines }: PlannedExperiment, { cache }: Workspace): Promise<void> {
  const awaited = plan.tasks.filter(({ state, task }) => state !== 'cached' && task.kind.manifest.checks === true);
  if (awaited.length === 0) return;
  // Loaded when needed: most runs have nothing to check.
  const { foreseenFailures } = await import('../pipeline/execute/check-inputs.ts');
  const keys = new Map(plan.tasks.flatMap((each) => (each.state === 'cached' ? [[each.task.id, each.key]] : [])));
  const knownOutput = ({ task, output }: { readonly task: string; readonly output: string }): string | undefined => {
    const key = keys.get(task);
    const entry = key === undefined ? undefined : knowledge.entry(key);
    const stored = entry?.outputs[output];
    return entry === undefined || stored === undefined ? undefined : cache.outputPath(entry, stored);
  };
  throwIfAny(
    await foreseenFailures(
      awaited.map(({ task }) => task),
      { engineOf: (task) => engines.of(task)?.identity, knownOutput },
    ),
  );
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

interface ReadersRequest extends RunContext {
  readonly experiment: Experiment;
  readonly options: RunSettings;
  readonly facts: RunFacts;
  readonly folder: string;
}

async function openReaders(request: ReadersRequest) {
  const { experiment, options, workspace, context, facts, folder } = request;
  closeKilledRuns(workspace.record);
  const runFolder = new RunFolderWriter(folder, facts);
  const recorder = new DatabaseRecorder(workspace.record, facts, (key) => workspace.documentOf(key));
  const lastDurationMs = (task: string): number | undefined =>
    lastDurationOf(workspace.database, experiment.name, task);
  const reporter = await openReporter(options, { workspace: workspace.folder, lastDurationMs }, context);
  // The record comes first: what is on the screen is on the disk.
  const changes = facts.gitCommit === null ? [] : [await openChanges(experiment, folder)];
  const readers = [runFolder, recorder, ...changes, reporter];
  return {
    handle: readers.map((reader) => reader.handle.bind(reader)),
    close: async () => {
      const { stderr } = context;
      if (!runFolder.close()) stderr.write(`warning: the disk is full, and ${folder} lacks a part of this run\n`);
      if (!recorder.close()) {
        stderr.write('flow.db could not be written to, and lacks a part of this run: flow db rebuild adds it\n');
      }
      for (const problem of await Promise.all(changes.map((each) => each.close()))) {
        if (problem !== undefined) stderr.write(`warning: what differs from the commit is not recorded: ${problem}\n`);
      }
      await reporter.close();
    },
  };
}

/** Loaded when needed: outside of repositories there are no changes to record. */
async function openChanges(experiment: Experiment, folder: string): Promise<ChangeRecorder> {
  const { ChangeRecorder } = await import('../pipeline/record/git-changes.ts');
  return new ChangeRecorder(experiment, folder);
}

/** The reader that shows a run: JSON or the lines of another program when asked for, a live view on a terminal, calm lines everywhere else. */
async function openReporter(
  { json, logFormat }: RunSettings,
  { workspace, lastDurationMs }: Pick<LiveViewOptions, 'workspace' | 'lastDurationMs'>,
  context: ProcessContext,
): Promise<Reporter> {
  const { stdout, stderr, environment } = context;
  if (json) return new JsonLines(stdout);
  const colour = showsColour(stdout, environment);
  if (logFormat === 'insightface') {
    const { InsightFaceReporter } = await import('./insightface-lines.ts');
    return new InsightFaceReporter({ sink: stdout, colour, workspace });
  }
  // A terminal that understands cursor movements.
  if (stdout.isTTY && environment['TERM'] !== 'dumb' && isUnset(environment['CI'])) {
    const { LiveView } = await import('../pipeline/console/live-view.ts');
    return new LiveView({ colour, stdout, stderr, workspace, lastDurationMs });
  }
  return new PlainLines({ sink: stdout, colour, workspace });
}

function isUnset(value: string | undefined): boolean {
  return value === undefined || value === '' || value === 'false';
}

/** Signals that come within this time belong together: a terminal that is closed sends SIGHUP twice, and SIGTERM after it. */
const sameStopMs = 5000;

/**
 * Lets the first Ctrl-C (or SIGTERM, SIGHUP) stop a run in order, and a second Ctrl-C at once; a second SIGTERM only
 * some seconds later, and SIGHUP never. Returns the function that undoes it.
 */
function handleSignals(interruption: Interruption): () => void {
  let stoppedAt = -Infinity;
  const stop = (): void => {
    if (interruption.level === 'none') stoppedAt = performance.now();
    interruption.stop();
  };
  const handlers = {
    SIGINT: () => {
      interruption.escalate();
    },
    SIGTERM: () => {
      if (interruption.level === 'none' || performance.now() - stoppedAt < sameStopMs) stop();
      else interruption.kill();
    },
    SIGHUP: () => {
      if (!isHangUpIgnored()) stop();
    },
  };
  for (const [signal, handler] of Object.entries(handlers)) process.on(signal, handler);
  return () => {
    for (const [signal, handler] of Object.entries(handlers)) process.off(signal, handler);
  };
}

/**
 * Whether the end of a terminal is not for us, as under `nohup`. Node sets every signal to its default before our first
 * line, so that it has to be told from other signs: no stream of ours is a terminal, or our parent ignores the signal.
 */
function isHangUpIgnored(): boolean {
  if (![process.stdin, process.stdout, process.stderr].some(({ isTTY }) => isTTY)) return true;
  const ignored = /^SigIgn:\s*([0-9a-f]+)$/m.exec(readIfThere(`/proc/${process.ppid}/status`))?.[1] ?? '0';
  return (BigInt(`0x${ignored}`) & 1n) === 1n;
}

interface FactsRequest {
  readonly experiment: Experiment;
  readonly engines: RunRequest['engines'];
  readonly options: ExperimentOptions & Partial<SelectionOptions>;
  readonly variables: Readonly<Record<string, string>>;
}

function runFacts(id: string, { experiment, engines, options, variables }: FactsRequest): RunFacts {
  const { file, set, setFile, profile, ranges = [], only = [], from = [], until = [] } = options;
  const selection = { ranges, only, from, until };
  const isSelected = Object.values(selection).some((names) => names.length > 0);
  return {
    format: 'faceflow-run',
    version: 1,
    id,
    startedAt: new Date().toISOString(),
    call: {
      file,
      overrides: set,
      overrideFiles: setFile,
      profile: profile ?? null,
      ...(isSelected ? { selection } : {}),
    },
    runner: identify(process.pid) ?? { host: thisHost(), pid: process.pid, started: '' },
    machine: machineFacts(),
    variables,
    gitCommit: gitCommit(experiment.workspace),
    ...engines,
    engineNotice: engines.engineNotice ?? null,
    experiment: recordedExperiment(experiment),
  };
}
