import { describe, expect, it } from 'vitest';
import { FailureError } from '../../src/core/failure.ts';
import { renderFailures } from '../../src/core/text/failure-frame.ts';
import { encodePng } from '../../src/kit/image/image.ts';
import { FaceFinder } from '../../src/service/face-finder.ts';
import { lacksData, photograph, why } from './service-data.ts';

const setup = {
  detector: { threads: 1 },
  size: { width: 112, height: 112 },
  template: 'arcface',
  maxPixels: 40_000_000,
} as const;
const printed = (error: unknown): string =>
  error instanceof FailureError ? renderFailures(error.failures, { colour: false }) : String(error);
const never = new AbortController().signal;

describe.skipIf(lacksData)(`faces are found in a process of its own${why}`, { timeout: 600_000 }, () => {
  it('which ends alone where an image takes more memory or time than it may, and is there for the next image', async () => {
    const huge = await encodePng({ width: 6000, height: 6000, data: new Uint8Array(3 * 6000 * 6000).fill(127) }, 1);
    const finder = await FaceFinder.open(setup, { processes: 1, processMebibytes: 220, timeoutMs: 300_000 });
    await expect(finder.find(huge, never)).rejects.toMatchObject({ code: 'image-needs-too-much', status: 422 });
    expect(await finder.find(photograph('gul'), never)).toHaveLength(1);
    await finder.close();
    const hasty = await FaceFinder.open(setup, { processes: 1, processMebibytes: 2048, timeoutMs: 1 });
    await expect(hasty.find(photograph('group'), never)).rejects.toMatchObject({ code: 'took-too-long', status: 503 });
    await hasty.close();
  });

  it('which is not there where its memory does not do for its detector', async () => {
    const opened = FaceFinder.open(setup, { processes: 2, processMebibytes: 64, timeoutMs: 60_000 });
    expect(await opened.catch(printed)).toBe(
      'search-process-ended: a process that searches images ended as it loaded its detector, with 64 mebibytes of memory\n' +
        '  Allow it more memory: --process-mebibytes (1536 unless given). If it has that much, a library has crashed: flow align tells more.',
    );
  });
});
