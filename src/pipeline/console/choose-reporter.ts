import { JsonLines } from './json-lines.ts';
import { LiveView } from './live-view.ts';
import { PlainLines } from './plain-lines.ts';
import type { Reporter } from './reporter.ts';

export interface ReporterOptions {
  /** Events as newline-delimited JSON instead of text for people. */
  readonly json: boolean;
  /** Standard output is a terminal that understands cursor movements: draw a live view. */
  readonly isTerminal: boolean;
  readonly colour: boolean;
  readonly stdout: NodeJS.WriteStream;
  /** Held back while the live view is on the screen, so that nothing is written across it. */
  readonly stderr: NodeJS.WriteStream;
  /** Absolute. Paths below it are shown relative to it. */
  readonly workspace: string;
}

/** The reporter for a run: JSON when asked for, a live view on a terminal, calm lines everywhere else. */
export function chooseReporter(options: ReporterOptions): Reporter {
  if (options.json) return new JsonLines(options.stdout);
  return options.isTerminal ? new LiveView(options) : new PlainLines({ ...options, sink: options.stdout });
}
