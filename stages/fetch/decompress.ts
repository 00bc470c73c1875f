import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { errorCode, fail } from '../../src/core/failure.ts';
import { failures } from './failures.ts';

/** What is unpacked by programs of the system, since Node.js 20 has nothing for it. */
export type Compression = 'bzip2' | 'xz' | 'lzma' | 'zstandard';

interface Program {
  readonly command: readonly [string, ...string[]];
  /** Python that fails unless its library is there. */
  readonly requires?: string;
}

const python = (library: string, open: string): Program => ({
  command: ['python3', '-c', `import sys, shutil, ${library}; shutil.copyfileobj(${open}, sys.stdout.buffer)`],
  requires: `import ${library}`,
});

/** In the order of trying. Each reads the packed data and writes the others. */
const programs: Readonly<Record<Compression, readonly Program[]>> = {
  bzip2: [{ command: ['bzip2', '-dc'] }, python('bz2', 'bz2.open(sys.stdin.buffer)')],
  xz: [{ command: ['xz', '-dc'] }, python('lzma', 'lzma.open(sys.stdin.buffer)')],
  lzma: [
    { command: ['xz', '--format=lzma', '-dc'] },
    python('lzma', 'lzma.open(sys.stdin.buffer, format=lzma.FORMAT_ALONE)'),
  ],
  zstandard: [
    { command: ['zstd', '-dcq'] },
    python('compression.zstd', 'compression.zstd.open(sys.stdin.buffer)'),
    python('zstandard', 'zstandard.ZstdDecompressor().stream_reader(sys.stdin.buffer, read_across_frames=True)'),
  ],
};

const packages: Readonly<Record<Compression, string>> = {
  bzip2: 'bzip2',
  xz: 'xz-utils',
  lzma: 'xz-utils',
  zstandard: 'zstd',
};

/** What the end of an unpacking needs to know. */
interface Unpacking {
  readonly child: ChildProcess;
  readonly complaints: () => string;
}

/**
 * Unpacks compressed data piece by piece with a program of the system. Fails with `no-unpacker` without one, and
 * with `damaged-file` where the program says so; `name` is what failures call the file.
 */
export async function* decompressed(packed: Readable, compression: Compression, name: string): AsyncGenerator<Buffer> {
  const { child, complaints } = await start(compression, name);
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null) throw new Error('a program was started without its streams');
  // A program that stops closes its input; what it says of that is told below.
  stdin.on('error', () => packed.unpipe(stdin));
  packed.on('error', (error) => stdout.destroy(error));
  packed.pipe(stdin);
  const exit = once(child, 'close');
  let isWhole = false;
  try {
    for await (const piece of stdout) yield Buffer.from(piece as Uint8Array);
    isWhole = true;
  } finally {
    if (!isWhole) child.kill('SIGKILL');
    packed.destroy();
  }
  const [code] = (await exit) as [number | null];
  if (code === 0) return;
  const lines = complaints().trim().split('\n');
  const [first = '', last = ''] = [lines[0], lines.at(-1)];
  const said = first.startsWith('Traceback') ? last : first.replace(/[;:]$/, '');
  const problem = said === '' ? `${compression}: exit code ${String(code)}` : said;
  fail(failures.damagedCompression({ zlibCode: problem }, { file: name }));
}

async function start(compression: Compression, name: string): Promise<Unpacking> {
  for (const { command, requires } of programs[compression]) {
    const [program, ...args] = command;
    if (requires !== undefined && spawnSync(program, ['-c', requires], { stdio: 'ignore' }).status !== 0) continue;
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    let said = '';
    child.stderr.on('data', (text: Buffer) => (said = `${said}${text.toString('utf8')}`.slice(-2000)));
    try {
      await once(child, 'spawn');
    } catch (error) {
      if (errorCode(error) === 'ENOENT') continue;
      throw error;
    }
    return { child, complaints: () => said };
  }
  const tried = programs[compression].map(({ command: [program, , , ...others] }, index) =>
    index === 0 || others.length > 0 ? program : 'python3',
  );
  const facts = { compression, tried: [...new Set(tried)], install: packages[compression] };
  return fail(failures.noUnpacker(facts, { file: name }));
}
