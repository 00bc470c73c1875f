import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.ts';
import type { Backend } from '../../src/kit/net/backends/backend.ts';
import { loadBackend } from '../../src/kit/net/backends/load-backend.ts';
import { trainingEngine } from '../../src/kit/net/engines/choose-engine.ts';
import { otherEngines } from '../kit/net/backends/engines.ts';
import { computeLoss, wrongEntries } from '../kit/net/losses/compute-loss.ts';
import { type Case, cases, caseSeed, caseStep } from '../kit/net/losses/loss-cases.ts';
import { embeddingSize, hardToRound, samplesOf } from '../kit/net/losses/loss-samples.ts';
import type { Matrix, Sample } from '../kit/net/losses/reference-losses.ts';
import { preparePeer, pytorch, runPython } from './python.ts';

const { python, folder, missing, note } = preparePeer(pytorch);
const script = fileURLToPath(new URL('losses.py', import.meta.url));

/** What PyTorch makes of a case. */
interface Derived {
  readonly value: number;
  readonly gradients: Readonly<Record<string, Matrix>>;
  readonly state: Readonly<Record<string, Matrix>>;
}

interface Compared extends Case {
  readonly name: string;
  readonly sample: Sample;
}

const compared: readonly Compared[] = cases.flatMap((each) =>
  Object.entries(samplesOf(each.choice)).map(([name, sample]) => ({ ...each, name, sample })),
);

let derived: readonly Derived[] = [];

beforeAll(() => {
  if (missing !== undefined) return;
  const uniform = new Random(caseSeed).uniform();
  const random = new Random(caseSeed);
  const normal = Array.from({ length: 16 }, () => random.normal());
  const given = compared.map(({ choice, loss, sample }) => {
    const arrays = loss.arrays({ classes: sample.classes, embeddingSize });
    const trained = arrays.filter(({ role }) => role === 'trained').map(({ name }) => name);
    return { choice, sample, trained, step: caseStep, uniform, normal };
  });
  const [casesFile, resultsFile] = [join(folder, 'cases.json'), join(folder, 'results.json')];
  writeFileSync(casesFile, JSON.stringify(given));
  runPython(python, readFileSync(script, 'utf8'), [casesFile, resultsFile]);
  derived = JSON.parse(readFileSync(resultsFile, 'utf8')) as Derived[];
});

const engines = [trainingEngine('cpu').identity, ...otherEngines()];

describe.skipIf(missing !== undefined).each(engines)(`losses on $name beside PyTorch in float64${note}`, (identity) => {
  let engine: Backend;
  beforeAll(async () => {
    engine = await loadBackend(identity, { threads: 1 });
  });

  it.each(compared.map((each, at) => ({ ...each, at })))(
    'value, gradients and next state: $title, $name',
    async ({ name, loss, sample, at }) => {
      const expected = derived[at];
      const found = await computeLoss(engine, loss, sample);
      const tolerance = name === hardToRound ? 1e-3 : 1e-5;
      const differences = [
        ...wrongEntries(Float32Array.of(found.value), [[expected?.value ?? NaN]], tolerance),
        ...differing(found.gradients, expected?.gradients, tolerance),
        ...differing(found.state, expected?.state, tolerance),
      ];
      expect(differences).toEqual([]);
    },
  );
});

/** Differences of arrays by name, those included that only one side has. */
function differing(
  found: ReadonlyMap<string, Float32Array>,
  expected: Readonly<Record<string, Matrix>> = {},
  tolerance: number,
): string[] {
  const names = new Set([...found.keys(), ...Object.keys(expected)]);
  return [...names].flatMap((name) =>
    wrongEntries(found.get(name), expected[name] ?? [], tolerance).map((difference) => `${name}: ${difference}`),
  );
}
