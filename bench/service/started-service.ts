import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FaceflowClient } from '../../src/service/client.ts';

/** A `flow serve` of a bench's own, and images to ask it for. */
export interface StartedService {
  readonly url: string;
  readonly client: FaceflowClient;
  readonly child: ChildProcess;
  /** Up to 24 of a folder. */
  readonly images: readonly Uint8Array[];
  readonly stop: () => Promise<void>;
}

export async function startedService(
  { images: from, model }: { readonly images: string | undefined; readonly model: string | undefined },
  more: readonly string[] = [],
): Promise<StartedService> {
  if (from === undefined) throw new Error('--images is needed');
  const folder = resolve(from);
  const images = readdirSync(folder)
    .filter((name) => name.endsWith('.jpg'))
    .slice(0, 24)
    .map((name) => new Uint8Array(readFileSync(join(folder, name))));
  const command = fileURLToPath(new URL('../../../bin/flow.js', import.meta.url));
  const ofModel = model === undefined ? [] : ['--model', resolve(model)];
  const args = [command, 'serve', '--port', '0', '--json', '--timeout-ms', '120000', ...more, ...ofModel];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  // A bench that fails leaves nothing behind.
  process.once('exit', () => child.kill('SIGKILL'));
  const printed = await new Promise<string>((done) => child.stdout.setEncoding('utf8').once('data', done));
  const { url } = JSON.parse(printed) as { readonly url: string };
  return {
    ...{ url, child, images, client: new FaceflowClient({ address: url }) },
    stop: async () => {
      child.kill('SIGTERM');
      await new Promise((done) => child.once('exit', done));
    },
  };
}
