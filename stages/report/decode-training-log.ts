import { fail } from '../../src/core/failure.ts';
import type { Curve, TrainingLog } from '../../src/kit/net/training/training-log.ts';
import { failures } from './failures.ts';

/** Reads `log.json`; `file` names it in the error. A value that was not finite (a diverged loss) comes back as NaN. */
export function decodeTrainingLog(text: string, file: string): TrainingLog {
  const value = parse(text, file);
  if (!isRecord(value) || value['format'] !== 'faceflow-log') return invalid(file, 'no "format": "faceflow-log"');
  if (value['version'] !== 1) return invalid(file, `version ${String(value['version'])}; this program reads version 1`);
  const { curves } = value;
  if (!Array.isArray(curves)) return invalid(file, '"curves", which is not a list');
  return { format: 'faceflow-log', version: 1, curves: curves.map((curve: unknown) => decodeCurve(curve, file)) };
}

function parse(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    return invalid(file, 'something that is not JSON', error);
  }
}

function decodeCurve(curve: unknown, file: string): Curve {
  if (!isRecord(curve) || typeof curve['name'] !== 'string') return invalid(file, 'a curve without a name');
  const { name, points } = curve;
  if (!Array.isArray(points) || !points.every(isPoint))
    return invalid(file, `"points" of curve "${name}", which is not a list of [step, value]`);
  // JSON has no NaN and no infinity: JSON.stringify writes null.
  return { name, points: points.map(([step, value]) => [step, value ?? Number.NaN] as const) };
}

function isPoint(point: unknown): point is readonly [number, number | null] {
  if (!Array.isArray(point) || point.length !== 2) return false;
  const [step, value] = point as readonly unknown[];
  return Number.isInteger(step) && (value === null || typeof value === 'number');
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(file: string, found: string, cause?: unknown): never {
  fail(failures.trainingLogInvalid({ found }, { file }), cause);
}
