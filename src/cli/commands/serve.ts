import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { Option } from 'commander';
import { fail } from '../../core/failure.ts';
import { defaultRecord } from '../../embedding/default-record.ts';
import { readThreshold, requireOwnRecord } from '../../embedding/threshold.ts';
import { type IndexKind, indexKinds } from '../../service/gallery-index.ts';
import { FaceService } from '../../service/face-service.ts';
import { usualLimits, type ServiceLimits } from '../../service/limits.ts';
import { requireGuarded, startServer } from '../../service/server.ts';
import { readBytes } from '../../kit/codec/read-file.ts';
import { declareEmbedding } from '../embedding-tools.ts';
import { failures } from '../failures.ts';
import {
  exitCode,
  integerOption,
  rateOption,
  type Call,
  type FlowCommand,
  type ProcessContext,
} from '../flow-command.ts';
import { engineOverride } from '../planned-experiment.ts';

export const command: FlowCommand = {
  declare(command) {
    declareEmbedding(command);
    command
      .option('--address <address>', 'where to listen; any but that of this machine needs a token', '127.0.0.1')
      .option('--port <n>', 'the port; 0: any that is free', integerOption('--port', 0, 65_535), 8400)
      .option('--token-file <file>', 'a file with the token that requests have to bring')
      .option('--galleries <file>', 'SQLite file of the galleries (default: they end with the service)')
      .addOption(
        new Option(
          '--index <kind>',
          'exact compares all vectors; approximate finds most of the nearest, sooner, in larger galleries',
        )
          .choices(indexKinds)
          .default('exact'),
      )
      .option('--record <file>', 'verification.json of the stage verify, of this model, for verdicts')
      .option('--far <rate>', 'the false acceptance rate of verdicts', rateOption, 0.001)
      .option('--json', 'print the address as JSON', false);
    for (const [option, { what, limit }] of Object.entries(limitOptions)) {
      const least = limit === 'processMebibytes' ? leastMebibytes : 1;
      command.option(`--${option} <n>`, what, integerOption(`--${option}`, least), usualLimits[limit]);
    }
  },

  async run(call, context) {
    const address = String(call.options['address']);
    const token = tokenOf(call, context);
    // Before networks are loaded.
    requireGuarded({ address, token });
    const service = await FaceService.open(serviceOptions(call, context));
    try {
      const server = await startServer(service, {
        address,
        port: Number(call.options['port']),
        token,
        limits: limitsOf(call),
        onDefect(error, requestId) {
          context.stderr.write(
            `request ${requestId}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
          );
        },
      });
      const { url } = server;
      const { contract, embedder } = service;
      const { kind, library, vectors } = service.galleries.index;
      const index = { kind, library, vectors, ...service.started };
      context.stdout.write(
        call.options['json'] === true
          ? `${JSON.stringify({ url, contract, model: embedder.model, computesWith: embedder.computesWith, index })}\n`
          : `listening on ${url}; ${embedder.computesWith}; ${indexText(service)}; Ctrl-C finishes what is in work\n`,
      );
      await interruption();
      await server.close();
      return exitCode.done;
    } finally {
      await service.close();
    }
  },
};

/** What galleries are searched with, and which saved indexes were not of use. */
function indexText({ galleries: { index }, started }: FaceService): string {
  if (index.kind === 'exact') return `${index.vectors} vectors, searched exactly`;
  const remade = started.remade.map(
    ({ gallery, problem }) => `; the graph of gallery ${gallery} was made again: ${problem}`,
  );
  return `${index.vectors} vectors, searched with an approximate index (${index.library ?? ''}): ${started.read} read, ${started.added} added${remade.join('')}`;
}

/** Node.js alone takes half of it. */
const leastMebibytes = 128;

/** Limits that have an option of the command. */
const limitOptions = {
  'max-bytes': { limit: 'maxBytes', what: 'bytes of an image' },
  'max-faces': { limit: 'maxFaces', what: 'faces of an image' },
  'timeout-ms': { limit: 'timeoutMs', what: 'milliseconds for a request' },
  processes: { limit: 'processes', what: 'images that are decoded and searched at a time, each in a process' },
  'process-mebibytes': { limit: 'processMebibytes', what: 'memory of such a process, in mebibytes' },
  'max-requests': { limit: 'maxRequests', what: 'requests that wait or are in work; others get 429' },
} as const satisfies Readonly<Record<string, { readonly limit: keyof ServiceLimits; readonly what: string }>>;

function limitsOf({ options }: Call): ServiceLimits {
  const given = Object.entries(limitOptions).map(([option, { limit }]) => {
    const name = option.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
    return [limit, Number(options[name])] as const;
  });
  return { ...usualLimits, ...Object.fromEntries(given), maxPixels: Number(options['maxPixels']) };
}

function serviceOptions(call: Call, context: ProcessContext): Parameters<typeof FaceService.open>[0] {
  const { model, detector, weights, mirror, galleries, index, record, far } = call.options as ServeOptions;
  const inFolder = (path?: string): string | undefined =>
    path === undefined ? undefined : resolve(context.workingFolder, path);
  if (detector === 'none') {
    return fail(failures.wrongOption({ option: '--detector', expected: 'full or limited', found: detector }));
  }
  const engine = engineOverride(context);
  return {
    embedder: { model: inFolder(model), mirrored: mirror, engine, threads: availableParallelism() },
    detector: { search: detector, weights: inFolder(weights), engine },
    limits: limitsOf(call),
    galleries: inFolder(galleries) ?? ':memory:',
    index,
    onProgress(text) {
      context.stderr.write(`${text}\n`);
    },
    threshold(embedder) {
      const file = inFolder(record) ?? defaultRecord(embedder.model, embedder.mirrored);
      if (record !== undefined && file !== undefined) {
        context.stderr.write(`warning: ${requireOwnRecord(file, embedder)}\n`);
      }
      return file === undefined ? undefined : readThreshold({ record: file, far, vectors: embedder });
    },
  };
}

interface ServeOptions {
  readonly model?: string;
  readonly detector: 'full' | 'limited' | 'none';
  readonly weights?: string;
  readonly mirror: boolean;
  readonly galleries?: string;
  readonly index: IndexKind;
  readonly record?: string;
  readonly far: number;
}

function tokenOf({ options }: Call, context: ProcessContext): string | undefined {
  const { tokenFile } = options as { readonly tokenFile?: string };
  if (tokenFile === undefined) return undefined;
  return readBytes(resolve(context.workingFolder, tokenFile), 'token').toString('utf8').trim();
}

/** Resolves at the first request to end. */
function interruption(): Promise<void> {
  return new Promise((done) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.once(signal, () => {
        done();
      });
  });
}
