import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import type { Json } from '../../core/digest.ts';
import { jsonLeaves } from '../../core/json-leaves.ts';
import { FailureError } from '../../core/failure.ts';
import { listRuns } from '../../pipeline/record/past-runs.ts';
import type { Experiment } from '../../pipeline/experiment/experiment.ts';
import { plainText } from '../../core/text/terminal-text.ts';
import { exitCode, type CommandGroup, type FlowCommand, type ProcessContext } from '../flow-command.ts';
import { loadFrom } from '../planned-experiment.ts';
import { openWorkspace, type Workspace } from '../workspace.ts';

/** Called by the scripts of `flow completion` with the line up to the cursor; prints one candidate a line. */
export const command: FlowCommand = {
  declare(command) {
    command.argument('<line>', 'the command line up to the cursor');
  },
  async run(call, context) {
    const found = await candidates(String(call.arguments[0]), context);
    if (found.length > 0) context.stdout.write(`${plainText(found.join('\n'))}\n`);
    return exitCode.done;
  },
};

/** Words that may come next on a command line; none if the shell should offer files. */
async function candidates(line: string, context: ProcessContext): Promise<string[]> {
  const words = line.trimStart().split(/\s+/);
  const typed = words.at(-1) ?? '';
  const before = words.slice(1, -1);
  const [name] = before;
  const found =
    name === undefined
      ? visibleCommands(context)
      : await afterCommand(name, { words: before.slice(1), typed }, context);
  return [...new Set(found)].filter((word) => word.startsWith(typed)).sort();
}

function visibleCommands({ commands }: ProcessContext): string[] {
  return Object.entries(commands).flatMap(([name, { isHidden }]) => (isHidden === true ? [] : [name]));
}

/** The words before the one that is being typed, and what is typed of it. */
interface TypedWords {
  readonly words: readonly string[];
  readonly typed: string;
}

async function afterCommand(name: string, { words, typed }: TypedWords, context: ProcessContext): Promise<string[]> {
  const entry = context.commands[name];
  if (entry === undefined) return [];
  const { command } = await entry.load();
  const [action, ...rest] = words;
  if ('actions' in command) {
    const chosen = action === undefined ? undefined : command.actions[action];
    return chosen === undefined ? Object.keys(command.actions) : afterOptions(chosen, { words: rest, typed }, context);
  }
  return afterOptions(command, { words, typed }, context);
}

/** Arguments whose values are known: by the name under which commands declare them. */
type Known = Exclude<FlowCommand | CommandGroup, CommandGroup>;

async function afterOptions(command: Known, { words, typed }: TypedWords, context: ProcessContext): Promise<string[]> {
  const declared = new Command();
  command.declare(declared);
  const last = words.at(-1) ?? '';
  const option = declared.options.find((each) => (each.long === last || each.short === last) && each.required);
  if (option !== undefined) return valuesOf(option.attributeName(), words, context);
  if (typed.startsWith('-')) return declared.options.flatMap(({ long }) => long ?? []);
  const given = words.filter((word) => !word.startsWith('-')).length;
  const args = declared.registeredArguments;
  const argument = args[Math.min(given, args.length - 1)];
  return argument === undefined ? [] : valuesOf(argument.name(), words, context);
}

async function valuesOf(what: string, words: readonly string[], context: ProcessContext): Promise<string[]> {
  const workspace = openWorkspace(context, undefined);
  try {
    switch (what) {
      case 'set':
        return overridePaths(experimentIn(words, workspace, context));
      case 'tasks':
      case 'task':
      case 'only':
      case 'from':
      case 'until':
      case 'force':
        return taskNames(experimentIn(words, workspace, context));
      case 'profile':
        return [];
      case 'run':
      case 'runs':
      case 'experiment':
        return runNames(workspace);
      default:
        return await Promise.resolve([]);
    }
  } finally {
    workspace.close();
  }
}

/** The experiment whose file is on the line; undefined if there is no file, or if it has mistakes. */
function experimentIn(words: readonly string[], workspace: Workspace, context: ProcessContext): Experiment | undefined {
  const file = words.find((word) => /\.ya?ml$/.test(word));
  if (file === undefined) return undefined;
  const options = { file, set: [], setFile: [], profile: undefined, workspace: undefined };
  try {
    return loadFrom(options, workspace, context);
  } catch (error) {
    if (error instanceof FailureError) return undefined;
    throw error;
  }
}

function taskNames(experiment: Experiment | undefined): string[] {
  return (experiment?.tasks ?? []).flatMap((task) => [task.stage, task.id]);
}

function overridePaths(experiment: Experiment | undefined): string[] {
  if (experiment === undefined) return [];
  return [
    ...leafPaths(experiment.params, 'params'),
    ...experiment.tasks.flatMap(({ stage, params }) => leafPaths(params, `stages.${stage}.with`)),
  ].map((path) => `${path}=`);
}

function leafPaths(value: Readonly<Record<string, Json>>, prefix: string): string[] {
  return [...jsonLeaves(value, `${prefix}.`)].map(([path]) => path);
}

function runNames(workspace: Workspace): string[] {
  if (!existsSync(join(workspace.runsFolder, 'flow.db'))) return [];
  const runs = listRuns(workspace.database, { experiment: undefined, limit: 200 });
  return runs.flatMap(({ id, experiment }) => [id, experiment]);
}
