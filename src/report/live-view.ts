import type { FlowEvent } from '../execute/event.ts';
import type { ReporterOptions } from './choose-reporter.ts';
import type { Reporter } from './reporter.ts';

export class LiveView implements Reporter {
  readonly #options: Pick<ReporterOptions, 'colour' | 'stdout' | 'stderr' | 'workspace'>;

  constructor(options: Pick<ReporterOptions, 'colour' | 'stdout' | 'stderr' | 'workspace'>) {
    this.#options = options;
  }

  handle(event: FlowEvent): void {
    this.#options.stdout.write(`${event.type}\n`);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
