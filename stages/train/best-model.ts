import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { writeFileAtomic } from '../../src/core/atomic-file.ts';
import { fail } from '../../src/core/failure.ts';
import { failures } from '../../src/kit/net/failures.ts';
import type { Graph } from '../../src/kit/net/graph/graph.ts';
import { readModel, writeModel } from '../../src/kit/net/model/model-folder.ts';
import type { NamedArray } from '../../src/kit/net/model/model.ts';
import type { Curve } from '../../src/kit/net/training/training-log.ts';
import type { Params } from './contract.ts';

/** The best verification so far, and how many there were after it. */
export interface Best {
  readonly step: number;
  readonly accuracy: number;
  readonly since: number;
}

type Rule = NonNullable<Params['bestBy']>;

/**
 * The best verification by a rule; undefined where there was none, or none that the rule takes. Of equals it is the
 * earlier one. It follows from the curves, which checkpoints hold.
 */
export function bestOf(curves: readonly Curve[], rule: Rule = 'first'): Best | undefined {
  const sets = curves.filter(({ name }) => name.startsWith('verification/')).map(({ points }) => points);
  const steps = (sets[0] ?? []).map(([step]) => step);
  const accuracies = steps.map((_, index) => sets.map((points) => points[index]?.[1] ?? NaN));
  const chosen = rule === 'original' ? lastSaved(accuracies) : highest(accuracies.map(scores[rule]));
  const step = steps[chosen ?? -1];
  if (chosen === undefined || step === undefined) return undefined;
  const score = rule === 'original' ? scores.first : scores[rule];
  return { step, accuracy: score(accuracies[chosen] ?? []), since: steps.length - 1 - chosen };
}

/** How many verifications there were after the best one; all of them where none was one to keep. */
export function verificationsSince(curves: readonly Curve[], rule: Rule = 'first'): number {
  const first = curves.find(({ name }) => name.startsWith('verification/'));
  return bestOf(curves, rule)?.since ?? first?.points.length ?? 0;
}

/** What a verification counts, from the accuracies on the sets in their order. */
const scores: Readonly<Record<Exclude<Rule, 'original'>, (accuracies: readonly number[]) => number>> = {
  first: (accuracies) => accuracies[0] ?? NaN,
  last: (accuracies) => accuracies.at(-1) ?? NaN,
  mean: (accuracies) => accuracies.reduce((sum, accuracy) => sum + accuracy, 0) / accuracies.length,
};

function highest(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.indexOf(Math.max(...values));
}

/** The verification that `train_softmax.py` saves last with `--ckpt 1`. */
function lastSaved(accuracies: readonly (readonly number[])[]): number | undefined {
  let saved: number | undefined;
  const best = { first: 0, last: 0 };
  for (const [index, each] of accuracies.entries()) {
    const [first, last] = [scores.first(each), scores.last(each)];
    if (first > best.first) {
      best.first = first;
      if (first >= 0.998) saved = index;
    }
    if (last >= best.last) {
      best.last = last;
      if (first >= 0.99) saved = index;
    }
  }
  return saved;
}

/**
 * Parameters of the best steps in the scratch folder. One is kept until a checkpoint knows of a better one: a training that
 * is killed resumes from its checkpoint, for which the older one is still the best.
 */
export class BestModels {
  readonly #scratch: string;
  readonly #folder: string;

  constructor(scratch: string) {
    this.#scratch = scratch;
    this.#folder = join(scratch, 'best');
  }

  #pathOf(step: number): string {
    return join(this.#folder, `step-${step}`);
  }

  save(step: number, graph: Graph, parameters: readonly NamedArray[]): void {
    const path = this.#pathOf(step);
    writeModel(path, { graph, parameters, origin: { steps: step } });
    writeFileAtomic(`${path}${sumsEnding}`, JSON.stringify(sumsOf(path)));
  }

  read(step: number): Iterable<NamedArray> {
    this.requireWhole(step);
    return readModel(this.#pathOf(step)).parameters.values();
  }

  /** Fails with `checkpoint-damaged` if the model of a step is not the one that was saved; one of an earlier version has no sums. */
  requireWhole(step: number): void {
    const path = this.#pathOf(step);
    const damaged = (problem: string): never =>
      fail(failures.checkpointDamaged({ problem, folder: this.#scratch }, { file: path }));
    if (!existsSync(path)) damaged(`the best model so far, of step ${step}, is missing`);
    const sums = `${path}${sumsEnding}`;
    if (existsSync(sums) && readFileSync(sums, 'utf8') !== JSON.stringify(sumsOf(path))) {
      damaged(`the best model so far, of step ${step}, is not what was saved`);
    }
  }

  /** To be called once a checkpoint is written: `steps` are the best ones of all checkpoints that are kept. */
  keepOnly(steps: readonly (number | undefined)[]): void {
    if (!existsSync(this.#folder)) return;
    const kept = new Set(steps.flatMap((step) => [`step-${step}`, `step-${step}${sumsEnding}`]));
    for (const name of readdirSync(this.#folder)) {
      if (!kept.has(name)) rmSync(join(this.#folder, name), { recursive: true });
    }
  }
}

const sumsEnding = '.sums.json';

/** CRC-32 of each file of a folder, by name. */
function sumsOf(folder: string): Readonly<Record<string, number>> {
  const names = readdirSync(folder).sort();
  return Object.fromEntries(names.map((name) => [name, crc32(readFileSync(join(folder, name)))]));
}
