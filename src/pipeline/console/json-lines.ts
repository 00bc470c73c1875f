import type { FlowEvent } from '../execute/event.ts';
import type { Reporter, TextSink } from './reporter.ts';

/** The event stream as it is: one JSON object per line (`flow run --json`). */
export class JsonLines implements Reporter {
  readonly #sink: TextSink;

  constructor(sink: TextSink) {
    this.#sink = sink;
  }

  handle(event: FlowEvent): void {
    this.#sink.write(`${JSON.stringify(event)}\n`);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
