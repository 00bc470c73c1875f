import { resolve } from 'node:path';
import { readdirSync, readFileSync } from 'node:fs';
import axe from 'axe-core';
import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSqlite } from '../../src/core/sqlite.ts';
import { FaceflowClient, ServiceProblem } from '../../src/service/client.ts';
import { lacksData, model, photograph, photographs, why } from '../service/service-data.ts';
import { complaint } from './printed-failures.ts';
import { Rig, type Running, until } from './rig.ts';

const executablePath = '/usr/bin/chromium';
const lacksChromium = !existsSync(executablePath);
const fast = { FLOW_ENGINE: '' };

let rig: Rig;
beforeAll(() => {
  rig = new Rig();
});
afterAll(() => rig.dispose());

interface Served extends Running {
  readonly url: string;
  /** The index that it tells of when it listens. */
  readonly index: object;
}

async function serve(...more: string[]): Promise<Served> {
  const args = [
    'serve',
    '--model',
    resolve(model),
    '--port',
    '0',
    '--processes',
    '1',
    '--timeout-ms',
    '120000',
    '--json',
  ];
  const running = rig.start([...args, ...more], fast);
  let printed = '';
  running.process.stdout?.on('data', (text: string) => (printed += text));
  await until(() => printed.includes('\n'), 'the service listens', 120_000);
  return { ...running, ...(JSON.parse(printed) as Pick<Served, 'url' | 'index'>) };
}

it('flow serve refuses to start beyond this machine without a token', { timeout: 120_000 }, async () => {
  rig.write('short', 'abc\n');
  rig.write('g.index', 'not a folder');
  const texts = [
    await complaint(rig, 'serve', '--detector', 'none'),
    await complaint(rig, 'serve', '--token-file', 'gone'),
    await complaint(rig, 'serve', '--token-file', '.'),
    await complaint(rig, 'serve', '--far', '0'),
    await complaint(rig, 'serve', '--port', '65536'),
    await complaint(rig, 'serve', '--process-mebibytes', '127'),
    await complaint(rig, 'serve', '--galleries', 'g', '--index', 'approximate', '--port', '0'),
    await complaint(rig, 'serve', '--token-file', 'short'),
    await complaint(rig, 'serve', '--address', '0.0.0.0'),
  ];
  expect(texts.join('\n')).toMatchInlineSnapshot(`
    "wrong-option: expected --detector to be full or limited, found "none"
    <workspace>/gone: missing-file: expected a token, found no file
    <workspace>: not-a-file: expected a token, found something that is not a file
    wrong-option: expected --far to be a rate between 0 and 1, found "0"
    wrong-option: expected --port to be an integer from 0 to 65535, found "65536"
    wrong-option: expected --process-mebibytes to be an integer of at least 128, found "127"
    <workspace>/g.index: index-unusable: expected a folder for the saved index of the galleries, or a place for one, found something else in its place
      Move what is there away; the index is made again of the galleries. Or search exactly: --index exact.
    weak-token: expected a token of at least 16 characters, found 3
      For example: openssl rand -hex 32 > token.
    open-without-token: 0.0.0.0 is reached from other machines, and there is no token
      Write a long random token to a file and name it: --token-file FILE. Without one the service listens on 127.0.0.1 only."
  `);
});

