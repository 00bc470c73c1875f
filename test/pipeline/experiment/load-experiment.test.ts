import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FailureError } from '../../../src/core/failure.ts';
import { loadFixture } from './load-fixture.ts';
import { load, sourcesOf, taskOf, workspaceOf } from './workspace.ts';

const oneStage = 'name: x\nstages:\n  faces:\n    uses: draw\n';

function paramsOf(text: string, changes = {}) {
  return taskOf(load(text, changes), 'faces').params;
}

describe('parameters', () => {
  test('are filled in with the defaults of the stage, inside of maps too, and frozen', () => {
    const params = paramsOf(`${oneStage}    with: { light: { strength: 2 } }`);
    expect(params).toEqual({
      count: 3,
      pairs: 2,
      noise: 0.5,
      colour: 'rgb',
      flip: false,
      prefix: 'face',
      sizes: [112],
      light: { strength: 2, angle: null },
    });
    expect(Object.isFrozen(params) && Object.isFrozen(params['light']) && Object.isFrozen(params['sizes'])).toBe(true);
  });

  test('keep the type of what they refer to', () => {
    const params = paramsOf(
      `
name: x
params: { people: 20, sizes: [1, 2], light: { angle: 30 }, turned: "\${params.light.angle}" }
stages:
  faces:
    uses: draw
    with:
      count: \${params.people}
      sizes: \${params.sizes}
      light: { angle: "\${params.turned}" }`,
    );
    expect(params).toMatchObject({ count: 20, sizes: [1, 2], light: { angle: 30 } });
  });

  test('may be a map taken over whole', () => {
    const text =
      'name: x\nparams: { settings: { count: 7, flip: true } }\nstages: { faces: { uses: draw, with: "${params.settings}" } }';
    expect(paramsOf(text)).toMatchObject({ count: 7, flip: true });
  });

  test('are located where they were written, and nowhere where a default holds', () => {
    const faces = taskOf(load(`${oneStage}    with:\n      light:\n        strength: 2\n`), 'faces');
    expect(faces.locate('/light/strength')).toMatchObject({ file: 'experiment.yaml', line: 7, column: 19, length: 1 });
    expect(faces.locate('/light/angle')).toBeUndefined();
    expect(faces.locate('/count')).toBeUndefined();
  });
});

describe('a text', () => {
  function prefixOf(prefix: string, changes = {}) {
    const pieces = `name: run of\nseed: 5\nparams: { a: one, n: 2, t: true }\nstages: { faces: { uses: ./any, with: { text: ${prefix} } } }`;
    const folder = workspaceOf({ 'experiment.yaml': pieces, 'any/stage.json': anyStage, 'any/run.js': '' });
    return taskOf(loadFixture(folder, changes), 'faces').params['text'];
  }
  const anyStage = JSON.stringify({
    name: 'any',
    version: 1,
    summary: 'Takes anything.',
    params: { type: 'object', additionalProperties: false, properties: { text: {} } },
    inputs: {},
    outputs: {},
  });

  test('is joined of literals and references', () => {
    expect(prefixOf('"<${params.a}-${params.n}-${ params.t }-${seed}>"')).toBe('<one-2-true-5>');
  });

  test('keeps what is escaped, and dollars that begin no reference', () => {
    expect(prefixOf('"$${params.a} $1 $$ ${params.a}"')).toBe('${params.a} $1 $$ one');
  });

  test('takes variables of the environment, or their default where they are empty', () => {
    const environment = { HERE: 'here', EMPTY: '' };
    expect(prefixOf('"${env.HERE} ${env.HERE:-no} ${env.EMPTY:-a b} ${env.GONE:-}."', { environment })).toBe(
      'here here a b .',
    );
  });

  test('names the run, and the experiment where there is no run', () => {
    expect(prefixOf('"${run.name}"', { run: 'r7' })).toBe('r7');
    expect(prefixOf('"${run.name}"')).toBe('run of');
  });

  test('is never evaluated', () => {
    expect(() => prefixOf('"${1+1}"')).toThrow('"${1+1}" is not a reference');
    expect(() => prefixOf('"${process.exit(1)}"')).toThrow('is not a reference');
    expect(() => prefixOf('"${params.constructor}"')).toThrow('the experiment has no parameter "constructor"');
  });
});

test('a number or a truth value may come from the environment', () => {
  const text = `${oneStage}    with: { count: "\${env.COUNT}", flip: "\${env.FLIP}", prefix: "\${env.PREFIX}" }`;
  const environment = { COUNT: '12', FLIP: 'true', PREFIX: 'true' };
  expect(paramsOf(text, { environment })).toMatchObject({ count: 12, flip: true, prefix: 'true' });
});

