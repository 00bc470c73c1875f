import { mkdirSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Rig } from './rig.ts';

/** Failures of the stages that come along and of the files they read, as a run prints them. */
let rig: Rig;

beforeAll(() => {
  rig = new Rig();
});

afterAll(async () => {
  await rig.dispose();
});

function cleaned(text: string): string {
  return text
    .replaceAll(rig.folder, '<workspace>')
    .replaceAll(/[0-9]{8}-[0-9]{6}-/g, '<time>-')
    .replaceAll(/[0-9a-f]{64}/g, '<key>')
    .trimEnd();
}

/** What a run of one stage prints of its failure, without the end of its log. */
async function failureOf(uses: string, settings: object): Promise<string> {
  rig.write('one.yaml', JSON.stringify({ name: 'one', stages: { task: { uses, with: settings } } }));
  const { code, stdout } = await rig.flow(['run', 'one.yaml']);
  expect(code).toBe(1);
  const lines = stdout.split('\n').filter((line) => line.startsWith('  '));
  const end = lines.findIndex((line) => line.startsWith('  the end of ') || line.startsWith('  it printed nothing'));
  return cleaned(lines.slice(0, end).join('\n'));
}

async function complaint(...args: string[]): Promise<string> {
  const { code, stderr } = await rig.flow(args);
  expect(code).toBe(2);
  return cleaned(stderr);
}

describe('of fetch', () => {
  it('nothing-to-fetch', async () => {
    expect(await failureOf('fetch', {})).toMatchInlineSnapshot(`
      "  nothing-to-fetch: neither a set nor files are given
          set: lfw, or files: [{ url: https://..., sha256: ... }]."
    `);
  });
  it('bad-url', async () => {
    expect(await failureOf('fetch', { files: [{ url: 'https://[', sha256: '0'.repeat(64) }] })).toMatchInlineSnapshot(
      `"  bad-url: https://[ is no URL"`,
    );
  });
  it('equal-names', async () => {
    const files = ['a', 'b'].map((host) => ({ url: `https://${host}.invalid/x.bin`, sha256: '0'.repeat(64) }));
    expect(await failureOf('fetch', { files })).toMatchInlineSnapshot(`
      "  equal-names: two files would be stored as x.bin
          Give one of them a name of its own: name: other.bin."
    `);
  });
});

describe('of report', () => {
  it('input-not-json', async () => {
    rig.write('broken.json', '{');
    expect(await failureOf('report', { verifications: 'broken.json' })).toMatchInlineSnapshot(
      `"  <workspace>/broken.json: input-not-json: expected JSON, found something else"`,
    );
  });
  it('verification-invalid', async () => {
    rig.write('empty.json', '{}');
    expect(await failureOf('report', { verifications: 'empty.json' })).toMatchInlineSnapshot(
      `"  <workspace>/empty.json: verification-invalid: expected the result of a verification, found no "version": 2 with a list "results""`,
    );
  });
  it('training-log-invalid', async () => {
    rig.write('log.json', '[1]');
    expect(await failureOf('report', { logs: 'log.json' })).toMatchInlineSnapshot(
      `"  <workspace>/log.json: training-log-invalid: expected the log of a training, found no "format": "faceflow-log""`,
    );
  });
});

describe('of face2rec and pairs2bin', () => {
  it('nothing-to-pack', async () => {
    mkdirSync(rig.path('nobody'), { recursive: true });
    expect(await failureOf('face2rec', { images: 'nobody' })).toMatchInlineSnapshot(
      `"  <workspace>/nobody: nothing-to-pack: no picture is left to train on: there is none, or all are held out or of identities with too few pictures"`,
    );
  });
  it('undecodable-image', async () => {
    rig.write('faces/anna/anna_0001.jpg', 'no picture');
    expect(await failureOf('face2rec', { images: 'faces' })).toMatchInlineSnapshot(`
      "  <workspace>/faces/anna/anna_0001.jpg: offset 0: undecodable-image: the picture cannot be decoded: it is no picture in a known format
          Replace or remove the picture."
    `);
  });
  it('damaged-list', async () => {
    rig.write('faces.lst', '1\tanna/anna_0001.jpg\t-1\n');
    expect(await failureOf('face2rec', { images: 'faces', list: 'faces.lst' })).toMatchInlineSnapshot(
      `"  <workspace>/faces.lst:1:1 damaged-list: expected a label that is a whole number from 0 on, found -1"`,
    );
  });
  it('missing-image', async () => {
    rig.write('pairs.txt', '1\t1\nanna\t1\t2\nanna\t1\tbert\t1\n');
    expect(await failureOf('pairs2bin', { images: 'faces', protocol: 'pairs.txt' })).toMatchInlineSnapshot(`
      "  <workspace>/pairs.txt: missing-image: the protocol names picture 2 of anna, but <workspace>/faces does not have it
          Give the folder that the protocol was made for, or choose missing: skip.
        <workspace>/pairs.txt: missing-image: the protocol names picture 1 of bert, but <workspace>/faces does not have it
          Give the folder that the protocol was made for, or choose missing: skip."
    `);
  });
  it('unknown-fold', async () => {
    const settings = { images: 'faces', protocol: 'pairs.txt', folds: [2] };
    expect(await failureOf('pairs2bin', settings)).toMatchInlineSnapshot(
      `"  <workspace>/pairs.txt: unknown-fold: fold 2 was asked for, but the protocol has folds 1 to 1"`,
    );
  });
});

