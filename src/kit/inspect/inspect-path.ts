import { closeSync, existsSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fail, FailureError } from '../../core/failure.ts';
import { humanBytes } from '../../core/human.ts';
import { sniffBytes } from '../codec/codec.ts';
import { Cursor } from '../codec/cursor.ts';
import { listImageFolder } from '../dataset/image-folder.ts';
import { imageFormat } from '../image/image-header.ts';
import { codecs } from '../codec/index.ts';
import { packedFiles } from '../dataset/packed-dataset.ts';
import { maxWholeBytes, readBytes } from '../codec/read-file.ts';
import { archiveDescribers } from './describe-archive.ts';
import { describers } from './describe-content.ts';
import { inspectImageFolder, inspectImage, ImageSurvey } from './inspect-images.ts';
import { inspectRecords } from './inspect-records.ts';
import { spread, tally, type Inspection } from './inspection.ts';

/** Images that are looked at unless all are asked for. */
export const defaultLimit = 1000;

type FormatKey = keyof typeof codecs;

/**
 * Says what a file or folder is and holds. `limit`: how many images are looked at. Damage is reported in the result;
 * only a path that does not exist is a failure.
 */
export async function inspectPath(path: string, limit = defaultLimit): Promise<Inspection> {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) fail({ code: 'missing-file', message: `${path} does not exist`, at: { file: path } });
  try {
    return await (stat.isDirectory() ? inspectFolder(path, limit) : inspectFile(path, limit));
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    const format = stat.isDirectory() ? undefined : sniffFile(path);
    const known = format === undefined ? undefined : codecs[format];
    return {
      path,
      format: known?.name ?? 'unknown',
      title: known?.title ?? 'folder',
      summary: known?.summary ?? '',
      facts: [],
      notes: [],
      damage: error.failures,
      samples: [],
    };
  }
}

/** The first registered format that knows the content. */
export function sniffFile(path: string): FormatKey | undefined {
  const head = headOf(path);
  const keys = Object.keys(codecs) as FormatKey[];
  return keys.find((key) => codecs[key].sniff(head, basename(path)));
}

async function inspectFolder(folder: string, limit: number): Promise<Inspection> {
  if (existsSync(join(folder, packedFiles.records))) return inspectRecords(join(folder, packedFiles.records), limit);
  const entries = readdirSync(folder, { withFileTypes: true });
  const listing = listImageFolder(folder);
  const images = listing.identities.reduce((sum, { images }) => sum + images.length, 0);
  // Where most files are something else, the few images in a sub-folder are no identity's.
  if (images > listing.ignored.length) return inspectImageFolder(listing, limit);
  const files = entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
  const known = files.map((name) => nameOfFormat(join(folder, name)));
  return {
    path: folder,
    format: 'folder',
    title: 'folder',
    summary: 'Neither a packed set nor a folder of images by identity.',
    facts: [
      { name: 'files', value: files.length },
      { name: 'sub-folders', value: entries.filter((entry) => entry.isDirectory()).length },
      { name: 'kinds of files', value: known.length === 0 ? 'none' : tally(known, 10) },
    ],
    notes: [],
    damage: [],
    samples: [],
  };
}

async function inspectFile(path: string, limit: number): Promise<Inspection> {
  if (imageFormat(headOf(path)) !== undefined) return inspectImage(path);
  const key = sniffFile(path);
  if (key === undefined) return inspectUnknown(path);
  if (key === 'recordIo') return inspectRecords(path, limit);
  const { name, title, summary } = codecs[key];
  const common = { path, format: name, title, summary, notes: [], damage: [], samples: [] };
  if (key === 'tarArchive' || key === 'zipArchive') return { ...common, ...archiveDescribers[key](path) };
  const bytesInAll = statSync(path).size;
  const size = { name: 'size', value: humanBytes(bytesInAll) };
  if (bytesInAll > maxWholeBytes) {
    const note = `It is larger than ${humanBytes(maxWholeBytes)}, the most that is read at once: by its start it is such a file, and no more was looked at.`;
    return { ...common, facts: [size], notes: [note] };
  }
  const bytes = readBytes(path, title);
  if (key === 'verificationSet') return { ...common, ...(await describeVerificationSet(bytes, path, limit)) };
  const description = describers[key](new Cursor(bytes, path));
  return { ...common, ...description, facts: [...description.facts, size] };
}

async function describeVerificationSet(
  bytes: Uint8Array,
  path: string,
  limit: number,
): Promise<Pick<Inspection, 'facts' | 'damage' | 'samples'>> {
  const { images, same } = codecs.verificationSet.decode(new Cursor(bytes, path));
  const chosen = spread(images.length, limit);
  const survey = new ImageSurvey(chosen.length);
  for (const position of chosen) {
    const pair = Math.floor(position / 2);
    const what = `image ${String(position)}`;
    const caption = `pair ${String(pair)}, ${same[pair] === true ? 'same' : 'different'}`;
    await survey.add(images[position] ?? new Uint8Array(0), { file: path, what }, caption);
  }
  const sameCount = same.filter(Boolean).length;
  return {
    facts: [
      { name: 'pairs', value: `${String(same.length)} (${String(sameCount)} of the same person)` },
      { name: 'images stored as', value: storageOf(bytes) },
      ...survey.facts(chosen.length, images.length),
      { name: 'size', value: humanBytes(bytes.length) },
    ],
    damage: survey.damage,
    samples: survey.samples,
  };
}

/** Pickles name what they hold at their start. */
function storageOf(bytes: Uint8Array): string {
  const protocol = bytes[0] === 0x80 ? `protocol ${String(bytes[1])}` : 'protocol 0 or 1';
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 256)).toString('latin1');
  return `${start.includes('numpy') ? 'numpy arrays' : 'byte strings'} in a pickle of ${protocol}`;
}

function inspectUnknown(path: string): Inspection {
  const head = Buffer.from(headOf(path));
  const [firstLine = ''] = head.toString('utf8').split(/\r?\n/, 1);
  const isText = firstLine !== '' && !/[\x00-\x08\x0b-\x1f\ufffd]/.test(firstLine);
  const named = Object.values(codecs).flatMap(({ endings, title }) =>
    endings.some((ending) => path.endsWith(ending)) ? [title] : [],
  );
  return {
    path,
    format: 'unknown',
    title: isText ? 'text file of an unknown format' : 'file of an unknown format',
    summary: `None of the ${String(Object.keys(codecs).length)} formats that are read here, and no image.`,
    facts: [
      { name: 'size', value: humanBytes(statSync(path).size) },
      isText
        ? { name: 'first line', value: firstLine.slice(0, 100) }
        : { name: 'first bytes', value: head.subarray(0, 16).toString('hex') },
    ],
    notes:
      named.length === 0
        ? []
        : [`Files with such a name are usually: ${named.join(', ')}. This one does not start like that.`],
    damage: [],
    samples: [],
  };
}

function nameOfFormat(path: string): string {
  const key = imageFormat(headOf(path)) === undefined ? sniffFile(path) : undefined;
  if (key !== undefined) return codecs[key].title;
  return imageFormat(headOf(path)) === undefined ? 'unknown' : 'image';
}

function headOf(path: string): Uint8Array {
  const descriptor = openSync(path, 'r');
  try {
    const head = Buffer.alloc(sniffBytes);
    return head.subarray(0, readSync(descriptor, head, 0, sniffBytes, 0));
  } finally {
    closeSync(descriptor);
  }
}
