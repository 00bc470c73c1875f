import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { FailureError, type Failure } from '../../../core/failure.ts';
import type { Codec } from '../codec.ts';
import { histogramOf, type Description, type Fact } from '../description.ts';
import { packedFiles, propertyFile, type Property } from '../insightface/property-file.ts';
import { decodeFile } from '../read-file.ts';
import { classOf, type ImageRecord } from './image-record.ts';
import { readIndexFile } from './index-file.ts';
import { RecordFile } from './record-file.ts';
import { decodeRecord, encodeRecordInto, framedBytes, magicBytes, splitAtMagic } from './record-frame.ts';

/** A whole small file in memory. Large files go through RecordReader and RecordWriter. */
export const recordIo: Codec<readonly Uint8Array[]> = {
  name: 'record-io',
  title: 'RecordIO file',
  summary: 'Packed training images, one record each, as MXNet, im2rec and face2rec2 write them.',
  endings: ['.rec'],
  folderFile: packedFiles.records,
  sniff: (head) => magicBytes.every((byte, index) => head[index] === byte),
  decode(cursor) {
    const records: Uint8Array[] = [];
    while (cursor.remaining > 0) records.push(decodeRecord(cursor));
    return records;
  },
  describeFile: describeRecords,
  encode(records) {
    const split = records.map(splitAtMagic);
    const target = Buffer.alloc(split.reduce((sum, pieces) => sum + framedBytes(pieces), 0));
    let position = 0;
    for (const record of split) position = encodeRecordInto(target, position, record);
    return target;
  },
};

/** The labels of all records, and what the .idx and property file next to it say. */
function describeRecords(path: string): Description {
  const records = new RecordFile(path);
  try {
    const census = new Census(records);
    const index = path.replace(/\.rec$/, '.idx');
    const hasIndex = index !== path && existsSync(index);
    census.scan();
    const property = readProperty(dirname(path), census);
    return {
      facts: census.facts(),
      notes: [...census.notes(property), ...(hasIndex ? indexNotes(index, census) : [])],
      damage: census.damage,
      imagesPerIdentity: histogramOf(census.imagesOfClass.values()),
      images: {
        count: census.images.length,
        read(position) {
          const offset = census.images[position] ?? 0;
          const record = records.readAt(offset);
          const what = `image ${String(record.id)}`;
          return { bytes: record.payload, what, caption: `${what}, class ${String(classOf(record))}`, offset };
        },
        close() {
          records.close();
        },
      },
      companions: [indexFact(hasIndex), ...(property === undefined ? [] : [propertyFact(property)])],
      whole: {
        name: basename(path) === packedFiles.records && property !== undefined ? 'packed-set' : recordIo.name,
        title: property === undefined ? 'RecordIO file (.rec)' : 'packed training set (.rec, .idx, property)',
        summary: 'Images with labels, packed one after the other as MXNet reads them; train reads it.',
      },
    };
  } catch (error) {
    records.close();
    throw error;
  }
}

function indexFact(exists: boolean): Fact {
  const none = 'none; it is rebuilt in memory when the set is opened, and written by: flow index';
  return { name: 'index (.idx)', value: exists ? 'there' : none };
}

function propertyFact({ identities, width, height }: Property): Fact {
  return { name: 'property', value: `${identities} identities, ${width} x ${height} pixels` };
}

/** Goes once over all records. */
class Census {
  /** Offsets of the records that hold images. */
  readonly images: number[] = [];
  /** Offsets of all records. */
  readonly offsets: number[] = [];
  readonly imagesOfClass = new Map<number, number>();
  readonly damage: Failure[] = [];
  readonly #records: RecordFile;
  readonly #labelForms = new Set<string>();
  #indexRecord: ImageRecord | undefined;
  #identityRecords = 0;
  #runs = 0;

  constructor(records: RecordFile) {
    this.#records = records;
  }

  /** The result of a reader, or undefined and one more damage. */
  noting<Value>(read: () => Value): Value | undefined {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof FailureError)) throw error;
      this.damage.push(...error.failures);
      return undefined;
    }
  }

  scan(): void {
    try {
      let lastClass: number | undefined;
      for (const { offset } of this.#records.scan()) {
        const record = this.#records.readAt(offset);
        this.offsets.push(offset);
        if (record.payload.length === 0) {
          this.#addIndexRecord(record);
          continue;
        }
        const label = classOf(record);
        this.images.push(offset);
        this.imagesOfClass.set(label, (this.imagesOfClass.get(label) ?? 0) + 1);
        this.#labelForms.add(
          typeof record.label === 'number'
            ? 'one number: the class'
            : record.label.length === 2
              ? 'two numbers: the class, and whether the image was aligned before it was packed'
              : `${String(record.label.length)} numbers, the first is the class`,
        );
        if (label !== lastClass) this.#runs += 1;
        lastClass = label;
      }
    } catch (error) {
      if (!(error instanceof FailureError)) throw error;
      this.damage.push(...error.failures);
    }
  }

  facts(): Fact[] {
    return [
      { name: 'images', value: this.images.length },
      { name: 'identities', value: this.imagesOfClass.size },
      { name: 'label of an image', value: [...this.#labelForms].join(', ') || 'no images' },
      { name: 'index record 0', value: this.#describeIndexRecord() },
    ];
  }

  notes(property: Property | undefined): string[] {
    const notes: string[] = [];
    if (this.#runs > this.imagesOfClass.size) {
      notes.push(
        `The images of an identity are not always together: ${String(this.#runs)} runs of ${String(this.imagesOfClass.size)} identities.`,
      );
    }
    let largest = -1;
    for (const label of this.imagesOfClass.keys()) largest = Math.max(largest, label);
    if (property !== undefined && largest >= property.identities) {
      notes.push(
        `The largest label is ${String(largest)}, but the property file says ${String(property.identities)} identities.`,
      );
    }
    return notes;
  }

  #addIndexRecord(record: ImageRecord): void {
    // The index record comes before those of the identities, whatever ids their headers have.
    if (this.#indexRecord === undefined) this.#indexRecord = { ...record, payload: new Uint8Array(0) };
    else this.#identityRecords += 1;
  }

  #describeIndexRecord(): string {
    const label = this.#indexRecord?.label;
    if (label === undefined || typeof label === 'number') return 'none, as im2rec writes: all records are images';
    const [first = 0, end = 0] = label;
    return `there, as face2rec2 writes: images have ids 1 to ${String(first - 1)}, identities ${String(first)} to ${String(end - 1)} (${String(this.#identityRecords)} records)`;
  }
}

/** What is wrong with it is damage beside that of the records. */
function readProperty(folder: string, census: Census): Property | undefined {
  const path = join(folder, packedFiles.property);
  if (!existsSync(path)) return undefined;
  return census.noting(() => decodeFile(propertyFile, path));
}

function indexNotes(path: string, census: Census): string[] {
  const index = census.noting(() => readIndexFile(path));
  if (index === undefined) return [];
  // By where records start, as readers go: readers ignore the ids within records, and some packers leave them 0.
  const listed = new Set(index.offsets);
  const wrong = census.offsets.filter((offset) => !listed.has(offset)).length;
  if (wrong === 0 && index.size === census.offsets.length) return [];
  return [
    `The index does not belong to the records: ${String(wrong)} of ${String(census.offsets.length)} records stand elsewhere. Delete the .idx file.`,
  ];
}
