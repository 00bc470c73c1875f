import { mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { eachRow } from '../../../../src/kit/face/features/each-row.ts';
import { commonContract, FeatureStore } from '../../../../src/kit/face/features/feature-store.ts';
import { listedRows } from '../../../../src/kit/face/features/listed-rows.ts';
import { featureMatrix, featureOf } from '../../../../src/kit/codec/megaface/feature-matrix.ts';
import { printedFailure, temporaryFolder } from '../../dataset/tiny-faces.ts';
import { changeIndex, storeOf } from './store-of.ts';

const rows = [
  ['Ada/1.png', [1, 0]],
  ['Ada/2.png', [0.6, 0.8]],
  ['Ben/1.png', [0, -1]],
] as const;

/** What a failure prints, without the temporary folder. */
async function printed(folder: string, action: () => unknown): Promise<string> {
  return (await printedFailure(action)).replaceAll(folder, '<folder>').trimEnd();
}

function stored(folder: string, layout: 'matrix' | 'files' = 'matrix'): FeatureStore {
  return new FeatureStore(storeOf(join(folder, 'features'), rows, { layout, suffix: '_y1' }));
}

describe.each(['matrix', 'files'] as const)('features as %s', (layout) => {
  it('are read by number and by name', () => {
    const store = stored(temporaryFolder(), layout);
    expect([store.rows, store.columns, [...store.names]]).toEqual([3, 2, ['Ada/1.png', 'Ada/2.png', 'Ben/1.png']]);
    expect([...store.read(1, 2)]).toEqual([Math.fround(0.6), Math.fround(0.8), 0, -1]);
    expect([...store.rowsOf(['Ben/1.png', 'Ada/1.png'])]).toEqual([2, 0]);
    expect([...store.find(['Cem/1.png', 'Ada/2.png'])]).toEqual([['Ada/2.png', 1]]);
    const visited = Array.from(eachRow(store, [2, 0, 1]), ({ place, values }) => [place, values[0]]);
    expect(visited).toEqual([
      [0, 0],
      [1, 1],
      [2, Math.fround(0.6)],
    ]);
    store.close();
  });

  it('are refused where a row is not finite or zero, by the name of its image', async () => {
    const folder = temporaryFolder();
    const bad = (values: readonly number[]): FeatureStore =>
      new FeatureStore(
        storeOf(
          join(folder, String(values[0])),
          [
            ['Ada/1.png', [1, 0]],
            ['Ben/7.png', values],
          ],
          { layout },
        ),
      );
    const file = layout === 'matrix' ? 'features.bin' : 'Ben/7.png.bin';
    expect(await printed(folder, () => bad([NaN, 1]).read(0, 2))).toBe(
      `<folder>/NaN/${file}: feature-not-finite: the feature of Ben/7.png is not made of finite numbers\n` +
        '  No distance to it can be computed: compute the features again, or leave the image out of the list.',
    );
    expect(await printed(folder, () => bad([0, 0]).read(0, 2))).toBe(
      `<folder>/0/${file}: zero-feature: the feature of Ben/7.png is zero in all its numbers\n` +
        '  It has no direction and is equally far from everybody: compute the features again, or leave the image out of the list.',
    );
  });
});

describe('features that do not fit', () => {
  it('missing-features tells of all that are missing at once, and counts them', async () => {
    const folder = temporaryFolder();
    const store = stored(folder);
    expect(await printed(folder, () => store.rowsOf(['Cem/1.png', 'Ada/1.png', 'Ben/2.png']))).toMatchInlineSnapshot(`
      "<folder>/features: missing-features: 2 of 3 images that are asked for have no features: Cem/1.png, Ben/2.png
        Names are compared as names.txt has them, with folder and ending; images that could not be read are named in features.json."
    `);
    const many = Array.from({ length: 150 }, (_, index) => `Dia/${index}.png`);
    expect(await printed(folder, () => store.rowsOf(many))).toContain('Dia/98.png, Dia/99.png, and 50 more\n');
  });

  it('feature-length', async () => {
    const folder = temporaryFolder();
    const store = stored(folder, 'files');
    writeFileSync(join(folder, 'features/Ada/2.png_y1.bin'), featureMatrix.encode(featureOf(Float32Array.of(1, 2, 3))));
    expect(await printed(folder, () => store.read(0, 3))).toMatchInlineSnapshot(`
      "<folder>/features/Ada/2.png_y1.bin: feature-length: the feature of Ada/2.png has 3 numbers, expected 2
        Features of different networks cannot be compared: compute all of them with the same one."
    `);
  });

  it('repeated-feature', async () => {
    const folder = temporaryFolder();
    const store = new FeatureStore(storeOf(join(folder, 'twice'), [...rows, rows[1]]));
    expect(await printed(folder, () => store.find(['Ada/1.png']))).toMatchInlineSnapshot(`
      "<folder>/twice/names.txt: repeated-feature: the name Ada/2.png is there for the second time, as number 4
        Features are found by their names: list every image once."
    `);
  });

  it('not-features', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'bare'));
    expect(await printed(folder, () => new FeatureStore(join(folder, 'bare')))).toMatchInlineSnapshot(`
      "<folder>/bare: not-features: expected a folder of features with features.json and names.txt, found a folder without features.json
        The stages features, megaface-features and remove-noises write them; docs/formats/features.md tells how."
    `);
    changeIndex(join(folder, 'bare'), { format: 'faceflow-features', version: 2 });
    expect(await printed(folder, () => new FeatureStore(join(folder, 'bare')))).toContain(
      'found "format": "faceflow-features", "version": 2\n',
    );
    writeFileSync(join(folder, 'bare', 'features.json'), '{');
    expect(await printed(folder, () => new FeatureStore(join(folder, 'bare')))).toContain(
      'something else than a JSON object',
    );
    expect(await printed(folder, () => new FeatureStore(join(folder, 'gone')))).toContain(
      '<folder>/gone: not-features: ',
    );
  });

  it('damaged-features', async () => {
    const folder = temporaryFolder();
    stored(folder).close();
    const file = join(folder, 'features');
    const names = readFileSync(join(file, 'names.txt'), 'utf8');
    writeFileSync(join(file, 'names.txt'), names.slice(0, names.indexOf('Ben')));
    expect(await printed(folder, () => [...new FeatureStore(file).names])).toMatchInlineSnapshot(`
      "<folder>/features/names.txt: damaged-features: expected 3 names, as features.json says, found 2
        The files of a folder of features belong together: copy it again, or compute it again."
    `);
    truncateSync(join(file, 'features.bin'), 30);
    expect(await printed(folder, () => new FeatureStore(file))).toMatchInlineSnapshot(`
      "<folder>/features/features.bin: damaged-features: expected 3 rows of 2 numbers (float32), as features.json says: 40 bytes, found 3 rows of 2 in 30 bytes
        The files of a folder of features belong together: copy it again, or compute it again."
    `);
  });

  it('other-contract and features-without-contract', async () => {
    const folder = temporaryFolder();
    const own = stored(folder);
    const other = new FeatureStore(storeOf(join(folder, 'other'), rows, { contract: 'cd'.repeat(32) }));
    expect(commonContract([own, own])).toBe('ab'.repeat(32));
    expect(await printed(folder, () => commonContract([own, other]))).toMatchInlineSnapshot(`
      "<folder>/other/features.json: other-contract: the features are of another network or preprocessing than those of <folder>/features: contract cdcdcdcdcdcd, expected abababababab
        Compute both with the same models, normalisation and image size, and clean both or none."
    `);
    const { format, version, layout, columns } = other.index;
    changeIndex(join(folder, 'other'), { format, version, layout, rows: 3, columns });
    expect(await printed(folder, () => commonContract([own, new FeatureStore(join(folder, 'other'))])))
      .toMatchInlineSnapshot(`
      "<folder>/other/features.json: features-without-contract: features.json tells no contract, so that nothing proves that these features may be compared with others
        Version 3 of the stage features wrote none: run it again."
    `);
  });
});

