import { resolve } from 'node:path';
import type { Command } from 'commander';
import { loadExperiment } from '../pipeline/experiment/load-experiment.ts';
import type { Experiment } from '../pipeline/experiment/experiment.ts';
import type { Call, ProcessContext } from './flow-command.ts';
import { stageFolders, type Workspace } from './workspace.ts';

/** What commands that take an experiment file have in common. */
export interface ExperimentOptions {
  readonly file: string;
  readonly set: readonly string[];
  readonly setFile: readonly string[];
  readonly profile: string | undefined;
  readonly workspace: string | undefined;
  /** Accept inputs that are not there. */
  readonly allowMissingInputs?: boolean;
  /** Texts that stand for files, by absolute path. */
  readonly texts?: ReadonlyMap<string, string>;
}

/** Declares `FILE`, `--set`, `--set-file`, `--profile` and `--workspace`. */
export function declareExperimentOptions(command: Command, { fileIsOptional = false } = {}): void {
  command
    .argument(fileIsOptional ? '[file]' : '<file>', 'the experiment, a YAML file')
    .option('--set <path=value>', 'override a value, e.g. stages.train.with.batch=64 (repeatable)', collect, [])
    .option('--set-file <file>', 'lay a YAML file over the experiment (repeatable)', collect, [])
    .option('--profile <name>', 'lay a profile of the experiment over it')
    .option('--workspace <folder>', 'the folder that paths are relative to and that holds runs/ (default: here)');
}

export function readExperimentOptions(call: Call): ExperimentOptions {
  const { set, setFile, profile, workspace } = call.options as Omit<ExperimentOptions, 'file'>;
  return { file: String(call.arguments[0]), set, setFile, profile, workspace };
}

export function loadFrom(options: ExperimentOptions, workspace: Workspace, surroundings: ProcessContext): Experiment {
  return loadExperiment({
    // Typed by the user, so relative to where the user is.
    file: resolve(surroundings.workingFolder, options.file),
    workspace: workspace.folder,
    overrides: options.set,
    overrideFiles: options.setFile.map((file) => resolve(surroundings.workingFolder, file)),
    ...(options.profile === undefined ? {} : { profile: options.profile }),
    environment: surroundings.environment,
    allowMissingInputs: options.allowMissingInputs === true,
    stageFolders: stageFolders(),
    trees: workspace.trees,
    texts: options.texts,
  });
}

function collect(value: string, before: readonly string[]): string[] {
  return [...before, value];
}
