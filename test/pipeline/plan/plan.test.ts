import { beforeEach, describe, expect, test } from 'vitest';
import { planExperiment } from '../../../src/pipeline/plan/plan.ts';
import type { LoadRequest } from '../../../src/pipeline/experiment/load-experiment.ts';
import { load } from '../experiment/workspace.ts';
import { MemoryKnowledge } from './memory-planning-context.ts';
import { runInMemory } from './run-in-memory.ts';

const text = `name: x
params: { margin: 0.5 }
stages:
  faces:
    uses: draw
    with: { count: 4 }
  pack:
    uses: pack
    with:
      images: \${stages.faces.outputs.images}
      list: names.lst
  learn:
    uses: learn
    env: { MODE: a }
    with:
      dataset: \${stages.pack.outputs.dataset}
      loss: { name: arcface, margin: "\${params.margin}" }
      validation: ["\${stages.pack.outputs.pairs}", other.bin]
`;

let knowledge: MemoryKnowledge;
beforeEach(() => {
  knowledge = new MemoryKnowledge();
});

function experimentOf(changes: Partial<LoadRequest> = {}, of = text) {
  return load(of, { allowMissingInputs: true, ...changes });
}

async function planOf(experiment: ReturnType<typeof experimentOf>): Promise<string[]> {
  const { tasks } = await planExperiment(experiment, knowledge);
  return tasks.map((planned) => {
    const reasons = planned.state === 'cached' ? [] : planned.reasons.map((reason) => `${reason.code}: ${reason.text}`);
    return [`${planned.task.id} ${planned.state}`, ...reasons].join(' | ');
  });
}

describe('a plan', () => {
  test('names the tasks that never ran, and those that wait for them', async () => {
    expect(await planOf(experimentOf())).toEqual([
      'faces run | never-run: never run',
      'pack unknown | upstream: waits for faces',
      'learn unknown | upstream: waits for pack',
    ]);
  });

  test('takes everything from the cache that was executed', async () => {
    await runInMemory(experimentOf(), knowledge);
    expect(await planOf(experimentOf())).toEqual(['faces cached', 'pack cached', 'learn cached']);
  });

  test('names a changed parameter, both values and the line it was written in', async () => {
    await runInMemory(experimentOf(), knowledge);
    const changed = text.replace('count: 4', 'count: 5');
    expect(await planOf(experimentOf({}, changed))).toEqual([
      'faces run | param: count 4 -> 5 (experiment.yaml:6)',
      'pack unknown | upstream: waits for faces',
      'learn unknown | upstream: waits for pack',
    ]);
  });

  test('names the place a value really came from', async () => {
    await runInMemory(experimentOf(), knowledge);
    expect((await planOf(experimentOf({ overrides: ['params.margin=0.4'] })))[2]).toBe(
      'learn run | param: loss.margin 0.5 -> 0.4 (--set params.margin=0.4)',
    );
    expect((await planOf(experimentOf({}, text.replace('margin: 0.5', 'margin: 0.3'))))[2]).toBe(
      'learn run | param: loss.margin 0.5 -> 0.3 (experiment.yaml:2)',
    );
  });

  test('names each part that changed: added and removed parameters, seed, engine, version, variables', async () => {
    await runInMemory(experimentOf(), knowledge);
    knowledge.engine = { name: 'tensorflow', version: '2.21.0' };
    const changed = text
      .replace('{ name: arcface, margin: "${params.margin}" }', '{ name: softmax }')
      .replace('MODE: a', 'MODE: b')
      .replace('params: { margin: 0.5 }', 'seed: 3');
    const learn = (await planOf(experimentOf({}, changed))).at(-1);
    expect(learn?.split(' | ').slice(1)).toEqual([
      'upstream: waits for pack',
      'param: loss.name "arcface" -> "softmax" (experiment.yaml:17)',
      'param: loss.margin removed: 0.5',
      expect.stringMatching(/^seed: seed \d+ -> \d+$/),
      'engine: engine cpu 1.0 -> tensorflow 2.21.0',
      'environment: env MODE "a" -> "b" (experiment.yaml:14)',
    ]);
  });

  test('names the inputs that changed, one by one', async () => {
    const experiment = experimentOf();
    await runInMemory(experiment, knowledge);
    knowledge.contents.set('other.bin', 'new');
    expect((await planOf(experiment))[2]).toBe(
      'learn run | input: input validation changed: other.bin (experiment.yaml:18)',
    );
    knowledge.contents.set('names.lst', 'new');
    expect((await planOf(experiment))[1]).toMatch(
      /^pack run \| input: input list changed: names\.lst, content [0-9a-f]{12} -> [0-9a-f]{12} \(experiment\.yaml:\d+\)$/,
    );
  });

  test('says so when an input was added, removed or moved in its list', async () => {
    await runInMemory(experimentOf(), knowledge);
    const learnOf = async (validation: string) =>
      (await planOf(experimentOf({}, text.replace(/validation: .*/, validation))))[2];
    expect(await learnOf('batch: 8')).toBe('learn run | input: input validation removed');
    expect(await learnOf('validation: [other.bin]')).toBe('learn run | input: input validation: 2 -> 1 artifacts');
    expect(await learnOf('validation: [other.bin, "${stages.pack.outputs.pairs}"]')).toBe(
      'learn run | input: input validation changed its order',
    );
  });

  test('does not take a task for known whose result is lost', async () => {
    await runInMemory(experimentOf(), knowledge);
    knowledge.results.clear();
    expect((await planOf(experimentOf()))[0]).toBe(
      'faces run | cache-entry-lost: its result is no longer in the cache',
    );
  });

  test('compares with the kind of stage the task was before', async () => {
    await runInMemory(experimentOf(), knowledge);
    const changed = `name: x\nstages:\n  faces:\n    uses: shell\n    with: { command: "true", outputs: { images: a } }\n`;
    expect(await planOf(experimentOf({}, changed))).toEqual([
      'faces run | stage: uses draw -> shell (experiment.yaml:3)',
    ]);
  });
});

