import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { isAbsolute, join, relative, resolve } from 'node:path';
import type { Json } from '../../core/digest.ts';
import type { StageKind } from './experiment.ts';
import { lineagePort } from '../../stage-api/lineage.ts';
import { failures } from './failures.ts';
import { describe, nodeAt, pathOf, pointerTo, toJson, type Node } from './node.ts';
import { validatorOf, type JsonObject } from './params-validator.ts';
import { parseYaml } from './parse-yaml.ts';
import { locate, SourceText, type Problems, type Span } from './problems.ts';
import { choiceIn, expectation, propertiesOf, type SchemaError } from './schema-error.ts';
import { readManifest, type StageManifest } from './stage-manifest.ts';

/** Where the stages that come with the package are. */
export interface StageFolders {
  /** Absolute; holds `<name>/stage.json`. */
  readonly manifests: string;
  /** Absolute; holds `<name>/run.js`. */
  readonly compiled: string;
  /** Absolute; holds `<name>/references.js` of those that declare it, for planning. */
  readonly references: string;
  /** Absolute; holds the validators that the build compiled, if it did. */
  readonly validators: string;
  /** Absolute path of stage.schema.json. */
  readonly manifestSchema: string;
}

/** Where one stage is. */
export interface StageFolder {
  /** Absolute folder of stage.json. */
  readonly folder: string;
  /** Absolute path of the module that exports `run`. */
  readonly entry: string;
  /** Absolute path of the module that exports `references`, if stage.json declares it. */
  readonly references: string;
  /** Comes with the package, whose tests have checked its stage.json. */
  readonly builtIn: boolean;
}

/**
 * What `uses` names: a stage that comes with the package, or, if it looks like a path (`./stages/x`), a folder of the
 * user's workspace. Undefined if there is no stage.json.
 */
export function findStage(uses: string, workspace: string, builtIn: StageFolders): StageFolder | undefined {
  const found: StageFolder =
    uses.startsWith('.') || isAbsolute(uses)
      ? {
          folder: resolve(workspace, uses),
          entry: resolve(workspace, uses, 'run.js'),
          references: resolve(workspace, uses, 'references.js'),
          builtIn: false,
        }
      : {
          folder: join(builtIn.manifests, uses),
          entry: join(builtIn.compiled, uses, 'run.js'),
          references: join(builtIn.references, uses, 'references.js'),
          builtIn: true,
        };
  return existsSync(join(found.folder, 'stage.json')) ? found : undefined;
}

/** Names of the stages that come with the package, sorted. */
export function builtInStageNames({ manifests }: Pick<StageFolders, 'manifests'>): string[] {
  return readdirSync(manifests)
    .filter((name) => existsSync(join(manifests, name, 'stage.json')))
    .sort();
}

/** Finds and reads the kinds of stages that an experiment uses, each once. */
export class StageKinds {
  readonly #workspace: string;
  readonly #builtIn: StageFolders;
  readonly #problems: Problems;
  readonly #kinds = new Map<string, StageKind>();
  /** Schemas that several of them refer to. */
  readonly #schemas = new Map<string, Json>();

  constructor(workspace: string, builtIn: StageFolders, problems: Problems) {
    this.#workspace = workspace;
    this.#builtIn = builtIn;
    this.#problems = problems;
  }

