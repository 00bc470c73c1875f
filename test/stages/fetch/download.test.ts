import { existsSync, readFileSync } from 'node:fs';
import { BlockList } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../../src/core/digest.ts';
import { Random } from '../../../src/core/random.ts';
import { download, type Downloaded, type DownloadTools } from '../../../stages/fetch/download.ts';
import { openBody } from '../../../stages/fetch/http-body.ts';
import { innerAddresses, isIn } from '../../../stages/fetch/inner-addresses.ts';
import { PartialFile } from '../../../stages/fetch/partial-file.ts';
import { failuresOf, temporaryFolder } from '../../kit/dataset/tiny-faces.ts';
import { FileServer } from './file-server.ts';

const random = new Random(3);
/** More than what a download makes durable at a time. */
const large = Buffer.from(Uint8Array.from({ length: 20 * 2 ** 20 }, () => random.integer(256)));
const content = large.subarray(0, 300_000);
const sha256 = digestOf(content);

interface Call {
  readonly url: string;
  readonly mirrors?: readonly string[];
  readonly sha256?: string;
  readonly path?: string;
  readonly signal?: AbortSignal;
  /** Absent: longer than this process can be without a processor. */
  readonly silenceMs?: number;
}

/** Downloads impatiently; returns what came and the warnings on the way. */
async function bring(call: Call): Promise<Downloaded & { bytesHere: Buffer; warnings: string[]; path: string }> {
  const path = call.path ?? join(temporaryFolder(), 'part');
  const warnings: string[] = [];
  const tools: DownloadTools = {
    signal: call.signal ?? new AbortController().signal,
    patience: { attempts: 3, pauseMs: 5, silenceMs: call.silenceMs ?? 30_000 },
    warn: (message) => warnings.push(message),
    progress: () => undefined,
  };
  const wanted = {
    url: call.url,
    mirrors: call.mirrors ?? [],
    sha256: call.sha256 ?? '',
    name: 'x.bin',
    extract: false,
  };
  const result = await download(wanted, new PartialFile(path, () => undefined), tools);
  return { ...result, bytesHere: readFileSync(path), warnings, path };
}

