import { writeSync } from 'node:fs';
import { Readable } from 'node:stream';
import { Redactor } from './redact.ts';
import type { Launch } from './task-process.ts';

type Output = Pick<Launch, 'logDescriptor' | 'secrets'>;

/**
 * What the standard output and error of a task are: its log itself, past us. Only where it knows a secret they come
 * through us, since no secret may be in the log, however the runner ends.
 */
export function outputStream({ logDescriptor, secrets }: Output): 'pipe' | 3 {
  // Any descriptor will do; the types of execa name only 3 to 9.
  return secrets.length > 0 ? 'pipe' : (logDescriptor as 3);
}

interface Streams {
  readonly stdout: unknown;
  readonly stderr: unknown;
}

/** Writes what comes through us to the log, without the secrets. Resolves when nothing more can come. */
export async function writeOutput({ stdout, stderr }: Streams, output: Output): Promise<void> {
  const streams = [stdout, stderr].filter((stream) => stream instanceof Readable);
  await Promise.all(streams.map((stream) => concealTo(stream, output)));
}

async function concealTo(stream: Readable, { logDescriptor, secrets }: Output): Promise<void> {
  // Latin-1 maps every byte to one character and back, whatever is printed.
  const concealer = new Redactor(secrets.map((secret) => Buffer.from(secret).toString('latin1')));
  const write = (text: string): void => void writeSync(logDescriptor, Buffer.from(text, 'latin1'));
  try {
    for await (const piece of stream) write(concealer.next((piece as Buffer).toString('latin1')));
  } finally {
    write(concealer.last());
  }
}
