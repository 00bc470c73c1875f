import type { StageContext } from '../../src/stage-api/stage.ts';

const reportEveryMs = 500;
const mebibyte = 2 ** 20;

/** Says twice a second how far a download is, in MiB, and how fast it came in this run. */
export class DownloadProgress {
  readonly #emit: StageContext['emit'];
  readonly #name: string;
  readonly #startedAt = performance.now();
  #startedWith: number | undefined;
  #shownAt = 0;

  constructor(name: string, { emit }: Pick<StageContext, 'emit'>) {
    this.#name = name;
    this.#emit = emit;
  }

  /** `done` and `total` in bytes. */
  show(done: number, total: number | undefined): void {
    const now = performance.now();
    this.#startedWith ??= done;
    if (done !== total && now - this.#shownAt < reportEveryMs) return;
    this.#shownAt = now;
    const seconds = Math.max(0.001, (now - this.#startedAt) / 1000);
    const speed = (done - this.#startedWith) / mebibyte / seconds;
    this.#emit({
      type: 'progress',
      done: inMebibytes(done),
      ...(total === undefined ? {} : { total: inMebibytes(total) }),
      unit: `MiB of ${this.#name}`,
      figures: { 'MiB/s': Number(speed.toFixed(1)) },
    });
  }
}

function inMebibytes(bytes: number): number {
  return Number((bytes / mebibyte).toFixed(1));
}
