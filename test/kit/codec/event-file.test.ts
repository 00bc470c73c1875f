import { describe, expect, it } from 'vitest';
import { checksum, encodeEvent, firstEvent, wholeEvents } from '../../../src/kit/codec/tensorflow/event-file.ts';

describe('event files of TensorBoard', () => {
  // RFC 3720, appendix B.4, and the check value of the CRC catalogue.
  it.each([
    ['32 zeros', new Uint8Array(32), 0x8a9136aa],
    ['32 times 255', new Uint8Array(32).fill(255), 0x62a8ab43],
    ['0 to 31', Uint8Array.from({ length: 32 }, (_, at) => at), 0x46dd794e],
    ['the digits 1 to 9', new TextEncoder().encode('123456789'), 0xe3069283],
  ])('have the check sum CRC-32C: %s', (_, bytes, expected) => {
    expect(checksum(bytes)).toBe(expected);
  });

  it('are records of the bytes that the format says', () => {
    // Field 3, length 13, the text.
    const data = Buffer.from('1a0d627261696e2e4576656e743a32', 'hex');
    const record = Buffer.from(encodeEvent(firstEvent));
    expect(record.readBigUInt64LE(0)).toBe(15n);
    expect(record.subarray(12, 27).equals(data)).toBe(true);
    expect(record.length).toBe(12 + 15 + 4);
  });

  it('are read back up to the last whole event, wherever they are cut off or damaged', () => {
    const events = [
      firstEvent,
      {
        wallTime: 1.5e9 + 0.25,
        step: 20,
        summary: {
          values: [
            { tag: 'loss', value: 2.5 },
            { tag: 'acc', value: 0.5 },
          ],
        },
      },
      { wallTime: 1.5e9 + 9, step: 40, summary: { values: [{ tag: 'loss', value: 1.25 }] } },
    ];
    const records = events.map((event) => Buffer.from(encodeEvent(event)));
    const whole = Buffer.concat(records);
    expect(wholeEvents(whole).map(({ event }) => event)).toEqual(events);
    const ends = records.map((_, index) => Buffer.concat(records.slice(0, index + 1)).length);
    expect(wholeEvents(whole).map(({ end }) => end)).toEqual(ends);
    for (let length = 0; length < whole.length; length += 1) {
      expect(wholeEvents(whole.subarray(0, length))).toHaveLength(ends.filter((end) => end <= length).length);
      const damaged = Buffer.from(whole);
      damaged[length] = (damaged[length] ?? 0) ^ 0x10;
      expect(wholeEvents(damaged)).toHaveLength(ends.filter((end) => end <= length).length);
    }
  });
});