test('YAML is version 1.2: yes is a text, and anchors are copied', () => {
  const text = `name: x
params:
  one: &one { strength: 2 }
stages:
  faces: { uses: draw, with: { prefix: yes, light: *one } }`;
  expect(paramsOf(text)).toMatchObject({ prefix: 'yes', light: { strength: 2 } });
});

describe('composing', () => {
  const folder = {
    'base/base.yaml': `
name: base
params: { people: 1, dropped: 1 }
stages:
  faces: { uses: draw, with: { count: "\${params.people}", noise: 0.1, light: { strength: 1, angle: 1 }, sizes: [1, 2] } }
profiles:
  smoke: { params: { people: 2 }, stages: { faces: { with: { noise: , light: { angle: 2 } } } } }`,
    'experiment.yaml': `
extends: base/base.yaml
name: own
stages:
  faces: { with: { light: { strength: 3 }, sizes: [3] } }
  more: { uses: draw }`,
    'more.yaml': 'params: { people: 4 }\nstages: { faces: { with: { noise: 0.4 } } }\n',
  };
  const facesOf = (changes = {}) => taskOf(loadFixture(workspaceOf(folder), changes), 'faces').params;

  test('a file is laid over the one it extends: maps are joined, lists replaced', () => {
    const experiment = loadFixture(workspaceOf(folder));
    expect(experiment.name).toBe('own');
    expect(experiment.tasks.map(({ id }) => id)).toEqual(['faces', 'more']);
    expect(facesOf()).toMatchObject({ count: 1, noise: 0.1, light: { strength: 3, angle: 1 }, sizes: [3] });
  });

  test('a profile, also one of the extended file, is laid over that; nothing takes a value away', () => {
    expect(facesOf({ profile: 'smoke' })).toMatchObject({ count: 2, noise: 0.5, light: { strength: 3, angle: 2 } });
  });

  test('--set-file goes over the profile, and --set over everything', () => {
    expect(facesOf({ profile: 'smoke', overrideFiles: ['more.yaml'] })).toMatchObject({ count: 4, noise: 0.4 });
    const overrides = [
      'params.people=6',
      'faces.noise=0.6',
      'stages.faces.with.light={angle: 9}',
      'faces.sizes=[7, 8]',
    ];
    expect(facesOf({ overrideFiles: ['more.yaml'], overrides })).toMatchObject({
      count: 6,
      noise: 0.6,
      light: { strength: 1, angle: 9 },
      sizes: [7, 8],
    });
  });

  test('--set keeps a text a text', () => {
    const text =
      'name: x\nparams: { prefix: a, count: 1 }\nstages: { faces: { uses: ./any, with: { a: "${params.prefix}", b: "${params.count}" } } }';
    const stage = { name: 'any', version: 1, summary: 'x', inputs: {}, outputs: {} };
    const params = { type: 'object', additionalProperties: false, properties: { a: {}, b: {} } };
    const folderOfAny = workspaceOf({
      'experiment.yaml': text,
      'any/stage.json': JSON.stringify({ ...stage, params }),
      'any/run.js': '',
    });
    const experiment = loadFixture(folderOfAny, { overrides: ['params.prefix=007', 'params.count=007'] });
    expect(taskOf(experiment, 'faces').params).toEqual({ a: '007', b: 7 });
  });
});

describe('seeds', () => {
  test('derive from that of the experiment and the kind of stage, not from names', () => {
    const text = (seed: number, name: string) => `name: x\nseed: ${seed}\nstages: { ${name}: { uses: draw } }`;
    const seeds = [text(0, 'a'), text(0, 'b'), text(1, 'a')].map((each) => load(each).tasks[0]?.seed);
    expect(seeds[0]).toBe(seeds[1]);
    expect(seeds[0]).not.toBe(seeds[2]);
    expect(seeds[0]).toBe(load('name: y\nstages: { z: { uses: draw } }').tasks[0]?.seed);
  });

  test('differ between kinds of stages, and never change: another value would rerun the experiments of all users', () => {
    const text = 'name: x\nstages: { a: { uses: draw }, b: { uses: pack, with: { images: . } } }';
    // The first 32 bits, little endian, of the SHA-256 of "0 draw" and "0 pack".
    expect(load(text).tasks.map(({ seed }) => seed)).toEqual([938_509_023, 1_666_190_263]);
  });

  test('can be set for a stage, also from the matrix', () => {
    const text = 'name: x\nstages: { a: { uses: draw, seed: "${matrix.seed}", matrix: { seed: [3, 4] } } }';
    expect(load(text).tasks.map(({ seed }) => seed)).toEqual([3, 4]);
  });
});