describe.skipIf(lacksData)(`flow serve${why}`, { timeout: 600_000 }, () => {
  it('finishes what is in work when it is asked to end, and takes no more', async () => {
    const { url, process: child, ended } = await serve();
    const client = new FaceflowClient({ address: url });
    const asked = Array.from({ length: 6 }, () => client.detect(photograph('group')));
    await until(() => readFileSync(`/proc/${String(child.pid)}/stat`, 'utf8') !== '');
    // All of them have to be there before the signal.
    for (;;) {
      const metrics = await (await fetch(`${url}/metrics`)).text();
      if (/^faceflow_requests_in_work [67]$/m.test(metrics)) break;
    }
    child.kill('SIGTERM');
    for (const { faces } of await Promise.all(asked)) expect(faces.length).toBeGreaterThan(4);
    const { code, stderr } = await ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    await expect(client.health()).rejects.toThrow('fetch failed');
  });

  it('killed under load it has every face that it has answered for, and its galleries are whole', async () => {
    const file = rig.path('galleries.db');
    const { url, process: child, ended } = await serve('--galleries', file);
    const client = new FaceflowClient({ address: url });
    await client.createGallery({ gallery: 'team' });
    const answered: string[] = [];
    const names = ['gul', 'gulAgain', 'other'] as const;
    const add = async (worker: number): Promise<void> => {
      for (let number = 0; ; number += 1) {
        const person = `p${worker}-${number}`;
        const added = await client.addImage(photograph(names[number % 3] ?? 'gul'), { gallery: 'team', person });
        answered.push(`${added.id} ${added.person}`);
      }
    };
    const working = Promise.allSettled([0, 1, 2, 3].map(add));
    await until(() => answered.length >= 12, 'some faces are added', 300_000);
    child.kill('SIGKILL');
    expect((await ended).signal).toBe('SIGKILL');
    await working;
    const database = openSqlite(file);
    expect(database.pragma('integrity_check', { simple: true })).toBe('ok');
    const rows = database.prepare<[], { id: number; person: string }>('select id, person from face').all();
    database.close();
    expect(rows.map(({ id, person }) => `${id} ${person}`)).toEqual(expect.arrayContaining(answered));
    const again = await serve('--galleries', file);
    const { persons } = await new FaceflowClient({ address: again.url }).getGallery({ gallery: 'team' });
    expect(persons).toHaveLength(rows.length);
    const start = ['serve', '--model', resolve(model), '--port', '0', '--processes', '1'];
    expect(await complaint(rig, ...start, '--galleries', file)).toBe(
      `<workspace>/galleries.db: galleries-in-use: the galleries are served already, by process ${String(again.process.pid)}
  End that service, or name another file: --galleries FILE. flow identify reads a file while it is served.`,
    );
    expect(await complaint(rig, ...start, '--galleries', 'gone/galleries.db')).toBe(
      `<workspace>/gone/galleries.db: galleries-unusable: expected a file of galleries, or a place for one, found: there is no folder <workspace>/gone
  Name a file in a folder that is there and may be written: --galleries FILE.`,
    );
    // While it serves, too.
    const args = ['identify', resolve(photographs.other), file, '--model', resolve(model), '--top', '1'];
    const identified = await rig.flow(args, fast);
    expect(identified.stdout).toMatch(/^face 1\n {2}(?:1\.0000|0\.9999) p\d-\d+ \([0-9a-f]{64}\)\n/);
    expect(identified.stdout).toContain(`compared with ${rows.length} images of ${rows.length} persons, all of them`);
    again.process.kill('SIGTERM');
    expect((await again.ended).code).toBe(0);
    const mixed = await rig.flow(
      ['serve', '--model', resolve(model), '--galleries', file, '--port', '0', '--no-mirror'],
      fast,
    );
    expect(mixed.stderr).toContain('galleries.db: other-embedding-contract: the vectors were made under contract');
    expect(mixed.code).toBe(2);
  });
});

