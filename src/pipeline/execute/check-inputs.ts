import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { EngineIdentity } from '../../core/engine-identity.ts';
import { FailureError, type Failure } from '../../core/failure.ts';
import type { CheckInputs, KnownInputs } from '../../stage-api/check-inputs.ts';
import { namePathsIn, type PathName } from './paths-in-failures.ts';
import type { Binding, TaskSpec } from '../experiment/experiment.ts';

type OutputBinding = Extract<Binding, { type: 'output' }>;

export interface Foreknowledge {
  /** Undefined for a task that computes no tensors. Fails if its engine is unavailable. */
  readonly engineOf: (task: TaskSpec) => EngineIdentity | undefined;
  /** Path of an output that is there already; undefined for what has yet to be made. */
  readonly knownOutput: KnownOutput;
}

type KnownOutput = (binding: OutputBinding) => string | undefined;

/** What tasks will fail with, as far as it can be known before any has run; each failure says of which stage it is. */
export async function foreseenFailures(
  tasks: readonly TaskSpec[],
  { engineOf, knownOutput }: Foreknowledge,
): Promise<Failure[]> {
  const failures: Failure[] = [];
  const seen = new Map<string, unknown>();
  // What is stored under a name is what `read` of the first that asked for it returned.
  const once = <Value>(name: string, read: () => Value): Value => {
    if (!seen.has(name)) seen.set(name, read());
    return seen.get(name) as Value;
  };
  for (const task of tasks) {
    if (task.kind.manifest.checks !== true) continue;
    const module = pathToFileURL(join(dirname(task.kind.entry), 'check.js')).href;
    const { check } = (await import(module)) as { readonly check: CheckInputs };
    const { inputs, whole } = inputsOf(task, knownOutput);
    const engine = (): EngineIdentity | undefined => engineOf(task);
    const found = await failuresOf(check, { params: task.params, engine, inputs, whole, once }, task);
    failures.push(...namePathsIn(found, outputNames(task, knownOutput)));
  }
  return failures;
}

async function failuresOf(check: CheckInputs, known: KnownInputs, { stage, at }: TaskSpec): Promise<Failure[]> {
  try {
    await check(known);
    return [];
  } catch (error) {
    const found = failuresIn(error);
    if (found === undefined) throw error;
    // A value of the command line has no line.
    const where = at.file.startsWith('--') ? at.file : `${at.file}:${at.line}`;
    const place = `Stage "${stage}" (${where}) would end with this.`;
    return found.map((failure) => ({
      ...failure,
      hint: failure.hint === undefined ? place : `${failure.hint} ${place}`,
    }));
  }
}

/** Stages are not in the bundle of the command: their class of failures is another one of the same name. */
function failuresIn(error: unknown): readonly Failure[] | undefined {
  if (!(error instanceof Error) || error.name !== FailureError.name || !('failures' in error)) return undefined;
  return error.failures as readonly Failure[];
}

/** What is told of the outputs that a task reads: which task made them. */
function outputNames(task: TaskSpec, knownOutput: KnownOutput): readonly PathName[] {
  const bindings = Object.values(task.inputs).flat();
  return bindings.flatMap((binding): readonly PathName[] => {
    const path = binding.type === 'output' ? knownOutput(binding) : undefined;
    return binding.type !== 'output' || path === undefined ? [] : [[dirname(path), binding.task]];
  });
}

function inputsOf(task: TaskSpec, knownOutput: KnownOutput): Pick<KnownInputs, 'inputs' | 'whole'> {
  const inputs: Record<string, string | readonly string[]> = {};
  const whole = new Set<string>();
  for (const [port, bindings] of Object.entries(task.inputs)) {
    const paths = bindings.flatMap((binding) => {
      const path = binding.type === 'path' ? binding.path : knownOutput(binding);
      return path !== undefined && existsSync(path) ? [path] : [];
    });
    const [first] = paths;
    if (paths.length === bindings.length) whole.add(port);
    if (task.kind.manifest.inputs[port]?.many === true) inputs[port] = paths;
    else if (first !== undefined) inputs[port] = first;
  }
  return { inputs, whole };
}
