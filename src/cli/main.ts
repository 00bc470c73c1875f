import { Command, CommanderError } from 'commander';
import { FailureError, fail } from '../core/failure.ts';
import { commands } from './commands.ts';
import {
  exitCode,
  showsColour,
  type Call,
  type CommandGroup,
  type ExitCode,
  type FlowCommand,
  type ProcessContext,
} from './flow-command.ts';
import { failures } from './failures.ts';
import { packageVersion } from '../core/package-folder.ts';
import { fileSystemFailure } from './file-system-failure.ts';

/** Runs the command that `process.argv` names and returns its exit code. */
export async function main(process: NodeJS.Process): Promise<ExitCode> {
  const context: ProcessContext = {
    workingFolder: process.cwd(),
    environment: process.env,
    stdout: process.stdout,
    stderr: process.stderr,
    stdin: process.stdin,
    commands,
  };
  const argv = process.argv.slice(2);
  ignoreBrokenPipes(process);
  try {
    const called = await readCall(argv, context);
    return called === undefined ? exitCode.done : await called.command.run(called.call, context);
  } catch (error) {
    return await explain(error, argv, context);
  }
}

/** A command with what was typed after its name. */
interface CalledCommand {
  readonly command: FlowCommand;
  readonly call: Call;
}

/** Finds and loads the command that is called; undefined if only help was requested. */
async function readCall(argv: readonly string[], context: ProcessContext): Promise<CalledCommand | undefined> {
  const name = argv.find((word) => !word.startsWith('-'));
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
      writeErr: (text) => context.stderr.write(text),
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
    const failure = failures.wrongCall({ problem: error.message.replace(/^error: /, '') });
    if (argv.includes('--json')) context.stdout.write(`${JSON.stringify({ failures: [failure] })}\n`);
    return exitCode.wrongCall;
  }
  if (error instanceof FailureError) {
    if (argv.includes('--json')) context.stdout.write(`${JSON.stringify({ failures: error.failures })}\n`);
    const { renderFailures } = await import('../core/text/failure-frame.ts');
    context.stderr.write(
      `${renderFailures(error.failures, { colour: showsColour(context.stderr, context.environment) })}\n`,
    );
    return exitCode.wrongCall;
  }
  const unwritable = fileSystemFailure(error, context.workingFolder);
  if (unwritable !== undefined) return explain(new FailureError([unwritable], { cause: error }), argv, context);
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  context.stderr.write(`flow: this is a defect of faceflow, not of your experiment:\n${text}\n`);
  return exitCode.defect;
}

/**
 * Continues after the reader of our output has ended (`flow run e.yaml | head -1`): the work and its record are not lost
 * with it, and later output goes nowhere.
 */
function ignoreBrokenPipes({ stdout, stderr }: NodeJS.Process): void {
  for (const stream of [stdout, stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_DESTROYED') throw error;
    });
  }
}
