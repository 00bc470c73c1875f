import { createHash } from 'node:crypto';
import { createReadStream, existsSync, linkSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, join, posix } from 'node:path';
import { makeOwnFolder, writeFileAtomic } from '../../src/core/atomic-file.ts';
import { digestOf } from '../../src/core/digest.ts';
import { fail } from '../../src/core/failure.ts';
import { humanBytes } from '../../src/core/human.ts';
import type { Stage, StageContext } from '../../src/stage-api/stage.ts';
import { WorkProgress } from '../../src/stage-api/work-progress.ts';
import type { Inputs, Outputs, Params } from './contract.ts';
import { download, usualPatience, type Downloaded } from './download.ts';
import { failures } from './failures.ts';
import { PartialFile } from './partial-file.ts';
import { unpackArchive } from './unpack-archive.ts';
import { knownSets, nameFiles, type WantedFile } from './wanted-files.ts';

type Context = StageContext<Params, Inputs, Outputs>;

const reportEveryMs = 500;
const mebibyte = 2 ** 20;

/** Downloads files, checks them, and unpacks archives, also those that are here. */
export const run: Stage<Params, Inputs, Outputs> = async (context) => {
  const { params, inputs, outputs, scratch } = context;
  const wanted = nameFiles([...knownSets[params.set], ...params.files]);
  if (wanted.length + inputs.archives.length === 0) fail(failures.nothingToFetch({}));
  const came: (Downloaded & { readonly name: string; readonly path: string })[] = [];
  for (const file of wanted) came.push(await bring(file, context));
  const folder = join(scratch, 'content');
  rmSync(folder, { recursive: true, force: true });
  makeOwnFolder(folder);
  for (const [index, file] of wanted.entries()) {
    const from = { path: came[index]?.path ?? '', name: file.name };
    if (file.extract) await unpack(from, folder, context);
    else linkSync(from.path, join(folder, file.name));
  }
  for (const path of inputs.archives) await unpack({ path, name: basename(path) }, folder, context);
  // Both folders are the task's own, next to each other.
  renameSync(chosenPart(folder, params.inside), outputs.content);
  const fetched = came.map(({ name, url, bytes, sha256 }) => ({ name, url, bytes, sha256 }));
  const here = await Promise.all(inputs.archives.map(fileFacts));
  const files = [...fetched, ...here];
  writeFileAtomic(outputs.record, `${JSON.stringify({ version: 1, files }, null, 2)}\n`);
  context.emit({ type: 'metric', name: 'bytes', value: files.reduce((sum, { bytes }) => sum + bytes, 0) });
};

/** Downloads one file into the scratch folder, which outlives an interruption. */
async function bring(wanted: WantedFile, context: Context): Promise<Downloaded & { name: string; path: string }> {
  const { name, url, sha256 } = wanted;
  const path = join(context.scratch, digestOf(`${url} ${sha256}`).slice(0, 32));
  const file = new PartialFile(path, (bytes) => {
    context.emit({ type: 'checkpoint', step: bytes });
  });
  if (file.resumable > 0) log(context, 'info', `${name}: ${humanBytes(file.resumable)} are already here`);
  const progress = new DownloadProgress(name, context);
  const downloaded = await download(wanted, file, {
    signal: context.signal,
    patience: usualPatience,
    warn(message) {
      log(context, 'warning', message);
    },
    progress(done, total) {
      progress.show(done, total);
    },
  });
  log(context, 'info', `${name}: ${humanBytes(downloaded.bytes)} from ${downloaded.url}`);
  if (sha256 === '') {
    const message = `${name} has no sha256 in the experiment, so any content would have done; what came has ${downloaded.sha256}`;
    log(context, 'warning', message);
  }
  return { ...downloaded, name, path };
}

async function unpack(
  { path, name }: { readonly path: string; readonly name: string },
  folder: string,
  context: Context,
): Promise<void> {
  const progress = new WorkProgress(context, 'entries');
  const files = await unpackArchive(path, folder, { name, signal: context.signal, onEntry: () => progress.step() });
  progress.end();
  log(context, 'info', `${name}: unpacked ${files} files`);
}

/** Without its name, which is no part of the key: the same archive elsewhere makes the same result. */
async function fileFacts(path: string): Promise<{ readonly bytes: number; readonly sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(path)) {
    hash.update(chunk as Buffer);
    bytes += (chunk as Buffer).length;
  }
  return { bytes, sha256: hash.digest('hex') };
}

/** What becomes the output: the part that `inside` names, or all there is, without a folder around a single thing. */
function chosenPart(folder: string, inside: string): string {
  const names = readdirSync(folder).sort();
  const [first] = names;
  if (inside === '') return names.length === 1 && first !== undefined ? join(folder, first) : folder;
  const part = posix.normalize(inside);
  if (!part.split('/').includes('..') && existsSync(join(folder, part))) return join(folder, part);
  return fail(failures.missingPart({ inside, names }));
}

function log(context: Context, level: 'info' | 'warning', message: string): void {
  context.emit({ type: 'log', level, message });
}

/** Reports twice a second how far a download is, in MiB, and how fast it came in this run. */
class DownloadProgress {
  readonly #emit: StageContext['emit'];
  readonly #name: string;
  readonly #startedAt = performance.now();
  #startedWith: number | undefined;
  #shownAt = 0;

  constructor(name: string, { emit }: Pick<Context, 'emit'>) {
    this.#name = name;
    this.#emit = emit;
  }

  /** `done` and `total` in bytes. */
  show(done: number, total: number | undefined): void {
    const now = performance.now();
    this.#startedWith ??= done;
    if (done !== total && now - this.#shownAt < reportEveryMs) return;
    this.#shownAt = now;
    const seconds = Math.max(0.001, (now - this.#startedAt) / 1000);
    const speed = (done - this.#startedWith) / mebibyte / seconds;
    this.#emit({
      type: 'progress',
      done: inMebibytes(done),
      ...(total === undefined ? {} : { total: inMebibytes(total) }),
      unit: `MiB of ${this.#name}`,
      figures: { 'MiB/s': Number(speed.toFixed(1)) },
    });
  }
}

function inMebibytes(bytes: number): number {
  return Number((bytes / mebibyte).toFixed(1));
}
