import { counted, humanDuration } from '../../core/human.ts';
import { unreachable } from '../../core/failure.ts';
import type { AttemptOutcome } from '../execute/event.ts';

/** One sentence on how an attempt ended; the failures themselves are rendered elsewhere. */
export function outcomeText(result: AttemptOutcome): string {
  switch (result.outcome) {
    case 'done':
      return 'done';
    case 'failed': {
      const [first, ...others] = result.failures;
      if (first === undefined) return 'failed without a reason';
      const more = others.length === 0 ? '' : ` (and ${counted(others.length, 'other failure')})`;
      return `${first.code}: ${first.message}${more}`;
    }
    case 'crashed':
      return result.signal === null
        ? `its process ended unexpectedly with exit code ${String(result.exitCode)}`
        : `its process was killed by ${result.signal}`;
    case 'out-of-memory':
      return 'its process was killed because memory ran out';
    case 'timed-out':
      return `stopped after ${humanDuration(result.afterMs)}: it took longer than it may`;
    case 'interrupted':
      return 'interrupted';
    case 'input-changed':
      return inputChangedText(result);
    default:
      return unreachable(result);
  }
}

function inputChangedText({ path, resultOf, kept }: Extract<AttemptOutcome, { outcome: 'input-changed' }>): string {
  const place = kept === undefined ? '' : ` but is kept in ${kept}`;
  return resultOf === undefined
    ? `input ${path} changed while it ran; what it made was not put into the cache${place}`
    : `the result of ${resultOf} changed while it ran, and was dropped (${path}): a task must not write to its inputs; ` +
        `what it made was not put into the cache${place}`;
}
