import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { outputsFolderName, readEntry } from '../pipeline/cache/cache-entry.ts';
import type { ResultCache } from '../pipeline/cache/result-cache.ts';
import type { PastTask } from '../pipeline/record/past-runs.ts';
import { accuracyDifference, type PairedDifference } from '../kit/face/uncertainty/accuracy-difference.ts';
import { type GroupDifference, groupDifferences } from '../kit/face/group-differences.ts';
import type { VerificationFile, VerificationResult } from '../kit/face/verification-result.ts';

/** Draws of the thresholds for a verdict. */
const draws = 1000;

/** The accuracies of two runs on the same pairs of one set. */
export interface ComparedAccuracy {
  readonly task: string;
  readonly set: string;
  /** Second run less first. */
  readonly difference: PairedDifference;
  /** By group, second run less first; empty where not both have the same groups. */
  readonly groups: readonly GroupDifference[];
}

type VerifiedTask = Pick<PastTask, 'task' | 'key'>;

/**
 * What two runs measured on the same pairs: by tasks of the same name, or by the only ones with a set where their names differ.
 * Sets are taken for the same where all their pairs have the same people and the same truth.
 */
export function pairedDifferences(
  cache: ResultCache,
  first: readonly VerifiedTask[],
  second: readonly VerifiedTask[],
): readonly ComparedAccuracy[] {
  const before = verifications(cache, first);
  return verifications(cache, second).flatMap(({ task, result }) => {
    const alike = before.filter((other) => isSameSet(other.result, result));
    const other = alike.find((each) => each.task === task) ?? (alike.length === 1 ? alike[0] : undefined);
    if (other === undefined) return [];
    const difference = accuracyDifference({
      first: result.distances,
      second: other.result.distances,
      same: result.same,
      images: result.people ?? [],
      folds: result.folds.length,
      ...{ draws, seed: 1 },
    });
    return [{ task, set: result.set, difference, groups: groupDifferences(result, other.result) }];
  });
}

function isSameSet(one: VerificationResult, other: VerificationResult): boolean {
  return (
    one.set === other.set &&
    JSON.stringify(one.people) === JSON.stringify(other.people) &&
    JSON.stringify(one.same) === JSON.stringify(other.same)
  );
}

interface Verified {
  readonly task: string;
  readonly result: VerificationResult;
}

/** Of several models of a task, its best one of each set is compared, as its figures are. Results of before name no people. */
function verifications(cache: ResultCache, tasks: readonly VerifiedTask[]): readonly Verified[] {
  return tasks.flatMap(({ task, key }) => {
    const entry = key === null ? undefined : readEntry(cache.entryFolder(key), key);
    if (key === null || entry === undefined) return [];
    const outputs = Object.values(entry.outputs).filter(({ kind }) => kind === 'verification');
    const results = outputs.flatMap(({ path }) => resultsIn(join(cache.entryFolder(key), outputsFolderName, path)));
    const best = new Map<string, VerificationResult>();
    for (const result of results) {
      if (result.people !== undefined && result.accuracy > (best.get(result.set)?.accuracy ?? -1))
        best.set(result.set, result);
    }
    return [...best.values()].map((result) => ({ task, result }));
  });
}

function resultsIn(file: string): readonly VerificationResult[] {
  if (!existsSync(file)) return [];
  const content = JSON.parse(readFileSync(file, 'utf8')) as Partial<VerificationFile>;
  return content.results ?? [];
}

/** `verify lfw  accuracy +0.0012 [-0.0008, +0.0033], undecided`, and a line for each rate of each group. */
export function differenceTexts({ task, set, difference, groups }: ComparedAccuracy): readonly string[] {
  const { value, isRounding } = difference;
  const accuracy = isRounding
    ? `${signed(value)}, undecided: no distance differs beyond rounding`
    : intervalAndVerdict(difference);
  const byGroup = groups.map(
    ({ group, far, kind, ...each }) => `${group}, ${kind.toUpperCase()} at FMR ${far} ${intervalAndVerdict(each)}`,
  );
  return [`accuracy ${accuracy}`, ...(isRounding ? [] : byGroup)].map((text) => `  ${task} ${set}  ${text}`);
}

function intervalAndVerdict({ value, interval, verdict }: Omit<PairedDifference, 'isRounding'>): string {
  const ends =
    interval === undefined ? '(too few people for an interval)' : `[${signed(interval.low)}, ${signed(interval.high)}]`;
  return `${signed(value)} ${ends}, ${verdict === 'undecided' ? 'undecided' : `the second is ${verdict}`}`;
}

function signed(value: number): string {
  return `${value < 0 ? '-' : '+'}${Math.abs(value).toFixed(5)}`;
}