describe('a download', () => {
  it('brings a file and its digest', async () => {
    const server = await FileServer.open();
    const url = server.put('/x.bin', content);
    const came = await bring({ url });
    expect(came).toMatchObject({ url, bytes: content.length, sha256 });
    expect(came.bytesHere.equals(content)).toBe(true);
    expect(server.asked).toEqual([{ path: '/x.bin', range: undefined, ifRange: undefined }]);
  });

  it('keeps a compressed file as it is stored, even if the server names its compression', async () => {
    const server = await FileServer.open();
    const packed = gzipSync(content);
    const url = server.put('/x.tar.gz', packed);
    server.next('names a compression');
    const came = await bring({ url, sha256: digestOf(packed) });
    expect(came.bytesHere.equals(packed)).toBe(true);
    expect(server.asked).toHaveLength(1);
  });

  it('goes on where the connection broke, and makes sure by If-Range that it is the same file', async () => {
    const server = await FileServer.open();
    const url = server.put('/x.bin', content, '"v1"');
    server.next({ breaksAfter: 100_000 }, { breaksAfter: 50_000 });
    const came = await bring({ url, sha256 });
    expect(came.bytesHere.equals(content)).toBe(true);
    expect(server.asked.map(({ range, ifRange }) => [range, ifRange])).toEqual([
      [undefined, undefined],
      ['bytes=100000-', '"v1"'],
      ['bytes=150000-', '"v1"'],
    ]);
    expect(came.warnings[0]).toContain('the connection broke after 100000 bytes; again in 0.005 s from byte 100000 on');
  });

  it('takes the new file whole where the file changed after the connection broke', async () => {
    const server = await FileServer.open();
    const url = server.put('/x.bin', Buffer.alloc(200_000, 1), '"old"');
    server.next({ breaksAfter: 100_000, meanwhile: () => server.put('/x.bin', content, '"new"') });
    const came = await bring({ url });
    expect(came.bytesHere.equals(content)).toBe(true);
    expect(server.asked.at(-1)).toMatchObject({ range: 'bytes=100000-', ifRange: '"old"' });
  });

  it('starts again if the server does not support ranges', async () => {
    const server = await FileServer.open();
    const url = server.put('/x.bin', content);
    server.next({ breaksAfter: 100_000 }, 'ignores ranges');
    expect((await bring({ url, sha256 })).bytesHere.equals(content)).toBe(true);
  });

  it('goes on in another run, and asks for nothing where nothing is missing', async () => {
    const server = await FileServer.open();
    const url = server.put('/x.bin', content);
    const path = join(temporaryFolder(), 'part');
    server.next({ breaksAfter: 120_000 }, { status: 404 });
    expect(await failuresOf(() => bring({ url, path, sha256 }))).toMatchObject([{ code: 'download-failed' }]);
    expect((await bring({ url, path, sha256 })).bytesHere.equals(content)).toBe(true);
    expect(server.asked.at(-1)).toMatchObject({ range: 'bytes=120000-' });
    const requests = server.asked.length;
    expect(await bring({ url, path, sha256 })).toMatchObject({ url, bytes: content.length, sha256 });
    expect(server.asked).toHaveLength(requests);
  });

  it('keeps what is durable when it is stopped in the middle of a body', async () => {
    const server = await FileServer.open();
    const url = server.put('/x.bin', large);
    const path = join(temporaryFolder(), 'part');
    const stop = new AbortController();
    server.next({ stallsAfter: 12 * 2 ** 20 });
    const running = bring({ url, path, signal: stop.signal, sha256: digestOf(large) });
    await expect.poll(() => existsSync(`${path}.json`), { timeout: 30_000 }).toBe(true);
    stop.abort();
    await expect(running).rejects.toThrow('abort');
    const came = await bring({ url, path, sha256: digestOf(large) });
    expect(came.bytesHere.equals(large)).toBe(true);
    const start = Number(/\d+/.exec(server.asked.at(-1)?.range ?? '')?.[0]);
    expect(start).toBeGreaterThanOrEqual(8 * 2 ** 20);
  });

  it('refuses a wrong digest by name of both, keeps nothing of it, and tries the mirror', async () => {
    const server = await FileServer.open();
    const wrong = Buffer.from('something else');
    const url = server.put('/x.bin', wrong);
    const failures = await failuresOf(() => bring({ url, sha256 }));
    expect(failures).toMatchObject([{ code: 'download-failed' }]);
    expect(failures[0]?.message).toBe(
      `x.bin could not be downloaded: ${url}: expected SHA-256 ${sha256}, found ${digestOf(wrong)} in 14 B`,
    );
    const mirror = server.put('/mirror.bin', content);
    const came = await bring({ url, mirrors: [mirror], sha256 });
    expect(came.url).toBe(mirror);
    expect(came.bytesHere.equals(content)).toBe(true);
    expect(server.asked.at(-1)).toEqual({ path: '/mirror.bin', range: undefined, ifRange: undefined });
  });

  it('starts again once if the pieces of two versions do not fit together', async () => {
    const server = await FileServer.open();
    const url = server.put('/x.bin', Buffer.alloc(content.length, 7));
    // The same validator for another content: a server that cannot be believed.
    server.next({ breaksAfter: 100_000, meanwhile: () => server.put('/x.bin', content) });
    const came = await bring({ url, sha256 });
    expect(came.bytesHere.equals(content)).toBe(true);
    expect(server.asked.map(({ range }) => range)).toEqual([undefined, 'bytes=100000-', undefined]);
  });

  it('goes on at a mirror with the bytes of the first address, where a digest vouches for them', async () => {
    const server = await FileServer.open();
    const url = server.put('/x.bin', content);
    const mirror = server.put('/mirror.bin', content, '"other"');
    server.next({ breaksAfter: 100_000 }, { status: 403 });
    const came = await bring({ url, mirrors: [mirror], sha256 });
    expect(came).toMatchObject({ url: mirror, sha256 });
    expect(server.asked.at(-1)).toEqual({ path: '/mirror.bin', range: 'bytes=100000-', ifRange: undefined });
    expect(came.warnings.at(-1)).toContain('the server answered 403 Forbidden (2 attempts); trying the next mirror');
  });

  it('refuses a redirect from outside to an address of the machine or its network, also by name', async () => {
    // One address of this machine is the outside, and another one the inside.
    const outside = await FileServer.open('127.0.0.2');
    const secret = (await FileServer.open()).put('/secret', content);
    const ask = (redirectsTo: string, ...addresses: readonly string[]): Promise<string> => {
      const inner = new BlockList();
      for (const address of addresses) inner.addAddress(address, address.includes(':') ? 'ipv6' : 'ipv4');
      outside.next({ redirectsTo });
      const request = { validator: '', isPinned: true, silenceMs: 1000, signal: new AbortController().signal, inner };
      return openBody({ ...request, url: outside.url('/x'), start: 0 }).then(
        ({ stream }) => {
          stream.destroy();
          return 'followed';
        },
        (error: unknown) => String(error),
      );
    };
    const refusal = 'an address of this machine or its network, from a server outside of it';
    const { port } = new URL(secret);
    expect(await ask(secret)).toBe('followed');
    expect(await ask(secret, '127.0.0.1')).toBe(`TransferError: a redirect to ${secret}, ${refusal}`);
    expect(await ask(`http://user:pass@127.0.0.1:${port}/secret?token=b`, '127.0.0.1')).toBe(
      `TransferError: a redirect to ${secret}, ${refusal}`,
    );
    expect(await ask(`http://localhost:${port}/secret`, '127.0.0.1', '::1')).toBe(
      `TransferError: a redirect to http://localhost:${port}/secret, ${refusal}`,
    );
    expect(await ask(`http://[::1]:${port}/secret`, '::1')).toContain(refusal);
    // From inside to inside, as in a laboratory.
    expect(await ask(secret, '127.0.0.1', '127.0.0.2')).toBe('followed');
  });

  it.each([
    ['10.1.2.3', true],
    ['169.254.169.254', true],
    ['127.9.9.9', true],
    ['172.31.255.255', true],
    ['172.32.0.0', false],
    ['192.168.0.1', true],
    ['8.8.8.8', false],
    ['::ffff:10.0.0.1', true],
    ['::ffff:8.8.8.8', false],
    ['fd00::1', true],
    ['fe80::1', true],
    ['2606:4700::1111', false],
  ])('%s is of a machine or network: %s', (address, isInner) => {
    expect(isIn(innerAddresses, address)).toBe(isInner);
  });

  it('follows redirects, to a limit, and to http and https only', async () => {
    const server = await FileServer.open();
    server.put('/x.bin', content);
    server.next({ redirectsTo: '/b' }, { redirectsTo: server.url('/x.bin') });
    expect((await bring({ url: server.url('/a') })).bytesHere.equals(content)).toBe(true);
    server.next({ redirectsTo: 'file:///etc/passwd' });
    const [refused] = await failuresOf(() => bring({ url: server.url('/a') }));
    expect(refused?.message).toContain('a redirect to file:///etc/passwd, which is neither http nor https');
    server.next(...Array.from({ length: 11 }, () => ({ redirectsTo: '/again' })));
    const [endless] = await failuresOf(() => bring({ url: server.url('/a') }));
    expect(endless?.message).toContain('more than 10 redirects');
  });

  it('asks a busy server again and stops asking one that does not have the file', async () => {
    const server = await FileServer.open();
    const url = server.put('/x.bin', content);
    server.next({ status: 503 }, { status: 429 });
    expect((await bring({ url })).bytesHere.equals(content)).toBe(true);
    expect(server.asked).toHaveLength(3);
    const [missing] = await failuresOf(() => bring({ url: server.url('/none') }));
    expect(missing?.message).toContain(`${server.url('/none')}: the server answered 404 Not Found`);
    expect(server.asked).toHaveLength(4);
  });

  it('does not wait for ever for a server that says nothing, before or in the middle of the body', async () => {
    const server = await FileServer.open();
    const url = server.put('/x.bin', content);
    server.next('silent', { stallsAfter: 50_000 });
    const came = await bring({ url, sha256, silenceMs: 300 });
    expect(came.bytesHere.equals(content)).toBe(true);
    expect(came.warnings[0]).toContain('the server was silent for 0.3 s');
    expect(came.warnings[1]).toContain('the server was silent for 0.3 s; again in 0.01 s from byte 50000 on');
  });

  it('reports that no server answers', async () => {
    const server = await FileServer.open();
    const url = server.url('/x.bin').replace(/:\d+/, ':1');
    const [failure] = await failuresOf(() => bring({ url }));
    expect(failure?.message).toContain('ECONNREFUSED');
    expect(failure?.message).toContain('(3 attempts)');
  });

  it('trusts no bytes of an earlier run without a digest or a validator', async () => {
    const server = await FileServer.open();
    const url = server.put('/x.bin', content, 'W/"weak"');
    server.next({ breaksAfter: 100_000 });
    expect((await bring({ url })).bytesHere.equals(content)).toBe(true);
    expect(server.asked.map(({ range }) => range)).toEqual([undefined, undefined]);
  });
});
