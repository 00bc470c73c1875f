import { join } from 'node:path';
import type { Json } from '../../core/digest.ts';
import { fail } from '../../core/failure.ts';
import { builtInStageNames, findStage } from '../../pipeline/experiment/stage-kinds.ts';
import {
  readManifest,
  type InputPort,
  type OutputPort,
  type StageManifest,
} from '../../pipeline/experiment/stage-manifest.ts';
import { failures } from '../failures.ts';
import { textTable } from '../../core/text/text-table.ts';
import { stageFolders } from '../workspace.ts';
import { terminalText } from '../../core/text/paint.ts';
import { exitCode, type FlowCommand } from '../flow-command.ts';

export const command: FlowCommand = {
  declare(command) {
    command
      .argument('[stage]', 'one stage, with its parameters; a folder of your own: ./stages/mine')
      .option('--json', 'the manifests as JSON');
  },
  run({ arguments: [name], options }, { workingFolder, stdout }) {
    const manifests = typeof name === 'string' ? [manifestOf(name, workingFolder)] : allManifests();
    const [only] = manifests;
    if (options['json'] === true) stdout.write(`${JSON.stringify(name === undefined ? manifests : only, null, 2)}\n`);
    else if (name !== undefined && only !== undefined) stdout.write(`${terminalText(describeStage(only))}\n`);
    else stdout.write(`${terminalText(textTable(manifests.map(overview)).join('\n'))}\n`);
    return Promise.resolve(exitCode.done);
  },
};

function allManifests(): StageManifest[] {
  const folders = stageFolders();
  return builtInStageNames(folders).map((name) => readManifest(join(folders.manifests, name)));
}

function manifestOf(name: string, workspace: string): StageManifest {
  const folders = stageFolders();
  const found = findStage(name, workspace, folders);
  if (found !== undefined) return readManifest(found.folder);
  return fail(failures.unknownStageKind({ name, known: builtInStageNames(folders) }));
}

function overview({ name, summary, inputs, outputs }: StageManifest): string[] {
  return [name, `${Object.keys(inputs).join(', ') || '-'} -> ${Object.keys(outputs).join(', ')}`, summary];
}

const declaredPortsText = `inputs and outputs are declared under "with", each a variable of the command:
  inputs: { list: data/names.lst, model: "\${stages.train.outputs.model}", all: "\${stages.verify[*].outputs.result}" }
  outputs: { count: count.txt, crops: { path: crops, kind: images, summary: one folder per person } }`;

function describeStage(manifest: StageManifest): string {
  const { name, version, summary, inputs, outputs, params } = manifest;
  return [
    `${name} (version ${String(version)})${traitsOf(manifest)}`,
    summary,
    ...(manifest.declaresPorts === true ? ['', declaredPortsText] : []),
    ...section('inputs', Object.entries(inputs).map(inputRow)),
    ...section('outputs', Object.entries(outputs).map(outputRow)),
    ...section('parameters', paramRows(params, '')),
  ].join('\n');
}

function traitsOf({ engine, seeded, checkpoint }: StageManifest): string {
  const traits = [
    engine === true && 'trains',
    engine === 'inference' && 'infers',
    seeded === true && 'seeded',
    checkpoint === true && 'resumable',
  ];
  const words = traits.filter((trait) => trait !== false);
  return words.length > 0 ? `: ${words.join(', ')}` : '';
}

function section(title: string, rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return [];
  return ['', `${title}:`, ...textTable(rows).map((line) => `  ${line}`)];
}

function inputRow([name, { kind, summary, optional, many }]: [string, InputPort]): string[] {
  return [name, `${kind}${many === true ? ' (many)' : ''}${optional === true ? ', optional' : ''}`, summary];
}

function outputRow([name, { kind, summary }]: [string, OutputPort]): string[] {
  return [name, kind, summary];
}

interface ParamSchema {
  readonly type?: string;
  readonly enum?: readonly Json[];
  readonly const?: Json;
  readonly default?: Json;
  readonly description?: string;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, ParamSchema>>;
  readonly oneOf?: readonly ParamSchema[];
  /** A choice whose name may be left out: a chain of branches. */
  readonly then?: ParamSchema;
  readonly else?: ParamSchema;
}

/** One row per parameter, those inside of maps indented; of a choice, each branch with its own parameters. */
function paramRows(schema: ParamSchema, indent: string): string[][] {
  const own = Object.entries(schema.properties ?? {})
    .filter(([, property]) => property.const === undefined)
    .flatMap(([name, property]) => {
      const fallback =
        property.default === undefined ? needOf(schema, name) : `default ${JSON.stringify(property.default)}`;
      const isMap = property.properties !== undefined || branchesOf(property).length > 0;
      const row = [`${indent}${name}`, typeOf(property), isMap ? '' : fallback, property.description ?? ''];
      return [row, ...paramRows(property, `${indent}  `)];
    });
  const branches = branchesOf(schema).flatMap((branch) => {
    const [tag, property] = Object.entries(branch.properties ?? {}).find(([, each]) => each.const !== undefined) ?? [];
    const head = tag === undefined ? 'otherwise' : `${tag}: ${textOf(property?.const)}`;
    return [[`${indent}${head}`, '', '', branch.description ?? ''], ...paramRows(branch, `${indent}  `)];
  });
  return [...own, ...branches];
}

function branchesOf({ oneOf, then, else: otherwise }: ParamSchema): readonly ParamSchema[] {
  if (then === undefined || otherwise === undefined) return oneOf ?? [];
  return [then, ...(otherwise.then === undefined ? [otherwise] : branchesOf(otherwise))];
}

function needOf(schema: ParamSchema, name: string): string {
  return schema.required?.includes(name) === true ? 'required' : '';
}

function typeOf(schema: ParamSchema): string {
  if (schema.enum !== undefined) return schema.enum.map(textOf).join(' | ');
  const words: Record<string, string> = { object: 'map', array: 'list', string: 'text', boolean: 'true | false' };
  return words[schema.type ?? ''] ?? schema.type ?? '';
}

function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? null);
}
