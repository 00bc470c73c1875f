import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { decodeImage, loadDetector, loadEmbedder } from 'faceflow';
import { FaceService } from '../../src/service/face-service.ts';
import { openSqlite } from '../../src/core/sqlite.ts';
import { Galleries } from '../../src/service/galleries.ts';
import { readGalleryFile } from '../../src/service/gallery-file.ts';
import { indexKinds } from '../../src/service/gallery-index.ts';
import { usualLimits } from '../../src/service/limits.ts';
import { type RunningServer, startServer } from '../../src/service/server.ts';
import { animatedGif, claimingPng, lyingJpeg } from './hostile-images.ts';
import { lacksData, model, photograph, residentBytes, serviceOptions, why } from './service-data.ts';

interface Faces {
  readonly contract: string;
  readonly faces: readonly { readonly score: number; readonly vector: readonly number[] }[];
}

const limits = { ...usualLimits, processes: 1, timeoutMs: 120_000, maxBytes: 2 ** 20 };

describe.skipIf(lacksData)(`the service${why}`, { timeout: 600_000 }, () => {
  let service: FaceService;
  let server: RunningServer;
  const defects: unknown[] = [];

  beforeAll(async () => {
    service = await FaceService.open(serviceOptions({ limits }));
    server = await startServer(service, {
      ...{ address: '127.0.0.1', port: 0, token: undefined, limits },
      onDefect: (error) => defects.push(error),
    });
  }, 600_000);
  afterAll(async () => {
    await server.close();
    await service.close();
    expect(defects).toEqual([]);
  });

  function post(
    path: string,
    body: Buffer | object,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Response> {
    const isBytes = Buffer.isBuffer(body);
    return fetch(server.url + path, {
      method: 'POST',
      headers: { 'content-type': isBytes ? 'image/jpeg' : 'application/json', ...headers },
      body: isBytes ? new Uint8Array(body) : JSON.stringify(body),
    });
  }

  /** Status and code of a refusal, which has to be one as RFC 9457 has them. */
  async function refusal(answer: Response): Promise<string> {
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    const problem = (await answer.json()) as Readonly<Record<string, unknown>>;
    expect(problem).toMatchObject({
      status: answer.status,
      title: expect.any(String) as string,
      detail: expect.any(String) as string,
    });
    expect(problem['instance']).toBe(answer.headers.get('x-request-id'));
    return `${answer.status} ${String(problem['type']).replace('urn:faceflow:', '')}`;
  }

  it('finds and embeds faces as the library does, and gives concurrent requests the bits of single ones', async () => {
    const bytes = photograph('group');
    const [raw, encoded] = await Promise.all([
      post('/embed', bytes),
      post('/embed', { image: bytes.toString('base64') }),
    ]);
    const content = (await raw.json()) as Faces;
    expect(await encoded.json()).toEqual(content);
    await using detector = await loadDetector({ threads: 1 });
    await using embedder = await loadEmbedder({ model, threads: 1 });
    const image = await decodeImage(bytes);
    const [faces = []] = await detector.detect([image]);
    const vectors = await embedder.embed(faces.map((face) => embedder.align(image, face)));
    expect(content.faces.map(({ vector }) => vector)).toEqual(vectors.map((vector) => Array.from(vector)));
    expect(content.contract).toBe(embedder.contract(detector));
    const names = ['gul', 'other', 'gulAgain'] as const;
    const before = service.counts;
    const together = await Promise.all([...names, ...names, ...names].map((name) => post('/embed', photograph(name))));
    const answers = (await Promise.all(together.map((answer) => answer.json()))) as Faces[];
    for (const [index, name] of names.entries()) {
      const alone = (await (await post('/embed', photograph(name))).json()) as Faces;
      for (const round of [0, 3, 6]) expect(answers[index + round]).toEqual(alone);
    }
    expect(service.counts.faces).toBeGreaterThan(before.faces);
    const detected = (await (await post('/detect', bytes)).json()) as Faces;
    expect(detected.faces.map(({ score }) => score)).toEqual(faces.map(({ score }) => score));
  });

  it('compares two photographs, and finds persons in galleries', async () => {
    const encoded = (name: Parameters<typeof photograph>[0]): string => photograph(name).toString('base64');
    const verify = async (other: Parameters<typeof photograph>[0]): Promise<{ similarity: number }> => {
      const answer = await post('/verify', { images: [encoded('gul'), encoded(other)] });
      return (await answer.json()) as { similarity: number };
    };
    const [same, different] = [await verify('gulAgain'), await verify('other')];
    expect(same).toMatchObject({ same: null, threshold: null, faces: [{ score: expect.any(Number) as number }, {}] });
    expect(same.similarity).toBeGreaterThan(different.similarity + 0.3);
    expect(await refusal(await post('/verify', photograph('gul')))).toBe('400 no-image');

    const created = await fetch(`${server.url}/galleries/team`, { method: 'PUT' });
    expect([created.status, await created.json()]).toEqual([200, { name: 'team', persons: [] }]);
    const added = await post('/galleries/team/persons/Gul/images', photograph('gul'));
    expect(added.status).toBe(201);
    const { id } = (await added.json()) as { id: number };
    // The same image again is the same.
    expect(await (await post('/galleries/team/persons/Gul/images', photograph('gul'))).json()).toMatchObject({ id });
    await post('/galleries/team/persons/Brody/images', photograph('other'));
    const found = await post('/galleries/team/identify?top=1', photograph('gulAgain'));
    expect(await found.json()).toMatchObject({ approximate: false, faces: [{ matches: [{ person: 'Gul' }] }] });
    const listed = await fetch(`${server.url}/galleries`);
    expect(await listed.json()).toEqual({ galleries: [{ name: 'team', persons: 2, images: 2 }] });
    const remove = (path: string): Promise<Response> => fetch(server.url + path, { method: 'DELETE' });
    expect((await remove(`/galleries/team/images/${id}`)).status).toBe(204);
    expect(await refusal(await remove('/galleries/team/persons/Gul'))).toBe('404 no-such-person');
    expect((await remove('/galleries/team/persons/Brody')).status).toBe(204);
    // One person, however the name is composed; and long ones, of characters that are long in a path.
    const long = ['王'.repeat(100), '한'.repeat(100)];
    const persons = ['José O’Brien', 'Martin Luther King, Jr.', '’t Hooft', 'ジョン・スミス', 'علی\u200cرضا', ...long];
    for (const person of [...persons, 'Jose\u0301 O’Brien', '한'.repeat(100).normalize('NFD')]) {
      const path = `/galleries/team/persons/${encodeURIComponent(person)}/images`;
      expect((await post(path, photograph('other'))).status).toBe(201);
    }
    const team = (await (await fetch(`${server.url}/galleries/team`)).json()) as { persons: { name: string }[] };
    expect(team.persons.map(({ name }) => name)).toEqual(persons);
    for (const person of ['王'.repeat(101), '\u0958'.repeat(100), '..', '’', 'a/b', '\u202Ea', ' a', 'a ']) {
      const path = `/galleries/team/persons/${encodeURIComponent(person)}/images`;
      expect(await refusal(await post(path, photograph('other')))).toMatch(/^40[04] /);
    }
    expect((await remove('/galleries/team')).status).toBe(204);
    expect(await refusal(await post('/galleries/team/identify', photograph('gul')))).toBe('404 no-such-gallery');
    expect(await refusal(await post('/galleries/team/persons/x/images', photograph('gul')))).toBe(
      '404 no-such-gallery',
    );
  });

  it('refuses what is no image, too large, cut off, animated or lying, by its header, without taking memory', async () => {
    const whole = photograph('group');
    const hostile: readonly (readonly [Buffer, string])[] = [
      [claimingPng(16_000, 16_000), '413 too-many-pixels'],
      [claimingPng(6000, 6000), '422 undecodable-image'],
      [animatedGif(10_000), '422 animated-image'],
      [lyingJpeg(60_000, 60_000), '413 too-many-pixels'],
      [lyingJpeg(6000, 6000), '422 undecodable-image'],
      [gzipSync(Buffer.alloc(2 ** 26)), '415 unsupported-image'],
      [whole.subarray(0, whole.length / 2), '422 undecodable-image'],
      [Buffer.from('GIF89a'), '422 undecodable-image'],
      [Buffer.from('no image'), '415 unsupported-image'],
      [Buffer.alloc(2 ** 20 + 1, 0xff), '413 too-many-bytes'],
    ];
    await post('/detect', whole);
    const before = residentBytes(process.pid);
    for (let round = 0; round < 3; round += 1) {
      for (const [body, expected] of hostile) expect(await refusal(await post('/embed', body))).toBe(expected);
    }
    expect(await refusal(await post('/embed', gzipSync(whole), { 'content-encoding': 'gzip' }))).toBe(
      '415 encoded-body',
    );
    expect(await refusal(await post('/embed', Buffer.alloc(4 * 2 ** 20)))).toBe('413 too-many-bytes');
    expect(residentBytes(process.pid) - before).toBeLessThan(50 * 2 ** 20);
    expect((await post('/detect', whole)).status).toBe(200);
  });

  it('takes JSON and parameters of the described types alone, and tells which types of bodies there are', async () => {
    const image = photograph('gul').toString('base64');
    for (const wrong of [[image], 123, true, null, {}]) {
      expect(await refusal(await post('/embed', { image: wrong }))).toBe('400 invalid-request');
      expect(await refusal(await post('/verify', { images: [wrong, image] }))).toBe('400 invalid-request');
    }
    for (const top of ['0', '1e1', '0x1', '1&top=2', '']) {
      const answer = await post(`/galleries/none/identify?top=${top}`, photograph('gul'));
      expect(await refusal(answer)).toBe('400 invalid-request');
    }
    const form = await post('/embed', photograph('gul'), { 'content-type': 'application/x-www-form-urlencoded' });
    expect(await form.json()).toMatchObject({
      status: 415,
      detail:
        'expected Content-Type image/jpeg or of another image, application/octet-stream or application/json, found "application/x-www-form-urlencoded"',
    });
    expect((await post('/detect', photograph('gul'), { 'content-encoding': 'Identity' })).status).toBe(200);
  });

  it('answers broken, slow and endless requests, and goes on', async () => {
    const talk = (text: string): Promise<string> =>
      new Promise((resolve) => {
        const socket = connect(Number(new URL(server.url).port), '127.0.0.1', () => socket.write(text));
        let answer = '';
        socket.setEncoding('utf8').on('data', (part: string) => (answer += part));
        socket
          .on('error', () => undefined)
          .on('close', () => {
            resolve(answer);
          });
        socket.setTimeout(30_000, () => socket.destroy());
      });
    const head = 'POST /embed HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/jpeg\r\nConnection: close\r\n';
    expect(await talk(`${head}Transfer-Encoding: chunked\r\n\r\n4\r\nGIF8\r\n0\r\n\r\n`)).toMatch(/^HTTP\/1\.1 411 /);
    // Of every method that has one: what counts as no body is not read either.
    expect(
      await talk(`${head.replace('POST /embed', 'DELETE /galleries/x')}Transfer-Encoding: chunked\r\n\r\n`),
    ).toMatch(/^HTTP\/1\.1 411 /);
    expect(await talk(`${head}Content-Length: 8\r\n\r\nGIF89a--and more than that`)).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect(await talk(`${head}Content-Length: nine\r\n\r\nGIF89a`)).toMatch(/^HTTP\/1\.1 400 /);
    expect(await talk('this is no HTTP\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 [\s\S]*application\/problem\+json/);
    expect((await fetch(`${server.url}/health`)).status).toBe(200);
  });

  it('fetches no address and reads no path, however it is asked', async () => {
    let asked = 0;
    const trap = createServer((_, answer) => {
      asked += 1;
      answer.writeHead(302, { location: 'file:///etc/passwd' }).end();
    });
    await new Promise<void>((resolve) => trap.listen(0, '127.0.0.1', resolve));
    const { port } = trap.address() as AddressInfo;
    const tricks = [
      `http://127.0.0.1:${port}/`,
      'file:///etc/passwd',
      '../../../etc/passwd',
      'http://169.254.169.254/latest/meta-data/',
    ];
    for (const image of tricks) expect(await refusal(await post('/embed', { image }))).toBe('400 not-base64');
    // A path of letters and slashes is base64 too: of bytes that are no image.
    expect(await refusal(await post('/embed', { image: '/etc/passwd0' }))).toBe('415 unsupported-image');
    for (const name of ['url', 'path', 'file', 'img_path']) {
      expect(await refusal(await post('/embed', { image: 'aaaa', [name]: tricks[0] }))).toBe('400 invalid-request');
    }
    const paths = ['/galleries/..%2f..%2fetc', '/galleries/x%00y', '/etc/passwd'];
    for (const path of paths) expect(await refusal(await fetch(server.url + path))).toMatch(/^40[04] /);
    expect(asked).toBe(0);
    trap.close();
    for (const [method, path, allowed] of [
      ['GET', '/embed', 'POST'],
      ['POST', '/galleries/team', 'PUT, GET, HEAD, DELETE'],
      ['DELETE', '/openapi.json', 'GET, HEAD'],
    ] as const) {
      const answer = await fetch(server.url + path, { method });
      expect(answer.headers.get('allow')).toBe(allowed);
      expect(await refusal(answer)).toBe('405 method-not-allowed');
    }
    expect(await refusal(await fetch(`${server.url}/openapiXjson`))).toBe('404 not-found');
  });

  it('answers to its own name alone, so that no page of another site reads it', async () => {
    const asking = (url: string, host: string): Promise<string> =>
      new Promise((resolve) => {
        const { port, hostname } = new URL(url);
        const socket = connect(Number(port), hostname, () =>
          socket.write(`GET /health HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`),
        );
        let answer = '';
        socket
          .setEncoding('utf8')
          .on('data', (part: string) => (answer += part))
          .on('close', () => {
            resolve(answer);
          });
      });
    expect(await asking(server.url, 'LocalHost:80')).toMatch(/^HTTP\/1\.1 200 /);
    const second = await startServer(service, {
      ...{ address: '127.0.0.2', port: 0, token: undefined, limits },
      onDefect: (error) => defects.push(error),
    });
    expect(await asking(second.url, new URL(second.url).host)).toMatch(/^HTTP\/1\.1 200 /);
    await second.close();
    const asOther = await asking(server.url, 'evil.example');
    expect(asOther).toMatch(/^HTTP\/1\.1 421 /);
  });

  it('takes no more requests than it may hold, and says when to come again', async () => {
    const few = { ...limits, maxRequests: 2 };
    const small = await startServer(service, {
      ...{ address: '127.0.0.1', port: 0, token: undefined, limits: few },
      onDefect: (error) => defects.push(error),
    });
    const bytes = new Uint8Array(photograph('group'));
    const ask = (): Promise<Response> =>
      fetch(`${small.url}/detect`, { method: 'POST', headers: { 'content-type': 'image/jpeg' }, body: bytes });
    const answers = await Promise.all(Array.from({ length: 12 }, ask));
    const refused = answers.filter(({ status }) => status === 429);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(12 - refused.length);
    expect(refused.length).toBeGreaterThan(0);
    for (const answer of refused) {
      expect(answer.headers.get('retry-after')).toBe('1');
      expect(await refusal(answer)).toBe('429 too-many-requests');
    }
    expect((await ask()).status).toBe(200);
    await small.close();
  });

  it('takes no image of more faces than it may', async () => {
    const single = await FaceService.open(serviceOptions({ limits: { ...limits, maxFaces: 1 } }));
    const { signal } = new AbortController();
    await expect(single.embed(photograph('group'), signal)).rejects.toMatchObject({
      code: 'too-many-faces',
      status: 422,
    });
    expect(await single.embed(photograph('gul'), signal)).toMatchObject({ faces: [{}] });
    await single.close();
  });

  it('refuses a slow client after the time that a request may take', async () => {
    const slow = await startServer(service, {
      ...{ address: '127.0.0.1', port: 0, token: undefined, limits: { ...limits, timeoutMs: 500 } },
      onDefect: (error) => defects.push(error),
    });
    const answer = await new Promise<string>((resolve) => {
      const socket = connect(Number(new URL(slow.url).port), '127.0.0.1', () =>
        socket.write(
          'POST /embed HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/jpeg\r\nContent-Length: 1000\r\n\r\nGIF8',
        ),
      );
      let text = '';
      socket
        .setEncoding('utf8')
        .on('data', (part: string) => (text += part))
        .on('close', () => {
          resolve(text);
        });
    });
    expect(answer).toMatch(/^HTTP\/1\.1 408 [\s\S]*urn:faceflow:too-slow/);
    await slow.close();
  });

  it('listens beyond this machine with a token only, which every request has to bring', async () => {
    const open = { address: '0.0.0.0', port: 0, limits, onDefect: (error: unknown) => defects.push(error) };
    await expect(startServer(service, { ...open, token: undefined })).rejects.toMatchObject({
      failures: [{ code: 'open-without-token' }],
    });
    await expect(startServer(service, { ...open, token: 'short' })).rejects.toMatchObject({
      failures: [{ code: 'weak-token' }],
    });
    const token = 'a token of many characters';
    const guarded = await startServer(service, { ...open, token });
    const address = `http://127.0.0.1:${new URL(guarded.url).port}`;
    const list = (headers: Readonly<Record<string, string>>): Promise<Response> =>
      fetch(`${address}/galleries`, { headers });
    expect(await refusal(await list({}))).toBe('401 unauthorized');
    expect(await refusal(await list({ authorization: `Bearer ${token}x` }))).toBe('401 unauthorized');
    expect((await list({ authorization: `Bearer ${token}` })).status).toBe(200);
    expect((await list({ authorization: `bearer ${token}` })).status).toBe(200);
    for (const [path, status] of [
      ['%', '400 invalid-request'],
      ['x'.repeat(101), '400 invalid-request'],
      ['x'.repeat(2701), '414 invalid-request'],
    ] as const) {
      const ask = (headers: Readonly<Record<string, string>>) => fetch(`${address}/galleries/${path}`, { headers });
      expect(await refusal(await ask({}))).toBe('401 unauthorized');
      expect(await refusal(await ask({ authorization: `Bearer ${token}` }))).toBe(status);
    }
    expect((await fetch(`${address}/metrics`)).status).toBe(401);
    expect((await fetch(`${address}/health`)).status).toBe(200);
    await guarded.close();
    await expect(
      startServer(service, { ...open, address: '127.0.0.1', port: Number(new URL(server.url).port), token }),
    ).rejects.toMatchObject({ failures: [{ code: 'address-not-free' }] });
  });

  it('counts what it does for Prometheus', async () => {
    expect((await fetch(`${server.url}/galleries/%zz`)).status).toBe(400);
    const text = await (await fetch(`${server.url}/metrics`)).text();
    expect(text).toMatch(/^faceflow_requests_total\{operation="POST \/embed",status="200"\} \d+$/m);
    expect(text).toMatch(/^faceflow_requests_total\{operation="unknown",status="400"\} \d+$/m);
    expect(text).toMatch(/^faceflow_request_seconds_bucket\{operation="POST \/verify",le="\+Inf"\} 8$/m);
    for (const line of text.trim().split('\n'))
      expect(line).toMatch(/^(?:# TYPE \w+ (?:counter|gauge|histogram)|\w+(?:\{[^}]*\})? [\d.e+-]+)$/);
  });
});

const vectors = { contract: 'c'.repeat(64), embeddingSize: 4 };

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'flow-galleries-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  return folder;
}

describe('files of galleries', () => {
  it('are served by one service at a time', async () => {
    const file = join(temporaryFolder(), 'galleries.db');
    const { galleries } = await Galleries.open(file, vectors);
    await galleries.create('team');
    await expect(Galleries.open(file, vectors)).rejects.toMatchObject({
      failures: [{ code: 'galleries-in-use', message: `the galleries are served already, by process ${process.pid}` }],
    });
    expect(readGalleryFile(file).galleries).toEqual([{ name: 'team', persons: 0, images: 0 }]);
    await galleries.close();
    const again = await Galleries.open(file, vectors);
    expect(again.galleries.list()).toHaveLength(1);
    await again.galleries.close();
  });

  it('stay as they are where they hold something else', async () => {
    const folder = temporaryFolder();
    const foreign = join(folder, 'foreign.db');
    const database = openSqlite(foreign);
    database.exec('create table person (name text)');
    database.close();
    const text = join(folder, 'text.db');
    writeFileSync(text, 'no database, and long enough to be looked at as one');
    const short = join(folder, 'short.db');
    writeFileSync(short, 'x');
    for (const file of [foreign, text, short]) {
      const before = readFileSync(file);
      await expect(Galleries.open(file, vectors)).rejects.toMatchObject({
        failures: [{ code: 'not-vectors', at: { file } }],
      });
      expect(readFileSync(file)).toEqual(before);
    }
    expect(readdirSync(folder).sort()).toEqual(['foreign.db', 'short.db', 'text.db']);
    for (const file of [folder, join(folder, 'gone', 'galleries.db'), join(text, 'galleries.db')]) {
      await expect(Galleries.open(file, vectors)).rejects.toMatchObject({
        failures: [{ code: 'galleries-unusable', at: { file } }],
      });
    }
  });

  it.each(indexKinds)('are refused where they are cut off, or hold vectors of another length (%s)', async (kind) => {
    const folder = temporaryFolder();
    const file = join(folder, 'galleries.db');
    const { galleries } = await Galleries.open(file, vectors);
    await galleries.create('team');
    const face = (number: number) => ({ person: `p${number}`, sha256: String(number).padStart(64, '0') });
    for (let number = 0; number < 500; number += 1) {
      await galleries.add('team', face(number), Float32Array.of(1, 0, 0, 0));
    }
    await galleries.close();
    const whole = readFileSync(file);
    const refused = async (): Promise<void> => {
      await expect(Galleries.open(file, vectors, { kind })).rejects.toMatchObject({
        failures: [{ code: 'not-vectors', at: { file } }],
      });
    };
    truncateSync(file, whole.length / 2);
    await refused();
    writeFileSync(file, whole);
    const database = openSqlite(file);
    database.prepare("update face set vector = ? where person = 'p300'").run(Buffer.alloc(15));
    database.close();
    await refused();
    expect(() => [...readGalleryFile(file).entries('team', 4)]).toThrow(
      'a vector of 15 bytes, where 4 numbers take 16',
    );
  });

  it.each(indexKinds)('take galleries that are made, removed and added to at once (%s)', async (kind) => {
    const { galleries } = await Galleries.open(':memory:', vectors, { kind });
    for (let round = 0; round < 20; round += 1) {
      const outcomes = await Promise.allSettled([
        galleries.create('team'),
        galleries.create('team'),
        galleries.add('team', { person: 'p', sha256: '0'.repeat(64) }, Float32Array.of(1, 0, 0, 0)),
        ...(round % 2 === 0 ? [galleries.remove('team'), galleries.create('team')] : []),
        galleries.add('team', { person: 'q', sha256: '1'.repeat(64) }, Float32Array.of(0, 1, 0, 0)),
        galleries.identify('team', Float32Array.of(1, 0, 0, 0), 1),
      ]);
      for (const outcome of outcomes) {
        if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'no-such-gallery' });
      }
      expect(galleries.index.vectors).toBe(galleries.list().reduce((sum, { images }) => sum + images, 0));
    }
    await galleries.close();
  });
});
