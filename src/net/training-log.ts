import { fail } from '../base/failure.ts';

/** One curve of a training; both arrays have one entry per point, steps ascending and counted from 1. */
export interface Curve {
  readonly step: readonly number[];
  readonly value: readonly number[];
}

/**
 * What `log.json` holds. It says nothing about speed or dates: two trainings that computed the same are the same file.
 *
 * Names of curves: `loss`, `accuracy` (share of the batch classified rightly), `learningRate`, and
 * `verification/<set>` (accuracy on a verification set watched while training, 0 to 1).
 */
export interface TrainingLog {
  readonly format: 'faceflow-training-log';
  readonly version: 1;
  /** Names as in the parameters: `y1`, `arcface`. */
  readonly network: string;
  readonly loss: string;
  readonly batch: number;
  readonly totalSteps: number;
  readonly identities: number;
  readonly images: number;
  readonly curves: Readonly<Record<string, Curve>>;
}

/** The text of `log.json`. Values keep seven significant digits: what a 32-bit number holds. */
export function encodeTrainingLog(log: TrainingLog): string {
  const curves = Object.entries(log.curves).map(([name, curve]): [string, Curve] => [
    name,
    { step: curve.step, value: curve.value.map((value) => Number(value.toPrecision(7))) },
  ]);
  return `${JSON.stringify({ ...log, curves: Object.fromEntries(curves) })}\n`;
}

/** Reads `log.json`; `file` names it in the error. A value that was not finite (a diverged loss) comes back as NaN. */
export function decodeTrainingLog(text: string, file: string): TrainingLog {
  const value = parse(text, file);
  if (!isRecord(value) || value['format'] !== 'faceflow-training-log')
    invalid(file, 'no "format": "faceflow-training-log"');
  if (value['version'] !== 1) invalid(file, `version ${String(value['version'])}; this program reads version 1`);
  const curves = value['curves'];
  if (!isRecord(curves)) invalid(file, '"curves" is not an object');
  return {
    format: 'faceflow-training-log',
    version: 1,
    network: textOf(value, 'network', file),
    loss: textOf(value, 'loss', file),
    batch: count(value, 'batch', file),
    totalSteps: count(value, 'totalSteps', file),
    identities: count(value, 'identities', file),
    images: count(value, 'images', file),
    curves: Object.fromEntries(Object.entries(curves).map(([name, curve]) => [name, decodeCurve(name, curve, file)])),
  };
}

function parse(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    return invalid(file, 'no JSON', error);
  }
}

function decodeCurve(name: string, curve: unknown, file: string): Curve {
  if (!isRecord(curve)) return invalid(file, `curve "${name}" is not an object`);
  const { step, value } = curve;
  if (!isNumbers(step) || step.some((each) => !Number.isInteger(each))) {
    return invalid(file, `"step" of curve "${name}" is not a list of whole numbers`);
  }
  // JSON has no NaN and no infinity: JSON.stringify writes null.
  if (
    !Array.isArray(value) ||
    !value.every((each): each is number | null => each === null || typeof each === 'number')
  ) {
    return invalid(file, `"value" of curve "${name}" is not a list of numbers`);
  }
  if (step.length !== value.length) {
    return invalid(file, `curve "${name}" has ${step.length} steps and ${value.length} values`);
  }
  return { step, value: value.map((each) => each ?? Number.NaN) };
}

function count(record: Readonly<Record<string, unknown>>, name: string, file: string): number {
  const value = record[name];
  return typeof value === 'number' && Number.isInteger(value) && value >= 0
    ? value
    : invalid(file, `"${name}" is not a whole number`);
}

function textOf(record: Readonly<Record<string, unknown>>, name: string, file: string): string {
  const value = record[name];
  return typeof value === 'string' ? value : invalid(file, `"${name}" is not a text`);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'number');
}

function invalid(file: string, found: string, cause?: unknown): never {
  fail(
    { code: 'training-log-invalid', message: `expected the log of a training, found ${found}`, at: { file } },
    cause,
  );
}
