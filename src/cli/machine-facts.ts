import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { availableParallelism, cpus, hostname, totalmem } from 'node:os';
import type { MachineFacts } from '../pipeline/record/run-facts.ts';
import { packageFolder, packageVersion } from '../core/package-folder.ts';
import { readIfThere } from '../core/process-facts.ts';

/** The machine and the programs we run on, for the record. */
export function machineFacts(): MachineFacts {
  return {
    host: hostname(),
    platform: `${process.platform} ${process.arch}`,
    cpu: cpus()[0]?.model ?? 'unknown',
    cpuFlags: instructionSets(),
    cpus: availableParallelism(),
    memoryBytes: totalmem(),
    ...graphics(),
    node: process.version,
    faceflow: packageVersion(),
    packages: pinnedPackages(),
  };
}

/** Those of the flags in /proc/cpuinfo by which numeric libraries choose their kernels. */
function instructionSets(): string[] {
  const flags = /^flags\s*: (.*)$/m.exec(readIfThere('/proc/cpuinfo'))?.[1] ?? '';
  return flags.split(' ').filter((flag) => /^(sse4|avx|fma|f16c|amx)/.test(flag));
}

/** What the driver of NVIDIA tells in /proc. */
function graphics(): { gpus?: string[]; gpuDriver?: string } {
  const driver = /Kernel Module[^\d]*([\d.]+)/.exec(readIfThere('/proc/driver/nvidia/version'))?.[1];
  if (driver === undefined) return {};
  const folder = '/proc/driver/nvidia/gpus';
  const gpus = readdirSync(folder).map(
    (name) => /^Model:\s*(.*)$/m.exec(readIfThere(`${folder}/${name}/information`))?.[1] ?? name,
  );
  return { gpus, gpuDriver: driver };
}

/** Versions are pinned exactly, so what package.json asks for is what is there. */
function pinnedPackages(): Record<string, string> {
  const text = readFileSync(join(packageFolder(), 'package.json'), 'utf8');
  const { dependencies, optionalDependencies } = JSON.parse(text) as Record<string, Record<string, string> | undefined>;
  return { ...dependencies, ...optionalDependencies };
}
