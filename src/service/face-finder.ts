import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { fail, FailureError } from '../core/failure.ts';
import { compiledModule } from '../core/package-folder.ts';
import type { Detector } from '../embedding/detector.ts';
import type { CutFace } from '../embedding/read-faces.ts';
import type { FaceProcessAnswer, FaceProcessMessage, FaceProcessSetup } from './face-process.ts';
import { failures } from './failures.ts';
import type { ServiceLimits } from './limits.ts';
import { Problem } from './problem.ts';

type FinderLimits = Pick<ServiceLimits, 'processes' | 'processMebibytes' | 'timeoutMs'>;

type FoundFaces = Extract<FaceProcessAnswer, { readonly outcome: 'found' }>;

interface WaitingImage {
  readonly bytes: Uint8Array;
  readonly signal: AbortSignal;
  readonly resolve: (faces: readonly CutFace[]) => void;
  readonly reject: (error: unknown) => void;
}

/** For loading a detector, also on a machine with other work. */
const longestSetupMs = 120_000;

/**
 * Finds faces in processes with a limit of memory: an image that takes more, crashes a library or takes too long ends its process
 * alone, is refused, and the process starts again.
 */
export class FaceFinder {
  readonly #setup: FaceProcessSetup;
  readonly #limits: FinderLimits;
  readonly #idle: FaceProcess[] = [];
  readonly #all = new Set<FaceProcess>();
  readonly #waiting: WaitingImage[] = [];
  #closed = false;
  #seconds = 0;
  #identity: Detector['identity'] | undefined;

  private constructor(setup: FaceProcessSetup, limits: FinderLimits) {
    this.#setup = setup;
    this.#limits = limits;
  }

  /** Rejects with the failure that the detector does not open with, and with `search-process-ended`. */
  static async open(setup: FaceProcessSetup, limits: FinderLimits): Promise<FaceFinder> {
    const finder = new FaceFinder(setup, limits);
    try {
      await Promise.all(Array.from({ length: limits.processes }, () => finder.#start()));
    } catch (error) {
      await finder.close();
      throw error;
    }
    return finder;
  }

  /** All that the answers of the detector depend on. */
  get identity(): Detector['identity'] {
    if (this.#identity === undefined) throw new Error('no detector was opened');
    return this.#identity;
  }

  /** How many images wait for a process. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** How long all searches have taken together, with decoding and cutting. */
  get seconds(): number {
    return this.#seconds;
  }

  /**
   * The faces of an encoded image, cut out for the network. Rejects with `image-needs-too-much` where its process ended, with
   * `took-too-long`, and with the failures of `readFaces`; what is aborted while it waits is not begun.
   */
  find(bytes: Uint8Array, signal: AbortSignal): Promise<readonly CutFace[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ bytes, signal, resolve, reject });
      this.#next();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#all].map((each) => each.end()));
  }

  #next(): void {
    while (this.#waiting.length > 0) {
      const process = this.#idle.pop();
      if (process === undefined) return;
      const image = this.#waiting.shift();
      if (image === undefined || image.signal.aborted) {
        this.#idle.push(process);
        image?.reject(image.signal.reason);
      } else void this.#work(process, image);
    }
  }

  async #work(process: FaceProcess, { bytes, signal, resolve, reject }: WaitingImage): Promise<void> {
    const stop = AbortSignal.any([signal, AbortSignal.timeout(this.#limits.timeoutMs)]);
    try {
      const { faces, ms } = await process.find(bytes, stop);
      this.#seconds += ms / 1000;
      resolve(faces);
    } catch (error) {
      reject(error);
    }
    if (process.isAlive) this.#idle.push(process);
    else {
      this.#all.delete(process);
      // It opened before with the same setup; if it cannot now, the next request tells why.
      if (!this.#closed) await this.#start().catch(() => undefined);
    }
    this.#next();
  }

  async #start(): Promise<void> {
    const process = new FaceProcess(this.#limits.processMebibytes);
    this.#all.add(process);
    // With far too little memory it may also go on for ever.
    const limit = setTimeout(() => void process.end(), longestSetupMs);
    const answer = await process.ask({ kind: 'setup', setup: this.#setup }).catch(async (error: unknown) => {
      clearTimeout(limit);
      this.#all.delete(process);
      // It waits for another question otherwise, and keeps ours from ending.
      await process.end();
      if (!(error instanceof Problem)) throw error;
      return fail(failures.searchProcessEnded({ mebibytes: this.#limits.processMebibytes }), error);
    });
    clearTimeout(limit);
    if (answer.outcome === 'ready') this.#identity = answer.identity;
    this.#idle.push(process);
    this.#next();
  }
}

class FaceProcess {
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  #answered:
    { readonly resolve: (answer: FaceProcessAnswer) => void; readonly reject: (error: unknown) => void } | undefined;
  isAlive = true;

  constructor(mebibytes: number) {
    const module = fileURLToPath(compiledModule('src/service/face-process.ts'));
    // RLIMIT_DATA counts what is written to, and not the address space that V8 reserves. A system without it goes without.
    const script = `ulimit -d ${mebibytes * 1024} 2>/dev/null; exec "$0" "$1"`;
    this.#child = spawn('/bin/sh', ['-c', script, process.execPath, module], {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      serialization: 'advanced',
      // Not a session of its own: it ends with the terminal. Threads of libraries would each have a heap of malloc.
      env: { ...process.env, MALLOC_ARENA_MAX: '2', UV_THREADPOOL_SIZE: '2' },
    });
    this.#child.on('message', (answer: FaceProcessAnswer) => this.#answered?.resolve(answer));
    this.#ended = new Promise((resolve) => {
      this.#child.on('exit', () => {
        this.isAlive = false;
        const detail = 'decoding or searching the image needs more memory than it is given, or a library crashed on it';
        this.#answered?.reject(new Problem('image-needs-too-much', 422, { detail }));
        resolve();
      });
    });
  }

  async find(bytes: Uint8Array, signal: AbortSignal): Promise<FoundFaces> {
    const kill = (): void => {
      const detail = 'the image was not searched in the time that a request may take';
      this.#answered?.reject(new Problem('took-too-long', 503, { detail, retryAfter: 1 }));
      this.#child.kill('SIGKILL');
      this.isAlive = false;
    };
    signal.addEventListener('abort', kill, { once: true });
    try {
      const answer = await this.ask({ kind: 'find', bytes });
      if (answer.outcome !== 'found') throw new Error(`faces were expected, and ${answer.outcome} came`);
      return answer;
    } finally {
      signal.removeEventListener('abort', kill);
    }
  }

  /** One question at a time. */
  async ask(message: FaceProcessMessage): Promise<FaceProcessAnswer> {
    const answer = await new Promise<FaceProcessAnswer>((resolve, reject) => {
      this.#answered = { resolve, reject };
      this.#child.send(message, (error) => {
        if (error !== null) reject(error);
      });
    });
    this.#answered = undefined;
    if (answer.outcome === 'failed') throw new FailureError(answer.failures);
    if (answer.outcome === 'crashed') throw new Error(answer.message);
    return answer;
  }

  async end(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }
}
