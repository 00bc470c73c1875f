import { expect, test } from 'vitest';
import type { FailureCode } from '../../../src/core/failure.ts';
import type { AttemptOutcome } from '../../../src/pipeline/execute/event.ts';
import { outcomeText } from '../../../src/pipeline/console/outcome-text.ts';

const failure = { code: 'list-empty' as FailureCode, message: 'expected a line, found none' };

const cases: readonly (readonly [AttemptOutcome, string])[] = [
  [{ outcome: 'done' }, 'done'],
  [{ outcome: 'failed', failures: [failure] }, 'list-empty: expected a line, found none'],
  [
    { outcome: 'failed', failures: [failure, failure, failure] },
    'list-empty: expected a line, found none (and 2 other failures)',
  ],
  [{ outcome: 'failed', failures: [] }, 'failed without a reason'],
  [{ outcome: 'crashed', exitCode: 139, signal: null }, 'its process ended unexpectedly with exit code 139'],
  [{ outcome: 'crashed', exitCode: null, signal: 'SIGSEGV' }, 'its process was killed by SIGSEGV'],
  [{ outcome: 'out-of-memory' }, 'its process was killed because memory ran out'],
  [{ outcome: 'timed-out', afterMs: 90_000 }, 'stopped after 1 min 30 s: it took longer than it may'],
  [{ outcome: 'interrupted' }, 'interrupted'],
  [
    { outcome: 'input-changed', path: 'data/train.rec' },
    'input data/train.rec changed while it ran; what it made was not put into the cache',
  ],
];

test.each(cases)('an attempt that ended as %o is told in one sentence', (result, text) => {
  expect(outcomeText(result)).toBe(text);
});
