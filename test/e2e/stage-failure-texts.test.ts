import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FileServer } from '../stages/fetch/file-server.ts';
import { complaint, failuresOfStages, type StageCall } from './printed-failures.ts';
import { Rig } from './rig.ts';

/** Failures of the stages that come along and of the files they read, as one run of them all prints them. */
let rig: Rig;
let printed: ReadonlyMap<string, string>;

const zeros = '0'.repeat(64);
const subset = (dataset: string): StageCall => ({ uses: 'subset', with: { dataset } });

const stages: Readonly<Record<string, StageCall>> = {
  'nothing-to-fetch': { uses: 'fetch', with: {} },
  'bad-url': { uses: 'fetch', with: { files: [{ url: 'https://[', sha256: zeros }] } },
  'equal-names': {
    uses: 'fetch',
    with: { files: ['a', 'b'].map((host) => ({ url: `https://${host}.invalid/x.bin`, sha256: zeros })) },
  },
  'input-not-json': { uses: 'report', with: { verifications: 'broken.json' } },
  'verification-invalid': { uses: 'report', with: { verifications: 'empty.json' } },
  'training-log-invalid': { uses: 'report', with: { logs: 'log.json' } },
  'nothing-to-pack': { uses: 'face2rec', with: { images: 'nobody' } },
  'undecodable-image': { uses: 'face2rec', with: { images: 'faces' } },
  'damaged-list': { uses: 'face2rec', with: { images: 'faces', list: 'faces.lst' } },
  'missing-image': { uses: 'pairs2bin', with: { images: 'faces', protocol: 'pairs.txt' } },
  'unknown-fold': { uses: 'pairs2bin', with: { images: 'faces', protocol: 'pairs.txt', folds: [2] } },
  'damaged-property': subset('set'),
  'truncated-file': subset('cut'),
  'not-a-dataset': subset('bare'),
  'damaged-index': subset('other'),
};

beforeAll(async () => {
  rig = new Rig();
  for (const folder of ['nobody', 'bare']) mkdirSync(rig.path(folder));
  rig.write('broken.json', '{');
  rig.write('empty.json', '{}');
  rig.write('log.json', '[1]');
  rig.write('faces/anna/anna_0001.jpg', 'no image');
  rig.write('faces.lst', '1\tanna/anna_0001.jpg\t-1\n');
  rig.write('pairs.txt', '1\t1\nanna\t1\t2\nanna\t1\tbert\t1\n');
  packedSet('set', { index: '', property: 'many\n' });
  packedSet('other', { index: 'x\n', property: '1,112,112\n' });
  packedSet('cut', { index: '0\t0\n', property: '1,112,112\n' });
  // The magic word of a record, and a length of 100 bytes, of which none follows.
  writeFileSync(rig.path('cut/train.rec'), Buffer.from('0a23d7ce64000000', 'hex'));
  printed = await failuresOfStages(rig, stages);
}, 60_000);

afterAll(async () => {
  await rig.dispose();
});

/** A set without a record. */
function packedSet(folder: string, { index, property }: { readonly index: string; readonly property: string }): void {
  rig.write(`${folder}/train.rec`, '');
  rig.write(`${folder}/train.idx`, index);
  rig.write(`${folder}/property`, property);
}

describe('of fetch', () => {
  it('nothing-to-fetch', () => {
    expect(printed.get('nothing-to-fetch')).toMatchInlineSnapshot(`
      "nothing-to-fetch: neither a set nor files are given
        Write set: lfw, or files: [{ url: https://..., sha256: ... }], or archives: photos.zip of an archive that is here."
    `);
  });
  it('bad-url', () => {
    expect(printed.get('bad-url')).toMatchInlineSnapshot(`"bad-url: https://[ is not a URL"`);
  });
  it('equal-names', () => {
    expect(printed.get('equal-names')).toMatchInlineSnapshot(`
      "equal-names: two files would be stored as x.bin
        Choose a name of its own for one of them: name: other.bin."
    `);
  });
});

describe('of fetch from a server', () => {
  it('download-failed, unknown-archive, unsafe-archive and missing-part', async () => {
    const server = await FileServer.open();
    const archive = (name: string): Buffer => readFileSync(new URL(`../stages/fetch/golden/${name}`, import.meta.url));
    const fetching = (url: string, more: object = {}): StageCall => {
      return { uses: 'fetch', with: { files: [{ url, extract: true }], ...more } };
    };
    const texts = await failuresOfStages(rig, {
      'download-failed': fetching(server.url('/gone.zip')),
      'unknown-archive': fetching(server.put('/faces.rar', Buffer.from('Rar!'))),
      'unsafe-archive': fetching(server.put('/parent.zip', archive('parent.zip'))),
      'missing-part': fetching(server.put('/sound.zip', archive('sound.zip')), { inside: 'lfv' }),
    });
    const without = (name: string): string | undefined => texts.get(name)?.replace(/127\.0\.0\.1:\d+/, '<server>');
    expect(without('download-failed')).toMatchInlineSnapshot(`
      "download-failed: gone.zip could not be downloaded: http://<server>/gone.zip: the server answered 404 Not Found
        Look at the address and the connection; what came is kept, and the next run resumes from there. A wrong digest means another file: correct sha256 only if you trust the source."
    `);
    expect(without('unknown-archive')).toMatchInlineSnapshot(`
      "faces.rar: unknown-archive: expected a .tar, .tar.gz, .tar.bz2, .tar.xz, .tar.zst or .zip archive, found RAR, which is not unpacked here
        Leave out extract, and unpack the file in a shell stage."
    `);
    expect(without('unsafe-archive')).toMatchInlineSnapshot(`
      "parent.zip: unsafe-archive: the archive holds "../evil.txt", which is outside of the folder it is unpacked into
        Do not use this archive: sound ones hold no such names."
    `);
    expect(without('missing-part')).toMatchInlineSnapshot(`
      "missing-part: there is no "lfv" in what came; at its top are lfw
        The path in inside begins there; leave it out to get everything."
    `);
  });
});

