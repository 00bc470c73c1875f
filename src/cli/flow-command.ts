import type { Command, OptionValues } from 'commander';
import type { ExitCode } from './exit-code.ts';

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
  run(call: Call, surroundings: ProcessContext): Promise<ExitCode>;
}

/** A command made of several, as `flow cache` is of `flow cache ls` and others. */
export interface CommandGroup {
  readonly actions: Readonly<Record<string, FlowCommand & { readonly summary: string }>>;
}
