import { FailureError } from '../../../core/failure.ts';
import type { RecordFile } from './record-file.ts';

/** A record that can be read, or a stretch of the file that holds none. */
export type Surveyed =
  | { readonly found: 'record'; readonly offset: number }
  | { readonly found: 'damage'; readonly start: number; readonly end: number; readonly problem: string };

/**
 * The records of a .rec file in their order, and what between them is damaged: after damage the next frame is looked for by
 * its magic word, as the format allows it (dmlc-core, src/recordio.cc, `FindNextRecordIOHead`). Asks no index.
 */
export function* surveyRecords(records: RecordFile): Generator<Surveyed> {
  for (let at = 0; at < records.size;) {
    const problem = problemAt(records, at);
    const next = records.nextStart(at + 4);
    if (problem !== undefined) {
      yield { found: 'damage', start: at, end: next, problem };
      at = next;
      continue;
    }
    const end = records.endOf(at);
    if (next < end) {
      // A record is within this one: the length in its header is wrong.
      const wrong = `a record claims ${end - at} bytes, but another begins after ${next - at}`;
      yield { found: 'damage', start: at, end: next, problem: wrong };
      at = next;
      continue;
    }
    yield { found: 'record', offset: at };
    at = end;
  }
}

function problemAt(records: RecordFile, offset: number): string | undefined {
  try {
    records.readAt(offset);
    return undefined;
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    return error.failures[0].message;
  }
}
