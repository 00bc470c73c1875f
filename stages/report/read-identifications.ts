import { readFileSync } from 'node:fs';
import { fail } from '../../src/core/failure.ts';
import type { Interval } from '../../src/kit/face/uncertainty/proportion.ts';
import type { Lineage } from '../../src/stage-api/lineage.ts';
import { failures } from './failures.ts';
import { isRecord, parseJson, producerOf } from './read-inputs.ts';

export interface IdentifiedRate {
  readonly value: number;
  readonly interval?: Interval;
}

/** What the page shows of an evaluation in megaface.json. */
export interface IdentificationResult {
  readonly probes: string;
  readonly set: number;
  readonly size: number;
  readonly excluded: number;
  readonly trials: number;
  readonly identification: readonly (IdentifiedRate & { readonly rank: number })[];
  readonly verification: readonly (IdentifiedRate & { readonly far: number; readonly isMeasurable: boolean })[];
}

/** An evaluation with the name to show: that of the task it came from, and of the probes. */
export interface Identification {
  readonly name: string;
  readonly result: IdentificationResult;
}

export function readIdentifications(files: readonly string[], lineage: Lineage): readonly Identification[] {
  return files.flatMap((file, index) => {
    const text = readFileSync(file, 'utf8');
    const task = producerOf(text, lineage)?.id ?? `evaluation ${index + 1}`;
    return decode(parseJson(text, file), file).map((result) => {
      const set = result.set === 1 ? '' : `, set ${result.set}`;
      return { name: `${task}, ${result.probes}${set}`, result };
    });
  });
}

/** Checks what a table could not be drawn without; a file of another kind bound to the port is the likely mistake. */
function decode(value: unknown, file: string): readonly IdentificationResult[] {
  const invalid = (found: string): never => fail(failures.identificationInvalid({ found }, { file }));
  if (!isRecord(value) || value['format'] !== 'faceflow-megaface') return invalid('no "format": "faceflow-megaface"');
  const { results } = value;
  if (!Array.isArray(results)) return invalid('no list "results"');
  return results.map((result: unknown) => {
    if (!isRecord(result)) return invalid('a result that is no object');
    const missing = ['identification', 'verification'].find((name) => !Array.isArray(result[name]));
    if (missing !== undefined) return invalid(`no list "${missing}"`);
    return result as Record<string, unknown> & IdentificationResult;
  });
}
