import { closeSync, createReadStream, existsSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { StringDecoder } from 'node:string_decoder';
import { setTimeout as sleep } from 'node:timers/promises';
import { Option } from 'commander';
import { readEntry } from '../../pipeline/cache/cache-entry.ts';
import { fail } from '../../core/failure.ts';
import { plainText } from '../../core/text/terminal-text.ts';
import { terminalText } from '../../core/text/paint.ts';
import { recordedLogOf } from '../../pipeline/execute/run-files.ts';
import { idsNamed } from '../../pipeline/plan/select-tasks.ts';
import { findRun } from '../../pipeline/record/find-run.ts';
import { closeKilledRuns, executionOf, hasEnded, tasksOf } from '../../pipeline/record/past-runs.ts';
import type { FlowEvent } from '../../pipeline/execute/event.ts';
import { eventsFileName, isRunId } from '../../pipeline/record/run-folder.ts';
import { failures } from '../failures.ts';
import {
  type Call,
  declareLogFormat,
  exitCode,
  type ExitCode,
  type FlowCommand,
  type ProcessContext,
} from '../flow-command.ts';
import { InsightFaceLines } from '../insightface-lines.ts';
import { inWorkspace, type Workspace } from '../workspace.ts';

const pollMs = 200;

export const command: FlowCommand = {
  declare(command) {
    command
      .argument('<task>', 'a task of the run, or its stage for all of a matrix')
      .option('--run <run>', 'id of a run (or how it begins), or an experiment for its last run', 'latest')
      .option('-f, --follow', 'continue printing until the task has ended', false)
      .addOption(
        new Option('--json', 'print the path of the log, and its text, as JSON').conflicts('follow').default(false),
      )
      .option('--workspace <folder>', 'the folder that holds runs/ (default: here)');
    declareLogFormat(command, ['follow', 'json']);
  },
  run: (call, context) =>
    inWorkspace(call, context, async (workspace) => {
      const { run: asked, follow } = call.options as { run: string; follow: boolean };
      const run = findRun(workspace.database, asked);
      const [task = '', ...others] = findTasks(workspace, run, String(call.arguments[0]));
      if (others.length > 0) return await printAll({ workspace, run, tasks: [task, ...others] }, call, context);
      const own = recordedLogOf(join(workspace.runsFolder, run), task);
      if (follow) {
        await followLog(own, context, () => {
          closeKilledRuns(workspace.database);
          return hasEnded(workspace.database, run, task);
        });
        if (existsSync(own)) return exitCode.done;
      }
      const log = existsSync(own) ? { run, task, file: own } : computedLog(workspace, run, task);
      if (call.options['json'] === true) {
        await writeJson(log, context);
        return exitCode.done;
      }
      if (log.file !== own) {
        context.stderr.write(
          `${plainText(task)} was in the cache; this is its log of run ${log.run}, which computed it:\n`,
        );
      }
      if (call.options['logFormat'] === undefined) await copyFrom(log.file, 0, context);
      else await writeAsInsightFace(log, workspace, context);
      return exitCode.done;
    }),
};

/** The tasks that a name means, at least one. */
function findTasks({ database }: Workspace, run: string, name: string): readonly string[] {
  const names = tasksOf(database, run).map(({ task }) => task);
  const found = idsNamed(names, name);
  return found.length > 0 ? found : fail(failures.unknownTask({ run, name, known: names }));
}

interface SeveralLogs {
  readonly workspace: Workspace;
  readonly run: string;
  readonly tasks: readonly string[];
}

/** The logs of several tasks one after the other, each under its name. */
async function printAll(
  { workspace, run, tasks }: SeveralLogs,
  call: Call,
  context: ProcessContext,
): Promise<ExitCode> {
  for (const option of ['follow', 'json']) {
    if (call.options[option] !== true) continue;
    fail(failures.oneLogOnly({ option: `--${option}`, name: String(call.arguments[0]), tasks }));
  }
  for (const [index, task] of tasks.entries()) {
    const own = recordedLogOf(join(workspace.runsFolder, run), task);
    const log = existsSync(own) ? { run, task, file: own } : computedLog(workspace, run, task);
    const origin = log.file === own ? '' : ` (from the cache; of run ${log.run})`;
    context.stdout.write(`${index === 0 ? '' : '\n'}==> ${plainText(task)}${origin} <==\n`);
    if (call.options['logFormat'] === undefined) await copyFrom(log.file, 0, context);
    else await writeAsInsightFace(log, workspace, context);
  }
  return exitCode.done;
}

interface Log {
  readonly run: string;
  /** As it was called in that run. */
  readonly task: string;
  readonly file: string;
}

/** The log of a task that did not run in a run: with the run that computed what was taken from the cache. */
function computedLog({ database, cache, runsFolder }: Workspace, run: string, task: string): Log {
  const key = tasksOf(database, run).find((each) => each.task === task && each.outcome === 'cached')?.key ?? undefined;
  if (key === undefined) return fail(failures.noLog({ task, run }));
  const entry = readEntry(cache.entryFolder(key), key);
  const origin = executionOf(database, key) ?? entry;
  // A stored result may come from elsewhere, and with it the name of the run.
  const file =
    origin === undefined || !isRunId(origin.run) ? undefined : recordedLogOf(join(runsFolder, origin.run), origin.task);
  if (origin !== undefined && file !== undefined && existsSync(file)) {
    return { run: origin.run, task: origin.task, file };
  }
  return fail(failures.noLogHere({ task, run, origin: origin?.run }));
}

async function followLog(log: string, context: ProcessContext, ended: () => boolean): Promise<void> {
  for (let printed = 0; ;) {
    // Asked before the file is read: what is written until the end is printed too.
    const isLast = ended();
    if (existsSync(log)) printed = await copyFrom(log, printed, context);
    // The reader of our output has ended.
    if (isLast || context.stdout.errored instanceof Error) return;
    await sleep(pollMs);
  }
}

/** What the task has told of its training, event by event. */
async function writeAsInsightFace(log: Log, { runsFolder }: Workspace, { stdout }: ProcessContext): Promise<void> {
  const lines = new InsightFaceLines();
  const file = createReadStream(join(runsFolder, log.run, eventsFileName), 'utf8');
  for await (const line of createInterface({ input: file, crlfDelay: Infinity })) {
    const event = eventIn(line);
    if (event === undefined || !('task' in event) || event.task !== log.task) continue;
    for (const text of lines.linesFor(event)) await write(stdout, `${stdout.isTTY ? terminalText(text) : text}\n`);
  }
}

/** Undefined for the line that a kill has cut off. */
function eventIn(line: string): FlowEvent | undefined {
  try {
    // Written by us.
    return JSON.parse(line) as FlowEvent;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** One line of JSON, written in pieces: a text may have 512 MiB at most, a log any size. */
async function writeJson(log: Log, { stdout }: ProcessContext): Promise<void> {
  const start = JSON.stringify({ ...log, text: '' });
  stdout.write(start.slice(0, -2));
  const decoder = new StringDecoder('utf8');
  const inJson = (text: string): string => JSON.stringify(text).slice(1, -1);
  for (const bytes of piecesFrom(log.file, 0)) await write(stdout, inJson(decoder.write(bytes)));
  stdout.write(`${inJson(decoder.end())}"}\n`);
}

/** Prints a file from an offset on, and returns the offset of its end. */
async function copyFrom(path: string, offset: number, { stdout }: ProcessContext): Promise<number> {
  const decoder = new StringDecoder('utf8');
  let position = offset;
  for (const bytes of piecesFrom(path, offset)) {
    // As it is to a pipe or file; a terminal would do what it says.
    await write(stdout, stdout.isTTY ? terminalText(decoder.write(bytes)) : bytes);
    position += bytes.length;
  }
  return position;
}

/** Waits where the reader is slower than we are: what it has not taken yet would fill the memory. */
async function write(stdout: ProcessContext['stdout'], piece: string | Buffer): Promise<void> {
  if (stdout.write(piece) || stdout.destroyed) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      for (const event of ['drain', 'close', 'error']) stdout.off(event, done);
      resolve();
    };
    for (const event of ['drain', 'close', 'error']) stdout.on(event, done);
  });
}

/** What is in a file from an offset to its end. */
function* piecesFrom(path: string, offset: number): Generator<Buffer> {
  const end = statSync(path).size;
  const descriptor = openSync(path, 'r');
  try {
    for (let position = offset; position < end;) {
      const buffer = Buffer.alloc(Math.min(1 << 16, end - position));
      const count = readSync(descriptor, buffer, 0, buffer.length, position);
      if (count === 0) return;
      yield buffer.subarray(0, count);
      position += count;
    }
  } finally {
    closeSync(descriptor);
  }
}
