import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { mkdirSync, statfsSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { FailureError } from '../core/failure.ts';
import { humanBytes } from '../core/human.ts';
import { installedOnnxruntime } from '../kit/net/engines/installation.ts';
import { trainingEngine } from '../kit/net/engines/choose-engine.ts';
import { readEngineRecord } from '../kit/net/engines/installation.ts';
import { listTree } from '../pipeline/cache/file-tree.ts';
import { engineRequest } from './engine.ts';
import type { ProcessContext } from './flow-command.ts';
import { openWorkspace, type Workspace } from './workspace.ts';

/** One line of `flow doctor`. */
export interface Finding {
  readonly subject: string;
  /** `limited`: works, but something better is to be had; `missing`: something does not work without it. */
  readonly state: 'ok' | 'limited' | 'missing';
  readonly found: string;
  /** What to do about it. */
  readonly mend?: string;
}

/** The oldest Node.js that package.json allows. */
const oldestNode = [20, 19] as const;
/** Below this a training's checkpoints and the cache soon have no room. */
const scarceBytes = 5 * 2 ** 30;

/** Looks at everything a run needs. Loads the libraries it tells about, in processes of their own where they are large. */
export function examine(surroundings: ProcessContext, workspaceFolder: string | undefined): Finding[] {
  const workspace = openWorkspace(surroundings, workspaceFolder);
  try {
    return [
      examineNode(),
      ...examineEngine(surroundings),
      examineOnnxruntime(),
      examineImages(),
      examineSqlite(workspace),
      examineCache(workspace),
      examineDisk(workspace),
    ];
  } finally {
    workspace.close();
  }
}

function examineNode(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const fits = major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1]);
  const found = `${process.version}, ${process.platform} ${process.arch}, ${cpus()[0]?.model ?? 'unknown processor'}`;
  if (fits) return { subject: 'Node.js', state: 'ok', found };
  return { subject: 'Node.js', state: 'missing', found, mend: `install Node.js ${oldestNode.join('.')} or later` };
}

function examineEngine(surroundings: ProcessContext): Finding[] {
  try {
    const request = engineRequest(surroundings);
    const { identity, notice, remedy } = trainingEngine(request === 'onnxruntime' ? undefined : request);
    const devices = identity.name === 'tensorflow' ? (readEngineRecord()?.devices ?? ['cpu']) : ['cpu'];
    const found = `${identity.name} ${identity.version}${notice === undefined ? '' : `; ${notice}`}`;
    return [
      {
        subject: 'engine',
        state: notice === undefined ? 'ok' : 'limited',
        found,
        ...(remedy === undefined ? {} : { mend: remedy }),
      },
      { subject: 'devices', state: 'ok', found: devices.join(', ') },
      {
        subject: 'threads',
        state: 'ok',
        found: `${availableParallelism()} processor cores, ${humanBytes(totalmem())} of memory`,
      },
    ];
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    const [{ message, hint }] = error.failures;
    return [{ subject: 'engine', state: 'missing', found: message, ...(hint === undefined ? {} : { mend: hint }) }];
  }
}

/** Loaded in a process of its own: 30 MB of shared library that nothing else here needs. */
function examineOnnxruntime(): Finding {
  const script = `const o = require('onnxruntime-node'); console.log(o.env.versions.node ?? o.env.versions.common)`;
  const { status, stdout } = spawnSync(process.execPath, ['-e', script], {
    cwd: new URL('.', import.meta.url),
    encoding: 'utf8',
  });
  const installed = installedOnnxruntime();
  const mend = 'npm ci brings it';
  if (!installed.installed) return { subject: 'onnxruntime', state: 'limited', found: installed.reason, mend };
  if (status !== 0) return { subject: 'onnxruntime', state: 'missing', found: 'is installed and does not load', mend };
  const provider = installed.identity.version.endsWith('-cuda')
    ? 'CUDA provider, which no GPU has run yet'
    : 'CPU provider';
  return { subject: 'onnxruntime', state: 'ok', found: `${stdout.trim()}, ${provider}; serves stages that infer` };
}

function examineImages(): Finding {
  const require = createRequire(import.meta.url);
  const names = ['@julusian/jpeg-turbo', 'sharp'];
  const failed = names.filter((name) => !loads(require, name));
  if (failed.length === 0) return { subject: 'images', state: 'ok', found: 'libjpeg-turbo and sharp load' };
  return { subject: 'images', state: 'missing', found: `${failed.join(' and ')} will not load`, mend: 'npm ci' };
}

function loads(require: NodeJS.Require, name: string): boolean {
  try {
    require(name);
    return true;
  } catch {
    return false;
  }
}

function examineSqlite(workspace: Workspace): Finding {
  try {
    const version: unknown = workspace.database.prepare('select sqlite_version()').pluck().get();
    return { subject: 'SQLite', state: 'ok', found: `${String(version)}, ${workspace.runsFolder}/flow.db` };
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    const mend = 'npm run setup; if the record itself is damaged, move runs/flow.db away';
    return { subject: 'SQLite', state: 'missing', found, mend };
  }
}

function examineCache({ cache }: Workspace): Finding {
  mkdirSync(cache.folders.entries, { recursive: true });
  const { bytes, files } = listTree(cache.folders.entries);
  const found = `${cache.folders.entries}: ${humanBytes(bytes)} in ${files.length} files`;
  return { subject: 'cache', state: 'ok', found };
}

function examineDisk({ runsFolder }: Workspace): Finding {
  const { bavail, bsize } = statfsSync(runsFolder);
  const free = bavail * bsize;
  const found = `${humanBytes(free)} free`;
  if (free >= scarceBytes) return { subject: 'disk', state: 'ok', found };
  return { subject: 'disk', state: 'limited', found, mend: 'flow cache gc makes room' };
}
