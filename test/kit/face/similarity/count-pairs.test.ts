import { describe, expect, it } from 'vitest';
import type { EngineIdentity } from '../../../../src/core/engine-identity.ts';
import { type Checkpoint, countPairs, type CountingPass } from '../../../../src/kit/face/similarity/count-pairs.ts';
import { exactCloseness, exactScore, scoreError } from '../../../../src/kit/face/similarity/exact-score.ts';
import { planComparison } from '../../../../src/kit/face/similarity/block-plan.ts';
import { emptyTail, joinedTail } from '../../../../src/kit/face/similarity/impostor-tail.ts';
import { openPairCounters } from '../../../../src/kit/face/similarity/pair-counters.ts';
import { PersonRows } from '../../../../src/kit/face/similarity/person-rows.ts';
import { scoreBins } from '../../../../src/kit/face/similarity/score-bins.ts';
import { vectorsInMemory, type VectorSource } from '../../../../src/kit/face/similarity/vector-source.ts';
import { installedOnnxruntime, trainingEngine } from '../../../../src/kit/net/engines/choose-engine.ts';
import { personVectors } from './random-features.ts';

const columns = 9;
const error = scoreError(columns) + 1e-5;
const onnxruntime = installedOnnxruntime();
const cpu = trainingEngine('cpu').identity;

/** One counter in this thread, and a thread for each of three where the engine has them. */
const engines: readonly (readonly [string, EngineIdentity])[] = [
  ['this thread', cpu],
  ...(onnxruntime.installed ? [['three threads', onnxruntime.identity] as const] : []),
];

async function counted(
  engine: EngineIdentity,
  pass: Pick<CountingPass, 'task' | 'left' | 'right'> & Partial<CountingPass>,
) {
  const counters = await openPairCounters({ engine, threads: 3, columns, pairs: Infinity });
  try {
    expect(counters.counters.length).toBe(engine === cpu ? 1 : 3);
    const counts = await countPairs({ counters, signal: new AbortController().signal, ...pass });
    const tail = joinedTail(emptyTail(pass.task.tail), counts);
    const ranks = counts.reduce(
      (sum, each) => each.ranks.map((count, place) => count + (sum[place] ?? 0)),
      new Uint32Array(counts[0]?.ranks.length ?? 0),
    );
    return { ...tail, ranks };
  } finally {
    await counters.close();
  }
}

const everything = { ranges: [], least: 0 };
const vectors = (rows: number, seed: number): Float32Array =>
  personVectors(
    Array.from({ length: rows }, () => 1),
    { columns, spread: 0, seed },
  );
const at = (values: Float32Array, row: number) => ({ values, at: row * columns });
const sum = (numbers: Iterable<number>): number => [...numbers].reduce((total, each) => total + each, 0);

/** Left rows are of several strips, right ones of several products. */
const [leftRows, rightRows] = [1100, 2000];