describe('of files', () => {
  it('prototxt-syntax', async () => {
    rig.write('net.prototxt', 'layer { name: }\n');
    rig.write('net.caffemodel', '');
    expect(await complaint('convert', 'net.prototxt', 'net.onnx')).toMatchInlineSnapshot(`
      "<workspace>/net.prototxt:1:15 prototxt-syntax: expected a value, found "}"
        layer { name: }
                      ~"
    `);
  });
  it('unknown-blob', async () => {
    rig.write(
      'lost.prototxt',
      'input: "data"\ninput_dim: 1\ninput_dim: 3\ninput_dim: 8\ninput_dim: 8\nlayer { name: "a" type: "ReLU" bottom: "dta" top: "a" }\n',
    );
    rig.write('lost.caffemodel', '');
    expect(await complaint('convert', 'lost.prototxt', 'net.onnx')).toMatchInlineSnapshot(`
      "<workspace>/lost.prototxt: unknown-blob: Layer "a" (ReLU) takes blob "dta", which no layer before it gives.
        Did you mean "data"?"
    `);
  });
  it('unknown-model-format', async () => {
    expect(await complaint('convert', 'lost.prototxt', 'net.onnx', '--to', 'onx')).toMatchInlineSnapshot(`
      "unknown-model-format: Expected a model format (folder, mxnet, caffe, onnx, npz, face-api), found "onx".
        Did you mean "onnx"?"
    `);
  });
  it('damaged-property', async () => {
    rig.write('set/train.rec', '');
    rig.write('set/train.idx', '');
    rig.write('set/property', 'many\n');
    expect(await failureOf('subset', { dataset: 'set' })).toMatchInlineSnapshot(`
      "  <workspace>/set/property:1:1 damaged-property: expected "identities,height,width" such as 85742,112,112, found "many"
          many
          ~~~~"
    `);
  });
  it('truncated-file', async () => {
    rig.write('cut/train.idx', '0\t0\n');
    rig.write('cut/property', '1,112,112\n');
    // The magic word of a record, and a length of 100 bytes, of which none follows.
    writeFileSync(rig.path('cut/train.rec'), Buffer.from('0a23d7ce64000000', 'hex'));
    expect(await failureOf('subset', { dataset: 'cut' })).toMatchInlineSnapshot(`
      "  <workspace>/cut/train.rec: offset 0: truncated-file: the file ends inside this record, which needs 100 bytes after its header; 0 are left
          Copy or pack the file again; it was probably cut off on the way."
    `);
  });
  it('missing-file', async () => {
    mkdirSync(rig.path('bare'));
    expect(await failureOf('subset', { dataset: 'bare' })).toMatchInlineSnapshot(
      `"  <workspace>/bare/property: missing-file: expected a property file, found no file"`,
    );
  });
  it('damaged-index', async () => {
    rig.write('other/train.rec', '');
    rig.write('other/train.idx', 'x\n');
    rig.write('other/property', '1,112,112\n');
    expect(await failureOf('subset', { dataset: 'other' })).toMatchInlineSnapshot(`
      "  <workspace>/other/train.idx:1:1 damaged-index: expected "id <tab> byte offset", found "x"
          Delete the .idx file: it is rebuilt from the .rec file."
    `);
  });
});
