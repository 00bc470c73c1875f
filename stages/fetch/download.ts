import { statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Readable } from 'node:stream';
import type { Digest } from '../../src/core/digest.ts';
import { fail } from '../../src/core/failure.ts';
import { humanBytes } from '../../src/core/human.ts';
import { failures } from './failures.ts';
import { openBody, TransferError } from './http-body.ts';
import type { PartialFile } from './partial-file.ts';
import type { WantedFile } from './wanted-files.ts';

/** How patient a download is. */
export interface Patience {
  /** Attempts per address before the next mirror. */
  readonly attempts: number;
  /** Pause before the second attempt; doubled before each further one. */
  readonly pauseMs: number;
  /** How long a server may keep silent. */
  readonly silenceMs: number;
}

export const usualPatience: Patience = { attempts: 5, pauseMs: 500, silenceMs: 30_000 };

export interface DownloadTools {
  readonly signal: AbortSignal;
  readonly patience: Patience;
  warn(message: string): void;
  /** `done` and `total` in bytes. */
  progress(done: number, total: number | undefined): void;
}

export interface Downloaded {
  /** The address it came from. */
  readonly url: string;
  readonly bytes: number;
  readonly sha256: Digest;
}

/**
 * Brings a file: its addresses in their order, each some times with growing pauses, resuming after the bytes that are
 * here. A content of another digest is dropped and asked for once more from its start before the next address has its
 * turn. Fails with `download-failed` if no address sent the file.
 */
export async function download(wanted: WantedFile, file: PartialFile, tools: DownloadTools): Promise<Downloaded> {
  if (file.isWhole) return { url: file.url, bytes: statSync(file.path).size, sha256: file.digest() };
  const tried: string[] = [];
  const addresses = [wanted.url, ...wanted.mirrors];
  for (const url of addresses) {
    const result = await new AddressDownload({ url, sha256: wanted.sha256 }, file, tools).run();
    if (typeof result !== 'string') return result;
    tried.push(`${url}: ${result}`);
    if (url !== addresses.at(-1)) tools.warn(`${url}: ${result}; trying the next mirror`);
  }
  return fail(failures.downloadFailed({ name: wanted.name === '' ? wanted.url : wanted.name, tried }));
}

/** The attempts at one address. */
class AddressDownload {
  readonly #url: string;
  readonly #sha256: string;
  readonly #file: PartialFile;
  readonly #tools: DownloadTools;
  #wasResumed = false;
  #hasRestarted = false;

  constructor(
    { url, sha256 }: Pick<WantedFile, 'sha256'> & { readonly url: string },
    file: PartialFile,
    tools: DownloadTools,
  ) {
    this.#url = url;
    this.#sha256 = sha256;
    this.#file = file;
    this.#tools = tools;
  }

  /** The file, or why it did not come. */
  async run(): Promise<Downloaded | string> {
    const { patience } = this.#tools;
    for (let attempt = 1; ; attempt += 1) {
      const problem = await this.#attempt();
      const found = problem === undefined ? this.#judge() : undefined;
      if (typeof found === 'object') return found;
      if (found !== undefined && !this.#mayRestart()) return found;
      const isOver = attempt >= patience.attempts;
      if (problem !== undefined && (isOver || !problem.isPassing)) {
        return attempt > 1 ? `${problem.message} (${attempt} attempts)` : problem.message;
      }
      await this.#pause(problem?.message ?? found ?? '', attempt);
    }
  }

  /** The file if it is the one that is wanted, otherwise what came instead, which is dropped. */
  #judge(): Downloaded | string {
    const sha256 = this.#file.digest();
    const { size } = this.#file;
    if (this.#sha256 === '' || sha256 === this.#sha256) {
      this.#file.markWhole();
      return { url: this.#url, bytes: size, sha256 };
    }
    this.#file.discard();
    return `expected SHA-256 ${this.#sha256}, found ${sha256} in ${humanBytes(size)}`;
  }

  /** Bytes of two versions of the file may have met, once; a download in one piece has no such excuse. */
  #mayRestart(): boolean {
    const may = this.#wasResumed && !this.#hasRestarted;
    this.#hasRestarted = true;
    return may;
  }

  async #pause(problem: string, attempt: number): Promise<void> {
    const { patience, signal } = this.#tools;
    const pauseMs = patience.pauseMs * 2 ** (attempt - 1);
    this.#tools.warn(`${this.#url}: ${problem}; again in ${pauseMs / 1000} s from byte ${this.#resumeFrom()} on`);
    await sleep(pauseMs, undefined, { signal });
  }

  /** One request; the problem it ended with, if any. */
  async #attempt(): Promise<TransferError | undefined> {
    const { signal, patience } = this.#tools;
    const start = this.#resumeFrom();
    try {
      const { url, validator } = start > 0 ? this.#file : { url: this.#url, validator: '' };
      const request = { url: this.#url, start, isPinned: this.#sha256 !== '', silenceMs: patience.silenceMs, signal };
      const body = await openBody({ ...request, validator: url === this.#url ? validator : '' });
      this.#wasResumed = body.start > 0;
      this.#file.open(body.start, this.#url, body.validator);
      await this.#receive(body.stream, body.total);
      return undefined;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof TransferError)) throw error;
      // The server has nothing from there on: what is here is whole, or of another file. The digest tells.
      if (error.isBeyondEnd) return this.#takeAsWhole(start);
      return error;
    } finally {
      this.#file.close();
    }
  }

  /** Without a digest, bytes are only trusted to belong together where the server confirms it by `If-Range`. */
  #resumeFrom(): number {
    const { resumable, url, validator } = this.#file;
    if (this.#sha256 !== '') return resumable;
    return url === this.#url && validator !== '' ? resumable : 0;
  }

  #takeAsWhole(start: number): TransferError | undefined {
    this.#file.open(start, this.#url, this.#file.validator);
    this.#wasResumed = true;
    if (this.#sha256 !== '') return undefined;
    this.#file.discard();
    return new TransferError('the server has another file than the one that was begun');
  }

  async #receive(stream: Readable, total: number | undefined): Promise<void> {
    try {
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        this.#file.append(chunk);
        this.#tools.progress(this.#file.size, total);
      }
    } catch (error) {
      // A full disk is not a broken connection.
      if (error !== stream.errored || error instanceof TransferError) throw error;
      throw new TransferError(`the connection broke after ${this.#file.size} bytes`);
    }
    if (total !== undefined && this.#file.size !== total) {
      throw new TransferError(`the connection ended after ${this.#file.size} of ${total} bytes`);
    }
  }
}
