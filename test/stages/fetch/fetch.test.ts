import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { digestOf } from '../../../src/core/digest.ts';
import { Random } from '../../../src/core/random.ts';
import type { StageEvent } from '../../../src/stage-api/stage.ts';
import type { Params } from '../../../stages/fetch/contract.ts';
import { knownSets } from '../../../stages/fetch/wanted-files.ts';
import { run } from '../../../stages/fetch/run.ts';
import { Rig } from '../../e2e/rig.ts';
import { failuresOf, temporaryFolder } from '../../kit/dataset/tiny-faces.ts';
import { FileServer } from './file-server.ts';

const golden = (name: string): Buffer => readFileSync(join('test/stages/fetch/golden', name));
const plain = { mirrors: [], sha256: '', name: '', extract: false };

async function perform(
  params: Partial<Params>,
  archives: readonly string[] = [],
): Promise<{ content: string; record: string; events: StageEvent[] }> {
  const folder = temporaryFolder();
  const outputs = { content: join(folder, 'content'), record: join(folder, 'fetched.json') };
  const scratch = join(folder, 'scratch');
  mkdirSync(scratch);
  const events: StageEvent[] = [];
  await run({
    params: { set: 'none', files: [], inside: '', ...params },
    inputs: { archives },
    outputs,
    scratch,
    seed: 1,
    signal: new AbortController().signal,
    engine: { name: 'cpu', version: '0' },
    cpus: 1,
    emit: (event) => events.push(event),
  });
  return { ...outputs, events };
}

describe('stage fetch', () => {
  it('outputs a single file as it is, with a record of where it came from', async () => {
    const server = await FileServer.open();
    const url = server.put('/sets/pairs%20list.txt?v=2', Buffer.from('10\t300\n'));
    const { content, record, events } = await perform({ files: [{ ...plain, url }] });
    expect(readFileSync(content, 'utf8')).toBe('10\t300\n');
    const sha256 = digestOf('10\t300\n');
    expect(JSON.parse(readFileSync(record, 'utf8'))).toEqual({
      version: 1,
      files: [{ name: 'pairs_list.txt', url, bytes: 7, sha256 }],
    });
    expect(events).toContainEqual({
      type: 'log',
      level: 'warning',
      message: `pairs_list.txt has no sha256 in the experiment, so any content would have done; what came has ${sha256}`,
    });
  });

  it('unpacks an archive, without a folder around its one folder, or outputs a part of it', async () => {
    const server = await FileServer.open();
    const url = server.put('/lfw.tgz', golden('gnu.tar.gz'));
    const files = [{ ...plain, url, extract: true, sha256: digestOf(golden('gnu.tar.gz')) }];
    const whole = await perform({ files });
    expect(readdirSync(whole.content)).toContain('A_B');
    expect(whole.events.some((event) => event.type === 'log' && event.level === 'warning')).toBe(false);
    expect(readdirSync((await perform({ files, inside: 'lfw/A_B' })).content)).toEqual(['1.jpg']);
    expect(await failuresOf(() => perform({ files, inside: 'lfv' }))).toMatchObject([
      { code: 'missing-part', message: 'there is no "lfv" in what came; at its top are lfw' },
    ]);
    expect(await failuresOf(() => perform({ files, inside: '../..' }))).toMatchObject([{ code: 'missing-part' }]);
  });

  it('unpacks archives that are here, and their names are no part of the result', async () => {
    const folder = temporaryFolder();
    const copy = join(folder, 'photos of mine.TGZ');
    writeFileSync(copy, golden('gnu.tar.gz'));
    const { content, record } = await perform({ inside: 'lfw/A_B' }, [copy]);
    expect(readdirSync(content)).toEqual(['1.jpg']);
    const { length: bytes } = golden('gnu.tar.gz');
    expect(JSON.parse(readFileSync(record, 'utf8'))).toEqual({
      version: 1,
      files: [{ bytes, sha256: digestOf(golden('gnu.tar.gz')) }],
    });
    writeFileSync(join(folder, 'list.csv'), 'a,b,1');
    expect(await failuresOf(() => perform({}, [join(folder, 'list.csv')]))).toMatchObject([
      { code: 'unknown-archive' },
    ]);
  });

  it('puts several files and archives into one folder', async () => {
    const server = await FileServer.open();
    const files = [
      { ...plain, url: server.put('/lfw.zip', golden('sound.zip')), extract: true },
      { ...plain, url: server.put('/pairs.txt', Buffer.from('x')) },
      { ...plain, url: server.put('/raw.zip', golden('zip64.zip')) },
    ];
    const { content } = await perform({ files });
    expect(readdirSync(content).sort()).toEqual(['lfw', 'pairs.txt', 'raw.zip']);
    const twice = [plain, plain].map((each) => ({ ...each, url: server.url('/pairs.txt') }));
    expect(await failuresOf(() => perform({ files: twice }))).toMatchObject([{ code: 'equal-names' }]);
    expect(await failuresOf(() => perform({}))).toMatchObject([{ code: 'nothing-to-fetch' }]);
    expect(await failuresOf(() => perform({ files: [{ ...plain, url: server.url('/') }] }))).toMatchObject([
      { code: 'bad-url' },
    ]);
  });

  it('pins every named set by a digest', () => {
    const files = Object.values(knownSets).flat();
    expect(files.length).toBeGreaterThan(2);
    for (const { url, sha256 } of files) expect([url.startsWith('https://'), sha256.length]).toEqual([true, 64]);
  });

  it.skipIf(!existsSync('../shared/data/lfw/pairs.txt'))(
    'knows the digest of the real pairs.txt (needs ../shared/data)',
    () => {
      expect(knownSets['lfw-pairs'][0]?.sha256).toBe(digestOf(readFileSync('../shared/data/lfw/pairs.txt')));
    },
  );
});

