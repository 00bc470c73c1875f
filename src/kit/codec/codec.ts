import type { Cursor } from './cursor.ts';
import type { Description } from './description.ts';

/**
 * One file format as one object. `decode` never trusts a length it read: it checks it against what the file holds
 * before allocating, and fails with a FailureError that names file and offset (or line).
 */
export type FileFormat<Value> = FormatParts<Value> & (DescribedWhole | DescribedInParts);

interface FormatParts<Value> {
  /** Kebab-case, unique. */
  readonly name: string;
  /** For people, singular: `verification set`. */
  readonly title: string;
  /** What it holds and who writes it, in one sentence. */
  readonly summary: string;
  /** File names it usually has, as endings: `.bin`, `property`. */
  readonly endings: readonly string[];
  /** A folder with a file of this name and format is shown as that file. */
  readonly folderFile?: string;
  /** Whether content that starts with `head` (up to 4096 bytes) can be this format. Names decide between equals. */
  sniff(head: Uint8Array, fileName: string): boolean;
  decode(cursor: Cursor): Value;
}

/** A format whose files are decoded at once. */
interface DescribedWhole {
  /** Decodes the file at the cursor and describes its content. */
  describe(cursor: Cursor): Description;
}

/** A format of which parts are read, so that its files may have any size. */
interface DescribedInParts {
  /** Opens a file and describes its content. */
  describeFile(path: string): Description;
}

/** A format that is written too. */
export type Codec<Value> = FileFormat<Value> & {
  /** The exact bytes that the format's other programs write. */
  encode(value: Value): Uint8Array;
};

/** How many bytes {@link FileFormat.sniff} is given. */
export const sniffBytes = 4096;
