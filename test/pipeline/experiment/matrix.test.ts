import { describe, expect, test } from 'vitest';
import { load, sourcesOf, taskOf } from './workspace.ts';

function idsOf(matrix: string): string[] {
  const text = `name: x\nparams: { sizes: [96, 112] }\nstages: { a: { uses: draw, matrix: ${matrix} } }`;
  return load(text).tasks.map(({ id }) => id);
}

describe('a matrix', () => {
  test('makes a task of each combination, the last axis changing first', () => {
    expect(idsOf('{ set: [lfw, cfp], size: "${params.sizes}" }')).toEqual([
      'a[set=lfw,size=96]',
      'a[set=lfw,size=112]',
      'a[set=cfp,size=96]',
      'a[set=cfp,size=112]',
    ]);
  });

  test('leaves out what is excluded, wholly or in part', () => {
    const matrix = '{ a: [1, 2, 3], b: [x, y], exclude: [{ a: 1 }, { a: 2, b: y }] }';
    expect(idsOf(matrix)).toEqual(['a[a=2,b=x]', 'a[a=3,b=x]', 'a[a=3,b=y]']);
  });

  test('takes in what is included, in the order of the axes', () => {
    expect(idsOf('{ a: [1], b: [x], include: [{ b: z, a: 9 }] }')).toEqual(['a[a=1,b=x]', 'a[a=9,b=z]']);
    expect(idsOf('{ include: [{ a: 1, b: 2 }, { a: 3, b: 4 }] }')).toEqual(['a[a=1,b=2]', 'a[a=3,b=4]']);
  });

  test('calls maps by their name, others by their place, and keeps ids free of brackets', () => {
    expect(idsOf('{ net: [{ name: r50 }, { name: y1 }, { depth: 3 }], p: ["a b[1]=2,3"] }')).toEqual([
      'a[net=r50,p=a_b_1__2_3]',
      'a[net=y1,p=a_b_1__2_3]',
      'a[net=3,p=a_b_1__2_3]',
    ]);
  });

  test('may come to nothing', () => {
    expect(idsOf('{ a: [] }')).toEqual([]);
  });

  test.each(['{ a: [] }', '{ a: [1], exclude: [{ a: 1 }] }'])('of no instance is warned of: %s', (matrix) => {
    const { warnings } = load(`name: x\nstages: { a: { uses: draw, matrix: ${matrix} } }`);
    expect(warnings.map(({ code, message }) => [code, message])).toEqual([
      ['empty-matrix', 'the matrix of stage "a" has no instance: nothing of it will run'],
    ]);
  });

  test('provides values for references, with what "include" adds to some', () => {
    const { tasks } = load(`name: x
stages:
  a:
    uses: draw
    matrix:
      count: [1, 2]
      include: [{ noise: 0.1 }, { count: 2, noise: 0.2 }]
    with: { count: "\${matrix.count}", noise: "\${matrix.noise}", prefix: "p" }`);
    expect(tasks.map(({ params, matrix }) => [params['count'], params['noise'], matrix])).toEqual([
      [1, 0.1, { count: 1, noise: 0.1 }],
      [2, 0.2, { count: 2, noise: 0.2 }],
    ]);
  });

  test('can be set from the command line', () => {
    const text = 'name: x\nstages: { a: { uses: draw, matrix: { set: [lfw, cfp] } } }';
    const { tasks } = load(text, { overrides: ['stages.a.matrix.set=[agedb]'] });
    expect(tasks.map(({ id }) => id)).toEqual(['a[set=agedb]']);
  });
});

