import { existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Json } from '../../core/digest.ts';
import { suggestion } from './map-reader.ts';
import { describe, nodeAt, toJson, type Node } from './node.ts';
import { validatorOf, type JsonObject, type SchemaError } from './params-validator.ts';
import { parseYaml } from './parse-yaml.ts';
import type { Problems } from './problems.ts';
import { readManifest } from './read-manifest.ts';
import { expectation, propertiesOf, slip } from './schema-error.ts';
import { SourceText, type Span } from './source-text.ts';
import type { StageFolder, StageFolders } from './stage-folders.ts';
import type { StageManifest } from './stage-manifest.ts';

export interface ManifestContext {
  readonly workspace: string;
  readonly stageFolders: StageFolders;
  /** Where the experiment names the stage. */
  readonly at: Span;
  readonly problems: Problems;
}

/**
 * The stage.json of a stage of the user's own, checked: those that come with the package have tests. Reports what is
 * wrong with it and gives undefined then.
 */
export function checkedManifest(found: StageFolder, context: ManifestContext): StageManifest | undefined {
  const { workspace, at, problems } = context;
  const path = join(found.folder, 'stage.json');
  const source = new SourceText(relative(workspace, path), readFileSync(path, 'utf8'));
  const before = problems.count;
  const root = parseYaml(source, problems);
  if (root === undefined) {
    const message = `expected the description of a stage in ${source.file}, found none`;
    if (problems.count === before) problems.add({ code: 'bad-stage-manifest', message, at });
    return undefined;
  }
  checkAgainstSchema(root, context);
  if (problems.count > before) return undefined;
  const manifest = readable(found, source, context);
  if (manifest === undefined || manifest.program === true || existsSync(found.entry)) return manifest;
  const message = `stage "${manifest.name}" has no ${relative(workspace, found.entry)}`;
  const hint = 'The code of a stage is run.js, which exports a function "run"; run.ts has to be compiled.';
  problems.add({ code: 'bad-stage-manifest', message, at, hint });
  return undefined;
}

function checkAgainstSchema(root: Node, { stageFolders, problems }: ManifestContext): void {
  const schema = JSON.parse(readFileSync(stageFolders.manifestSchema, 'utf8')) as Readonly<Record<string, Json>>;
  const value = toJson(root);
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
  const errors = isMap ? validatorOf(schema, stageFolders.validators)(value as JsonObject) : [];
  for (const error of errors) report(error, root, problems);
  if (!isMap) problems.add({ code: 'bad-stage-manifest', message: 'expected a map', at: root.at });
}

function report(error: SchemaError, root: Node, problems: Problems): void {
  const unknown = error.keyword === 'additionalProperties' ? String(error.params['additionalProperty']) : undefined;
  const pointer = unknown === undefined ? error.instancePath : `${error.instancePath}/${unknown}`;
  const { node, key } = nodeAt(root, pointer);
  const path = error.instancePath === '' ? 'stage.json' : `"${error.instancePath.slice(1).replaceAll('/', '.')}"`;
  problems.add({
    code: 'bad-stage-manifest',
    message: `${path} ${complaint(error, node, unknown)}`,
    at: unknown === undefined ? node.at : (key ?? node.at),
    hint: 'stage.json is described by schemas/stage.schema.json.',
  });
}

function complaint(error: SchemaError, node: Node, unknown: string | undefined): string {
  if (unknown !== undefined) return `has no key "${unknown}"${suggestion(unknown, propertiesOf(error))}`;
  if (error.keyword === 'required') return `needs the key "${String(error.params['missingProperty'])}"`;
  return `must be ${expectation(error).expected}, found ${describe(node)}${slip(node, error)}`;
}

/** Its `$ref`s lead somewhere, and its parameters have a schema that can be compiled. */
function readable(found: StageFolder, source: SourceText, context: ManifestContext): StageManifest | undefined {
  try {
    const manifest = readManifest(found.folder);
    validatorOf(manifest.params, context.stageFolders.validators);
    return manifest;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const message = `the parameters in ${source.file} have no schema that can be used: ${reason}`;
    context.problems.add({ code: 'bad-stage-manifest', message, at: context.at });
    return undefined;
  }
}
