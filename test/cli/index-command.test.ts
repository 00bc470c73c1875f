import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DatasetWriter } from '../../src/kit/dataset/dataset-writer.ts';
import { Rig } from '../e2e/rig.ts';
import { jpeg } from '../kit/dataset/tiny-faces.ts';

describe('flow index', () => {
  let rig: Rig;
  beforeEach(() => {
    rig = new Rig();
  });
  afterEach(() => rig.dispose());

  it('writes a lost index as it was, and replaces none unasked', async () => {
    const writer = new DatasetWriter(rig.path('set'));
    for (const [seed, label] of [0, 0, 1].entries()) writer.add(label, true, jpeg(seed));
    writer.finish({ height: 16, width: 16 });
    const lost = readFileSync(rig.path('set/train.idx'));
    rmSync(rig.path('set/train.idx'));
    const { code, stdout } = await rig.flow(['index', 'set']);
    expect([code, stdout]).toEqual([0, `${rig.path('set/train.idx')}: 6 records\n`]);
    expect(readFileSync(rig.path('set/train.idx')).equals(lost)).toBe(true);
    const again = await rig.flow(['index', 'set/train.rec']);
    expect(again.code).toBe(2);
    expect(again.stderr.replaceAll(rig.folder, '<workspace>').trimEnd()).toMatchInlineSnapshot(`
      "<workspace>/set/train.idx: index-exists: there is an index already
        flow inspect shows whether it belongs to the records; --force writes it again."
    `);
    expect((await rig.flow(['index', '--force', 'set/train.rec'])).code).toBe(0);
    expect((await rig.flow(['index', 'set/property'])).stderr).toContain('expected a .rec file');
  });

  it('passes over what cannot be read where it is told to, and names it', async () => {
    const writer = new DatasetWriter(rig.path('set'), { identityRecords: false });
    for (const seed of [0, 1, 2, 3]) writer.add(seed, true, jpeg(seed));
    writer.finish({ height: 16, width: 16 });
    const offsets = readFileSync(rig.path('set/train.idx'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.split('\t'));
    const [start, next] = [Number(offsets[1]?.[1]), Number(offsets[2]?.[1])];
    const bytes = readFileSync(rig.path('set/train.rec'));
    bytes.fill(0x41, start, start + 12);
    writeFileSync(rig.path('set/train.rec'), bytes);
    expect((await rig.flow(['index', 'set', '--force'])).stderr).toContain('damaged-file');
    const { code, stdout, stderr } = await rig.flow(['index', 'set', '--force', '--lax']);
    expect([code, stdout]).toEqual([0, `${rig.path('set/train.idx')}: 3 records, 1 damaged place left out\n`]);
    expect(stderr).toContain(
      `${rig.path('set/train.rec')}: left out bytes ${start} to ${next}: a record should start with`,
    );
    const kept = offsets.filter((_, index) => index !== 1).map((line) => `${line.join('\t')}\n`);
    expect(readFileSync(rig.path('set/train.idx'), 'utf8')).toBe(kept.join(''));
  });

  it('writes the property file that newer packers leave out, and replaces none unasked', async () => {
    const writer = new DatasetWriter(rig.path('set'), { identityRecords: false, labelForm: 'class' });
    for (const [seed, label] of [0, 4, 2].entries()) writer.add(label, true, jpeg(seed));
    writer.finish({ height: 16, width: 16 });
    const written = readFileSync(rig.path('set/property'), 'utf8');
    rmSync(rig.path('set/property'));
    const { code, stdout } = await rig.flow(['index', 'set', '--property']);
    expect([code, stdout]).toEqual([0, `${rig.path('set/property')}: 5 identities, 16 x 16\n`]);
    expect(readFileSync(rig.path('set/property'), 'utf8')).toBe(written);
    const again = await rig.flow(['index', 'set', '--property']);
    expect(again.code).toBe(2);
    expect(again.stderr.replaceAll(rig.folder, '<workspace>').trimEnd()).toMatchInlineSnapshot(`
      "<workspace>/set/property: property-exists: there is a property file already
        flow inspect shows whether it fits the records; --force writes it again."
    `);
    const json = await rig.flow(['index', 'set', '--property', '--force', '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject({ identities: 5, height: 16, width: 16 });
  });

  it('writes the property file of what can be read where it is told to, and names the rest', async () => {
    const writer = new DatasetWriter(rig.path('set'), { identityRecords: false, labelForm: 'class' });
    const images = [jpeg(0), Buffer.from('<html>404</html>'), jpeg(2), jpeg(3, 24), jpeg(4), jpeg(5)];
    for (const [label, image] of images.entries()) writer.add(label, true, image);
    writer.finish({ height: 16, width: 16 });
    const index = readFileSync(rig.path('set/train.idx'), 'utf8');
    const offsets = index
      .trim()
      .split('\n')
      .map((line) => Number(line.split('\t')[1]));
    const bytes = readFileSync(rig.path('set/train.rec'));
    bytes.fill(0x41, offsets[5], (offsets[5] ?? 0) + 12);
    writeFileSync(rig.path('set/train.rec'), bytes);
    rmSync(rig.path('set/property'));
    expect((await rig.flow(['index', 'set', '--property'])).stderr).toContain('damaged-file');
    const { code, stdout, stderr } = await rig.flow(['index', 'set', '--property', '--lax']);
    const property = rig.path('set/property');
    expect([code, stdout]).toEqual([0, `${property}: 5 identities, 16 x 16, 3 unreadable records left out\n`]);
    expect(
      stderr
        .split(': left out ')
        .slice(1)
        .map((text) => text.split(' at byte')[0]?.slice(0, 20)),
    ).toEqual(['record 2', `bytes ${offsets[5] ?? ''} to ${bytes.length}: `.slice(0, 20), 'record 4']);
    expect(readFileSync(property, 'utf8')).toBe('5,16,16\n');
  });

  it('writes nothing of a file without a single readable record, and says what is wrong with the first', async () => {
    rig.write('set/train.rec', '<html>404 not found: this is no record at all</html>');
    const printed = async (...options: string[]): Promise<string> => {
      const { code, stdout, stderr } = await rig.flow(['index', 'set', ...options]);
      expect([code, stdout]).toEqual([2, '']);
      return stderr.replaceAll(rig.folder, '<workspace>').trimEnd();
    };
    const lax = await printed('--lax');
    expect(lax).toMatchInlineSnapshot(`
      "<workspace>/set/train.rec: left out bytes 0 to 52: a record should start with 0xced7230a, found 0x6d74683c
      <workspace>/set/train.rec: no-readable-record: no record can be read, so nothing was written; of 1 unreadable, the first: bytes 0 to 52: a record should start with 0xced7230a, found 0x6d74683c
        Copy or download the file again; flow inspect shows what it holds."
    `);
    expect(await printed('--lax', '--property')).toBe(lax);
    rig.write('set/train.rec', '');
    expect(await printed()).toMatchInlineSnapshot(`
      "<workspace>/set/train.rec: no-readable-record: the file holds no record, so nothing was written
        Copy or download the file again; flow inspect shows what it holds."
    `);
    expect(await printed('--lax')).toBe(await printed());
    expect(readdirSync(rig.path('set'))).toEqual(['train.rec']);
  });
});