describe('a reference to a stage with a matrix', () => {
  const faces = 'faces: { uses: draw, matrix: { set: [lfw, cfp], size: [96, 112] } }';
  const text = (stage: string) => `name: x\nstages:\n  ${faces}\n  ${stage}`;
  const packs = (stage: string) =>
    load(text(stage))
      .tasks.filter(({ kind }) => kind.manifest.name === 'pack')
      .map((task) => [task.id, ...sourcesOf(task, 'images')]);

  test('means the one instance that is named, by all its axes in any order', () => {
    expect(packs('pack: { uses: pack, with: { images: "${stages.faces[size=96, set=cfp].outputs.images}" } }')).toEqual(
      [['pack', 'faces[set=cfp,size=96]']],
    );
  });

  test('means the instance with the same values where the consumer fans out with it', () => {
    const own = packs(
      'pack: { uses: pack, matrix: "${stages.faces.matrix}", with: { images: "${stages.faces.outputs.images}" } }',
    );
    expect(own).toHaveLength(4);
    for (const [id, source] of own) expect(source?.replace('faces', 'pack')).toBe(id);
  });

  test('means those that agree in the axes they share, and a key for the rest', () => {
    const byKey =
      'pack: { uses: pack, matrix: { set: [cfp] }, with: { images: "${stages.faces[set=cfp,size=112].outputs.images}" } }';
    expect(packs(byKey)).toEqual([['pack[set=cfp]', 'faces[set=cfp,size=112]']]);
    const more =
      'pack: { uses: pack, matrix: { set: [lfw], size: [96], fold: [1, 2] }, with: { images: "${stages.faces.outputs.images}" } }';
    expect(packs(more).map(([, source]) => source)).toEqual(['faces[set=lfw,size=96]', 'faces[set=lfw,size=96]']);
  });

  test('means all instances for a port that takes many', () => {
    const experiment = (reference: string, matrix = '') =>
      load(
        `name: x
stages:
  pairs: { uses: pack, matrix: { set: [lfw, cfp] }, with: { images: . } }
  learn: { uses: learn, ${matrix} with: { dataset: "\${stages.pairs[lfw].outputs.dataset}", loss: { name: softmax }, validation: ${reference} } }`,
      );
    const pairsOf = (reference: string, matrix?: string) =>
      experiment(reference, matrix)
        .tasks.filter(({ stage }) => stage === 'learn')
        .map((task) => sourcesOf(task, 'validation'));
    expect(pairsOf('"${stages.pairs.outputs.pairs}"')).toEqual([['pairs[set=lfw]', 'pairs[set=cfp]']]);
    expect(pairsOf('["${stages.pairs[cfp].outputs.pairs}", "${stages.pairs[*].outputs.pairs}"]')).toEqual([
      ['pairs[set=cfp]', 'pairs[set=lfw]', 'pairs[set=cfp]'],
    ]);
    const fannedOut = pairsOf(
      '["${stages.pairs.outputs.pairs}", "${stages.pairs[*].outputs.pairs}"]',
      'matrix: { set: [cfp] },',
    );
    expect(fannedOut).toEqual([['pairs[set=cfp]', 'pairs[set=lfw]', 'pairs[set=cfp]']]);
  });
});

describe('an "if"', () => {
  const text = (condition: string, port: string) => `name: x
params: { mode: full, n: 3 }
stages:
  a: { uses: draw, matrix: { n: [1, 2, 3] }, if: ${condition} }
  learn:
    uses: learn
    if: true
    with: { dataset: ., loss: { name: softmax } ${port} }`;
  const aTasks = (condition: string, changes = {}) =>
    load(text(condition, ''), changes)
      .tasks.filter(({ stage }) => stage === 'a')
      .map(({ id }) => id);

  test('lets a stage take part, or leaves it out', () => {
    expect(aTasks('true')).toHaveLength(3);
    expect(aTasks('false')).toEqual([]);
    expect(aTasks('"${env.FULL}"', { environment: { FULL: 'false' } })).toEqual([]);
  });

  test('compares with a list, per instance', () => {
    expect(aTasks('{ value: "${matrix.n}", in: [1, "${params.n}"] }')).toEqual(['a[n=1]', 'a[n=3]']);
    expect(aTasks('{ value: "${matrix.n}", notIn: [1, 2] }')).toEqual(['a[n=3]']);
    expect(aTasks('{ value: "${params.mode}", in: half }')).toEqual([]);
  });

  test('takes the left-out instances from ports that can do without', () => {
    const experiment = load(`name: x
stages:
  pairs: { uses: pack, matrix: { set: [lfw, cfp] }, if: { value: "\${matrix.set}", in: [cfp] }, with: { images: . } }
  learn: { uses: learn, needs: pairs, with: { dataset: ., loss: { name: softmax }, validation: "\${stages.pairs.outputs.pairs}" } }
  pack: { uses: pack, with: { images: ., list: "\${stages.none.outputs.list}" } }
  none: { uses: draw, if: false }`);
    expect(sourcesOf(taskOf(experiment, 'learn'), 'validation')).toEqual(['pairs[set=cfp]']);
    expect(taskOf(experiment, 'learn').after.map(({ task }) => task)).toEqual(['pairs[set=cfp]']);
    expect(sourcesOf(taskOf(experiment, 'pack'), 'list')).toEqual([]);
  });
});
