/**
 * Goes on where whoever read what we print has gone (`flow run e.yaml | head -1`): the work and its record are not
 * lost with the reader, and what is printed from then on goes nowhere.
 */
export function ignoreBrokenPipes({ stdout, stderr }: NodeJS.Process): void {
  for (const stream of [stdout, stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_DESTROYED') throw error;
    });
  }
}