describe.skipIf(lacksData)(`flow serve --index approximate${why}`, { timeout: 600_000 }, () => {
  it('says that it is approximate, and killed or stopped it begins with what its file holds', async () => {
    const file = rig.path('approximate.db');
    const options = ['--galleries', file, '--index', 'approximate'];
    const library = expect.stringMatching(/^usearch \d/) as string;
    const killed = await serve(...options);
    const client = new FaceflowClient({ address: killed.url });
    await client.createGallery({ gallery: 'team' });
    await client.createGallery({ gallery: 'empty' });
    const add = (name: 'gul' | 'other', person: string) =>
      client.addImage(photograph(name), { gallery: 'team', person });
    const gone = await add('gul', 'gone');
    await Promise.all([add('gul', 'Gul'), add('other', 'Brody'), add('other', 'nobody')]);
    await client.deleteImage({ gallery: 'team', image: gone.id });
    await client.deletePerson({ gallery: 'team', person: 'nobody' });
    const identify = async (at: string, gallery = 'team'): Promise<string[]> => {
      const answer = await new FaceflowClient({ address: at }).identify(photograph('gulAgain'), { gallery });
      expect(answer.approximate).toBe(true);
      return answer.faces.flatMap(({ matches }) => matches.map(({ person }) => person));
    };
    expect(await identify(killed.url)).toEqual(['Gul', 'Brody']);
    expect(await identify(killed.url, 'empty')).toEqual([]);
    expect((await client.health()).index).toEqual({ kind: 'approximate', library, vectors: 2 });
    const metrics = await (await fetch(`${killed.url}/metrics`)).text();
    expect(metrics).toMatch(/^faceflow_index_vectors 2\n[\s\S]*^faceflow_index_is_approximate 1$/m);
    killed.process.kill('SIGKILL');
    await killed.ended;

    const index = { kind: 'approximate', library, vectors: 2, remade: [] };
    const stopped = await serve(...options);
    expect(stopped.index).toEqual({ ...index, read: 0, added: 2 });
    expect(await identify(stopped.url)).toEqual(['Gul', 'Brody']);
    // The exact index has the same scores.
    const approximate = await new FaceflowClient({ address: stopped.url }).identify(photograph('gulAgain'), {
      gallery: 'team',
    });
    stopped.process.kill('SIGTERM');
    expect(await stopped.ended).toMatchObject({ code: 0, stderr: '' });
    const exact = await serve('--galleries', file);
    expect(exact.index).toEqual({ kind: 'exact', library: null, vectors: 2, read: 0, added: 2, remade: [] });
    const exactClient = new FaceflowClient({ address: exact.url });
    expect(await exactClient.identify(photograph('gulAgain'), { gallery: 'team' })).toEqual({
      ...approximate,
      approximate: false,
    });
    // Without the knowledge of what is saved.
    await exactClient.deletePerson({ gallery: 'team', person: 'Brody' });
    await exactClient.addImage(photograph('other'), { gallery: 'team', person: 'Adrien' });
    exact.process.kill('SIGTERM');
    await exact.ended;

    const again = await serve(...options);
    expect(again.index).toEqual({ ...index, read: 1, added: 1 });
    expect(await identify(again.url)).toEqual(['Gul', 'Adrien']);
    const last = new FaceflowClient({ address: again.url });
    await last.deleteGallery({ gallery: 'team' });
    await last.createGallery({ gallery: 'team' });
    expect(await identify(again.url)).toEqual([]);
    again.process.kill('SIGTERM');
    expect(await again.ended).toMatchObject({ code: 0, stderr: '' });
    expect(readdirSync(`${file}.index`)).toEqual([]);
  });
});

