import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { InvalidArgumentError, Option } from 'commander';
import { identify, thisHost } from '../../cache/process-identity.ts';
import { Interruption } from '../../execute/interruption.ts';
import { runExperiment, type RunEnd } from '../../execute/run-experiment.ts';
import { planExperiment } from '../../plan/plan.ts';
import { DatabaseRecorder } from '../../record/database-recorder.ts';
import { gitCommit } from '../../record/git-commit.ts';
import { closeKilledRuns, lastDurationOf } from '../../record/past-runs.ts';
import { createRunFolder, linkLatest, RunFolderWriter } from '../../record/run-folder.ts';
import { recordedExperiment, type RunFacts } from '../../record/run-facts.ts';
import type { Experiment } from '../../spec/experiment.ts';
import { machineCapacity } from '../capacity.ts';
import { chosenEngine, engineNotice } from '../engine.ts';
import { exitCode, type ExitCode } from '../exit-code.ts';
import {
  declareExperimentOptions,
  loadFrom,
  readExperimentOptions,
  type ExperimentOptions,
} from '../experiment-options.ts';
import type { FlowCommand, Surroundings } from '../flow-command.ts';
import { openReporter } from '../open-reporter.ts';
import { heedSignals } from '../signals.ts';
import { taskEnvironment } from '../worker-surroundings.ts';
import { machineFacts, openWorkspace, type Workspace } from '../workspace.ts';

interface RunOptions extends ExperimentOptions {
  readonly jobs?: number;
  readonly keepGoing: boolean;
  readonly failFast: boolean;
  readonly retries: number;
  readonly json: boolean;
}

/** How long a stage may take to write its checkpoint after the first Ctrl-C. */
const graceMs = 30_000;

export const command: FlowCommand = {
  declare(command) {
    declareExperimentOptions(command);
    command
      .option('-j, --jobs <n>', 'tasks at the same time (default: one per processor)', wholeNumber(1))
      .option('-k, --keep-going', 'after a failure, go on with everything that does not depend on it', false)
      .addOption(new Option('--fail-fast', 'after a failure, stop what runs too').conflicts('keepGoing').default(false))
      .option('--retries <n>', 'try each failed task again so often', wholeNumber(0), 0)
      .option('--json', 'print events as newline-delimited JSON', false);
  },

  async run(call, surroundings) {
    const options: RunOptions = { ...(call.options as RunOptions), ...readExperimentOptions(call) };
    const workspace = openWorkspace(surroundings, options.workspace);
    try {
      return exitCodeOf(await run(options, workspace, surroundings));
    } finally {
      workspace.close();
    }
  },
};

async function run(options: RunOptions, workspace: Workspace, surroundings: Surroundings): Promise<RunEnd> {
  const experiment = loadFrom(options, workspace, surroundings);
  const engine = chosenEngine(surroundings);
  const notice = engineNotice(engine);
  const knowledge = workspace.knowledge(experiment, engine.identity, { adopts: true });
  const plan = await planExperiment(experiment, knowledge);
  const { id, folder } = createRunFolder(workspace.runsFolder, experiment.name, new Date());
  const facts = runFacts(id, options, experiment, { engine: engine.identity, notice });
  const readers = openReaders({ options, workspace, surroundings, facts, folder });
  const interruption = new Interruption();
  const unheed = heedSignals(interruption);
  try {
    return await runExperiment(
      {
        experiment,
        run: id,
        folder,
        engine: engine.identity,
        ...(notice === undefined ? {} : { engineNotice: notice }),
        cache: workspace.cache,
        digests: workspace.digests,
        openLocks: () => workspace.openLocks(id),
        capacity: machineCapacity(options.jobs ?? availableParallelism(), surroundings),
        afterFailure: options.keepGoing ? 'go-on' : options.failFast ? 'stop' : 'finish',
        retries: options.retries,
        graceMs,
        lastDurationMs: (task) => lastDurationOf(workspace.database, experiment.name, task.id),
        workerEnvironment: (task, share) => taskEnvironment(task, engine.identity, share, surroundings.environment),
        interruption,
        readers: readers.handle,
        now: () => Date.now(),
      },
      plan,
      knowledge,
    );
  } finally {
    unheed();
    await readers.close();
    linkLatest(workspace.runsFolder, experiment.name, folder);
  }
}

interface ReadersRequest {
  readonly options: RunOptions;
  readonly workspace: Workspace;
  readonly surroundings: Surroundings;
  readonly facts: RunFacts;
  readonly folder: string;
}

function openReaders(request: ReadersRequest) {
  const { options, workspace, surroundings, facts, folder } = request;
  closeKilledRuns(workspace.database);
  const runFolder = new RunFolderWriter(folder, facts);
  const recorder = new DatabaseRecorder(workspace.database, facts, (key) => workspace.documentOf(key));
  const reporter = openReporter(options.json, workspace.folder, surroundings);
  // The record comes first: what is on the screen is on the disk.
  const readers = [runFolder, recorder, reporter];
  return {
    handle: readers.map((reader) => reader.handle.bind(reader)),
    close: async () => {
      runFolder.close();
      recorder.flush();
      await reporter.close();
    },
  };
}

function runFacts(
  id: string,
  options: RunOptions,
  experiment: Experiment,
  { engine, notice }: { engine: RunFacts['engine']; notice: string | undefined },
): RunFacts {
  const { file, set, setFile, profile } = options;
  return {
    format: 'faceflow-run',
    version: 1,
    id,
    startedAt: new Date().toISOString(),
    call: { file, overrides: set, overrideFiles: setFile, profile: profile ?? null },
    runner: identify(process.pid) ?? { host: thisHost(), pid: process.pid, started: '' },
    machine: machineFacts(),
    gitCommit: gitCommit(experiment.workspace),
    engine,
    engineNotice: notice ?? null,
    experiment: recordedExperiment(experiment, readFileSync(experiment.file, 'utf8')),
  };
}

function exitCodeOf(end: RunEnd): ExitCode {
  switch (end.outcome) {
    case 'done':
      return exitCode.done;
    case 'failed':
      return exitCode.taskFailed;
    case 'interrupted':
      return exitCode.interrupted;
  }
}

function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    if (!/^[0-9]+$/.test(text) || Number(text) < least) {
      throw new InvalidArgumentError(`expected a whole number of at least ${least}`);
    }
    return Number(text);
  };
}
