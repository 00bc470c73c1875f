import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fail } from '../../core/failure.ts';
import { isSqliteError } from '../../core/sqlite.ts';
import type { Key, KeyDocument } from '../plan/key-document.ts';
import type { FlowEvent } from '../execute/event.ts';
import { DatabaseRecorder } from './database-recorder.ts';
import { failures } from './failures.ts';
import type { FlowDatabase } from './open-database.ts';
import { removeRun } from './past-runs.ts';
import type { RunFacts } from './run-facts.ts';
import { eventsFileName, isRunId, runFileName } from './run-folder.ts';

/** Events written to the database at a time. */
const portion = 1000;

/** What run.json in the folder of a run holds. Fails with `bad-run-id` if its id could name anything but a folder of runs. */
export function readRunFile(folder: string): RunFacts {
  const file = join(folder, runFileName);
  if (!existsSync(file)) {
    fail(failures.noRunHere({ expected: 'the folder of a run', found: `no ${runFileName}` }, { file }));
  }
  const facts = parseJson(readFileSync(file, 'utf8')) as Partial<RunFacts> | undefined;
  if (facts?.format !== 'faceflow-run' || facts.version !== 1) {
    return fail(failures.noRunHere({ expected: 'the record of a run', found: 'something else' }, { file }));
  }
  if (isRunId(facts.id)) return facts as RunFacts;
  const expected = 'the id of a run (20260105-101500-quickstart)';
  return fail(failures.badRunId({ expected, found: String(facts.id) }, { file }));
}

/**
 * Writes the run of a folder into the database, as it was written while it ran; what was there of it is replaced. Fails
 * with `bad-run-id` if the folder or the events have the name of another run.
 */
export function replayRun(
  database: FlowDatabase,
  folder: string,
  documentOf: (key: Key) => KeyDocument | undefined,
): RunFacts {
  // How it ended is told by the events, as it was while it ran.
  const facts = withoutEnd(readRunFile(folder));
  const events = readEvents(folder);
  checkIds(facts.id, { folder, events });
  const recorder = new DatabaseRecorder(database, facts, documentOf);
  removeRun(database, facts.id);
  for (const [index, event] of events.entries()) {
    recorder.handle(event);
    if (index % portion === 0) recorder.flush();
  }
  if (!recorder.close()) throw new Error('flow.db is held by another program');
  return facts;
}

/**
 * Replays a run that may come from anywhere, whole or not at all. What the database cannot take of its record fails with
 * `no-run-here`.
 */
export function replayWhole(
  database: FlowDatabase,
  folder: string,
  documentOf: (key: Key) => KeyDocument | undefined,
): void {
  try {
    database.transaction(() => replayRun(database, folder, documentOf))();
  } catch (error) {
    const isOfTheFolder = isSqliteError(error, 'SQLITE_CONSTRAINT') || error instanceof TypeError;
    if (!isOfTheFolder || !(error instanceof Error)) throw error;
    const found = `one that contradicts itself (${error.message})`;
    fail(failures.noRunHere({ expected: 'the record of a run', found }, { file: folder }), error);
  }
}

/** One run has one id: in its record, in its events, and as the name of its folder. */
function checkIds(
  id: string,
  { folder, events }: { readonly folder: string; readonly events: readonly FlowEvent[] },
): void {
  const found = [basename(folder), ...events.flatMap((event) => (event.type === 'run-started' ? [event.run] : []))];
  const other = found.find((name) => name !== id);
  if (other === undefined) return;
  fail(failures.badRunId({ expected: `run ${id} as its record says`, found: other }, { file: folder }));
}

function withoutEnd(facts: RunFacts): RunFacts {
  const others: RunFacts & { end?: RunFacts['end'] } = { ...facts };
  delete others.end;
  return others;
}

/** The events of a run; a last line that a killed runner has cut off is left out. */
export function readEvents(folder: string): FlowEvent[] {
  const file = join(folder, eventsFileName);
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line) => {
      const event = parseJson(line);
      return event === undefined ? [] : [event as FlowEvent];
    });
}

/** What is wrong with the events of a run, in words; undefined if every line is whole. */
export function eventDamage(folder: string): string | undefined {
  const file = join(folder, eventsFileName);
  if (!existsSync(file)) return `${eventsFileName} is missing`;
  const lines = readFileSync(file, 'utf8').split('\n');
  const last = lines.pop();
  const broken = lines.findIndex((line) => parseJson(line) === undefined);
  if (broken !== -1) return `line ${broken + 1} of ${eventsFileName} is not an event and was left out`;
  return last === '' ? undefined : `${eventsFileName} is cut off in line ${lines.length + 1}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
