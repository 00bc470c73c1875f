import type { FlowEvent } from '../execute/event.ts';
import type { Reporter, TextSink } from './reporter.ts';

export interface PlainLinesOptions {
  readonly sink: TextSink;
  readonly colour: boolean;
  readonly workspace: string;
}

export class PlainLines implements Reporter {
  readonly #options: PlainLinesOptions;

  constructor(options: PlainLinesOptions) {
    this.#options = options;
  }

  handle(event: FlowEvent): void {
    this.#options.sink.write(`${event.type}\n`);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