describe('inputs', () => {
  test('are paths relative to the workspace, or outputs of tasks that come before', () => {
    const text = `name: x
stages:
  pack: { uses: pack, with: { images: "\${stages.faces.outputs.images}", list: lists/a.lst } }
  faces: { uses: draw }`;
    const folder = workspaceOf({ 'experiment.yaml': text, 'lists/a.lst': '' });
    const experiment = loadFixture(folder);
    expect(experiment.tasks.map(({ id }) => id)).toEqual(['faces', 'pack']);
    expect(taskOf(experiment, 'pack').inputs).toMatchObject({
      images: [{ type: 'output', task: 'faces', output: 'images', at: { line: 3 } }],
      list: [{ type: 'path', path: join(folder, 'lists/a.lst'), written: 'lists/a.lst', at: { line: 3 } }],
    });
  });

  test('may be absent where that is allowed', () => {
    const text = `${oneStage}  pack: { uses: pack, with: { images: nowhere } }`;
    expect(sourcesOf(taskOf(load(text, { allowMissingInputs: true }), 'pack'), 'images')).toEqual(['nowhere']);
  });
});

test('settings of a stage are read with their units, and over those of its kind', () => {
  const text = `name: x
params: { wait: 2 min }
stages:
  faces:
    uses: draw
    resources: { cpus: all, memory: 1.5 GiB, gpus: "\${env.GPUS}" }
    retries: { times: 3, wait: "\${params.wait}" }
    timeout: { total: 1 h 30 min, silent: 250 ms }
    env: { A: text, N: 1, T: "\${secret.TOKEN}", U: "u \${secret.TOKEN}" }
  plain: { uses: draw, needs: faces }`;
  const experiment = load(text, { environment: { GPUS: '2', TOKEN: 'hush' } });
  expect(taskOf(experiment, 'faces')).toMatchObject({
    resources: { cpus: 'all', memoryBytes: 1.5 * 1024 ** 3, gpus: 2 },
    retries: { times: 3, waitMs: 120_000 },
    limits: { totalMs: 5_400_000, silentMs: 250 },
    environment: {
      A: { value: 'text', secret: false },
      N: { value: '1', secret: false },
      T: { value: 'hush', secret: true },
      U: { value: 'u hush', secret: true },
    },
    after: [],
  });
  expect(taskOf(experiment, 'plain')).toMatchObject({
    resources: { cpus: 1, gpus: 0 },
    retries: { times: 0 },
    limits: {},
    environment: {},
    after: [{ task: 'faces', at: { line: 10 } }],
  });
});

test('a command declares its ports where it is used', () => {
  const text = `name: x
stages:
  faces: { uses: draw }
  count:
    uses: shell
    with:
      command: wc -l < "$list" > "$lines"
      version: wc --version
      inputs: { list: "\${stages.faces.outputs.list}", all: [experiment.yaml] }
      outputs: { lines: lines.txt, images: { path: photos, kind: images } }
  pack: { uses: pack, with: { images: "\${stages.count.outputs.images}" } }`;
  const count = taskOf(load(text), 'count');
  expect(count.params).toEqual({
    command: 'wc -l < "$list" > "$lines"',
    version: 'wc --version',
    outputs: { lines: 'lines.txt', images: { path: 'photos', kind: 'images' } },
  });
  expect(count.kind.manifest.outputs).toMatchObject({
    lines: { kind: 'file', path: 'lines.txt' },
    images: { kind: 'images', path: 'photos' },
  });
  expect([sourcesOf(count, 'list'), sourcesOf(count, 'all')]).toEqual([['faces'], ['experiment.yaml']]);
});

test('a line of any length that is never closed is refused in no time', () => {
  const started = performance.now();
  expect(() => load(`name: [${'x, '.repeat(30_000)}`)).toThrow('flow sequence');
  expect(performance.now() - started).toBeLessThan(5000);
});