describe('flow run with fetch', () => {
  let rig: Rig;
  beforeEach(() => {
    rig = new Rig();
  });
  afterEach(() => rig.dispose());

  it('goes on after kill -9 in the middle of a body, and packs what came', { timeout: 120_000 }, async () => {
    const random = new Random(9);
    const large = Buffer.from(Uint8Array.from({ length: 24 * 2 ** 20 }, () => random.integer(256)));
    const server = await FileServer.open();
    const url = server.put('/large.bin', large);
    rig.write(
      'get.yaml',
      [
        'name: get',
        'summary: a test',
        'stages:',
        '  get:',
        '    uses: fetch',
        `    with: { files: [{ url: '${url}', sha256: ${digestOf(large)} }] }`,
        '',
      ].join('\n'),
    );
    server.next({ stallsAfter: 20 * 2 ** 20 });
    const first = rig.start(['run', 'get.yaml', '--json']);
    let printed = '';
    first.process.stdout?.on('data', (text: string) => (printed += text));
    await expect.poll(() => printed.includes('"checkpoint"'), { timeout: 30_000 }).toBe(true);
    first.process.kill('SIGKILL');
    await first.ended;
    const second = await rig.flow(['run', 'get.yaml']);
    expect([second.code, second.stderr]).toEqual([0, '']);
    expect(Number(/\d+/.exec(server.asked.at(-1)?.range ?? '')?.[0])).toBeGreaterThanOrEqual(8 * 2 ** 20);
    const third = await rig.flow(['run', 'get.yaml']);
    expect(third.code).toBe(0);
    expect(server.asked).toHaveLength(2);
    const outputs = readdirSync(rig.path('runs/cache'), { recursive: true, encoding: 'utf8' });
    const content = outputs.find((name) => name.endsWith('/content')) ?? '';
    expect(statSync(rig.path('runs/cache', content)).size).toBe(large.length);
  });

  it('shows which address failed, with what was expected and found', { timeout: 60_000 }, async () => {
    const server = await FileServer.open();
    const url = server.put('/faces.bin', Buffer.from('other'));
    const stage = `{ uses: fetch, with: { files: [{ url: '${url}', sha256: ${'f'.repeat(64)} }] } }`;
    rig.write('get.yaml', `name: get\nsummary: a test\nstages:\n  get: ${stage}\n`);
    const { code, stdout, stderr } = await rig.flow(['run', 'get.yaml']);
    expect(code).toBe(1);
    expect(stdout + stderr).toContain('download-failed: faces.bin could not be downloaded');
    expect(stdout + stderr).toContain(`found ${digestOf('other')}`);
  });

  it('records no name and password of an address: one that has them is refused before anything runs', async () => {
    const files = [{ url: 'https://me:hunter2@example.org/a.zip', mirrors: ['http://hunter2@example.org/a.zip'] }];
    rig.write('get.yaml', JSON.stringify({ name: 'get', stages: { get: { uses: 'fetch', with: { files } } } }));
    const { code, stdout, stderr } = await rig.flow(['run', 'get.yaml']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    const expected = 'must be an http or https address without a name and password, which would be recorded';
    expect(stderr).toContain(
      `"files.0.url" of stage "get" ${expected}, found the string "https://(secret)@example.org/a.zip"`,
    );
    expect(stderr).toContain(`"files.0.mirrors.0" of stage "get" ${expected}`);
    expect(stderr).not.toContain('hunter2');
    expect(existsSync(rig.path('runs'))).toBe(false);
  });
});
