import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

/** What a file of tests that compare with Python starts from. */
export interface Peer {
  /** The interpreter; empty where it is missing. */
  readonly python: string;
  /** Why the tests have to be skipped; undefined where they run. */
  readonly missing: string | undefined;
  /** Stands behind the name of the tests: empty, or why they are skipped. */
  readonly note: string;
  /** An empty folder, removed after the tests. */
  readonly folder: string;
}

/** To be called once, at the top of a file of tests. */
export function preparePeer(): Peer {
  const peer = peerPython();
  const folder = mkdtempSync(join(tmpdir(), 'faceflow-peers-'));
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  if ('python' in peer) return { python: peer.python, missing: undefined, note: '', folder };
  return { python: '', missing: peer.missing, note: ` (skipped: ${peer.missing})`, folder };
}

/**
 * Python with the libraries that the peer tests compare with, in a folder of the user's cache that all checkouts
 * share. Made on first use; a reason to skip where there is no Python or no way to bring the packages, or, with
 * FLOW_PEERS=required (as in CI), a failure.
 */
function peerPython(): { readonly python: string } | { readonly missing: string } {
  const folder = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'faceflow', 'peers');
  const python = join(folder, 'bin', 'python');
  try {
    if (!existsSync(python)) {
      mkdirSync(folder, { recursive: true });
      execFileSync('python3', ['-m', 'venv', folder], { stdio: 'pipe' });
    }
    if (!hasPackages(python)) {
      execFileSync(python, ['-m', 'pip', 'install', '--quiet', ...packages], { stdio: 'pipe' });
    }
    return { python };
  } catch (error) {
    if (process.env['FLOW_PEERS'] === 'required') throw error;
    return {
      missing: `no Python with ${packages.join(', ')}: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
}

// The last MXNet needs a numpy that still has np.bool, and OpenCV, ONNX and onnxruntime that go with it.
const packages = [
  'mxnet==1.9.1',
  'numpy==1.23.5',
  'opencv-python-headless==4.7.0.72',
  'onnx==1.16.2',
  'onnxruntime==1.18.1',
];

function hasPackages(python: string): boolean {
  try {
    execFileSync(python, ['-c', 'import mxnet, numpy, cv2, onnx, onnxruntime'], { stdio: 'pipe' });
    return true;
  } catch {
    return false;
  }
}

/** Runs a script and returns what it printed. */
export function runPython(python: string, script: string, args: readonly string[]): string {
  return execFileSync(python, ['-c', script, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 1 << 28,
  });
}
