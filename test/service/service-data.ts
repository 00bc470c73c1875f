import { existsSync, readFileSync } from 'node:fs';
import type { ServiceOptions } from '../../src/service/face-service.ts';
import { usualLimits } from '../../src/service/limits.ts';

export const model = '../shared/data/models/mobilefacenet-y1/model-0000.params';
const funneled = '../shared/data/lfw/deepfunneled-250';
export const photographs = {
  group: '../shared/data/samples/t1.jpg',
  gul: `${funneled}/Abdullah_Gul/Abdullah_Gul_0001.jpg`,
  gulAgain: `${funneled}/Abdullah_Gul/Abdullah_Gul_0014.jpg`,
  other: `${funneled}/Adrien_Brody/Adrien_Brody_0001.jpg`,
} as const;

const missing = [model, ...Object.values(photographs)].find((path) => !existsSync(path));
/** Whether tests have to be left out, and why, behind their name. */
export const lacksData = missing !== undefined;
export const why = missing === undefined ? '' : ` (not tested: there is no ${missing})`;

export function photograph(name: keyof typeof photographs): Buffer {
  return readFileSync(photographs[name]);
}

/** A service with the network of the authors, one process, and whatever is changed. */
export function serviceOptions(changed: Partial<ServiceOptions> = {}): ServiceOptions {
  return {
    embedder: { model, threads: 1 },
    detector: {},
    limits: { ...usualLimits, processes: 1, timeoutMs: 120_000 },
    galleries: ':memory:',
    index: 'exact',
    threshold: () => undefined,
    ...changed,
  };
}

/** Resident memory of a process and its children, in bytes. */
export function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const own = 1024 * Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0);
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return own + children.split(' ').reduce((sum, child) => sum + (child === '' ? 0 : residentBytes(Number(child))), 0);
}
