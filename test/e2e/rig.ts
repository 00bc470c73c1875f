import { spawn, type ChildProcess } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const repository = fileURLToPath(new URL('../../', import.meta.url));
export const flowCommand = join(repository, 'bin', 'flow.js');

/** What a failed command would be told that it did not see is not ours to print: tests compare whole texts. */
const quietEnvironment = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/PYTHON|VIRTUAL_ENV|CONDA|PROXY|^(HF|TORCH|SSL|REQUESTS|MKL|AWS)_/i.test(name),
  ),
);

/** How a `flow` process ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A `flow` process that runs. */
export interface Running {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
}

/** An event as `--json` prints it; tests look at single fields only. */
export type PrintedEvent = Readonly<Record<string, unknown>> & { readonly type: string };

/** A workspace of a test with the scripted stages in it, and real `flow` processes that work there. */
export class Rig {
  readonly folder: string;
  /** Where stages leave notes and look for orders. */
  readonly control: string;
  readonly #running = new Set<ChildProcess>();

  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), 'flow-rig-'));
    this.control = join(this.folder, 'control');
    mkdirSync(this.control);
    cpSync(join(repository, 'test', 'fixtures', 'stages'), join(this.folder, 'stages'), { recursive: true });
  }

  /** Ends what still runs and removes the workspace. */
  async dispose(): Promise<void> {
    for (const child of this.#running) child.kill('SIGKILL');
    // Workers notice the death of their runner by themselves.
    await sleep(50);
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  path(...parts: string[]): string {
    return join(this.folder, ...parts);
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(this.path(path)), { recursive: true });
    writeFileSync(this.path(path), text);
  }

  read(path: string): string {
    return readFileSync(this.path(path), 'utf8');
  }

  /** Writes an experiment of scripted stages: by name, the tasks whose output each reads. */
  chain(stages: Readonly<Record<string, readonly string[]>>, more: Readonly<Record<string, string>> = {}): void {
    const lines = ['name: chain', 'summary: a test', 'params:', '  suffix: ""', 'stages:'];
    for (const [name, before] of Object.entries(stages)) {
      const reads = before.map((each) => `\${stages.${each}.outputs.out}`);
      lines.push(
        `  ${name}:`,
        '    uses: ./stages/scripted',
        '    with:',
        `      text: ${name}\${params.suffix}`,
        `      control: ${this.control}`,
        ...(reads.length === 0 ? [] : [`      before: [${reads.map((read) => `"${read}"`).join(', ')}]`]),
        ...(more[name] === undefined ? [] : [`      ${more[name]}`]),
      );
    }
    this.write('chain.yaml', `${lines.join('\n')}\n`);
  }

  start(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Running {
    const child = spawn(process.execPath, [flowCommand, ...args], {
      cwd: this.folder,
      env: { ...quietEnvironment, FLOW_ENGINE: 'cpu', NO_COLOR: '1', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#running.add(child);
    const output = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
    const ended = new Promise<Ended>((resolve) => {
      child.on('close', (code, signal) => {
        this.#running.delete(child);
        resolve({ code, signal, ...output });
      });
    });
    return { process: child, ended };
  }

  flow(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Ended> {
    return this.start(args, environment).ended;
  }

  /** What the stages noted: `start a`, `end a`, ... in order. */
  notes(): string[] {
    const file = join(this.control, 'notes');
    return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
  }

  /** How often the stage with this text began. */
  starts(text: string): number {
    return this.notes().filter((note) => note === `start ${text}`).length;
  }

  order(text: string, what: 'finish' | 'fail' | 'crash' | 'hang'): void {
    writeFileSync(join(this.control, `${text}.do.new`), what);
    renameSync(join(this.control, `${text}.do.new`), join(this.control, `${text}.do`));
  }

  /** Waits until a waiting stage has come so far, and gives the process id of its worker. */
  async workerOf(text: string): Promise<number> {
    const file = join(this.control, `${text}.pid`);
    await until(() => existsSync(file) && readFileSync(file, 'utf8') !== '');
    return Number(readFileSync(file, 'utf8'));
  }

  /** Names of the folders of runs, the earliest first: runs of one second sort by their pipelines' names, not by time. */
  runs(): string[] {
    const names = existsSync(this.path('runs')) ? readdirSync(this.path('runs')) : [];
    const births = new Map(
      names
        .filter((name) => /^[0-9]{8}-/.test(name))
        .map((name) => [name, statSync(this.path('runs', name), { bigint: true }).birthtimeNs]),
    );
    return [...births].sort(([, one], [, other]) => (one < other ? -1 : 1)).map(([name]) => name);
  }

  /** What the last run has said so far, as text. */
  eventsSoFar(): string {
    const file = this.path('runs', this.runs().at(-1) ?? '', 'events.ndjson');
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  }

  /** Keys in the cache. */
  entries(): string[] {
    const names = existsSync(this.path('runs/cache')) ? readdirSync(this.path('runs/cache')) : [];
    return names.filter((name) => !name.startsWith('.')).sort();
  }
}

/** Waits for a condition; `awaited` names in a failed test what never came: "the worker ends". */
export async function until(
  condition: () => boolean,
  awaited = condition.toString(),
  timeoutMs = 60_000,
): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`waited ${timeoutMs} ms in vain until ${awaited}`);
    await sleep(10);
  }
}

/** A process that has ended but whose parent has not asked for its status yet (a zombie) is not alive. */
export function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return !stat.slice(stat.lastIndexOf(')')).startsWith(') Z');
  } catch {
    return false;
  }
}

export function events(ended: Ended): PrintedEvent[] {
  return ended.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as PrintedEvent);
}

/** `{ a: 'done', b: 'cached' }` from the events of a run. */
export function outcomes(ended: Ended): Record<string, string> {
  const pairs = events(ended)
    .filter((event) => event.type === 'task-ended')
    .map((event) => [String(event['task']), (event['result'] as { outcome: string }).outcome] as const);
  return Object.fromEntries(pairs);
}

/** A text with `<time>` for the times in the ids of runs, and without the number of a run that began in the second of another. */
export function withoutTimes(text: string): string {
  return text.replaceAll(/[0-9]{8}-[0-9]{6}-([a-z]+)(?:-[0-9]+)?/g, '<time>-$1');
}
