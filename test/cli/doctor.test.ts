import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { GpuReport } from '../../src/cli/gpu/gpu-report.ts';
import { Rig } from '../e2e/rig.ts';
import { everyEngine } from '../kit/net/backends/engines.ts';
import { deviceEnvironment, missingDevice } from '../kit/net/backends/graphics-processor.ts';

let rig: Rig;
beforeEach(() => {
  rig = new Rig();
});
afterEach(() => rig.dispose());

interface Finding {
  readonly subject: string;
  readonly state: string;
  readonly found: string;
  readonly fix?: string;
}

async function findings(
  environment: Readonly<Record<string, string>>,
): Promise<{ code: number | null; all: Finding[] }> {
  const { code, stdout } = await rig.flow(['doctor', '--json'], environment);
  return { code, all: JSON.parse(stdout) as Finding[] };
}

describe('flow doctor', () => {
  it('looks at everything a run needs, as JSON, and ends with 0 where an engine serves', async () => {
    const { code, all } = await findings({ FLOW_ENGINE: 'wasm' });
    expect(code).toBe(0);
    expect(all.map(({ subject }) => subject)).toEqual(
      expect.arrayContaining([
        'Node.js',
        'engine',
        'devices',
        'threads',
        'onnxruntime',
        'images',
        'SQLite',
        'cache',
        'disk',
        'weights (installed)',
        'weights (fetched)',
        'weights (named)',
      ]),
    );
    expect(all.find(({ subject }) => subject === 'engine')).toEqual({
      subject: 'engine',
      state: 'ok',
      found: 'wasm 4.22.0',
    });
    expect(all.filter(({ state }) => state === 'missing')).toEqual([]);
  });

  it('says one line each on a terminal, the state first', async () => {
    const { code, stdout } = await rig.flow(['doctor']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ok {7}Node\.js +v\d+\./m);
    expect(stdout).toMatch(/^ok {7}engine +cpu 4\.22\.0$/m);
    expect(stdout).toMatch(/^ok {7}SQLite +3\./m);
  });

  it('names an engine that does not exist, lists what may be requested, and does not end with 0', async () => {
    const { code, all } = await findings({ FLOW_ENGINE: 'tensorflo' });
    expect(code).not.toBe(0);
    expect(all.find(({ subject }) => subject === 'engine')).toEqual({
      subject: 'engine',
      state: 'missing',
      found: 'there is no engine "tensorflo" (did you mean "tensorflow"?)',
      fix: 'FLOW_ENGINE may be tensorflow, cuda, webgpu, onnxruntime, onnxruntime-webgpu, wasm, cpu, or unset for the best one that is installed.',
    });
  });

  it('with --gpu trains twenty steps on the plain CPU engine and on the others that are here, and says why another cannot be proved', async () => {
    const device = missingDevice === undefined ? deviceEnvironment : {};
    const { code, stdout } = await rig.flow(['doctor', '--gpu', '--json'], { PATH: '/nonexistent', ...device });
    expect(code).toBe(0);
    const { machine, cards, engines } = JSON.parse(stdout) as GpuReport;
    expect(machine).toContain(`Node.js ${process.version}, ${process.platform} ${process.arch}`);
    expect(cards).toEqual([]);
    const [cpu, cuda, webgpu] = engines;
    expect(engines.map(({ engine }) => engine)).toEqual(['cpu', 'cuda', 'webgpu']);
    // Three values of our own on wasm and tensorflow, too: another rounding, and the same loss to five digits.
    const losses = cpu?.result.outcome === 'proved' ? cpu.result.losses : [];
    expect(losses).toHaveLength(20);
    expect(losses.slice(0, 3).map((loss) => loss.toFixed(5))).toEqual(['3.82327', '3.37787', '3.39765']);
    expect(cuda?.result).toMatchObject({ outcome: 'refused', reason: expect.stringContaining('"cuda"') as string });
    // On SwiftShader, where set-up has installed it.
    const isHere = everyEngine().some(({ name }) => name === 'webgpu');
    expect(webgpu?.result.outcome).toBe(isHere ? 'proved' : 'refused');
    if (isHere) expect(webgpu?.difference).toBeLessThan(1e-4);
  }, 300_000);
});
