import { closeSync, existsSync, openSync, readFileSync, statSync, truncateSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding } from '../../src/kit/face/search-face.ts';

/**
 * What became of one image: a line of faces.ndjson, in the order of the input. docs/alignment.md describes the fields to
 * users.
 */
export interface FaceRecord {
  readonly image: string;
  readonly identity: string;
  /** Class that a list gave it. */
  readonly label?: number;
  /**
   * `aligned`: by five points. `cropped`: without points, as `withoutFace: crop` says. `listed`: without a face, but in the list
   * all the same. `left-out`: with the reason.
   */
  readonly outcome: 'aligned' | 'cropped' | 'listed' | 'left-out';
  /** Of one that was cropped: the box of the face that was found, the known box, or the middle of the image. */
  readonly crop?: 'found-box' | 'known-box' | 'middle';
  /** Path of the aligned image in the output. */
  readonly file?: string;
  readonly step?: Finding['step'];
  /** x1, y1, x2, y2 in pixels of the image. */
  readonly box?: readonly number[];
  /** x, y of image-left eye, image-right eye, nose, image-left and image-right mouth corner. */
  readonly points?: readonly (readonly [number, number])[];
  readonly score?: number;
  /** How many faces were found, and which of them by descending score, from 0, it is. */
  readonly faces?: number;
  readonly chosen?: number;
  /** Mean distance of the aligned points from the template, in pixels of an image 112 high. */
  readonly residual?: number;
  /** Variance of the Laplacian of the aligned image. */
  readonly blur?: number;
  /** Some of the points are outside of the image. */
  readonly pointsOutside?: number;
  /** Code and message of what was wrong. */
  readonly reason?: string;
  readonly problem?: string;
  /** Images in the file, of which the first was taken. */
  readonly frames?: number;
}

/**
 * The records of a task while it runs: appended one by one, an image always after its file, so that an interrupted task
 * goes on after the last whole record whose file is whole.
 */
export class RecordFile {
  readonly path: string;
  readonly #descriptor: number;
  readonly #known: readonly FaceRecord[];

  /** Opens or makes the file; what an interruption has left unfinished at its end is cut off. */
  constructor(path: string, images: string) {
    this.path = path;
    const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n') : [''];
    // What is behind the last line feed is no whole line.
    const whole = lines.slice(0, -1);
    const records = whole.map(parseRecord);
    const end = records.findIndex((record) => record === undefined || !hasFile(record, images));
    const count = end < 0 ? records.length : end;
    this.#known = records.slice(0, count).filter((record) => record !== undefined);
    if (existsSync(path)) truncateSync(path, Buffer.byteLength(whole.slice(0, count).map(withLineFeed).join('')));
    this.#descriptor = openSync(path, 'a');
  }

  /** Records of an earlier attempt. */
  get known(): readonly FaceRecord[] {
    return this.#known;
  }

  add(record: FaceRecord): void {
    writeSync(this.#descriptor, withLineFeed(JSON.stringify(record)));
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

function withLineFeed(line: string): string {
  return `${line}\n`;
}

function parseRecord(line: string): FaceRecord | undefined {
  try {
    return JSON.parse(line) as FaceRecord;
  } catch (error) {
    // A power cut may leave anything in the last line.
    if (!(error instanceof SyntaxError)) throw error;
    return undefined;
  }
}

/** After a power cut a file may be there without its content. */
function hasFile({ file }: FaceRecord, images: string): boolean {
  return file === undefined || (statSync(join(images, file), { throwIfNoEntry: false })?.size ?? 0) > 0;
}
