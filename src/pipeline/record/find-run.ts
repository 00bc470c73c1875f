import { fail } from '../../core/failure.ts';
import { failures } from './failures.ts';
import { latestFirst, recorded } from './past-runs.ts';
import type { FlowDatabase } from './open-database.ts';
import type { RunFacts } from './run-facts.ts';
import { isRunId } from './run-folder.ts';

/** The id of the run a user means: an id or how it begins, the name of an experiment for its last run, or `latest`. Fails with `unknown-run` and `bad-run-id`. */
export function findRun(database: FlowDatabase, name: string): string {
  const exact = first(database, 'select id from run where id = ?', name);
  const asExperiment = first(
    database,
    `select id from run join ${recorded} where experiment = ? order by ${latestFirst} limit 1`,
    name,
  );
  const latest = first(
    database,
    `select id from run join ${recorded} where ? = 'latest' order by ${latestFirst} limit 1`,
    name,
  );
  const begun = database
    .prepare<[string, string], string>('select id from run where substr(id, 1, length(?)) = ? limit 2')
    .pluck()
    .all(name, name);
  const found = exact ?? asExperiment ?? latest ?? (begun.length === 1 ? begun[0] : undefined);
  if (found === undefined) return unknownRun(database, name, begun.length > 1);
  // Commands read and remove the folder of this name.
  return isRunId(found) ? found : fail(failures.badRunId({ expected: 'the id of a run', found }));
}

function first(database: FlowDatabase, sql: string, value: string): string | undefined {
  return database.prepare<[string], string>(sql).pluck().get(value);
}

function unknownRun(database: FlowDatabase, name: string, isAmbiguous: boolean): never {
  if (isAmbiguous) fail(failures.ambiguousRun({ name }));
  const known = database.prepare<[], string>('select distinct experiment from run').pluck().all();
  fail(failures.unknownRun({ name, known }));
}

/** What was recorded when the run began. */
export function factsOf(database: FlowDatabase, run: string): RunFacts {
  const text = database.prepare<[string], string>('select facts from runFacts where run = ?').pluck().get(run);
  if (text === undefined) throw new Error(`run ${run} was found and is not there`);
  return JSON.parse(text) as RunFacts;
}
