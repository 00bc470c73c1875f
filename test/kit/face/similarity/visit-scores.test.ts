import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../../src/core/random.ts';
import type { EngineIdentity } from '../../../../src/core/engine-identity.ts';
import { installedOnnxruntime, trainingEngine } from '../../../../src/kit/net/engines/choose-engine.ts';
import { exactScore, scoreError } from '../../../../src/kit/face/similarity/exact-score.ts';
import { openProducts, requirePrecision } from '../../../../src/kit/face/similarity/products.ts';
import {
  chosenVectors,
  vectorsInFile,
  vectorsInMemory,
  type VectorSource,
} from '../../../../src/kit/face/similarity/vector-source.ts';
import { visitScores, type VisitOptions } from '../../../../src/kit/face/similarity/visit-scores.ts';
import { refusalOf } from '../../refusal.ts';
import { otherEngines } from '../../net/backends/engines.ts';
import { temporaryFolder } from '../../dataset/tiny-faces.ts';

const columns = 7;
const { signal } = new AbortController();

function unitVectors(rows: number, seed: number): Float32Array {
  const random = new Random(seed);
  const values = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row += 1) {
    const vector = Array.from({ length: columns }, () => random.normal());
    const length = Math.hypot(...vector);
    values.set(
      vector.map((value) => value / length),
      row * columns,
    );
  }
  return values;
}

function engines(): EngineIdentity[] {
  const onnxruntime = installedOnnxruntime();
  return [...(onnxruntime.installed ? [onnxruntime.identity] : []), ...otherEngines()];
}

const cpu = { engine: trainingEngine('cpu').identity, threads: 1, columns };

/** The scores of all pairs that were visited; NaN of the others. */
async function allScores(options: Pick<VisitOptions, 'products' | 'left' | 'right'>) {
  const { left, right } = options;
  const scores = new Float64Array(left.rows * right.rows).fill(NaN);
  const progress: (readonly [number, number])[] = [];
  let visits = 0;
  await visitScores({
    ...options,
    signal,
    onProgress: (done, total) => progress.push([done, total]),
    visit(block) {
      for (let row = 0; row < block.left.count; row += 1) {
        for (let column = 0; column < block.right.count; column += 1) {
          visits += 1;
          scores[(block.left.start + row) * right.rows + block.right.start + column] =
            block.scores[row * block.right.count + column] ?? NaN;
        }
      }
    },
  });
  return { scores, progress, visits };
}

describe('visitScores', () => {
  it.each(engines())(
    'computes on $name $version what the exact score is, up to the error that is stated',
    async (engine) => {
      const [one, other] = [unitVectors(2050, 1), unitVectors(2100, 2)];
      const products = await openProducts({ engine, threads: 2, columns });
      const { scores, visits, progress } = await allScores({
        products,
        left: vectorsInMemory(one, columns),
        right: vectorsInMemory(other, columns),
      });
      await products.dispose();
      expect(visits).toBe(2050 * 2100);
      expect(progress.at(-1)).toEqual([visits, visits]);
      let worst = 0;
      for (const [index, score] of scores.entries()) {
        const [row, column] = [Math.floor(index / 2100), index % 2100];
        const exact = exactScore({ values: one, at: row * columns }, { values: other, at: column * columns }, columns);
        worst = Math.max(worst, Math.abs(exact - score));
      }
      expect(worst).toBeLessThan(scoreError(columns));
      expect(worst).toBeGreaterThan(0);
    },
  );

  it('reads a file by blocks, and chosen rows of it, as it reads memory', async () => {
    const file = join(temporaryFolder(), 'features.bin');
    const values = unitVectors(300, 4);
    writeFileSync(file, Buffer.concat([Buffer.alloc(16), Buffer.from(values.buffer)]));
    const source = await vectorsInFile({ file, offset: 16, rows: 300, columns });
    const chosen = [7, 8, 9, 299, 0, 0, 1];
    const products = await openProducts(cpu);
    const memory = vectorsInMemory(values, columns);
    const { scores } = await allScores({ products, left: source, right: chosenVectors(source, chosen) });
    const expected = await allScores({ products, left: memory, right: memory });
    await source.close();
    expect([...scores]).toEqual(
      Array.from({ length: 300 }, (_, row) => chosen.map((column) => expected.scores[row * 300 + column])).flat(),
    );
  });

  it('stops when it is told to, and when a reader or a visitor fails', async () => {
    const products = await openProducts(cpu);
    const memory = vectorsInMemory(unitVectors(4100, 5), columns);
    const controller = new AbortController();
    let visits = 0;
    const visiting = visitScores({
      products,
      ...{ left: memory, right: memory },
      signal: controller.signal,
      visit() {
        visits += 1;
        controller.abort(new Error('told to stop'));
      },
    });
    await expect(visiting).rejects.toThrow('told to stop');
    expect(visits).toBe(1);
    const broken: VectorSource = {
      ...memory,
      read: (start, count) => (start > 0 ? Promise.reject(new Error('cannot read')) : memory.read(start, count)),
    };
    const visit = () => undefined;
    await expect(visitScores({ products, left: broken, right: memory, signal, visit })).rejects.toThrow('cannot read');
    const failing = () => Promise.reject(new Error('cannot visit'));
    await expect(visitScores({ products, left: memory, right: memory, signal, visit: failing })).rejects.toThrow(
      'cannot visit',
    );
  });

  it('refuses a file that ends before its last row', async () => {
    const file = join(temporaryFolder(), 'features.bin');
    writeFileSync(file, Buffer.alloc(16 + 4 * columns * 2));
    const source = await vectorsInFile({ file, offset: 16, rows: 3, columns });
    const products = await openProducts(cpu);
    expect(
      await refusalOf(() => visitScores({ products, left: source, right: source, signal, visit: () => undefined })),
    ).toBe('vectors-cut-off: the file ends after 72 bytes, its rows need 100');
    await source.close();
  });
});

describe('requirePrecision', () => {
  it('refuses an engine that rounds its inputs to fewer bits than float32 has', async () => {
    const products = await openProducts(cpu);
    const rounded = (values: Float32Array): Float32Array => {
      const bits = new Uint32Array(Float32Array.from(values).buffer);
      return new Float32Array(bits.map((each) => each & 0xffff0000).buffer);
    };
    const coarse: typeof products = {
      ...products,
      prepare: (right) => products.prepare({ ...right, values: rounded(right.values) }),
    };
    expect(await refusalOf(() => requirePrecision(coarse, cpu.engine, columns))).toBe(
      'engine-imprecise: the engine cpu 4.22.0 computes scores that are off by 2.6e-3, float32 allows 4.6e-7',
    );
  });
});
