import { closeSync, existsSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Option } from 'commander';
import { fail } from '../../base/failure.ts';
import { didYouMean } from '../../base/did-you-mean.ts';
import { logFileOf } from '../../execute/run-paths.ts';
import { findRun } from '../../record/find-run.ts';
import { closeKilledRuns, tasksOf } from '../../record/past-runs.ts';
import { exitCode } from '../exit-code.ts';
import type { FlowCommand, Surroundings } from '../flow-command.ts';
import { inWorkspace } from '../workspace-option.ts';
import type { Workspace } from '../workspace.ts';

const pollMs = 200;

export const command: FlowCommand = {
  declare(command) {
    command
      .argument('<task>', 'a task of the run')
      .option('--run <run>', 'id of a run (or how it begins), or an experiment for its last run', 'latest')
      .option('-f, --follow', 'go on printing until the task has ended', false)
      .addOption(
        new Option('--json', 'print where the log lies, and its text, as JSON').conflicts('follow').default(false),
      )
      .option('--workspace <folder>', 'the folder that holds runs/ (default: here)');
  },
  run: (call, surroundings) =>
    inWorkspace(call, surroundings, async (workspace) => {
      const { run: asked, follow } = call.options as { run: string; follow: boolean };
      const run = findRun(workspace.database, asked);
      const task = findTask(workspace, run, String(call.arguments[0]));
      const log = logFileOf(join(workspace.runsFolder, run), task);
      if (call.options['json'] === true) {
        const text = readFileSync(existingLog(log, task, run), 'utf8');
        surroundings.stdout.write(`${JSON.stringify({ run, task, file: log, text })}\n`);
      } else if (follow) await followLog(log, surroundings, () => hasEnded(workspace, run, task));
      else copyFrom(existingLog(log, task, run), 0, surroundings);
      return exitCode.done;
    }),
};

function findTask({ database }: Workspace, run: string, name: string): string {
  const names = tasksOf(database, run).map(({ task }) => task);
  if (names.includes(name)) return name;
  const suggestion = didYouMean(name, names);
  return fail({
    code: 'unknown-task',
    message: `run ${run} has no task "${name}"${suggestion === undefined ? '' : ` (did you mean "${suggestion}"?)`}`,
    hint: `Its tasks: ${names.join(', ')}.`,
  });
}

function existingLog(log: string, task: string, run: string): string {
  if (existsSync(log)) return log;
  return fail({
    code: 'no-log',
    message: `${task} has no log in run ${run}: it did not run, or printed nothing`,
    hint: 'a task from the cache has its log with the run that computed it: --run',
  });
}

function hasEnded({ database }: Workspace, run: string, task: string): boolean {
  closeKilledRuns(database);
  const sql = `select task.outcome is not null or run.outcome is not null from task join run on run.id = task.run
    where run = ? and task = ?`;
  return database.prepare<[string, string], number>(sql).pluck().get(run, task) !== 0;
}

async function followLog(log: string, surroundings: Surroundings, ended: () => boolean): Promise<void> {
  for (let printed = 0; ;) {
    // Asked before the file is read: what is written until the end is printed too.
    const isLast = ended();
    if (existsSync(log)) printed = copyFrom(log, printed, surroundings);
    // Whoever read it has gone.
    if (isLast || surroundings.stdout.errored instanceof Error) return;
    await sleep(pollMs);
  }
}

/** Prints a file from an offset on, and gives where it ended. */
function copyFrom(path: string, offset: number, { stdout }: Surroundings): number {
  const end = statSync(path).size;
  const descriptor = openSync(path, 'r');
  const buffer = Buffer.alloc(1 << 16);
  try {
    let position = offset;
    while (position < end) {
      const count = readSync(descriptor, buffer, 0, Math.min(buffer.length, end - position), position);
      if (count === 0) break;
      stdout.write(Buffer.from(buffer.subarray(0, count)));
      position += count;
    }
    return position;
  } finally {
    closeSync(descriptor);
  }
}
