import { Command, CommanderError } from 'commander';
import { errorCode, FailureError, fail } from '../core/failure.ts';
import { renderFailures } from '../core/text/failure-frame.ts';
import { terminalText } from '../core/text/paint.ts';
import { packageVersion } from '../core/package-folder.ts';
import {
  exitCode,
  HintedError,
  showsColour,
  type Call,
  type CommandGroup,
  type ExitCode,
  type FlowCommand,
  type ProcessContext,
  type CommandEntry,
} from './flow-command.ts';
import { failures } from './failures.ts';
import { fileSystemFailure } from './file-system-failure.ts';
import { namedPathFailure } from './named-path-failure.ts';

/** Runs the command that `process.argv` names and returns its exit code. */
export async function main(process: NodeJS.Process): Promise<ExitCode> {
  const { env: environment, stdout, stderr, stdin } = process;
  const context = { environment, stdout, stderr, stdin, commands, workingFolder: '.' };
  const argv = process.argv.slice(2);
  ignoreStreamErrors(process);
  try {
    context.workingFolder = workingFolderOf(process);
    const called = await readCall(argv, context);
    return called === undefined ? exitCode.done : await called.command.run(called.call, context);
  } catch (error) {
    return await explain(error, argv, context);
  }
}

/** Fails if the folder was removed after the shell had entered it. */
function workingFolderOf(process: NodeJS.Process): string {
  try {
    return process.cwd();
  } catch (error) {
    return fail(failures.noWorkingFolder({ error: errorCode(error) ?? String(error) }), error);
  }
}

/** A command with what was typed after its name. */
interface CalledCommand {
  readonly command: FlowCommand;
  readonly call: Call;
}

/** Finds and loads the command that is called; undefined if only help was requested. */
async function readCall(argv: readonly string[], context: ProcessContext): Promise<CalledCommand | undefined> {
  const [first, second] = argv.filter((word) => !word.startsWith('-'));
  // `flow help run` shows what `flow run --help` does.
  const name = first === 'help' ? (second ?? first) : first;
  const entry = name === undefined ? undefined : commands[name];
  if (name !== undefined && entry === undefined && name !== 'help') {
    fail(failures.unknownCommand({ name, known: Object.keys(commands) }));
  }
  const loaded = entry === undefined ? undefined : (await entry.load()).command;
  let called: CalledCommand | undefined;
  const program = declareProgram(context);
  // All of them for the help; a command that was called needs itself alone.
  const declarations = Object.entries(commands).filter(([each]) => loaded === undefined || each === name);
  for (const [each, { summary, isHidden = false }] of declarations) {
    const declared = program.command(each, { hidden: isHidden }).summary(summary).description(summary);
    if (each === name && loaded !== undefined) {
      connect(declared, loaded, (found) => {
        called = found;
      });
    }
  }
  program.parse(argv, { from: 'user' });
  return called;
}

function declareProgram(context: ProcessContext): Command {
  return new Command('flow')
    .description('Runs face-recognition experiments written as YAML files.')
    .version(packageVersion())
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(terminalText(text)),
    });
}

function connect(
  declared: Command,
  command: FlowCommand | CommandGroup,
  onCall: (called: CalledCommand) => void,
): void {
  if ('actions' in command) {
    for (const [name, action] of Object.entries(command.actions)) {
      connect(declared.command(name).summary(action.summary).description(action.summary), action, onCall);
    }
    return;
  }
  command.declare(declared);
  declared.action(() => {
    onCall({ command, call: { arguments: declared.processedArgs as Call['arguments'], options: declared.opts() } });
  });
}

/** Shows what went wrong and decides whose fault it was. */
async function explain(error: unknown, argv: readonly string[], context: ProcessContext): Promise<ExitCode> {
  // Commander has already printed its own message (or the help text that was asked for).
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return exitCode.done;
    const problem = error.message.replace(/^error: /, '');
    const failure = failures.wrongCall({ problem, hint: error instanceof HintedError ? error.hint : undefined });
    if (argv.includes('--json')) context.stdout.write(`${JSON.stringify({ failures: [failure] })}\n`);
    return exitCode.wrongCall;
  }
  if (error instanceof FailureError) {
    if (argv.includes('--json')) context.stdout.write(`${JSON.stringify({ failures: error.failures })}\n`);
    context.stderr.write(
      `${renderFailures(error.failures, { colour: showsColour(context.stderr, context.environment) })}\n`,
    );
    return exitCode.wrongCall;
  }
  const foreseen =
    fileSystemFailure(error, context.workingFolder) ?? namedPathFailure(error, argv, context.workingFolder);
  if (foreseen !== undefined) return explain(new FailureError([foreseen], { cause: error }), argv, context);
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  context.stderr.write(`flow: this is a defect of faceflow, not of your experiment:\n${terminalText(text)}\n`);
  return exitCode.defect;
}

/**
 * Continues after the reader of our output has ended (`flow run e.yaml | head -1`), the terminal has gone or the disk
 * that takes it is full: the work and its record are not lost with it, and later output goes nowhere.
 */
function ignoreStreamErrors({ stdout, stderr }: NodeJS.Process): void {
  for (const stream of [stdout, stderr]) stream.on('error', () => undefined);
}

