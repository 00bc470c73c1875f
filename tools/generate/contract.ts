import { compile, type JSONSchema } from 'json-schema-to-typescript';
import type { Json } from '../../src/core/digest.ts';
import type { InputPort, StageManifest } from '../../src/pipeline/experiment/stage-manifest.ts';
import { lineagePort } from '../../src/stage-api/lineage.ts';

/** Types of what the registries offer, by the name of their definition in schemas/kit.schema.json. */
const registryTypes: Readonly<Record<string, { readonly type: string; readonly file: string }>> = {
  network: { type: 'NetworkChoice', file: 'src/kit/net/backbones/index.ts' },
  loss: { type: 'LossChoice', file: 'src/kit/net/losses/index.ts' },
  optimizer: { type: 'OptimizerChoice', file: 'src/kit/net/optimizers/index.ts' },
  normalization: { type: 'NormalizationChoice', file: 'src/kit/net/exchange/normalization-presets.ts' },
  schedule: { type: 'ScheduleChoice', file: 'src/kit/net/schedules/index.ts' },
};

/**
 * The types that the code of a stage works with: `Params` from the schema of its parameters (every property with a
 * default is there, since defaults are filled in before a stage runs), `Inputs` and `Outputs` from its ports. `declared`
 * is that schema as stage.json has it: references to registries become the types of these.
 */
export async function contractOf(manifest: StageManifest, declared: Json): Promise<string> {
  const used = new Set<string>();
  const schema = withDefaultsRequired(withRegistryTypes(manifest.params, declared, used));
  const params = await compile(schema as JSONSchema, 'Params', {
    bannerComment: '',
    additionalProperties: false,
    format: false,
  });
  const inputs = Object.entries(manifest.inputs).map(([name, port]) => field(name, inputType(port), port.summary));
  if (manifest.lineage === true) inputs.push(field(lineagePort, 'string', 'The history of the inputs.'));
  const outputs = Object.entries(manifest.outputs).map(([name, port]) => field(name, 'string', port.summary));
  return [
    '// Generated from stage.json by `npm run generate`; not to be edited.\n',
    ...(used.size === 0 ? [] : [importsOf(used)]),
    readonlyFields(params.trim()),
    declaration('Inputs', 'Absolute paths of what the stage reads.', inputs),
    declaration('Outputs', 'Absolute paths of what the stage has to write.', outputs),
  ].join('\n\n');
}

function importsOf(used: ReadonlySet<string>): string {
  return Object.entries(registryTypes)
    .filter(([name]) => used.has(name))
    .map(([, { type, file }]) => `import type { ${type} } from '../../${file}';`)
    .join('\n');
}

/** `schema`, where `declared` refers to a registry, is its type and no more. Adds the names of those to `used`. */
function withRegistryTypes(schema: Json, declared: Json | undefined, used: Set<string>): Json {
  if (!isObject(schema) || !isObject(declared)) return schema;
  const { $ref: reference } = declared;
  const name =
    (typeof reference === 'string' ? /kit\.schema\.json#\/\$defs\/(\w+)$/.exec(reference)?.[1] : undefined) ?? '';
  const registry = registryTypes[name];
  if (registry === undefined) {
    const entries = Object.entries(schema);
    return Object.fromEntries(entries.map(([key, value]) => [key, withRegistryTypes(value, declared[key], used)]));
  }
  used.add(name);
  const { description = '', default: fallback } = schema;
  return { description, ...(fallback === undefined ? {} : { default: fallback }), tsType: registry.type };
}

function isObject(value: Json | undefined): value is Readonly<Record<string, Json>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function inputType(port: InputPort): string {
  if (port.many === true) return 'readonly string[]';
  return port.optional === true ? 'string | undefined' : 'string';
}

function field(name: string, type: string, summary: string): string {
  return `  /** ${summary} */\n  readonly ${/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name)}: ${type};`;
}

function declaration(name: string, summary: string, fields: readonly string[]): string {
  const head = `/** ${summary} */\nexport `;
  if (fields.length === 0) return `${head}type ${name} = Readonly<Record<string, never>>;\n`;
  return `${head}interface ${name} {\n${fields.join('\n')}\n}\n`;
}

/** Parameters are frozen; and a comment of one line is one line. */
function readonlyFields(declarations: string): string {
  return declarations
    .replaceAll(/^( *)\/\*\*\n *\* (.*)\n *\*\/$/gm, '$1/** $2 */')
    .replaceAll(/^( *)(?=["\w]+\??: )/gm, '$1readonly ')
    .replaceAll(/(?<=: )(?=[\w"]+\[\])/g, 'readonly ');
}

/** What has a default is never absent once defaults are filled in. */
function withDefaultsRequired(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withDefaultsRequired);
  if (typeof schema !== 'object' || schema === null) return schema;
  const copy: Record<string, unknown> = {};
  for (const [keyword, value] of Object.entries(schema)) {
    copy[keyword] = keyword === 'default' ? value : withDefaultsRequired(value);
  }
  if (typeof copy['properties'] !== 'object' || copy['properties'] === null) return copy;
  const required = Array.isArray(copy['required']) ? copy['required'].map(String) : [];
  const filled = Object.entries(copy['properties'])
    .filter(([, property]) => typeof property === 'object' && property !== null && 'default' in property)
    .map(([name]) => name);
  return { ...copy, required: [...new Set([...required, ...filled])] };
}
