import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FlowEvent } from '../../../src/pipeline/execute/event.ts';

const compiled = fileURLToPath(new URL('../../../dist/src/pipeline/console/live-view.js', import.meta.url));

/** Why the tests that need a real terminal cannot run here; undefined where they can. */
export function terminalMissing(): string | undefined {
  if (!existsSync(compiled)) return 'not compiled: npm run build';
  try {
    execFileSync('tmux', ['-V']);
    return undefined;
  } catch {
    return 'tmux is not installed';
  }
}

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** A terminal (a tmux server of its own) in which a program of this package runs. */
export class Terminal {
  readonly #folder = mkdtempSync(join(tmpdir(), 'faceflow-terminal-'));
  readonly #socket = join(this.#folder, 'tmux');

  constructor(script: string, { columns, rows }: TerminalSize) {
    const file = join(this.#folder, 'script.mjs');
    writeFileSync(file, script);
    const command = `node ${file}; echo "[exit $?]"; exec cat`;
    this.#tmux('-f', '/dev/null', 'new-session', '-d', '-x', String(columns), '-y', String(rows), command);
  }

  /** What is on the screen, with what has scrolled out of it; without trailing empty lines. */
  text(): string {
    return this.#tmux('capture-pane', '-p', '-S', '-').trimEnd();
  }

  cursorVisible(): boolean {
    return this.#tmux('display-message', '-p', '#{cursor_flag}').trim() === '1';
  }

  press(key: string): void {
    this.#tmux('send-keys', key);
  }

  resize({ columns, rows }: TerminalSize): void {
    this.#tmux('resize-window', '-x', String(columns), '-y', String(rows));
  }

  /** Waits until the screen shows a sign, and returns the screen. */
  async waitFor(sign: RegExp, timeoutMs = 15_000): Promise<string> {
    const end = Date.now() + timeoutMs;
    for (;;) {
      const text = this.text();
      if (sign.test(text)) return text;
      if (Date.now() > end) throw new Error(`the terminal never showed ${String(sign)}:\n${text}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  close(): void {
    this.#tmux('kill-server');
    rmSync(this.#folder, { recursive: true });
  }

  #tmux(...words: string[]): string {
    return execFileSync('tmux', ['-S', this.#socket, ...words], { encoding: 'utf8' });
  }
}

export interface Playing {
  readonly workspace: string;
  readonly colour: boolean;
  /** How many times faster than recorded. */
  readonly speed: number;
  /** Code to run before anything of this package is loaded. */
  readonly prelude?: string;
  /** Code to run between the last event and the closing of the view. */
  readonly beforeClose?: string;
}

/** A program that plays recorded events into the live view that `flow run` shows on a terminal. */
export function playScript(events: readonly FlowEvent[], options: Playing): string {
  const { workspace, colour, speed, prelude = '', beforeClose = '' } = options;
  return `
    ${prelude}
    const { LiveView } = await import(${JSON.stringify(compiled)});
    const events = ${JSON.stringify(events)};
    const { stdout, stderr } = process;
    const lastDurationMs = () => undefined;
    const options = { colour: ${String(colour)}, stdout, stderr, workspace: ${JSON.stringify(workspace)}, lastDurationMs };
    const reporter = new LiveView(options);
    const began = Date.now();
    for (const event of events) {
      const ms = (event.at - events[0].at) / ${speed};
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, began + ms - Date.now())));
      reporter.handle({ ...event, at: began + ms });
    }
    ${beforeClose}
    await reporter.close();
  `;
}
