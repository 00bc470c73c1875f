import { Command, CommanderError } from 'commander';
import { FailureError, fail } from '../core/failure.ts';
import { didYouMean } from '../core/did-you-mean.ts';
import { commands } from './commands.ts';
import { exitCode, type ExitCode } from './exit-code.ts';
import type { Call, CommandGroup, FlowCommand, ProcessContext } from './flow-command.ts';
import { packageVersion } from '../core/package-folder.ts';
import { showsColour } from './shows-colour.ts';
import { ignoreBrokenPipes } from './broken-pipes.ts';
import { fileSystemFailure } from './file-system-failure.ts';

/** Runs the command that `process.argv` names and gives its exit code. */
export async function main(process: NodeJS.Process): Promise<ExitCode> {
  const surroundings: ProcessContext = {
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
    return await dispatch(argv, surroundings);
  } catch (error) {
    return await explain(error, argv, surroundings);
  }
}

async function dispatch(argv: readonly string[], surroundings: ProcessContext): Promise<ExitCode> {
  const name = argv.find((word) => !word.startsWith('-'));
  const entry = name === undefined ? undefined : commands[name];
  if (name !== undefined && entry === undefined && name !== 'help') unknownCommand(name);
  const loaded = entry === undefined ? undefined : (await entry.load()).command;
  let result: ExitCode = exitCode.done;
  const program = declareProgram(surroundings);
  // All of them for the help; a command that was called needs itself alone.
  const declarations = Object.entries(commands).filter(([each]) => loaded === undefined || each === name);
  for (const [each, { summary, isHidden = false }] of declarations) {
    const declared = program.command(each, { hidden: isHidden }).summary(summary).description(summary);
    if (each === name && loaded !== undefined) {
      connect(declared, loaded, async (command, call) => {
        result = await command.run(call, surroundings);
      });
    }
  }
  await program.parseAsync(argv, { from: 'user' });
  return result;
}

function declareProgram(surroundings: ProcessContext): Command {
  return new Command('flow')
    .description('Runs face-recognition experiments written as YAML files.')
    .version(packageVersion())
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => surroundings.stdout.write(text),
      writeErr: (text) => surroundings.stderr.write(text),
    });
}

type Runner = (command: FlowCommand, call: Call) => Promise<void>;

function connect(declared: Command, command: FlowCommand | CommandGroup, run: Runner): void {
  if ('actions' in command) {
    for (const [name, action] of Object.entries(command.actions)) {
      connect(declared.command(name).summary(action.summary).description(action.summary), action, run);
    }
    return;
  }
  command.declare(declared);
  declared.action(async () => {
    await run(command, { arguments: declared.processedArgs as Call['arguments'], options: declared.opts() });
  });
}

function unknownCommand(name: string): never {
  const suggestion = didYouMean(name, Object.keys(commands));
  fail({
    code: 'unknown-command',
    message: `there is no command "${name}"${suggestion === undefined ? '' : ` (did you mean "${suggestion}"?)`}`,
    hint: 'flow --help lists the commands',
  });
}

/** Shows what went wrong and decides whose fault it was. */
async function explain(error: unknown, argv: readonly string[], surroundings: ProcessContext): Promise<ExitCode> {
  // Commander has already printed its own message (or the help text that was asked for).
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return exitCode.done;
    const failure = { code: 'wrong-call', message: error.message.replace(/^error: /, '') };
    if (argv.includes('--json')) surroundings.stdout.write(`${JSON.stringify({ failures: [failure] })}\n`);
    return exitCode.wrongCall;
  }
  if (error instanceof FailureError) {
    if (argv.includes('--json')) surroundings.stdout.write(`${JSON.stringify({ failures: error.failures })}\n`);
    const { renderFailures } = await import('../pipeline/console/failure-frame.ts');
    surroundings.stderr.write(
      `${renderFailures(error.failures, { colour: showsColour(surroundings.stderr, surroundings.environment) })}\n`,
    );
    return exitCode.wrongCall;
  }
  const unwritable = fileSystemFailure(error, surroundings.workingFolder);
  if (unwritable !== undefined) return explain(new FailureError([unwritable], { cause: error }), argv, surroundings);
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  surroundings.stderr.write(`flow: this is a defect of faceflow, not of your experiment:\n${text}\n`);
  return exitCode.defect;
}