describe('a result is taken again', () => {
  test('when a parameter is changed back', async () => {
    await runInMemory(experimentOf(), knowledge);
    await runInMemory(experimentOf({ overrides: ['faces.count=9'] }), knowledge);
    expect(await planOf(experimentOf())).toEqual(['faces cached', 'pack cached', 'learn cached']);
  });

  test('downstream of a task that ran again but gave the same (early cutoff)', async () => {
    await runInMemory(experimentOf(), knowledge, () => 'always the same');
    knowledge.executions.length = 0;
    await runInMemory(experimentOf({ overrides: ['faces.count=9'] }), knowledge, () => 'always the same');
    expect(knowledge.executions).toEqual(['faces']);
  });

  test('under other names, jobs, comments, resources and limits', async () => {
    await runInMemory(experimentOf(), knowledge);
    const renamed = text
      .replaceAll('faces', 'drawn')
      .replace('name: x', '# A comment.\nname: other\nsummary: another')
      .replace(
        '    uses: learn',
        '    uses: learn\n    resources: { cpus: 2, gpus: 1 }\n    retries: 3\n    timeout: 1 h',
      );
    expect(await planOf(experimentOf({}, renamed))).toEqual(['drawn cached', 'pack cached', 'learn cached']);
  });

  test('with another secret, which is no part of the key', async () => {
    const secret = text.replace('MODE: a', 'MODE: a, TOKEN: "${secret.TOKEN}"');
    await runInMemory(experimentOf({ environment: { TOKEN: 'one' } }, secret), knowledge);
    const plan = await planExperiment(experimentOf({ environment: { TOKEN: 'two' } }, secret), knowledge);
    expect(plan.tasks.map(({ state }) => state)).toEqual(['cached', 'cached', 'cached']);
    const learn = plan.tasks[2];
    expect(learn?.state === 'cached' && learn.document.environment).toEqual({ MODE: 'a' });
  });
});

test('the version of a program is part of the key where it is asked for', async () => {
  const shell = (version: string) =>
    `name: x\nstages:\n  a:\n    uses: shell\n    with: { command: "true", outputs: { a: a }, ${version} }\n`;
  await runInMemory(experimentOf({}, shell('version: wc --version')), knowledge);
  await runInMemory(experimentOf({}, shell('')), knowledge);
  knowledge.programs = '2.0';
  expect(await planOf(experimentOf({}, shell('')))).toEqual(['a cached']);
  await runInMemory(experimentOf({}, shell('version: wc --version')), knowledge);
  knowledge.programs = '3.0';
  expect(await planOf(experimentOf({}, shell('version: wc --version')))).toEqual([
    'a run | program: program "wc --version 2.0" -> "wc --version 3.0"',
  ]);
});
