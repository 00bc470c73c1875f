import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * Python with the libraries that the peer tests compare with, in a folder of the user's cache that all checkouts
 * share. Made on first use; a reason to skip where there is no Python or no way to bring the packages, or, with
 * FLOW_PEERS=required (as in CI), a failure.
 */
export function peerPython(): { readonly python: string } | { readonly missing: string } {
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
