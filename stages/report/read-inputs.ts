import { readFileSync } from 'node:fs';
import { digestOf } from '../../src/core/digest.ts';
import { fail } from '../../src/core/failure.ts';
import type { Lineage, LineageTask } from '../../src/stage-api/lineage.ts';
import type { AlignmentFile } from '../../src/kit/face/alignment-result.ts';
import type { VerificationResult } from '../../src/kit/face/verification-result.ts';
import type { TrainingLog } from '../../src/kit/net/training/training-log.ts';
import { decodeTrainingLog } from './decode-training-log.ts';
import { failures } from './failures.ts';
import { type TrainingFacts, trainingFacts } from './training-facts.ts';

/** A training with the name to show: that of the task it came from. */
export interface Training {
  readonly name: string;
  readonly log: TrainingLog;
  readonly facts: TrainingFacts;
}

/** A verification with the name to show: that of its set, with the task where a set was measured more than once. */
export interface Verification {
  readonly name: string;
  readonly result: VerificationResult;
}

export function readLineage(file: string): Lineage {
  const value = parseJson(readFileSync(file, 'utf8'), file);
  const found = isRecord(value) ? `${String(value['format'])} ${String(value['version'])}` : typeof value;
  // The run writes it for the stage: another one is a defect, not a mistake of a user.
  if (found !== 'faceflow-lineage 1') throw new Error(`${file}: expected faceflow-lineage 1, found ${found}`);
  return value as Lineage;
}

export function readTrainings(files: readonly string[], lineage: Lineage): readonly Training[] {
  return files.map((file, index) => {
    const text = readFileSync(file, 'utf8');
    const log = decodeTrainingLog(text, file);
    const task = producerOf(text, lineage);
    return { name: task?.id ?? `training ${index + 1}`, log, facts: trainingFacts(log, task, lineage) };
  });
}

export function readVerifications(files: readonly string[], lineage: Lineage): readonly Verification[] {
  const read = files.flatMap((file, index) => {
    const text = readFileSync(file, 'utf8');
    const task = producerOf(text, lineage)?.id ?? String(index + 1);
    const results = decodeVerifications(text, file);
    const isOfSeveralModels = new Set(results.map(({ model }) => model)).size > 1;
    return results.map((result) => ({ source: isOfSeveralModels ? `${task}, ${result.model}` : task, result }));
  });
  const times = (set: string): number => read.filter(({ result }) => result.set === set).length;
  return read.map(({ source, result }) => ({
    name: times(result.set) > 1 ? `${result.set} (${source})` : result.set,
    result,
  }));
}

/** An alignment with the name to show: that of the task it came from. */
export interface Alignment {
  readonly name: string;
  readonly result: AlignmentFile;
}

export function readAlignments(files: readonly string[], lineage: Lineage): readonly Alignment[] {
  return files.map((file, index) => {
    const text = readFileSync(file, 'utf8');
    const name = producerOf(text, lineage)?.id ?? `alignment ${index + 1}`;
    return { name, result: decodeAlignment(parseJson(text, file), file) };
  });
}

/** Checks what a page could not be drawn without; faces.ndjson is the likely mistake. */
function decodeAlignment(value: unknown, file: string): AlignmentFile {
  const isOne = isRecord(value) && value['format'] === 'faceflow-alignment' && value['version'] === 1;
  if (!isOne || !isRecord(value['counts']) || !isRecord(value['sheet'])) {
    return fail(failures.alignmentInvalid({ found: isRecord(value) ? 'another object' : typeof value }, { file }));
  }
  return value as Record<string, unknown> & AlignmentFile;
}

/** The task whose output is this very file: outputs are known by the SHA-256 of their bytes. */
export function producerOf(text: string, lineage: Lineage): LineageTask | undefined {
  const digest = digestOf(text);
  return lineage.tasks.find((task) => task.outputs.some((output) => output.digest === digest));
}

/** Checks what a page could not be drawn without; a file of another kind bound to the port is the likely mistake. */
function decodeVerifications(text: string, file: string): readonly VerificationResult[] {
  const value = parseJson(text, file);
  const results = isRecord(value) && value['version'] === 2 ? value['results'] : undefined;
  if (Array.isArray(results)) return results.map((result) => decodeVerification(result, file));
  return fail(failures.verificationInvalid({ found: 'no "version": 2 with a list "results"' }, { file }));
}

const verificationLists = ['folds', 'roc', 'tarAtFar', 'distances', 'same'] as const;

function decodeVerification(value: unknown, file: string): VerificationResult {
  const invalid = (found: string): never => fail(failures.verificationInvalid({ found }, { file }));
  if (!isRecord(value)) return invalid(typeof value);
  const missing = verificationLists.find((name) => !Array.isArray(value[name]));
  if (missing !== undefined) return invalid(`no list "${missing}"`);
  const result = value as Record<string, unknown> & VerificationResult;
  if (result.distances.length !== result.same.length) {
    return invalid(`${result.distances.length} distances and ${result.same.length} labels`);
  }
  return result;
}

export function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    return fail(failures.inputNotJson({}, { file }), error);
  }
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
