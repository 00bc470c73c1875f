import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { compiledModule } from '../../../src/core/package-folder.ts';
import { processStat } from '../../../src/core/process-facts.ts';
import {
  parseMessage,
  type Executor,
  type Launch,
  type Orphan,
  type ProcessExit,
  type TaskHandle,
} from '../../../src/pipeline/execute/executor.ts';
import { failures } from '../../../src/pipeline/execute/failures.ts';
import { Redactor } from '../../../src/pipeline/execute/redact.ts';
import { logTail } from '../../../src/pipeline/execute/run-files.ts';
import type { Capacity } from '../../../src/pipeline/execute/slots.ts';

const pollMs = 20;

/**
 * As an executor of a batch scheduler: a job is a script in a folder of its own, detached from the runner. All that is
 * known of it are files, looked at now and then: the id of its process, what it prints, its events, its exit code.
 */
export class BatchExecutor implements Executor {
  readonly capacity: Capacity;
  readonly #folder: string;
  #jobs = 0;

  constructor(folder: string, capacity: Capacity) {
    this.#folder = folder;
    this.capacity = capacity;
  }

  start(launch: Launch): Promise<TaskHandle> {
    this.#jobs += 1;
    const id = `job ${process.pid}.${this.#jobs}`;
    const job = new Job(join(this.#folder, id));
    job.prepare(launch);
    launch.onStarted(id);
    job.submit(launch);
    return Promise.resolve({
      id,
      end: job.watch(launch),
      terminate: () => void job.signal('SIGTERM'),
      kill: () => void job.signal('SIGKILL'),
    });
  }

  async endOrphan({ id }: Orphan): Promise<void> {
    if (id === undefined) return;
    const job = new Job(join(this.#folder, id));
    await job.signal('SIGKILL');
    while (job.isRunning()) await sleep(pollMs);
  }

  close(): void {
    // Nothing is kept for further tasks.
  }
}

class Job {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  #file(name: string): string {
    return join(this.#folder, name);
  }

  prepare({ job, command, eventsFile, workingFolder }: Launch): void {
    mkdirSync(this.#folder, { recursive: true });
    const worker = fileURLToPath(compiledModule('src/pipeline/execute/worker.ts'));
    const words =
      command === undefined
        ? [process.execPath, worker, this.#file('job.json'), eventsFile]
        : [command.shell, '-eu', '-c', command.text];
    writeFileSync(this.#file('job.json'), JSON.stringify(job));
    const write = (value: string, name: string): string =>
      `echo ${value} > ${quoted(this.#file(`${name}.new`))} && mv ${quoted(this.#file(`${name}.new`))} ${quoted(this.#file(name))}`;
    const lines = [
      // SIGTERM is for the task: the script has to live to write its exit code.
      'trap : TERM',
      `cd ${quoted(workingFolder)}`,
      `${words.map(quoted).join(' ')} > ${quoted(this.#file('printed'))} 2>&1 < /dev/null & task=$!`,
      write('$$ $task', 'pids'),
      'wait $task; code=$?',
      'while kill -0 $task 2> /dev/null; do wait $task; code=$?; done',
      write('$code', 'code'),
      'kill -9 0',
    ];
    writeFileSync(this.#file('script'), `${lines.join('\n')}\n`);
  }

  submit({ environment }: Launch): void {
    spawn('/bin/sh', [this.#file('script')], { env: environment, detached: true, stdio: 'ignore' }).unref();
  }

  /** The process of the script is the leader of the group. */
  async signal(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    let pids = this.#pids();
    for (; pids === undefined; pids = this.#pids()) await sleep(pollMs);
    try {
      process.kill(signal === 'SIGKILL' ? -pids.script : pids.task, signal);
    } catch {
      // It has ended by itself.
    }
  }

  /** Not submitted long enough counts as running: it has yet to write its process ids. */
  isRunning(): boolean {
    const pids = this.#pids();
    const stat = pids === undefined ? undefined : processStat(pids.script);
    return pids === undefined || (stat !== undefined && stat.state !== 'Z');
  }

  async watch(launch: Launch): Promise<ProcessExit> {
    const events = new LinesOf(launch.eventsFile);
    const printed = new LinesOf(this.#file('printed'));
    const redactor = new Redactor(launch.secrets);
    let reported: ProcessExit | undefined;
    for (let isLast = false; ;) {
      for (const line of events.next()) {
        const message = parseMessage(line);
        if (message?.type === 'event') launch.onEvent(message.event);
        else if (message?.type === 'ended') reported = message.exit;
      }
      for (const line of printed.next()) appendFileSync(launch.job.logFile, redactor.next(`${line}\n`));
      if (isLast) break;
      // Once more after its end: it may have written after we have looked.
      isLast = !this.isRunning();
      if (!isLast) await sleep(pollMs);
    }
    appendFileSync(launch.job.logFile, redactor.last());
    return this.#exitOf(launch, reported);
  }

  #exitOf({ command, job }: Launch, reported: ProcessExit | undefined): ProcessExit {
    const code = existsSync(this.#file('code')) ? Number(readFileSync(this.#file('code'), 'utf8')) : null;
    const isDone = command === undefined ? reported?.outcome === 'done' : code === 0;
    if (!isDone && logTail(job.logFile, 20, 0).some((line) => line.includes('heap out of memory'))) {
      return { outcome: 'out-of-memory' };
    }
    if (code === null || command === undefined) {
      return reported ?? { outcome: 'crashed', exitCode: code, signal: null };
    }
    return code === 0
      ? { outcome: 'done' }
      : { outcome: 'failed', failures: [failures.commandFailed({ exitCode: code, unseen: command.unseen })] };
  }

  #pids(): { readonly script: number; readonly task: number } | undefined {
    if (!existsSync(this.#file('pids'))) return undefined;
    const [script = NaN, task = NaN] = readFileSync(this.#file('pids'), 'utf8').split(' ').map(Number);
    return { script, task };
  }
}

/** The whole lines that were added to a file since it was last looked at. */
class LinesOf {
  readonly #path: string;
  #read = 0;

  constructor(path: string) {
    this.#path = path;
  }

  next(): string[] {
    const text = existsSync(this.#path) ? readFileSync(this.#path, 'utf8').slice(this.#read) : '';
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    this.#read += whole.length;
    return whole === '' ? [] : whole.slice(0, -1).split('\n');
  }
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
