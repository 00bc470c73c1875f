import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeImage } from '../../src/kit/image/image.ts';
import type { RgbImage } from '../../src/kit/image/rgb-image.ts';

/** Six photographs with faces, of which the specification has results. 13 MB for 1 MB: fetched for these tests alone. */
const demoPackage = '@vladmandic/face-api@1.7.15';

export interface DemoImages {
  /** sample1.jpg to sample6.jpg. */
  load(): Promise<RgbImage[]>;
  /** Why the tests have to be skipped; undefined where they run. */
  readonly missing: string | undefined;
}

/**
 * The demo images of a package of npm, in a folder of the user's cache that all checkouts share. Fetched on first use; a
 * reason to skip where there is no way to, or, with FLOW_PEERS=required (as in CI), a failure.
 */
export function prepareDemoImages(): DemoImages {
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  const folder = join(cache, 'faceflow', 'peers-demo-images');
  const load = (): Promise<RgbImage[]> =>
    Promise.all(
      [1, 2, 3, 4, 5, 6].map((number) => {
        const file = join(folder, `sample${number}.jpg`);
        return decodeImage(readFileSync(file), file);
      }),
    );
  try {
    if (!existsSync(folder)) fetchInto(folder);
    return { load, missing: undefined };
  } catch (error) {
    if (process.env['FLOW_PEERS'] === 'required') throw error;
    return { load, missing: `no ${demoPackage}: ${error instanceof Error ? error.message : String(error)}` };
  }
}

function fetchInto(folder: string): void {
  const work = mkdtempSync(join(tmpdir(), 'faceflow-demo-'));
  try {
    const archive = execFileSync('npm', ['pack', '--silent', demoPackage], {
      cwd: work,
      encoding: 'utf8',
      stdio: 'pipe',
    });
    execFileSync('tar', ['-xzf', archive.trim(), 'package/demo'], { cwd: work, stdio: 'pipe' });
    mkdirSync(join(folder, '..'), { recursive: true });
    execFileSync('cp', ['-r', join(work, 'package', 'demo'), `${folder}.new`], { stdio: 'pipe' });
    renameSync(`${folder}.new`, folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
