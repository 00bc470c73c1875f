import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Failure } from '../../src/core/failure.ts';
import type { StageContext, StageEvent } from '../../src/stage-api/stage.ts';
import type { Inputs, Outputs, Params } from './contract.ts';

/** What every rank of a training is given, in a file. */
export interface RankJob {
  readonly context: Omit<StageContext<Params, Inputs, Outputs>, 'emit' | 'signal'>;
  /** Of MPI. */
  readonly library: string;
  /** How many were started. */
  readonly ranks: number;
  /** Where each rank writes how it has ended. */
  readonly folder: string;
}

/** How a rank has ended; one that was killed has written nothing. */
export type RankEnd =
  | { readonly outcome: 'done' | 'interrupted' }
  /** `at`: the time, in ms; the others may fail because the first one did. */
  | { readonly outcome: 'failed'; readonly at: number; readonly failures: readonly [Failure, ...Failure[]] }
  | { readonly outcome: 'threw'; readonly at: number; readonly message: string };

export function endFile(folder: string, rank: number): string {
  return join(folder, `rank-${rank}.json`);
}

/** How each rank has ended, of those that have told. */
export function endsOf(folder: string, ranks: number): readonly RankEnd[] {
  return Array.from({ length: ranks }, (_, rank) => endFile(folder, rank))
    .filter((file) => existsSync(file))
    .map((file) => JSON.parse(readFileSync(file, 'utf8')) as RankEnd);
}

/** Before each event on the standard output of rank 0, which the launcher passes on; a line without it is for the log. */
const mark = '\u001eevent ';

export function eventLine(event: StageEvent): string {
  return `${mark}${JSON.stringify(event)}\n`;
}

/** The event in a line, if it is one. */
export function eventIn(line: string): StageEvent | undefined {
  return line.startsWith(mark) ? (JSON.parse(line.slice(mark.length)) as StageEvent) : undefined;
}

/** What the standard input of rank 0 says when the training is to stop. */
export const stopWord = 'stop';
