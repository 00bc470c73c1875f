import { existsSync, readdirSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';

/** Where the stages that come with the package lie. */
export interface StageFolders {
  /** Absolute; holds `<name>/stage.json`. */
  readonly manifests: string;
  /** Absolute; holds `<name>/run.js`. */
  readonly compiled: string;
  /** Absolute; holds the validators that the build compiled, if it did. */
  readonly validators: string;
  /** Absolute path of stage.schema.json. */
  readonly manifestSchema: string;
}

/** Where one stage lies. */
export interface StageFolder {
  /** Absolute folder of stage.json. */
  readonly folder: string;
  /** Absolute path of the module that exports `run`. */
  readonly entry: string;
  /** Comes with the package, whose tests have checked its stage.json. */
  readonly builtIn: boolean;
}

/**
 * What `uses` names: a stage that comes with the package, or, where it looks like a path (`./stages/x`), a folder of
 * the user's workspace. Undefined where there is no stage.json.
 */
export function findStage(uses: string, workspace: string, builtIn: StageFolders): StageFolder | undefined {
  const found: StageFolder =
    uses.startsWith('.') || isAbsolute(uses)
      ? { folder: resolve(workspace, uses), entry: resolve(workspace, uses, 'run.js'), builtIn: false }
      : { folder: join(builtIn.manifests, uses), entry: join(builtIn.compiled, uses, 'run.js'), builtIn: true };
  return existsSync(join(found.folder, 'stage.json')) ? found : undefined;
}

/** Names of the stages that come with the package, sorted. */
export function builtInStageNames({ manifests }: Pick<StageFolders, 'manifests'>): string[] {
  return readdirSync(manifests)
    .filter((name) => existsSync(join(manifests, name, 'stage.json')))
    .sort();
}
