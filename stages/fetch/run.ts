import { existsSync, linkSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join, posix } from 'node:path';
import { writeFileAtomic } from '../../src/core/atomic-file.ts';
import { digestOf } from '../../src/core/digest.ts';
import { fail } from '../../src/core/failure.ts';
import { humanBytes } from '../../src/core/human.ts';
import type { Stage, StageContext } from '../../src/stage-api/stage.ts';
import { WorkProgress } from '../../src/stage-api/work-progress.ts';
import type { Inputs, Outputs, Params } from './contract.ts';
import { download, usualPatience, type Downloaded } from './download.ts';
import { DownloadProgress } from './download-progress.ts';
import { nameFiles } from './file-names.ts';
import { knownSets, type WantedFile } from './known-sets.ts';
import { PartialFile } from './partial-file.ts';
import { unpackArchive } from './unpack-archive.ts';

type Context = StageContext<Params, Inputs, Outputs>;

/** Downloads files, checks them, and unpacks archives. */
export const run: Stage<Params, Inputs, Outputs> = async (context) => {
  const { params, outputs, scratch } = context;
  const wanted = nameFiles([...knownSets[params.set], ...params.files]);
  const came: (Downloaded & { readonly name: string; readonly path: string })[] = [];
  for (const file of wanted) came.push(await bring(file, context));
  const folder = join(scratch, 'content');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [index, file] of wanted.entries()) await place(file, came[index]?.path ?? '', folder, context);
  // Both folders are the task's own and lie side by side.
  renameSync(chosenPart(folder, params.inside), outputs.content);
  const files = came.map(({ name, url, bytes, sha256 }) => ({ name, url, bytes, sha256 }));
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
  if (file.resumable > 0) say(context, 'info', `${name}: ${humanBytes(file.resumable)} are here already`);
  const progress = new DownloadProgress(name, context);
  const downloaded = await download(wanted, file, {
    signal: context.signal,
    patience: usualPatience,
    warn(message) {
      say(context, 'warning', message);
    },
    progress(done, total) {
      progress.show(done, total);
    },
  });
  say(context, 'info', `${name}: ${humanBytes(downloaded.bytes)} from ${downloaded.url}`);
  if (sha256 === '') {
    const message = `${name} has no sha256 in the experiment, so any content would have done; what came has ${downloaded.sha256}`;
    say(context, 'warning', message);
  }
  return { ...downloaded, name, path };
}

async function place({ name, extract }: WantedFile, path: string, folder: string, context: Context): Promise<void> {
  if (!extract) {
    linkSync(path, join(folder, name));
    return;
  }
  const progress = new WorkProgress(context, 'entries');
  const files = await unpackArchive(path, folder, { name, signal: context.signal, onEntry: () => progress.step() });
  progress.end();
  say(context, 'info', `${name}: unpacked ${files} files`);
}

/** What becomes the output: the part that `inside` names, or all there is, without a folder around a single thing. */
function chosenPart(folder: string, inside: string): string {
  const names = readdirSync(folder).sort();
  const [first] = names;
  if (inside === '') return names.length === 1 && first !== undefined ? join(folder, first) : folder;
  const part = posix.normalize(inside);
  if (!part.split('/').includes('..') && existsSync(join(folder, part))) return join(folder, part);
  return fail({
    code: 'missing-part',
    message: `there is no "${inside}" in what came; at its top are ${names.slice(0, 10).join(', ')}${names.length > 10 ? ' ...' : ''}`,
    hint: 'inside is a path from there on; leave it out to get everything.',
  });
}

function say(context: Context, level: 'info' | 'warning', message: string): void {
  context.emit({ type: 'log', level, message });
}
