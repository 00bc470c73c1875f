import { existsSync, readdirSync } from 'node:fs';
import { webgpuFolder, webgpuVersion } from '../../kit/net/engines/choose-engine.ts';

export interface Machine {
  /** As `process.platform` says. */
  readonly platform: string;
  /** Where Linux lists the graphics processors that can compute. */
  readonly devices: string;
  /** Version of the engine webgpu; undefined where set-up has not installed it. */
  readonly webgpu: string | undefined;
}

/** Where TensorFlow computes on processors: whether there is, or may be, a graphics processor, and what trains on it. */
export function unusedCard(
  machine: Machine = thisMachine(),
): { readonly found: string; readonly fix: string } | undefined {
  const { platform, devices, webgpu } = machine;
  const card =
    platform === 'linux' && existsSync(devices)
      ? readdirSync(devices).find((name) => name.startsWith('renderD'))
      : undefined;
  if (platform === 'linux' && card === undefined) return undefined;
  const found =
    card === undefined ? 'a graphics processor, if there is one, is not used' : `${devices}/${card} is not used`;
  const fix =
    webgpu === undefined
      ? 'FLOW_ENGINE=webgpu npm run setup installs an engine for it'
      : 'FLOW_ENGINE=webgpu trains on it';
  return { found, fix };
}

function thisMachine(): Machine {
  return { platform: process.platform, devices: '/dev/dri', webgpu: webgpuVersion(webgpuFolder()) };
}