describe.skipIf(lacksData || lacksChromium)(
  `the page to try the service${why}${lacksChromium ? ` (not tested: no ${executablePath})` : ''}`,
  { timeout: 600_000 },
  () => {
    let browser: Browser;
    let served: Served;
    beforeAll(async () => {
      served = await serve();
      browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
    }, 600_000);
    afterAll(async () => {
      await browser.close();
      served.process.kill('SIGTERM');
      await served.ended;
    });

    async function open(scheme: 'light' | 'dark', width = 1280): Promise<Page> {
      const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme: scheme });
      await page.goto(served.url);
      return page;
    }

    it('compares two photographs, shows the faces it has compared, and breaks no rule of its own policy', async () => {
      const page = await open('light');
      const complaints: string[] = [];
      page.on('console', (message) => complaints.push(message.text()));
      page.on('pageerror', (error) => complaints.push(error.message));
      const [first, second] = [page.locator('#first input'), page.locator('#second input')];
      await first.setInputFiles(resolve(photographs.gul));
      await second.setInputFiles(resolve(photographs.gulAgain));
      const status = page.locator('#status');
      await status.filter({ hasText: /^Similarity 0\.[5-9]/ }).waitFor({ timeout: 120_000 });
      expect(await page.locator('#first .facts').textContent()).toMatch(
        /250 x 250; a face with score [01]\.\d+: image-left eye \d+, \d+;/,
      );
      expect(await page.locator('canvas:visible').count()).toBe(4);
      // The crop is of the face: it has more than one colour.
      const colours = await page.evaluate<number>(`(() => {
        const { data } = document.querySelector('#first .crop').getContext('2d').getImageData(0, 0, 160, 160);
        return new Set(data).size;
      })()`);
      expect(colours).toBeGreaterThan(50);
      await second.setInputFiles({ name: 'none.png', mimeType: 'image/png', buffer: Buffer.from('no image') });
      await status.filter({ hasText: 'none.png is not an image that this browser shows.' }).waitFor();
      expect(complaints).toEqual([]);
      await page.close();
    });

    it.each([
      ['light', 1280],
      ['dark', 1280],
      ['light', 390],
    ] as const)('has no fault that axe finds: %s, %i pixels', async (scheme, width) => {
      const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme: scheme, bypassCSP: true });
      await page.goto(served.url);
      await page.evaluate(axe.source);
      const violations = await page.evaluate<unknown[]>(
        `(async () => (await axe.run()).violations.map(({ id, nodes }) => [id, nodes[0].html]))()`,
      );
      expect(violations).toEqual([]);
      await page.close();
    });
  },
);

describe.skipIf(lacksData)(`the generated client${why}`, { timeout: 600_000 }, () => {
  it('asks every operation of the service, with a token, and knows what is refused', async () => {
    rig.write('token', 'a token of many characters\n');
    const { url, process: child, ended } = await serve('--token-file', 'token');
    const token = 'a token of many characters';
    const client = new FaceflowClient({ address: url, token });
    const [gul, gulAgain, other] = (['gul', 'gulAgain', 'other'] as const).map(
      (name) => new Uint8Array(photograph(name)),
    );
    if (gul === undefined || gulAgain === undefined || other === undefined) throw new Error('there are three');
    const { contract } = await client.health();
    expect((await client.detect(gul)).faces[0]?.points).toHaveLength(5);
    expect((await client.embed(gul)).faces[0]?.vector).toHaveLength(128);
    const { similarity, same } = await client.verify([gul, gulAgain]);
    expect([similarity > 0.5, same]).toEqual([true, null]);
    await client.createGallery({ gallery: 'a team' });
    const { id } = await client.addImage(gul, { gallery: 'a team', person: 'Abdullah Gul' });
    await client.addImage(other, { gallery: 'a team', person: 'Adrien Brody' });
    const identified = await client.identify(gulAgain, { gallery: 'a team', top: 2 });
    expect(identified).toMatchObject({ contract, faces: [{ matches: [{ person: 'Abdullah Gul' }, {}] }] });
    expect(await client.getGallery({ gallery: 'a team' })).toMatchObject({ persons: [{ images: [id] }, {}] });
    await client.deleteImage({ gallery: 'a team', image: id });
    await client.deletePerson({ gallery: 'a team', person: 'Adrien Brody' });
    expect(await client.listGalleries()).toEqual({ galleries: [{ name: 'a team', persons: 0, images: 0 }] });
    await client.deleteGallery({ gallery: 'a team' });
    const refused = await client.getGallery({ gallery: 'a team' }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ServiceProblem);
    expect(refused).toMatchObject({ problem: { status: 404, type: 'urn:faceflow:no-such-gallery' } });
    const stranger = new FaceflowClient({ address: url });
    await expect(stranger.embed(gul)).rejects.toMatchObject({ problem: { status: 401 } });
    const described = (await (await fetch(`${url}/openapi.json`)).json()) as { openapi: string };
    expect(described).toEqual(JSON.parse(readFileSync('schemas/openapi.json', 'utf8')));
    child.kill('SIGTERM');
    expect((await ended).code).toBe(0);
  });
});
