import type { Command, OptionValues } from 'commander';

/** What the command's exit status means. */
export const exitCode = {
  done: 0,
  /** A task failed. */
  taskFailed: 1,
  /** The experiment or the call is wrong. */
  wrongCall: 2,
  /** A defect of ours. */
  defect: 3,
  /** Stopped by a signal, as shells report SIGINT. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCode)[keyof typeof exitCode];

/** What of the process a command may see. Nothing outside of `cli` looks at these itself. */
export interface ProcessContext {
  readonly workingFolder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly stdin: NodeJS.ReadStream;
  /** All commands: completion has to know the others. */
  readonly commands: Readonly<Record<string, CommandEntry>>;
}

export interface CommandEntry {
  readonly summary: string;
  /** Not for people: left out of `flow --help`. */
  readonly isHidden?: boolean;
  /** Commands are loaded when called: `flow run` pays for nothing that only `flow doctor` needs. */
  load(): Promise<{ readonly command: FlowCommand | CommandGroup }>;
}

/** What the user typed after the command's name, as commander understood it. */
export interface Call {
  /** One entry per declared argument; undefined where an optional one is absent, an array where it is variadic. */
  readonly arguments: readonly (string | readonly string[] | undefined)[];
  readonly options: OptionValues;
}

/**
 * One command, in `src/cli/commands/<name>.ts` as `export const command: FlowCommand`. A failure thrown by `run` as
 * FailureError is shown and ends with exit code 2; anything else that is thrown is a defect and ends with 3.
 */
export interface FlowCommand {
  /** Adds arguments, options and help texts. */
  declare(command: Command): void;
  run(call: Call, context: ProcessContext): Promise<ExitCode>;
}

/** A command made of several, as `flow cache` is of `flow cache ls` and others. */
export interface CommandGroup {
  readonly actions: Readonly<Record<string, FlowCommand & { readonly summary: string }>>;
}

/** Colour if a person looks on and has not asked for none (https://no-color.org). */
export function showsColour(
  stream: NodeJS.WriteStream,
  environment: Readonly<Record<string, string | undefined>>,
): boolean {
  const { NO_COLOR: noColour, FORCE_COLOR: forceColour } = environment;
  if (noColour !== undefined && noColour !== '') return false;
  return stream.isTTY || (forceColour !== undefined && forceColour !== '' && forceColour !== '0');
}

/** Prints one answer: as JSON if `--json` was given, and as text otherwise. */
export function answer(call: Call, { stdout }: ProcessContext, { json, text }: Answer): void {
  stdout.write(`${call.options['json'] === true ? JSON.stringify(json, null, 2) : text}\n`);
}

export interface Answer {
  readonly json: unknown;
  readonly text: string;
}
