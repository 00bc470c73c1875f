/**
 * How urgently a run shall end: not at all, in order (workers write checkpoints), or at once. It only grows.
 */
export class Interruption {
  #level: 'none' | 'stop' | 'kill' = 'none';
  readonly #listeners = new Set<(level: 'stop' | 'kill') => void>();

  get level(): 'none' | 'stop' | 'kill' {
    return this.#level;
  }

  /** The first call stops, the second kills: what Ctrl-C does. */
  escalate(): void {
    if (this.#level === 'kill') return;
    const level = this.#level === 'none' ? 'stop' : 'kill';
    this.#level = level;
    for (const listener of [...this.#listeners]) listener(level);
  }

  /** Calls back on each step; at once where one has been taken already. Gives a function that ends it. */
  listen(listener: (level: 'stop' | 'kill') => void): () => void {
    this.#listeners.add(listener);
    if (this.#level !== 'none') listener(this.#level);
    return () => this.#listeners.delete(listener);
  }
}
