import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { dirname, extname, join, resolve } from 'node:path';
import axe from 'axe-core';
import { chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeImage } from '../../src/embedding/decode-image.ts';
import { encodePng } from '../../src/kit/image/image.ts';
import { Rig } from './rig.ts';

const executablePath = '/usr/bin/chromium';
const model = resolve('../shared/data/models/mobilefacenet-y1/model-0000.params');
const faces = resolve('../shared/data/lfw/aligned-112/Abel_Pacheco');
const missing = [executablePath, model, faces].find((path) => !existsSync(path));
const why = missing === undefined ? '' : ` (not tested: there is no ${missing})`;
const require = createRequire(import.meta.url);
const tfjs = (name: string): string => require.resolve(`@tensorflow/tfjs-${name}`).replace(/dist.*$/, 'dist');
/** The program that runs the network in the page: its files, and those of it that the page loads; its script names them too. */
const programs = {
  onnx: {
    folders: [dirname(require.resolve('onnxruntime-web/wasm'))],
    files: ['ort.wasm.min.mjs', 'ort-wasm-simd-threaded.mjs', 'ort-wasm-simd-threaded.wasm'],
  },
  tfjs: {
    folders: ['core', 'converter', 'backend-wasm'].map(tfjs),
    files: ['tf-core.min.js', 'tf-converter.min.js', 'tf-backend-wasm.min.js', 'tfjs-backend-wasm-simd.wasm'],
  },
};
const types: Readonly<Record<string, string>> = {
  ...{ '.html': 'text/html', '.mjs': 'text/javascript', '.js': 'text/javascript' },
  ...{ '.wasm': 'application/wasm', '.json': 'application/json' },
};

const formats = ['onnx', 'tfjs'] as const;

describe.skipIf(missing !== undefined)(`an exported network in a browser${why}`, { timeout: 300_000 }, () => {
  let rig: Rig;
  let server: Server;
  beforeAll(async () => {
    rig = new Rig();
    for (const format of formats) {
      const exported = await rig.flow(['export-model', format, '--model', model, '--to', format], { FLOW_ENGINE: '' });
      expect(exported.stderr).toBe('');
      cpSync('docs/examples/browser/index.html', rig.path(format, 'index.html'));
      cpSync(`docs/examples/browser/${format}.mjs`, rig.path(format, 'network.mjs'));
      const { folders, files } = programs[format];
      for (const file of files) {
        const folder = folders.find((each) => existsSync(join(each, file))) ?? '';
        cpSync(join(folder, file), rig.path(format, file));
      }
    }
    // Without loss, so that the browser sees the same pixels.
    for (const number of [1, 4]) {
      const bytes = readFileSync(join(faces, `Abel_Pacheco_000${number}.jpg`));
      writeFileSync(rig.path(`${number}.png`), await encodePng(await decodeImage(bytes), 1));
    }
    server = createServer(({ url = '/' }, answer) => {
      const file = rig.path(url.endsWith('/') ? `${url}index.html` : url);
      if (!existsSync(file)) return answer.writeHead(404).end();
      return answer
        .writeHead(200, { 'content-type': types[extname(file)] ?? 'application/octet-stream' })
        .end(readFileSync(file));
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  }, 300_000);
  afterAll(() => {
    server.close();
    return rig.dispose();
  });

  it.each(formats)(
    'of %s gives the similarity that flow compare-faces gives, and asks nothing of anybody else',
    async (format) => {
      const args = ['compare-faces', '1.png', '4.png', '--model', model, '--detector', 'none', '--json'];
      const compared = JSON.parse((await rig.flow(args, { FLOW_ENGINE: '' })).stdout) as {
        readonly similarity: number;
      };
      const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
      try {
        const page = await browser.newPage();
        const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
        const [complaints, asked]: [string[], string[]] = [[], []];
        page.on('console', (message) => complaints.push(message.text()));
        page.on('pageerror', (error) => complaints.push(error.message));
        page.on('request', (request) => asked.push(request.url()));
        await page.goto(`${origin}/${format}/`);
        const status = page.locator('#status');
        await status.filter({ hasText: 'Choose two faces of 112 x 112 pixels.' }).waitFor({ timeout: 120_000 });
        await page.locator('#first').setInputFiles(rig.path('1.png'));
        await page.locator('#second').setInputFiles(rig.path('4.png'));
        await status.filter({ hasText: /^Similarity / }).waitFor({ timeout: 120_000 });
        const found = Number(/-?\d\.\d+/.exec((await status.textContent()) ?? '')?.[0]);
        expect(Math.abs(found - compared.similarity)).toBeLessThan(1e-3);
        expect(found).toBeGreaterThan(0.5);
        expect(asked.filter((url) => !url.startsWith(origin) && !/^(?:blob|data):/.test(url))).toEqual([]);
        await page.locator('#second').setInputFiles({
          ...{ name: 'small.png', mimeType: 'image/png' },
          buffer: Buffer.from(await encodePng({ width: 2, height: 3, data: new Uint8Array(18) }, 1)),
        });
        await status.filter({ hasText: 'Expected a face of 112 x 112 pixels, found 2 x 3.' }).waitFor();
        await page.evaluate(axe.source);
        const violations = await page.evaluate<unknown[]>(
          `(async () => (await axe.run()).violations.map(({ id, nodes }) => [id, nodes[0].html]))()`,
        );
        expect(violations).toEqual([]);
        expect(complaints).toEqual([]);
      } finally {
        await browser.close();
      }
    },
  );
});
