import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { writeFileAtomic } from '../../src/core/atomic-file.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'atomic-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

it('a file takes the place of the one before, and nothing else is left', () => {
  writeFileAtomic(join(folder, 'file'), 'old');
  writeFileAtomic(join(folder, 'file'), new Uint8Array([110, 101, 119]));
  expect(readFileSync(join(folder, 'file'), 'utf8')).toBe('new');
  expect(readdirSync(folder)).toEqual(['file']);
});

it('a write that fails leaves no temporary file', () => {
  mkdirSync(join(folder, 'file'));
  expect(() => {
    writeFileAtomic(join(folder, 'file'), 'text');
  }).toThrow('EISDIR');
  expect(readdirSync(folder)).toEqual(['file']);
});

it('a pipe is written into, and stays one', async () => {
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const reader = spawn('cat', [pipe]);
  let read = '';
  reader.stdout.on('data', (bytes: Buffer) => (read += bytes.toString()));
  writeFileAtomic(pipe, 'text\n');
  await once(reader, 'close');
  expect(read).toBe('text\n');
  expect(statSync(pipe).isFIFO()).toBe(true);
  expect(readdirSync(folder)).toEqual(['pipe']);
  const device = statSync('/dev/null').ino;
  writeFileAtomic('/dev/null', 'text');
  expect(statSync('/dev/null')).toMatchObject({ ino: device });
});

it('threads of one process may write the same file at the same time', async () => {
  const module = new URL('../../dist/src/core/atomic-file.js', import.meta.url).href;
  const script = `
    import(${JSON.stringify(module)}).then(({ writeFileAtomic }) => {
      const { workerData } = require('node:worker_threads');
      for (let round = 0; round < 100; round += 1) writeFileAtomic(workerData.path, workerData.text.repeat(10_000));
    });`;
  const path = join(folder, 'file');
  const threads = ['a', 'b', 'c'].map((text) => new Worker(script, { eval: true, workerData: { path, text } }));
  expect(await Promise.all(threads.map(async (thread) => (await once(thread, 'exit'))[0] as number))).toEqual([
    0, 0, 0,
  ]);
  expect(readFileSync(path, 'utf8')).toMatch(/^(a{10000}|b{10000}|c{10000})$/);
  expect(readdirSync(folder)).toEqual(['file']);
});