describe.each(engines)('countPairs in %s', (_, engine) => {
  it('ranks every left row among the mates of every right one, those that are as close exactly', async () => {
    const [left, right] = [vectors(leftRows, 1), vectors(rightRows, 2)];
    // Left rows that are a right one, and so as close as its mates are, some of them twice.
    for (let row = 0; row < 300; row += 1)
      left.set(right.subarray(5 * row * columns, (5 * row + 1) * columns), row * columns);
    left.copyWithin(300 * columns, 0, 100 * columns);
    const mates = Array.from({ length: rightRows }, (_row, own) => {
      const others = Array.from({ length: own % 4 }, (_other, mate) =>
        exactCloseness(at(right, own), at(right, (own + 5 * (mate + 1)) % rightRows), columns),
      );
      return Float64Array.from(others).sort();
    });
    const task = { columns, measure: 'distance', error, tail: { ranges: [], least: scoreBins.count - 1 } } as const;
    const { ranks } = await counted(engine, {
      task: { ...task, mates },
      left: vectorsInMemory(left, columns),
      right: vectorsInMemory(right, columns),
    });
    // Only what is above the lowest mate is counted.
    let [start, ties] = [0, 0];
    const wrong: number[] = [];
    for (const [row, own] of mates.entries()) {
      const expected = new Uint32Array(own.length + 1);
      for (let other = 0; other < leftRows; other += 1) {
        const closeness = exactCloseness(at(left, other), at(right, row), columns);
        const passed = own.filter((mate) => mate < closeness).length;
        expected[passed] = (expected[passed] ?? 0) + 1;
        if (own.includes(closeness)) ties += 1;
      }
      for (let passed = 1; passed <= own.length; passed += 1) {
        if (ranks[start + passed] !== expected[passed]) wrong.push(row);
      }
      start += own.length + 1;
    }
    expect(wrong).toEqual([]);
    expect(ties).toBeGreaterThan(300);
  });

  it('counts each pair of one matrix once but those of one person, and keeps what is asked for', async () => {
    const values = vectors(rightRows + 100, 3);
    const people = new PersonRows(Array.from({ length: rightRows + 100 }, (_row, row) => row % 700));
    const first = Math.floor(1.5 * scoreBins.perUnit);
    const tail = { ranges: [[first, first + 900] as const], least: 0 };
    const source = vectorsInMemory(values, columns);
    const task = { columns, measure: 'cosine', error, mates: [], people: people.index, tail } as const;
    const { histogram, kept } = await counted(engine, { task, left: source, right: undefined });
    const expected: number[] = [];
    let pairs = 0;
    for (let one = 0; one < source.rows; one += 1) {
      for (let other = one + 1; other < source.rows; other += 1) {
        if (one % 700 === other % 700) continue;
        pairs += 1;
        const score = exactScore(at(values, one), at(values, other), columns);
        if (
          score > first / scoreBins.perUnit - 1.0625 + 1e-4 &&
          score < (first + 900) / scoreBins.perUnit - 1.0625 - 1e-4
        )
          expected.push(score);
      }
    }
    expect(sum(histogram)).toBe(pairs);
    const found = new Set(kept[0]?.values);
    expect(expected.filter((score) => !found.has(score))).toEqual([]);
    expect(expected.length).toBeGreaterThan(1000);
    expect(sum(kept[0]?.counts ?? [])).toBeLessThan(1.1 * expected.length);
  });

  it('hands out what it has counted when it is stopped, and counts the rest from there', async () => {
    // More strips than are given at a time.
    const source = vectorsInMemory(vectors(engine === cpu ? 4000 : 14_000, 4), columns);
    const task = { columns, measure: 'cosine', error, mates: [], tail: everything } as const;
    const people = new PersonRows(Array.from({ length: source.rows }, (_row, row) => row >> 1)).index;
    const whole = await counted(engine, { task: { ...task, people }, left: source, right: undefined });
    const controller = new AbortController();
    let saved: { readonly strip: number; readonly histogram: Float64Array } | undefined;
    const checkpoint: Checkpoint = {
      everyMs: 1e9,
      save: (strip, counts) => (saved = { strip, histogram: joinedTail(emptyTail(everything), counts).histogram }),
    };
    const stopped = counted(engine, {
      ...{ task: { ...task, people }, left: source, right: undefined, checkpoint, signal: controller.signal },
      onProgress: () => {
        controller.abort(new Error('told to stop'));
      },
    });
    await expect(stopped).rejects.toThrow('told to stop');
    const { strip = 0, histogram = new Float64Array() } = saved ?? {};
    expect(sum(histogram)).toBeGreaterThan(0);
    const rest = { firstStrip: strip, task: { ...task, people }, left: source, right: undefined };
    expect(strip).toBeLessThan(planComparison(source.rows, undefined).count);
    const { histogram: others } = await counted(engine, rest);
    expect(others.map((count, bin) => count + (histogram[bin] ?? 0))).toEqual(whole.histogram);
  });

  it('ends with what a reader fails with, after what it had begun', async () => {
    const memory = vectorsInMemory(vectors(4000, 5), columns);
    let reading = 0;
    const broken: VectorSource = {
      ...memory,
      async read(start, count, target) {
        reading += 1;
        await new Promise((resolve) => setTimeout(resolve, 5));
        reading -= 1;
        if (start > 1000) throw new Error('cannot read');
        return memory.read(start, count, target);
      },
    };
    const task = { columns, measure: 'cosine', error, mates: [], tail: everything } as const;
    await expect(counted(engine, { task, left: broken, right: memory })).rejects.toThrow('cannot read');
    expect(reading).toBe(0);
  });
});
