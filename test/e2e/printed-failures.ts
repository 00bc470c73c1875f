import { expect } from 'vitest';
import { withoutTimes, type Rig } from './rig.ts';

/** A stage of an experiment, as it stands in the file. */
export interface StageCall {
  readonly uses: string;
  readonly with: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
}

/** A text without what differs from run to run. */
export function cleaned(rig: Rig, text: string): string {
  return withoutTimes(text)
    .replaceAll(rig.folder, '<workspace>')
    .replaceAll(/[0-9a-f]{64}/g, '<key>')
    .trimEnd();
}

/**
 * Runs stages that all fail, in one run, and gives what it prints of each: its lines without their indent, and without
 * the end of the log.
 */
export async function failuresOfStages(
  rig: Rig,
  stages: Readonly<Record<string, StageCall>>,
  environment: Readonly<Record<string, string>> = {},
): Promise<ReadonlyMap<string, string>> {
  rig.write('failing.yaml', JSON.stringify({ name: 'failing', stages }));
  const { code, stdout, stderr } = await rig.flow(['run', 'failing.yaml', '--keep-going', '--jobs', '2'], environment);
  expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
  const blocks = stdout.matchAll(/^(\S+) failed after .*\n((?: {2}.*\n|\n)+)/gm);
  return new Map([...blocks].map(([, name = '', lines = '']) => [name, failureIn(rig, lines)]));
}

function failureIn(rig: Rig, lines: string): string {
  const [failure = ''] = lines.split(/^ {2}(?:the end of |it printed nothing|its log: )/m);
  return cleaned(rig, failure.replaceAll(/^ {2}/gm, ''));
}

/** What a command prints that refuses its arguments or what they name. */
export async function complaint(rig: Rig, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await rig.flow(args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  return cleaned(rig, stderr);
}
