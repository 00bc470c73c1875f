import { closeSync, openSync, readFileSync, statSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Cursor } from '../../../../src/kit/codec/cursor.ts';
import { readIndexFile } from '../../../../src/kit/codec/mxnet/index-file.ts';
import { RecordFile } from '../../../../src/kit/codec/mxnet/record-file.ts';
import {
  decodeImageRecord,
  encodeImageRecordInto,
  imageRecordBytes,
} from '../../../../src/kit/codec/mxnet/image-record.ts';
import { recordIo } from '../../../../src/kit/codec/mxnet/record-io.ts';
import { RecordWriter } from '../../../../src/kit/codec/mxnet/record-writer.ts';
import { failuresOf, temporaryFolder } from '../../dataset/tiny-faces.ts';

const magic = [0x0a, 0x23, 0xd7, 0xce];

/** The records of the check bytes in the format's description. */
const checkRecords = [
  { id: 1, id2: 0, label: [0, 1], payload: Buffer.from('abc') },
  { id: 2, id2: 0, label: [1, 1], payload: Buffer.from([...Buffer.from('WXYZ'), ...magic, ...Buffer.from('12345')]) },
  { id: 0, id2: 0, label: [3, 5], payload: Buffer.alloc(0) },
  { id: 3, id2: 0, label: [1, 2], payload: Buffer.alloc(0) },
  { id: 4, id2: 0, label: [2, 3], payload: Buffer.alloc(0) },
];

function writeCheckFile(): { records: string; index: string } {
  const folder = temporaryFolder();
  const paths = { records: join(folder, 'train.rec'), index: join(folder, 'train.idx') };
  const writer = new RecordWriter(paths.records, paths.index);
  for (const record of checkRecords) writer.write(record);
  writer.finish();
  return paths;
}

describe('RecordIO', () => {
  it('writes the check bytes of the format', () => {
    const { records, index } = writeCheckFile();
    expect(readFileSync(index, 'latin1')).toBe('1\t0\n2\t44\n0\t104\n3\t144\n4\t184\n');
    const bytes = readFileSync(records);
    expect(bytes.subarray(0, 44).toString('hex')).toBe(
      '0a23d7ce' +
        '23000000' +
        '02000000' +
        '00000000' +
        '0100000000000000' +
        '0000000000000000' +
        '00000000' +
        '0000803f' +
        '616263' +
        '00',
    );
    expect(bytes.subarray(44, 52).toString('hex')).toBe('0a23d7ce24000020');
    expect(bytes.subarray(88, 104).toString('hex')).toBe('0a23d7ce05000060' + '3132333435' + '000000');
    expect(bytes.length).toBe(224);
  });

  it('reads back what it wrote, at any offset and in any order', () => {
    const { records, index } = writeCheckFile();
    const file = new RecordFile(records);
    const offsets = readIndexFile(index);
    for (const expected of [...checkRecords].reverse()) {
      const record = file.readAt(offsets.offsetOf(expected.id) ?? -1);
      expect({ ...record, payload: Buffer.from(record.payload) }).toEqual(expected);
    }
    file.close();
  });

  it('rebuilds a lost index from the records', () => {
    const { records, index } = writeCheckFile();
    const file = new RecordFile(records);
    const rebuilt = file.buildIndex();
    expect([...rebuilt.ids]).toEqual([1, 2, 0, 3, 4]);
    expect([...rebuilt.offsets]).toEqual([...readIndexFile(index).offsets]);
    file.close();
  });

  it('round-trips any payload, with the magic word in any place', () => {
    const word = fc.oneof(fc.constant(magic), fc.array(fc.nat(255), { maxLength: 9 }));
    const payload = fc.array(word, { maxLength: 8 }).map((words) => Uint8Array.from(words.flat()));
    fc.assert(
      fc.property(fc.array(payload, { maxLength: 4 }), (payloads) => {
        const bytes = recordIo.encode(payloads);
        expect(bytes.length % 4).toBe(0);
        const back = recordIo.decode(new Cursor(bytes, 'x.rec'));
        expect(back.map((part) => [...part])).toEqual(payloads.map((part) => [...part]));
      }),
    );
  });

  it('round-trips both label forms', () => {
    for (const label of [7, [1.5], [3, 1], []] as const) {
      const record = { id: 9, id2: 2, label, payload: Buffer.from('x') };
      const bytes = Buffer.alloc(imageRecordBytes(record));
      encodeImageRecordInto(bytes, 0, record);
      const back = decodeImageRecord(new Cursor(bytes, 'x.rec'));
      // No labels at all is stored as the one label 0.
      expect(back.label).toEqual(Array.isArray(label) && label.length === 0 ? 0 : label);
    }
  });

  it('names file and offset where the file was cut, at every byte', async () => {
    const { records } = writeCheckFile();
    const whole = readFileSync(records);
    const starts = [0, 44, 104, 144, 184, 224];
    for (let length = 1; length < whole.length; length += 1) {
      if (starts.includes(length)) continue;
      truncateSync(records, length);
      const file = new RecordFile(records);
      const failures = await failuresOf(() => file.buildIndex());
      file.close();
      expect(failures).toHaveLength(1);
      expect(failures[0]).toMatchObject({ code: 'truncated-file', at: { file: records } });
      writeFileSync(records, whole);
    }
  });

  it('says that a frame does not start with the magic word, and where', async () => {
    const { records } = writeCheckFile();
    const bytes = readFileSync(records);
    bytes[104] = 0;
    writeFileSync(records, bytes);
    const file = new RecordFile(records);
    const failures = await failuresOf(() => file.buildIndex());
    file.close();
    expect(failures[0]).toEqual({
      code: 'damaged-file',
      message: `a record should start with 0xced7230a, found 0xced72300`,
      at: { file: records, offset: 104 },
    });
  });

  it('refuses a middle part where a record should begin', async () => {
    const bytes = recordIo.encode([Uint8Array.from([...magic, 1, 2, 3, 4])]);
    const tail = bytes.subarray(8);
    const failures = await failuresOf(() => recordIo.decode(new Cursor(tail, 'x.rec')));
    expect(failures[0]?.message).toBe('expected a whole record or a first part, found a last part');
  });

  it('reads any record of a file of 100 GB without reading the file', () => {
    const { records } = writeCheckFile();
    const far = 100_000_000_000;
    const frames = readFileSync(records);
    const descriptor = openSync(records, 'r+');
    writeSync(descriptor, frames, 44, 60, far);
    closeSync(descriptor);
    expect(statSync(records).size).toBe(far + 60);
    const before = process.memoryUsage.rss();
    const start = performance.now();
    const file = new RecordFile(records);
    const textAt = (offset: number): string => Buffer.from(file.readAt(offset).payload).toString('latin1');
    expect(textAt(far)).toBe('WXYZ\x0a\x23\xd7\xce12345');
    expect(textAt(0)).toBe('abc');
    file.close();
    expect(performance.now() - start).toBeLessThan(1000);
    expect(process.memoryUsage.rss() - before).toBeLessThan(32 * 2 ** 20);
  });

  it('leaves nothing behind under the final name until it is finished', () => {
    const folder = temporaryFolder();
    const writer = new RecordWriter(join(folder, 'train.rec'), join(folder, 'train.idx'));
    writer.writePayload(1, Buffer.from('abc'));
    expect(() => readFileSync(join(folder, 'train.rec'))).toThrow('ENOENT');
    writer.abandon();
    expect(() => readFileSync(join(folder, 'train.idx'))).toThrow('ENOENT');
  });
});
