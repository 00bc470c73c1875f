import { existsSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { fail } from '../core/failure.ts';
import type { CacheLimits } from '../pipeline/cache/collect-garbage.ts';
import { parseBytes, parseDuration } from '../pipeline/experiment/task-settings.ts';
import type { ProcessContext } from './flow-command.ts';

const dayMs = 24 * 3_600_000;
const defaultBytes = 200 * 2 ** 30;
const defaultAgeMs = 180 * dayMs;

export interface AskedLimits {
  readonly maxSize?: string | undefined;
  readonly maxAge?: string | undefined;
}

/**
 * What a cache may hold: as asked, as `FLOW_CACHE_MAX_SIZE` and `FLOW_CACHE_MAX_AGE` say, or 200 GiB, at most half of its
 * disk, and half a year. What was used within the last day stays in any case.
 */
export function cacheLimits(folder: string, { environment }: ProcessContext, asked: AskedLimits = {}): CacheLimits {
  const size = asked.maxSize ?? environment['FLOW_CACHE_MAX_SIZE'];
  const age = asked.maxAge ?? environment['FLOW_CACHE_MAX_AGE'];
  return {
    bytes: size === undefined ? Math.min(defaultBytes, diskBytes(folder) / 2) : readBytes(size),
    ageMs: age === undefined ? defaultAgeMs : readAge(age),
    // A limit that was asked for is meant: then only what may be in use right now is left alone.
    freshMs: asked.maxSize === undefined && asked.maxAge === undefined ? dayMs : 0,
  };
}

function diskBytes(folder: string): number {
  const there = existsSync(folder) ? folder : dirname(folder);
  if (!existsSync(there)) return Infinity;
  const { blocks, bsize } = statfsSync(there);
  return blocks * bsize;
}

function readBytes(text: string): number {
  return text === '0' ? 0 : (parseBytes(text) ?? refuse('size', text, 'an amount such as 50 GiB, or 0'));
}

function readAge(text: string): number {
  return parseDuration(text) ?? refuse('age', text, 'a time such as 30 d or 12 h');
}

function refuse(what: string, text: string, expected: string): never {
  return fail({ code: 'bad-limit', message: `expected the ${what} of the cache as ${expected}, found "${text}"` });
}
