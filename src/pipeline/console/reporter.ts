import type { FlowEvent } from '../execute/event.ts';

/**
 * A reader of the events of one run. `close` must be called however the run ends (also when it throws): it waits for
 * what is still to be written, leaves the terminal in order and releases the standard streams.
 */
export interface Reporter {
  handle(event: FlowEvent): void;
  close(): Promise<void>;
}

/** Where a reporter writes. `process.stdout` is one. */
export interface TextSink {
  write(text: string): unknown;
}
