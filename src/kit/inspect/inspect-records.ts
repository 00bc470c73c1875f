import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { FailureError, type Failure } from '../../core/failure.ts';
import { humanBytes } from '../../core/human.ts';
import { readIndexFile, type RecordIndex } from '../codec/mxnet/index-file.ts';
import { packedFiles } from '../dataset/packed-dataset.ts';
import { propertyFile, type Property } from '../codec/insightface/property-file.ts';
import { decodeFile } from '../codec/read-file.ts';
import { RecordFile } from '../dataset/record-file.ts';
import { classOf, type ImageRecord } from '../codec/insightface/record-header.ts';
import { ImageSurvey } from './inspect-images.ts';
import { histogramOf, spread, type Fact, type Inspection } from './inspection.ts';

/**
 * A .rec file, with the .idx and property file beside it where there are any. Labels of all records are read; of the
 * images, `limit` are looked at.
 */
export async function inspectRecords(path: string, limit: number): Promise<Inspection> {
  const records = new RecordFile(path);
  try {
    const census = new Census(records);
    const indexPath = path.replace(/\.rec$/, '.idx');
    const hasIndex = indexPath !== path && existsSync(indexPath);
    census.scan();
    const chosen = spread(census.images.length, limit);
    const survey = new ImageSurvey(chosen.length);
    for (const position of chosen) {
      const offset = census.images[position] ?? 0;
      const record = records.readAt(offset);
      const source = { file: path, offset, what: `image ${String(record.id)}` };
      await survey.add(record.payload, source, `image ${String(record.id)}, class ${String(classOf(record))}`);
    }
    const property = readProperty(dirname(path));
    return {
      path,
      format: basename(path) === packedFiles.records && property !== undefined ? 'packed-set' : 'record-io',
      title: property === undefined ? 'RecordIO file (.rec)' : 'packed training set (.rec, .idx, property)',
      summary: 'Images with labels, packed one after the other as MXNet reads them; train reads it.',
      facts: [
        ...census.facts(),
        ...survey.facts(chosen.length, census.images.length),
        { name: 'size', value: humanBytes(records.size) },
        {
          name: 'index (.idx)',
          value: hasIndex
            ? 'there'
            : 'none; it is rebuilt in memory when the set is opened, and written by: flow index',
        },
        ...(property === undefined
          ? []
          : [
              {
                name: 'property',
                value: `${String(property.identities)} identities, ${String(property.width)} x ${String(property.height)} pixels`,
              },
            ]),
      ],
      notes: [...census.notes(property), ...(hasIndex ? indexNotes(indexPath, census) : [])],
      damage: [...census.damage, ...survey.damage],
      imagesPerIdentity: histogramOf(census.imagesOfClass.values()),
      samples: survey.samples,
    };
  } finally {
    records.close();
  }
}

/** Goes once over all records. */
class Census {
  /** Offsets of the records that hold images. */
  readonly images: number[] = [];
  readonly offsets = new Map<number, number>();
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

  scan(): void {
    try {
      let lastClass: number | undefined;
      for (const { offset } of this.#records.scan()) {
        const record = this.#records.readAt(offset);
        this.offsets.set(record.id, offset);
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
    if (record.id === 0) this.#indexRecord = { ...record, payload: new Uint8Array(0) };
    else this.#identityRecords += 1;
  }

  #describeIndexRecord(): string {
    const label = this.#indexRecord?.label;
    if (label === undefined || typeof label === 'number') return 'none, as im2rec writes: all records are images';
    const [first = 0, end = 0] = label;
    return `there, as face2rec2 writes: images have ids 1 to ${String(first - 1)}, identities ${String(first)} to ${String(end - 1)} (${String(this.#identityRecords)} records)`;
  }
}

function readProperty(folder: string): Property | undefined {
  const path = join(folder, packedFiles.property);
  return existsSync(path) ? decodeFile(propertyFile, path) : undefined;
}

function indexNotes(path: string, census: Census): string[] {
  let index: RecordIndex;
  try {
    index = readIndexFile(path);
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    census.damage.push(...error.failures);
    return [];
  }
  const wrong = [...census.offsets].filter(([id, offset]) => index.offsetOf(id) !== offset).length;
  if (wrong === 0 && index.size === census.offsets.size) return [];
  return [
    `The index does not belong to the records: ${String(wrong)} of ${String(census.offsets.size)} records stand elsewhere. Delete the .idx file.`,
  ];
}
