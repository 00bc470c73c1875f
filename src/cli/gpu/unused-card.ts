import { existsSync, readdirSync } from 'node:fs';
import { nvidiaDevices, webgpuFolder, webgpuVersion } from '../../kit/net/engines/choose-engine.ts';

interface Machine {
  /** As `process.platform` says. */
  readonly platform: string;
  /** Where Linux lists the graphics processors that can compute. */
  readonly devices: string;
  /** Where NVIDIA's driver lists the graphics processors it has found: these are for the CUDA library. */
  readonly nvidia: string;
  /** Version of the engine webgpu; undefined where set-up has not installed it. */
  readonly webgpu: string | undefined;
}

/** Where no engine was requested and processors compute: whether there is, or may be, a graphics processor, and what trains on it. */
export function unusedCard(
  machine: Machine = thisMachine(),
): { readonly found: string; readonly fix: string } | undefined {
  const { platform, devices, nvidia, webgpu } = machine;
  if (existsSync(nvidia)) return undefined;
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
  return {
    platform: process.platform,
    devices: '/dev/dri',
    nvidia: nvidiaDevices,
    webgpu: webgpuVersion(webgpuFolder()),
  };
}