  /** The kind that the `uses` at a place names; undefined, and reported, if it cannot be found or used. */
  of(uses: string, at: Span): StageKind | undefined {
    const known = this.#kinds.get(uses);
    if (known !== undefined) return known;
    const found = findStage(uses, this.#workspace, this.#builtIn);
    if (found === undefined) {
      const isFolder = uses.startsWith('.') && existsSync(join(this.#workspace, uses));
      const facts = { uses, known: builtInStageNames(this.#builtIn), isFolder };
      this.#problems.add(failures.unknownStageKind(facts, locate(at)));
      return undefined;
    }
    const { folder, entry, references, builtIn } = found;
    const manifest = builtIn ? readManifest(folder, this.#schemas) : this.#checkedManifest(found, at);
    if (manifest === undefined) return undefined;
    const kind = {
      manifest,
      folder,
      entry,
      references,
      ...(builtIn ? {} : { ownFolder: uses.replace(/^(\.\/)+/, '') }),
    };
    this.#kinds.set(uses, kind);
    return kind;
  }

  /**
   * The stage.json of a stage of the user's own, checked: those that come with the package have tests. Undefined if
   * something is wrong with it, which is reported.
   */
  #checkedManifest(found: StageFolder, at: Span): StageManifest | undefined {
    const path = join(found.folder, 'stage.json');
    const source = new SourceText(relative(this.#workspace, path), readFileSync(path, 'utf8'));
    const before = this.#problems.count;
    const root = parseYaml(source, this.#problems);
    if (root !== undefined) this.#checkContent(root);
    else if (this.#problems.count === before) {
      this.#problems.add(failures.emptyManifest({ file: source.file }, locate(at)));
    }
    if (this.#problems.count > before) return undefined;
    const manifest = this.#usableManifest(found, source.file, at);
    if (manifest === undefined || manifest.program === true) return manifest;
    if (existsSync(found.entry)) return manifest;
    const facts = { stage: manifest.name, file: relative(this.#workspace, found.entry) };
    this.#problems.add(failures.missingStageCode(facts, locate(at)));
    return undefined;
  }

  #checkContent(root: Node): void {
    if (root.type !== 'map') {
      this.#problems.add(failures.manifestNotMapping({}, locate(root.at)));
      return;
    }
    const { manifestSchema, validators } = this.#builtIn;
    const schema = JSON.parse(readFileSync(manifestSchema, 'utf8')) as Readonly<Record<string, Json>>;
    for (const error of validatorOf(schema, validators)(toJson(root) as JsonObject)) this.#report(error, root);
    this.#refuseSamePaths(root);
    const { inputs, lineage, ...declared } = toJson(root) as JsonObject;
    for (const name of ['references', 'checks'].filter((each) => declared[each] === true)) {
      const { node, key } = nodeAt(root, `/${name}`);
      this.#problems.add(failures.ownPlanningCode({ name }, locate(key ?? node.at)));
    }
    if (lineage !== true || typeof inputs !== 'object' || inputs === null || !(lineagePort in inputs)) return;
    const { node, key } = nodeAt(root, pointerTo('/inputs', lineagePort));
    this.#problems.add(failures.ownLineagePort({ port: lineagePort }, locate(key ?? node.at)));
  }

  #refuseSamePaths(root: Node): void {
    const outputs = nodeAt(root, '/outputs').node;
    if (outputs.type !== 'map') return;
    const names = new Map<string, string>();
    for (const [second, { value }] of outputs.entries) {
      const path = value.type === 'map' ? value.entries.get('path')?.value : undefined;
      if (path?.type !== 'scalar' || typeof path.value !== 'string') continue;
      const first = names.get(path.value);
      if (first === undefined) names.set(path.value, second);
      else {
        const facts = { owner: 'stage.json', path: path.value, first, second };
        this.#problems.add(failures.outputPathTwice(facts, locate(path.at)));
      }
    }
  }

  #report(error: SchemaError, root: Node): void {
    const owner = error.instancePath === '' ? 'stage.json' : `"${pathOf(error.instancePath)}"`;
    const { node } = nodeAt(root, error.instancePath);
    if (error.keyword === 'additionalProperties') {
      const key = String(error.params['additionalProperty']);
      const at = locate(nodeAt(root, pointerTo(error.instancePath, key)).key ?? node.at);
      this.#problems.add(failures.unknownManifestKey({ owner, key, known: propertiesOf(error) }, at));
    } else if (error.keyword === 'required') {
      const key = String(error.params['missingProperty']);
      this.#problems.add(failures.missingManifestKey({ owner, key }, locate(node.at)));
    } else {
      const { expected } = expectation(error);
      const facts = { what: owner, expected, found: describe(node), choice: choiceIn(node, error) };
      this.#problems.add(failures.badStageManifest(facts, locate(node.at)));
    }
  }

  /** Its `$ref`s lead somewhere, and the schema of its parameters can be compiled. */
  #usableManifest({ folder }: StageFolder, file: string, at: Span): StageManifest | undefined {
    try {
      const manifest = readManifest(folder);
      validatorOf(manifest.params, this.#builtIn.validators);
      return manifest;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#problems.add(failures.unusableParamsSchema({ file, reason }, locate(at)));
      return undefined;
    }
  }
}
