import { existsSync } from 'node:fs';
import { type Command, CommanderError, type OptionValues, Option } from 'commander';
import { fail } from '../core/failure.ts';
import type { InputSize } from '../kit/net/exchange/model-format.ts';
import type { SelectionRequest } from '../pipeline/plan/select-tasks.ts';
import { failures } from './failures.ts';
import { terminalText } from '../core/text/paint.ts';

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
export function answer(call: Call, { stdout, environment }: ProcessContext, { json, text }: Answer): void {
  stdout.write(
    `${call.options['json'] === true ? JSON.stringify(json, null, 2) : terminalText(text, showsColour(stdout, environment))}\n`,
  );
}

export interface Answer {
  readonly json: unknown;
  readonly text: string;
}

/** Declares `--workspace` and `--json`, which every command has that reads the record or the cache. */
export function declareWorkspaceOptions(command: Command): void {
  command
    .option('--workspace <folder>', 'the folder that holds runs/ (default: here)')
    .option('--json', 'print JSON', false);
}

/** What commands that take an experiment file have in common. */
export interface ExperimentOptions {
  readonly file: string;
  readonly set: readonly string[];
  readonly setFile: readonly string[];
  readonly profile: string | undefined;
  readonly workspace: string | undefined;
  /** Accept inputs that are missing. */
  readonly allowMissingInputs?: boolean;
  /** Texts to read instead of files, by absolute path. */
  readonly texts?: ReadonlyMap<string, string>;
}

/** Declares `FILE`, `--set`, `--set-file`, `--profile` and `--workspace`. */
export function declareExperimentOptions(
  command: Command,
  { fileIsOptional = false, file = 'the experiment, a YAML file' } = {},
): void {
  hintAtElsewhere(command);
  command
    .argument(fileIsOptional ? '[file]' : '<file>', file)
    .option('--set <path=value>', 'override a value, e.g. stages.train.with.batch=64 (repeatable)', collect, [])
    .option('--set-file <file>', 'lay a YAML file over the experiment (repeatable)', collect, [])
    .option('--profile <name>', 'lay a profile of the experiment over it')
    .option('--workspace <folder>', 'the folder that paths are relative to and that holds runs/ (default: here)');
}

/** A wrong option, with what to type instead. */
export class HintedError extends CommanderError {
  readonly hint: string | undefined;

  constructor({ exitCode, code, message }: CommanderError) {
    super(exitCode, code, message);
    this.hint = hintOf(message);
  }
}

/** Has a command that takes an experiment tell where the options of training scripts have gone. */
function hintAtElsewhere(command: Command): void {
  command
    .exitOverride((error) => {
      throw new HintedError(error);
    })
    .configureOutput({
      outputError: (text, write) => {
        const hint = hintOf(text);
        // The suggestion of a name that looks alike would be wrong.
        write(hint === undefined ? text : `${text.split('\n', 1).join()}\n${hint}\n`);
      },
    });
}

const setsGpus = 'GPUs are asked for by the stage that uses them: --set stages.STAGE.resources.gpus=1.';
const setsParams = 'A parameter of a stage is set by --set stages.STAGE.with.NAME=VALUE; flow stages STAGE lists them.';

/** Options of training scripts, which here are no options of a command: what to type instead. */
const optionsElsewhere: readonly (readonly [RegExp, string])[] = [
  [/^(gpus?|num-gpus|devices?|cuda)$/, setsGpus],
  [
    /^(lr|learning-rate|epochs?|num-epochs?|max-steps?|(per-)?batch(-size)?|seed|network|loss|margin|data(-dir)?)$/,
    setsParams,
  ],
];

function hintOf(problem: string): string | undefined {
  const option = /unknown option '--?([^'=]+)/.exec(problem)?.[1] ?? '';
  return optionsElsewhere.find(([words]) => words.test(option.replaceAll('_', '-')))?.[1];
}

export function readExperimentOptions(call: Call): ExperimentOptions {
  const { set, setFile, profile, workspace } = call.options as Omit<ExperimentOptions, 'file'>;
  const [file = '', ...others] = call.arguments.flat().map(String);
  const later = existsSync(file) ? undefined : others.find((each) => /\.ya?ml$/.test(each) && existsSync(each));
  if (later !== undefined) fail(failures.fileComesFirst({ file: later, first: file }));
  return { file, set, setFile, profile, workspace };
}

/** Which tasks a command means, and which of them to run in any case. */
export interface SelectionOptions extends SelectionRequest {
  readonly force: readonly string[];
}

/** Declares `--ask-versions`, of the commands that run nothing without it. */
export function declareAskVersions(command: Command): void {
  command.option(
    '--ask-versions',
    'run the commands that print the versions of programs; otherwise they count as those of the last run',
    false,
  );
}

