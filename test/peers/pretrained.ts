import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { VerificationFile, VerificationResult } from '../../src/kit/face/verification-result.ts';

export const data = resolve('../shared/data');
/** The checkpoint of the original authors' MobileFaceNet, as MXNet names it. */
export const prefix = join(data, 'models', 'mobilefacenet-y1', 'model');

/** Why LFW cannot be verified here; empty where it can. */
export const missingData = existsSync(data) ? '' : `no ${data}`;

/** Runs pipelines/verify-pretrained.yaml as a user would, in an empty workspace. A result per engine. */
export function verifyPretrained(workspace: string, engines: readonly string[]): VerificationResult[] {
  cpSync('pipelines', join(workspace, 'pipelines'), { recursive: true });
  const settings = [
    `params.model=${prefix}-0000.params`,
    `params.images=${join(data, 'lfw', 'aligned-112')}`,
    `params.protocol=${join(data, 'lfw', 'pairs.txt')}`,
    `stages.verify.matrix.engine=[${engines.join(', ')}]`,
  ].flatMap((setting) => ['--set', setting]);
  const command = [resolve('bin/flow.js'), 'run', 'pipelines/verify-pretrained.yaml', ...settings];
  const env = { ...process.env, FLOW_ENGINE: '' };
  execFileSync(process.execPath, command, { cwd: workspace, env, stdio: 'pipe', maxBuffer: 2 ** 28 });
  const files = outputs(workspace, 'verification.json').map((path) => readFileSync(path, 'utf8'));
  return files.flatMap((text) => (JSON.parse(text) as VerificationFile).results);
}

/** The file `name` of every entry of the workspace's cache that has one. */
export function outputs(workspace: string, name: string): string[] {
  const cache = join(workspace, 'runs', 'cache');
  return readdirSync(cache)
    .map((entry) => join(cache, entry, 'outputs', name))
    .filter((path) => existsSync(path));
}