/** Every command, in the order in which `flow --help` lists them. */
const commands: Readonly<Record<string, CommandEntry>> = {
  run: {
    summary: 'run an experiment; results that are in the cache are not computed again',
    load: () => import('./commands/run.ts'),
  },
  plan: {
    summary: 'show what would run, and why, without running it',
    load: () => import('./commands/plan.ts'),
  },
  why: {
    summary: 'show why a task would run, or since when its result is in the cache',
    load: () => import('./commands/why.ts'),
  },
  check: {
    summary: 'show the mistakes in an experiment, and what it does not use',
    load: () => import('./commands/check.ts'),
  },
  init: {
    summary: 'write a commented experiment to start from',
    load: () => import('./commands/init.ts'),
  },
  'import-command': {
    summary: 'write the experiment that a command line of train_softmax.py describes',
    load: () => import('./commands/import-command.ts'),
  },
  status: {
    summary: 'show what the last run of an experiment did, and what of it is cached',
    load: () => import('./commands/status.ts'),
  },
  accept: {
    summary: 'keep the last result of a task although something has changed',
    load: () => import('./commands/accept.ts'),
  },
  repeat: {
    summary: 'test whether a task is reproducible: compute it once more and compare',
    load: () => import('./commands/repeat.ts'),
  },
  lock: {
    summary: 'record the contents of all inputs from outside in flow.lock',
    load: () => import('./commands/lock.ts'),
  },
  runs: {
    summary: 'list runs',
    load: () => import('./commands/runs.ts'),
  },
  show: {
    summary: 'show everything that was recorded of a run',
    load: () => import('./commands/show.ts'),
  },
  logs: {
    summary: 'print the log of a task',
    load: () => import('./commands/logs.ts'),
  },
  metrics: {
    summary: 'print the figures and curves of a run',
    load: () => import('./commands/metrics.ts'),
  },
  page: {
    summary: 'write a page of a run: figures, curves, tasks, what was recorded',
    load: () => import('./commands/page.ts'),
  },
  compare: {
    summary: 'compare runs: parameters, inputs, figures, times',
    load: () => import('./commands/compare.ts'),
  },
  table: {
    summary: 'lay figures out as a table, run what it lacks, write it for papers, or check it',
    load: () => import('./commands/table.ts'),
  },
  rerun: {
    summary: 'run a recorded run again: the same file, parameters and seed',
    load: () => import('./commands/rerun.ts'),
  },
  export: {
    summary: 'copy a run to a folder',
    load: () => import('./commands/export.ts'),
  },
  import: {
    summary: 'add a run from a folder to the record',
    load: () => import('./commands/import.ts'),
  },
  rm: {
    summary: 'remove runs from the record',
    load: () => import('./commands/rm.ts'),
  },
  db: {
    summary: 'check or rebuild the database of runs',
    load: () => import('./commands/db.ts'),
  },
  cache: {
    summary: 'list, check, clean, protect and move stored results',
    load: () => import('./commands/cache.ts'),
  },
  stages: {
    summary: 'list the stages, or explain one with its ports and parameters',
    load: () => import('./commands/stages.ts'),
  },
  doctor: {
    summary: 'show what this machine has for running experiments, and how to fix what it lacks',
    load: () => import('./commands/doctor.ts'),
  },
  align: {
    summary: 'look for faces in images, show and draw what was found',
    load: () => import('./commands/align.ts'),
  },
  embed: {
    summary: 'turn the faces of photographs into vectors',
    load: () => import('./commands/embed.ts'),
  },
  'compare-faces': {
    summary: 'compare the faces of two photographs, with a verdict at a measured threshold',
    load: () => import('./commands/compare-faces.ts'),
  },
  identify: {
    summary: 'find the persons of a gallery that the faces of a photograph are most like',
    load: () => import('./commands/identify.ts'),
  },
  benchmark: {
    summary: 'time detection, alignment and embedding of a face',
    load: () => import('./commands/benchmark.ts'),
  },
  'export-model': {
    summary: 'write an embedding network for other programs, with a model card',
    load: () => import('./commands/export-model.ts'),
  },
  serve: {
    summary: 'serve detection, embedding, verification and identification over HTTP',
    load: () => import('./commands/serve.ts'),
  },
  convert: {
    summary: 'write a model in another format and compare the outputs of both',
    load: () => import('./commands/convert.ts'),
  },
  inspect: {
    summary: 'show what a file or folder of any known format is and holds',
    load: () => import('./commands/inspect.ts'),
  },
  index: {
    summary: 'write the lost .idx file of a .rec file',
    load: () => import('./commands/index-file.ts'),
  },
  'fetch-model': {
    summary: 'fetch the weights of a detector that are not shipped, check them, and tell their licence',
    load: () => import('./commands/fetch-model.ts'),
  },
  completion: {
    summary: 'print the completion of commands, tasks, runs and parameters for bash, zsh or fish',
    load: () => import('./commands/completion.ts'),
  },
  complete: {
    summary: 'print what may come next on a command line',
    isHidden: true,
    load: () => import('./commands/complete.ts'),
  },
};