/** Declares the arguments after FILE and `--only`, `--from`, `--until`, `--force`. */
export function declareSelectionOptions(command: Command): void {
  command
    .argument('[tasks...]', 'tasks with everything they need, or train..verify for those between the two')
    .option('--only <task>', 'this task alone; what it needs has to be in the cache (repeatable)', collect, [])
    .option('--from <task>', 'this task and everything that depends on it (repeatable)', collect, [])
    .option('--until <task>', 'this task and everything it needs (repeatable)', collect, [])
    .option('--force <task>', 'run this task though its result is known (repeatable)', collect, []);
}

export function readSelectionOptions(call: Call): SelectionOptions {
  const { only, from, until, force } = call.options as Omit<SelectionOptions, 'ranges'>;
  const ranges = call.arguments[1] as readonly string[] | undefined;
  return { ranges: ranges ?? [], only, from, until, force };
}

/** How a run works on its tasks: where, how fast and how loud, never what. */
export interface RunSettings {
  readonly jobs?: number;
  readonly cpus?: number;
  readonly keepGoing: boolean;
  readonly failFast: boolean;
  readonly retries: number;
  readonly json: boolean;
  readonly logFormat?: LogFormat;
}

/** What prints as another program would. */
export type LogFormat = (typeof logFormats)[number];
const logFormats = ['insightface'] as const;

/** Declares `--log-format`. */
export function declareLogFormat(command: Command, conflicting: string | string[]): void {
  command.addOption(
    new Option('--log-format <format>', 'print trainings as the program of 2018 did')
      .choices(logFormats)
      .conflicts(conflicting),
  );
}

export type RunOptions = ExperimentOptions & SelectionOptions & RunSettings;

/** Declares `--jobs`, `--cpus`, `--keep-going`, `--fail-fast`, `--retries`, `--json` and `--log-format`. */
export function declareRunSettings(command: Command): void {
  command
    .option(
      '-j, --jobs <n>',
      'tasks at the same time, each with the processors it asks for (default: as --cpus)',
      integerOption('--jobs', 1),
    )
    .option(
      '--cpus <n>',
      'processors that all tasks share, "cpus: all" included (default: those there are)',
      integerOption('--cpus', 1),
    )
    .option('-k, --keep-going', 'after a failure, continue with everything that does not depend on it', false)
    .addOption(new Option('--fail-fast', 'after a failure, stop what runs too').conflicts('keepGoing').default(false))
    .option('--retries <n>', 'try each failed task again so often', integerOption('--retries', 0), 0)
    .option('--json', 'print events as newline-delimited JSON', false);
  declareLogFormat(command, 'json');
}

export function readRunOptions(call: Call): RunOptions {
  return { ...readRunSettings(call), ...readExperimentOptions(call), ...readSelectionOptions(call) };
}

export function readRunSettings(call: Call): RunSettings {
  const { jobs, cpus, keepGoing, failFast, retries, json, logFormat } = call.options as RunSettings;
  const given = { ...(jobs && { jobs }), ...(cpus && { cpus }), ...(logFormat && { logFormat }) };
  return { ...given, keepGoing, failFast, retries, json };
}

/** Of an option that may be given several times. */
export function collect(value: string, before: readonly string[]): string[] {
  return [...before, value];
}

/** Reads an integer of at least `min`, and of at most `max`, for an option. Fails with `wrong-option`. */
export function integerOption(option: string, min: number, max = Infinity): (text: string) => number {
  return (text) => {
    if (/^[0-9]+$/.test(text) && Number(text) >= min && Number(text) <= max) return Number(text);
    const expected = max === Infinity ? `an integer of at least ${min}` : `an integer from ${min} to ${max}`;
    return fail(failures.wrongOption({ option, expected, found: text }));
  };
}

/** Reads `--far`. Fails with `wrong-option`. */
export function rateOption(text: string): number {
  const rate = Number(text);
  if (rate > 0 && rate < 1) return rate;
  return fail(failures.wrongOption({ option: '--far', expected: 'a rate between 0 and 1', found: text }));
}

/** Reads `--input`, `3x112x112`; undefined if it was not given. Fails with `wrong-option`. */
export function imageSize(text: unknown): InputSize | undefined {
  if (text === undefined) return undefined;
  const match = typeof text === 'string' ? /^([1-9]\d*)x([1-9]\d*)x([1-9]\d*)$/.exec(text) : null;
  if (match !== null) return { channels: Number(match[1]), height: Number(match[2]), width: Number(match[3]) };
  const expected = 'channels x height x width, as in 3x112x112';
  return fail(failures.wrongOption({ option: '--input', expected, found: text }));
}
