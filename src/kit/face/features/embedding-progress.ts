/** What is told while images are embedded; a subset of what a stage may emit. */
export type EmbeddingEvent =
  | {
      readonly type: 'progress';
      readonly done: number;
      readonly total: number;
      readonly unit: string;
      readonly figures: Readonly<Record<string, number>>;
    }
  | { readonly type: 'checkpoint'; readonly step: number };

export interface EmbeddingTotals {
  /** Images of all passes. */
  readonly total: number;
  /** Of them, those that are done before the first call. */
  readonly known: number;
}

/** How often the caller is told that one can resume from here. */
const checkpointMs = 5000;

/** Tells how many images are done, after every batch, and every five seconds that one can resume from there. */
export function embeddingProgress(
  emit: (event: EmbeddingEvent) => void,
  { total, known }: EmbeddingTotals,
): (done: number) => void {
  const started = performance.now();
  let saidAt = started;
  return (done) => {
    const figures = { 'images/s': (done - known) / Math.max(1e-3, (performance.now() - started) / 1000) };
    emit({ type: 'progress', done, total, unit: 'images', figures });
    if (performance.now() - saidAt < checkpointMs) return;
    saidAt = performance.now();
    emit({ type: 'checkpoint', step: done });
  };
}