describe('of report', () => {
  it('input-not-json', () => {
    expect(printed.get('input-not-json')).toMatchInlineSnapshot(
      `"<workspace>/broken.json: input-not-json: expected JSON, found something else"`,
    );
  });
  it('verification-invalid', () => {
    expect(printed.get('verification-invalid')).toMatchInlineSnapshot(
      `"<workspace>/empty.json: verification-invalid: expected the result of a verification, found no "version": 2 with a list "results""`,
    );
  });
  it('training-log-invalid', () => {
    expect(printed.get('training-log-invalid')).toMatchInlineSnapshot(
      `"<workspace>/log.json: training-log-invalid: expected the log of a training, found no "format": "faceflow-log""`,
    );
  });
});

describe('of face2rec and pairs2bin', () => {
  it('nothing-to-pack', () => {
    expect(printed.get('nothing-to-pack')).toMatchInlineSnapshot(
      `"<workspace>/nobody: nothing-to-pack: no image is left to train on: there are none, or all are held out or of identities with too few images"`,
    );
  });
  it('undecodable-image', () => {
    expect(printed.get('undecodable-image')).toMatchInlineSnapshot(`
      "<workspace>/faces/anna/anna_0001.jpg: offset 0: undecodable-image: the image cannot be decoded: it is not an image in a known format
        Replace or remove the image."
    `);
  });
  it('damaged-list', () => {
    expect(printed.get('damaged-list')).toMatchInlineSnapshot(
      `"<workspace>/faces.lst:1:1 damaged-list: expected a label that is an integer from 0 on, found -1"`,
    );
  });
  it('missing-image', () => {
    expect(printed.get('missing-image')).toMatchInlineSnapshot(`
      "<workspace>/pairs.txt:2:1 missing-image: the protocol names image 2 of anna, but <workspace>/faces does not have it

      <workspace>/pairs.txt:3:1 missing-image: the protocol names image 1 of bert, but <workspace>/faces does not have it
        Bind the folder that the protocol was made for, or choose missing: skip."
    `);
  });
  it('unknown-fold', () => {
    expect(printed.get('unknown-fold')).toMatchInlineSnapshot(
      `"<workspace>/pairs.txt: unknown-fold: fold 2 was asked for, but the protocol has folds 1 to 1"`,
    );
  });
});

describe('of files', () => {
  it('prototxt-syntax', async () => {
    rig.write('net.prototxt', 'layer { name: }\n');
    rig.write('net.caffemodel', '');
    expect(await complaint(rig, 'convert', 'net.prototxt', 'net.onnx')).toMatchInlineSnapshot(`
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
    expect(await complaint(rig, 'convert', 'lost.prototxt', 'net.onnx')).toMatchInlineSnapshot(
      `"<workspace>/lost.prototxt: unknown-blob: layer "a" (ReLU) takes blob "dta", which no layer before it has (did you mean "data"?)"`,
    );
  });
  it('unknown-model-format', async () => {
    expect(await complaint(rig, 'convert', 'lost.prototxt', 'net.onnx', '--to', 'onx')).toMatchInlineSnapshot(
      `"unknown-model-format: expected a model format (folder, mxnet, caffe, onnx, npz, safetensors, tfjs, torch, face-api), found "onx" (did you mean "onnx"?)"`,
    );
  });
  it('damaged-property', () => {
    expect(printed.get('damaged-property')).toMatchInlineSnapshot(`
      "<workspace>/set/property:1:1 damaged-property: expected "identities,height,width" such as 85742,112,112, found "many"
        many
        ~~~~"
    `);
  });
  it('truncated-file', () => {
    expect(printed.get('truncated-file')).toMatchInlineSnapshot(`
      "<workspace>/cut/train.rec: offset 0: truncated-file: the file ends inside this record, which needs 100 bytes after its header; 0 are left
        Copy or pack the file again; it was probably cut off on the way."
    `);
  });
  it('not-a-dataset', () => {
    expect(printed.get('not-a-dataset')).toMatchInlineSnapshot(
      `
      "<workspace>/bare: not-a-dataset: expected a packed training set (a folder with train.rec, train.idx and property), found a folder without train.rec
        The stage face2rec packs images: bind its output dataset."
    `,
    );
  });
  it('damaged-index', () => {
    expect(printed.get('damaged-index')).toMatchInlineSnapshot(`
      "<workspace>/other/train.idx:1:1 damaged-index: expected "id <tab> byte offset", found "x"
        Delete the .idx file: it is rebuilt from the .rec file."
    `);
  });
});
