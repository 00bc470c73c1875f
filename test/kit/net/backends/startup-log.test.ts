import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { isStartupNoise } from '../../../../src/kit/net/backends/tensorflow/startup-log.ts';

const folder = mkdtempSync(join(tmpdir(), 'chatter-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** As libtensorflow 2.21 prints it. */
const lines = [
  'WARNING: All log messages before absl::InitializeLog() is called are written to STDERR',
  'I0000 00:00:1795512624.149953   15121 port.cc:153] oneDNN custom operations are on. You may see slightly different numerical results.',
  'To enable the following instructions: AVX2 FMA, in other operations, rebuild TensorFlow with the appropriate compiler flags.',
];
const serious = [
  'W0000 00:00:1795512624.149953   15121 gpu_device.cc:2342] Cannot dlopen some GPU libraries.',
  'E0000 00:00:1795512624.149953   15121 cuda_executor.cc:1] failed call to cuInit',
  'F0000 00:00:1795512624.149953   15121 tensor.cc:1] Check failed',
  'node: libtensorflow.so.2: cannot open shared object file',
  '',
];

describe('what TensorFlow says of itself', () => {
  it('is known, and warnings and errors are none of it', () => {
    expect(lines.map(isStartupNoise)).toEqual([true, true, true]);
    expect(serious.map(isStartupNoise)).toEqual([false, false, false, false, false]);
  });

  it('is taken out of a log, where all else and what follows stays in its order', () => {
    const log = join(folder, 'log.txt');
    const descriptor = openSync(log, 'a');
    writeSync(descriptor, `before\n${lines[0] ?? ''}\n`);
    const chatter = fileURLToPath(
      new URL('../../../../dist/src/kit/net/backends/tensorflow/startup-log.js', import.meta.url),
    );
    const script = `
      import { writeSync } from 'node:fs';
      import { suppressStartupLog } from ${JSON.stringify(chatter)};
      const printed = ${JSON.stringify([...lines, ...serious])};
      await suppressStartupLog(async () => { for (const line of printed) writeSync(2, line + '\\n'); });
      writeSync(2, 'after\\n');
    `;
    execFileSync(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'ignore', descriptor] });
    closeSync(descriptor);
    // What was there before is not ours.
    expect(readFileSync(log, 'utf8')).toBe(`before\n${lines[0] ?? ''}\n${serious.join('\n')}\nafter\n`);
  });
});