describe('warnings', () => {
  const warningsOf = (text: string, changes = {}) =>
    load(text, changes).warnings.map(({ code, message }) => [code, message]);

  test('name numbers that lose digits as text: in a text, a variable, and the name of a task', () => {
    const textOf = (stage: string): string => `name: x\nparams: { v: 1.10 }\nstages: { a: { uses: draw, ${stage} } }`;
    const lost = [['number-as-text', 'the number 1.10 becomes the text "1.1" where it is used']];
    expect(warningsOf(textOf('env: { V: "python ${params.v}" }'))).toEqual(lost);
    expect(warningsOf(textOf('env: { V: "${params.v}" }'))).toEqual(lost);
    expect(warningsOf('name: x\nstages: { a: { uses: draw, matrix: { v: [1.9, 1.10] } } }')).toEqual(lost);
    expect(warningsOf(textOf('with: { noise: "${params.v}" }'))).toEqual([]);
    expect(
      warningsOf('name: x\nparams: { v: "1.10" }\nstages: { a: { uses: draw, env: { V: "${params.v}" } } }'),
    ).toEqual([]);
  });

  test('name parameters that nothing refers to', () => {
    const text =
      'name: x\nparams: { a: "${params.b}", b: 1, c: 2 }\nstages: { faces: { uses: draw, with: { count: "${params.a}" } } }';
    expect(warningsOf(text)).toEqual([['unused-param', 'nothing refers to the parameter "c"']]);
  });

  test('name outputs that nothing reads, but not the results of the experiment', () => {
    const text = `${oneStage}  pack: { uses: pack, with: { images: "\${stages.faces.outputs.images}" } }`;
    expect(warningsOf(text)).toEqual([['unread-output', 'nothing reads output "list" of stage "faces"']]);
  });

  test('name no output that is there to be looked at, or is empty here', () => {
    const ports = {
      inputs: { list: { kind: 'list', summary: 'A list.', optional: true } },
      outputs: {
        images: { kind: 'images', summary: 'Images.', path: 'images' },
        details: { kind: 'folder', summary: 'Details.', path: 'details', byproduct: true },
        pairs: { kind: 'pairs', summary: 'Pairs.', path: 'pairs.bin', emptyWithout: 'list' },
      },
    };
    const params = { type: 'object', additionalProperties: false, properties: {} };
    const mine = JSON.stringify({ name: 'mine', version: 1, summary: 'Mine.', params, ...ports });
    const text = (bound: string) =>
      `name: x\nstages:\n  mine: { uses: ./mine${bound} }\n  pack: { uses: pack, with: { images: "\${stages.mine.outputs.images}" } }`;
    const files = { 'mine/stage.json': mine, 'mine/run.js': '', 'a.lst': '' };
    const codesOf = (bound: string) => {
      const folder = workspaceOf({ ...files, 'experiment.yaml': text(bound) });
      return loadFixture(folder).warnings.map(({ message }) => message);
    };
    expect(codesOf('')).toEqual([]);
    expect(codesOf(', with: { list: a.lst }')).toEqual(['nothing reads output "pairs" of stage "mine"']);
  });

  test('name variables that sound like secrets, and excludes without effect', () => {
    const text = `${oneStage}    with: { prefix: "\${env.API_TOKEN}" }\n    matrix: { a: [1, 2], exclude: { a: 3 } }`;
    expect(warningsOf(text, { environment: { API_TOKEN: 'abc' } })).toEqual([
      ['secret-in-value', 'the variable API_TOKEN sounds like a secret, but flows into a value that is recorded'],
      ['useless-exclude', 'this "exclude" of stage "faces" matches no instance'],
    ]);
  });
});

test('a line of 200,000 characters that is no YAML is refused in the time that reading takes', () => {
  const started = performance.now();
  expect(() => load(`name: [${'x,'.repeat(100_000)}`)).toThrow(/flow sequence/i);
  expect(performance.now() - started).toBeLessThan(10_000);
});

test.each([
  ['m/model', 'There is model-0003.params, model-symbol.json: an input is a whole file or folder.'],
  ['m/model,3', 'There is model-0003.params, model-symbol.json: an input is a whole file or folder.'],
  ['m/other', undefined],
  ['n/model', undefined],
])('an input %s that is not there is told what is', (written, expected) => {
  const text = `name: x\nstages:\n  a: { uses: learn, with: { loss: { name: softmax }, dataset: "${written}" } }\n`;
  const folder = workspaceOf({ 'experiment.yaml': text, 'm/model-0003.params': '', 'm/model-symbol.json': '' });
  try {
    loadFixture(folder);
    expect.fail();
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    const [failure] = error.failures;
    expect(failure).toMatchObject({ code: 'input-not-found' });
    const looked = `Looked for ${join(folder, written)}.`;
    expect(failure.hint).toBe(expected === undefined ? looked : `${looked} ${expected}`);
  }
});

test('a failure quotes no text at any length, and no password of an address', () => {
  const quoting = (value: string): string => {
    try {
      load(`name: x\nstages:\n  faces: { uses: draw, with: { count: "${value}" } }\n`);
    } catch (error) {
      if (error instanceof FailureError) return error.failures[0].message;
      throw error;
    }
    return '';
  };
  expect(quoting('a'.repeat(5000))).toContain(`found the string "${'a'.repeat(100)}" ... (5000 characters)`);
  expect(quoting('http://me:secret@x/')).toContain('found the string "http://(secret)@x/"');
});
