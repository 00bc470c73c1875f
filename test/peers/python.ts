import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
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

/** Packages of one environment; those of two programs may not go together. */
interface PythonEnvironment {
  /** Its folder in the user's cache. */
  readonly folder: string;
  readonly packages: readonly string[];
  readonly modules: readonly string[];
  /** Installed as listed, without what the packages ask for. */
  readonly isComplete?: boolean;
}

/** The last MXNet needs a numpy that still has np.bool, and OpenCV, ONNX and onnxruntime that go with it. */
const mxnet: PythonEnvironment = {
  folder: 'peers',
  packages: [
    'mxnet==1.9.1',
    'numpy==1.23.5',
    'opencv-python-headless==4.7.0.72',
    'onnx==1.16.2',
    'onnxruntime==1.18.1',
  ],
  modules: ['mxnet', 'numpy', 'cv2', 'onnx', 'onnxruntime'],
};

/** The last PyTorch that asks for two libraries of CUDA only, not for all: 3 GB instead of 6, none of it used on a CPU. */
export const pytorch: PythonEnvironment = {
  folder: 'peers-pytorch',
  packages: [
    'torch==1.13.1',
    'nvidia-cublas-cu11==11.10.3.66',
    'nvidia-cuda-nvrtc-cu11==11.7.99',
    'nvidia-cuda-runtime-cu11==11.7.99',
    'nvidia-cudnn-cu11==8.5.0.96',
    'numpy==1.23.5',
    'opencv-python-headless==4.7.0.72',
    'typing-extensions==4.16.0',
    'safetensors==0.4.5',
  ],
  modules: ['torch', 'cv2', 'safetensors'],
  isComplete: true,
};

/** The reader of event files, without the server that shows them. */
export const tensorboard: PythonEnvironment = {
  folder: 'peers-tensorboard',
  packages: ['tensorboard==2.14.0', 'protobuf==4.25.3', 'numpy==1.24.4', 'absl-py==2.1.0'],
  modules: ['tensorboard.backend.event_processing.event_accumulator'],
  isComplete: true,
};

export const scikitLearn: PythonEnvironment = {
  folder: 'peers-scikit-learn',
  packages: ['scikit-learn==1.3.2', 'numpy==1.24.4', 'scipy==1.10.1', 'joblib==1.3.2', 'threadpoolctl==3.2.0'],
  modules: ['sklearn.cluster'],
  isComplete: true,
};

/** To be called once, at the top of a file of tests. */
export function preparePeer(environment: PythonEnvironment = mxnet): Peer {
  const peer = peerPython(environment);
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
function peerPython(environment: PythonEnvironment): { readonly python: string } | { readonly missing: string } {
  const { packages, modules, isComplete } = environment;
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  const folder = join(cache, 'faceflow', environment.folder);
  const python = join(folder, 'bin', 'python');
  try {
    mkdirSync(folder, { recursive: true });
    const alone = isComplete === true ? ['--no-deps'] : [];
    // One file of tests makes it, and those that run beside it wait.
    execFileSync('flock', [`${folder}.lock`, 'sh', '-c', made, 'sh', python, folder, imported(modules), ...alone, ...packages], { stdio: 'pipe' }); // prettier-ignore
    return { python };
  } catch (error) {
    if (process.env['FLOW_PEERS'] === 'required') throw error;
    return {
      missing: `no Python with ${packages.join(', ')}: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
}

const imported = (modules: readonly string[]): string => `import ${modules.join(', ')}`;

/** Python compiles what it imports, a small part of these packages. */
const made = `
set -e
python="$1" folder="$2" imports="$3"
shift 3
test -e "$python" || python3 -m venv "$folder"
"$python" -c "$imports" 2> /dev/null || "$python" -m pip install --quiet --no-compile "$@"
`;

/** Runs a script and returns what it printed. */
export function runPython(python: string, script: string, args: readonly string[]): string {
  return execFileSync(python, ['-c', script, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 1 << 28,
  });
}
