import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fail, FailureError } from '../../core/failure.ts';
import { humanBytes } from '../../core/human.ts';
import type { FileFormat } from '../codec/codec.ts';
import { Cursor } from '../codec/cursor.ts';
import { tally, type Description } from '../codec/description.ts';
import { codecs } from '../codec/index.ts';
import { maxWholeBytes, readBytes, readHead } from '../codec/read-file.ts';
import { unreadFile } from '../codec/unread-files.ts';
import { listImageFolder } from '../dataset/image-folder.ts';
import { imageFormat } from '../image/image-header.ts';
import { failures } from './failures.ts';
import { inspectImageFolder, inspectImage, ImageSurvey } from './inspect-images.ts';
import { spread, type Inspection } from './inspection.ts';

/** Images that are looked at unless all are asked for. */
export const defaultLimit = 1000;

const formats: readonly FileFormat<unknown>[] = Object.values(codecs);

/**
 * Inspects a file or folder: its format and what it holds. `limit`: how many images are looked at. Damage is reported
 * in the result; only a path that does not exist is a failure, `missing-file`.
 */
export async function inspectPath(path: string, limit = defaultLimit): Promise<Inspection> {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) fail(failures.missingFile({ path }, { file: path }));
  // Opening a pipe would wait for a process that writes to it.
  if (!stat.isDirectory() && !stat.isFile()) fail(failures.notAFile({ path }, { file: path }));
  try {
    return await (stat.isDirectory() ? inspectFolder(path, limit) : inspectFile(path, limit));
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    const format = stat.isDirectory() ? undefined : formatOf(path, readHead(path));
    return {
      path,
      format: format?.name ?? 'unknown',
      title: format?.title ?? 'folder',
      summary: format?.summary ?? '',
      facts: [],
      notes: [],
      damage: error.failures,
      samples: [],
    };
  }
}

async function inspectFolder(folder: string, limit: number): Promise<Inspection> {
  for (const format of formats) {
    const file = format.folderFile === undefined ? undefined : join(folder, format.folderFile);
    if (file !== undefined && existsSync(file)) return inspectAs(format, file, limit);
  }
  const entries = readdirSync(folder, { withFileTypes: true });
  const listing = listImageFolder(folder);
  const images = listing.identities.reduce((sum, { images }) => sum + images.length, 0);
  // If most files are something else, the few images in a sub-folder do not show an identity.
  if (images > listing.ignored.length) return inspectImageFolder(listing, limit);
  const files = entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
  const kinds = files.map((name) => kindOf(join(folder, name)));
  return {
    path: folder,
    format: 'folder',
    title: 'folder',
    summary: 'Neither a packed set nor a folder of images by identity.',
    facts: [
      { name: 'files', value: files.length },
      { name: 'sub-folders', value: entries.filter((entry) => entry.isDirectory()).length },
      { name: 'kinds of files', value: kinds.length === 0 ? 'none' : tally(kinds, 10) },
    ],
    notes: [],
    damage: [],
    samples: [],
  };
}

async function inspectFile(path: string, limit: number): Promise<Inspection> {
  const head = readHead(path);
  if (imageFormat(head) !== undefined) return inspectImage(path);
  const unread = unreadFile(head);
  if (unread !== undefined) {
    const { name, title, summary, remedy } = unread;
    const facts = [{ name: 'size', value: humanBytes(statSync(path).size) }];
    return { path, format: name, title, summary, facts, notes: [remedy], damage: [], samples: [] };
  }
  const format = formatOf(path, head);
  return format === undefined ? inspectUnknown(path, Buffer.from(head)) : inspectAs(format, path, limit);
}

/** A file of a known format, with some of the images in it. */
async function inspectAs(format: FileFormat<unknown>, path: string, limit: number): Promise<Inspection> {
  const { name, title, summary } = format;
  const bytes = statSync(path).size;
  const size = { name: 'size', value: humanBytes(bytes) };
  const common = { path, format: name, title, summary, notes: [], damage: [], samples: [] };
  if (!('describeFile' in format) && bytes > maxWholeBytes) {
    const note = `It is larger than ${humanBytes(maxWholeBytes)}, the most that is read at once: its header looks like such a file, the rest was not read.`;
    return { ...common, facts: [size], notes: [note] };
  }
  const description =
    'describeFile' in format ? format.describeFile(path) : format.describe(new Cursor(readBytes(path, title), path));
  const { whole = format, facts, companions = [], notes = [], damage = [], imagesPerIdentity } = description;
  const survey = await surveyOf(description, path, limit);
  return {
    path,
    format: whole.name,
    title: whole.title,
    summary: whole.summary,
    facts: [...facts, ...survey.facts, size, ...companions],
    notes,
    damage: [...damage, ...survey.damage],
    ...(imagesPerIdentity === undefined ? {} : { imagesPerIdentity }),
    samples: survey.samples,
  };
}

type Survey = Pick<Inspection, 'facts' | 'damage' | 'samples'>;

async function surveyOf({ images }: Description, path: string, limit: number): Promise<Survey> {
  if (images === undefined) return { facts: [], damage: [], samples: [] };
  const chosen = spread(images.count, limit);
  const survey = new ImageSurvey(chosen.length);
  try {
    for (const position of chosen) {
      const { bytes, caption, ...origin } = images.read(position);
      await survey.add(bytes, { file: path, ...origin }, caption);
    }
  } finally {
    images.close();
  }
  return { facts: survey.facts(chosen.length, images.count), damage: survey.damage, samples: survey.samples };
}

function inspectUnknown(path: string, head: Buffer): Inspection {
  const [firstLine = ''] = head.toString('utf8').split(/\r?\n/, 1);
  const isText = firstLine !== '' && !/[\x00-\x08\x0b-\x1f\ufffd]/.test(firstLine);
  const named = formats.flatMap(({ endings, title }) =>
    endings.some((ending) => path.endsWith(ending)) ? [title] : [],
  );
  return {
    path,
    format: 'unknown',
    title: isText ? 'text file of an unknown format' : 'file of an unknown format',
    summary: `None of the ${String(formats.length)} formats that are read here, and not an image.`,
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

function kindOf(path: string): string {
  const head = readHead(path);
  return imageFormat(head) === undefined ? ((unreadFile(head) ?? formatOf(path, head))?.title ?? 'unknown') : 'image';
}

/** The first registered format that recognises the content. */
function formatOf(path: string, head: Uint8Array): FileFormat<unknown> | undefined {
  return formats.find((format) => format.sniff(head, basename(path)));
}
