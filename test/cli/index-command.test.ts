import { readFileSync, rmSync } from 'node:fs';
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
});