describe('rows of a list', () => {
  it('are found by the path or by the end of it, and know their people', () => {
    const folder = temporaryFolder();
    const store = stored(folder);
    const [kit, packing] = [join(folder, 'probes_list.json'), join(folder, 'faces.lst')];
    writeFileSync(kit, JSON.stringify({ path: ['Ben/1.png', 'Ada/1.png'], id: ['B', 'A'] }));
    expect(listedRows(store, { list: kit, parts: 2, missing: 'fail' })).toEqual({
      ...{ names: ['Ben/1.png', 'Ada/1.png'], rows: Uint32Array.of(2, 0), people: ['B', 'A'], missing: [] },
    });
    writeFileSync(packing, '1\t/data/aligned/Ada/2.png\t0\n1\tCem/1.png\t1\n');
    expect(listedRows(store, { list: packing, parts: 2, missing: 'skip' })).toEqual({
      ...{ names: ['Ada/2.png'], rows: Uint32Array.of(1), people: ['Ada'], missing: ['Cem/1.png'] },
    });
    const all = listedRows(store, { parts: 2, missing: 'fail' });
    expect([[...all.people], all.people.at(2), [...all.names], [...all.rows]]).toEqual([
      ['Ada', 'Ada', 'Ben'],
      'Ben',
      ['Ada/1.png', 'Ada/2.png', 'Ben/1.png'],
      [0, 1, 2],
    ]);
  });

  it('are found in spite of blanks and another ending, unless several images would do', () => {
    const folder = temporaryFolder();
    const names = ['Ada_L/1.png', 'Ben/1.png', 'Ben/1.jpg', '068/068A03.jpg'];
    const store = new FeatureStore(
      storeOf(
        join(folder, 's'),
        names.map((name) => [name, [1]] as const),
      ),
    );
    const list = join(folder, 'uncropped_list.json');
    writeFileSync(list, JSON.stringify({ path: ['068/068A03.JPG', 'Ada L/1.jpeg', 'Ben/1.gif', 'Ben/1.jpg'] }));
    expect(listedRows(store, { list, parts: 2, missing: 'skip' })).toMatchObject({
      names: ['068/068A03.jpg', 'Ada_L/1.png', 'Ben/1.jpg'],
      missing: ['Ben/1.gif'],
    });
  });

  it('are refused where one is missing, or listed twice', async () => {
    const folder = temporaryFolder();
    const store = stored(folder);
    const list = join(folder, 'faces.lst');
    writeFileSync(list, '1\tAda/2.png\t0\n1\tCem/1.png\t1\n');
    expect(await printed(folder, () => listedRows(store, { list, parts: 2, missing: 'fail' }))).toContain(
      '<folder>/features: missing-features: 1 of 2 images that are asked for have no features: Cem/1.png\n',
    );
    writeFileSync(list, '1\tAda/2.png\t0\n1\tx/Ada/2.png\t1\n');
    expect(await printed(folder, () => listedRows(store, { list, parts: 2, missing: 'fail' }))).toContain(
      '<folder>/faces.lst: repeated-feature: the name Ada/2.png is there for the second time, as number 2\n',
    );
  });
});
