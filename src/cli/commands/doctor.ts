import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { statfsSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { makeFolder } from '../../core/atomic-file.ts';
import { FailureError } from '../../core/failure.ts';
import { counted, humanBytes } from '../../core/human.ts';
import {
  trainingEngine,
  installedOnnxruntime,
  readEngineRecord,
  layerEngine,
  providerOf,
} from '../../kit/net/engines/choose-engine.ts';
import { licenceText, weightLicences } from '../../kit/net/model/weight-licences.ts';
import { listTree } from '../../pipeline/cache/file-tree.ts';
import { unusedCard } from '../gpu/unused-card.ts';
import { engineOverride } from '../planned-experiment.ts';
import { exitCode, type ExitCode, showsColour, type FlowCommand, type ProcessContext } from '../flow-command.ts';
import { openWorkspace, type Workspace } from '../workspace.ts';
import { paintWith, type Paint } from '../../core/text/paint.ts';
import { sqliteVersion } from '../../pipeline/record/open-database.ts';

export const command: FlowCommand = {
  declare(command) {
    command
      .option('--gpu', 'train a few steps with each engine that computes on a graphics processor, and measure it')
      .option('--json', 'the findings as JSON')
      .option('--workspace <folder>', 'the workspace to look at');
  },
  run({ options }, context) {
    if (options['gpu'] === true) return reportGpus(context, options['json'] === true);
    const asked: unknown = options['workspace'];
    const findings = examine(context, typeof asked === 'string' ? asked : undefined);
    const paint = paintWith(showsColour(context.stdout, context.environment));
    const text = options['json'] === true ? JSON.stringify(findings, null, 2) : findingsText(findings, paint);
    context.stdout.write(`${text}\n`);
    return Promise.resolve(findings.some(({ state }) => state === 'missing') ? exitCode.taskFailed : exitCode.done);
  },
};

/** Ends with 1 where an engine computes wrongly; one that is not installed is no fault. */
async function reportGpus(context: ProcessContext, asJson: boolean): Promise<ExitCode> {
  const { agrees, examineGpus, gpuReportText } = await import('../gpu/gpu-report.ts');
  const report = await examineGpus(context.environment);
  context.stdout.write(`${asJson ? JSON.stringify(report, null, 2) : gpuReportText(report)}\n`);
  return report.engines.every(agrees) ? exitCode.done : exitCode.taskFailed;
}

/** One line of `flow doctor`. */
interface Finding {
  readonly subject: string;
  /** `limited`: works, but something better is available; `missing`: something does not work without it. */
  readonly state: 'ok' | 'limited' | 'missing';
  readonly found: string;
  /** What to do about it. */
  readonly fix?: string;
}

/** The oldest Node.js that package.json allows. */
const oldestNode = [20, 19] as const;
/** With less than this, checkpoints and results soon fill the disk. */
const scarceBytes = 5 * 2 ** 30;

/** Looks at everything a run needs. Loads the libraries it reports on, large ones in a process of their own. */
function examine(context: ProcessContext, workspaceFolder: string | undefined): Finding[] {
  const workspace = openWorkspace(context, workspaceFolder);
  try {
    return [
      examineNode(),
      ...examineEngine(context),
      examineOnnxruntime(),
      examineImages(),
      examineSqlite(workspace),
      examineCache(workspace),
      examineDisk(workspace),
      ...licences(),
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
  return { subject: 'Node.js', state: 'missing', found, fix: `install Node.js ${oldestNode.join('.')} or later` };
}

function examineEngine(context: ProcessContext): Finding[] {
  try {
    const request = engineOverride(context);
    const { identity, notice, remedy } = trainingEngine(layerEngine(request));
    const devices = identity.name === 'tensorflow' ? (readEngineRecord()?.devices ?? ['cpu']) : ['cpu'];
    const found = `${identity.name} ${identity.version}${notice === undefined ? '' : `; ${notice}`}`;
    return [
      {
        subject: 'engine',
        state: notice === undefined ? 'ok' : 'limited',
        found,
        ...(remedy === undefined ? {} : { fix: remedy }),
      },
      devicesFinding(identity.name === 'webgpu' ? ['gpu'] : devices, request === undefined ? unusedCard() : undefined),
      {
        subject: 'threads',
        state: 'ok',
        found: `${availableParallelism()} processor cores, ${humanBytes(totalmem())} of memory`,
      },
    ];
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    const [{ message, hint }] = error.failures;
    return [{ subject: 'engine', state: 'missing', found: message, ...(hint === undefined ? {} : { fix: hint }) }];
  }
}

function devicesFinding(devices: readonly string[], unused: ReturnType<typeof unusedCard>): Finding {
  const found = devices.join(', ');
  if (unused === undefined || devices.includes('gpu')) return { subject: 'devices', state: 'ok', found };
  return { subject: 'devices', state: 'limited', found: `${found}; ${unused.found}`, fix: unused.fix };
}

/** Loaded in a process of its own: 30 MB of shared library that nothing else here needs. */
function examineOnnxruntime(): Finding {
  const script = `const o = require('onnxruntime-node'); console.log(o.env.versions.node ?? o.env.versions.common)`;
  const { status, stdout } = spawnSync(process.execPath, ['-e', script], {
    cwd: new URL('.', import.meta.url),
    encoding: 'utf8',
  });
  const installed = installedOnnxruntime();
  const fix = 'npm ci brings it';
  if (!installed.installed) return { subject: 'onnxruntime', state: 'limited', found: installed.reason, fix };
  if (status !== 0) return { subject: 'onnxruntime', state: 'missing', found: 'is installed and does not load', fix };
  const provider =
    providerOf(installed.identity) === 'cuda'
      ? 'CUDA provider, which no GPU has run yet'
      : 'CPU provider, WebGPU on request (FLOW_ENGINE=onnxruntime-webgpu)';
  return { subject: 'onnxruntime', state: 'ok', found: `${stdout.trim()}, ${provider}; serves stages that infer` };
}

function examineImages(): Finding {
  const require = createRequire(import.meta.url);
  const names = ['@julusian/jpeg-turbo', 'sharp'];
  const failed = names.filter((name) => !loads(require, name));
  if (failed.length === 0) return { subject: 'images', state: 'ok', found: 'libjpeg-turbo and sharp load' };
  return { subject: 'images', state: 'missing', found: `${failed.join(' and ')} will not load`, fix: 'npm ci' };
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
    const version = sqliteVersion(workspace.database);
    return { subject: 'SQLite', state: 'ok', found: `${version}, ${workspace.runsFolder}/flow.db` };
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    const fix = 'npm run setup; if the record itself is damaged, move runs/flow.db away';
    return { subject: 'SQLite', state: 'missing', found, fix };
  }
}

function examineCache({ cache }: Workspace): Finding {
  makeFolder(cache.folders.entries);
  const { bytes, files } = listTree(cache.folders.entries);
  const found = `${cache.folders.entries}: ${humanBytes(bytes)} in ${counted(files.length, 'file')}`;
  return { subject: 'cache', state: 'ok', found };
}

function examineDisk({ runsFolder }: Workspace): Finding {
  const { bavail, bsize } = statfsSync(runsFolder);
  const free = bavail * bsize;
  const found = `${humanBytes(free)} free`;
  if (free >= scarceBytes) return { subject: 'disk', state: 'ok', found };
  return { subject: 'disk', state: 'limited', found, fix: 'flow cache gc makes room' };
}

/** What may be done with each weight file that faceflow is installed with, fetches or names. */
function licences(): Finding[] {
  return weightLicences().map((weights) => ({
    subject: `weights (${weights.presence})`,
    state: 'ok',
    found: `${weights.name}: ${licenceText(weights)}`,
  }));
}

function findingsText(findings: readonly Finding[], paint: Paint): string {
  const width = Math.max(...findings.map(({ subject }) => subject.length));
  const mark = { ok: paint.green('ok     '), limited: paint.yellow('limited'), missing: paint.red('missing') };
  return findings
    .flatMap(({ subject, state, found, fix }) => [
      `${mark[state]}  ${subject.padEnd(width)}  ${found}`,
      ...(fix === undefined ? [] : [`${' '.repeat(width + 11)}${fix}`]),
    ])
    .join('\n');
}
