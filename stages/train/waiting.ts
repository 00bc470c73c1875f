import type { StageEvent } from '../../src/stage-api/stage.ts';

/** Above this share of the time the loading of images holds the training up. */
const mostShare = 0.02;

/** Shorter trainings say little. */
const fewSteps = 50;

interface StepTime {
  /** For images that were not ready. */
  readonly waitedMs: number;
  readonly elapsedMs: number;
}

/**
 * The share of the time of steps, without verification and saving, that was spent waiting for images: since the last point of the
 * curves, and since this process began. The first step, which waits for threads to start, is left out.
 */
export class Waiting {
  #steps = 0;
  #since: StepTime = { waitedMs: 0, elapsedMs: 0 };
  #all: StepTime = { waitedMs: 0, elapsedMs: 0 };

  add(step: StepTime): void {
    this.#steps += 1;
    if (this.#steps === 1) return;
    this.#since = sum(this.#since, step);
    this.#all = sum(this.#all, step);
  }

  /** The share since it was last asked for; undefined where there was no step. */
  take(): number | undefined {
    const share = shareOf(this.#since);
    this.#since = { waitedMs: 0, elapsedMs: 0 };
    return share;
  }

  /** The share of all steps as a figure, and a warning where it is too much. */
  *events(): Generator<StageEvent> {
    const share = shareOf(this.#all);
    if (share === undefined) return;
    yield { type: 'metric', name: 'waitingForImages', value: share };
    if (share <= mostShare || this.#steps < fewSteps) return;
    const message =
      `${(100 * share).toFixed(1)} % of the time of the steps was spent waiting for images, more than ${100 * mostShare} %: ` +
      'more processors for the task, a faster disk, or fewer augmentations would help';
    yield { type: 'log', level: 'warning', message };
  }
}

const sum = (left: StepTime, right: StepTime): StepTime => ({
  waitedMs: left.waitedMs + right.waitedMs,
  elapsedMs: left.elapsedMs + right.elapsedMs,
});

function shareOf({ waitedMs, elapsedMs }: StepTime): number | undefined {
  return elapsedMs === 0 ? undefined : waitedMs / elapsedMs;
}
