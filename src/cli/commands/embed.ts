import { resolve } from 'node:path';
import { Option } from 'commander';
import { writeFileAtomic } from '../../core/atomic-file.ts';
import { type Failure, FailureError } from '../../core/failure.ts';
import { renderFailures } from '../../core/text/failure-frame.ts';
import { counted } from '../../core/human.ts';
import type { FaceChoice } from '../../embedding/read-faces.ts';
import type { StoredVector, VectorFile } from '../../embedding/vector-file.ts';
import { littleEndianBytes } from '../../kit/codec/little-endian-floats.ts';
import { encodeNpy } from '../../kit/codec/numpy/npy.ts';
import { declareEmbedding, EmbeddingTools } from '../embedding-tools.ts';
import { answer, exitCode, showsColour, type FlowCommand, type ProcessContext } from '../flow-command.ts';
import { type OutputFile, requireOutputs } from '../output-files.ts';

export const command: FlowCommand = {
  declare(command) {
    command.argument('<image...>', 'photographs');
    declareEmbedding(command);
    command
      .addOption(
        new Option('--face <which>', 'all faces; exactly one, or a failure; the most central one')
          .choices(['all', 'one', 'central'])
          .default('all'),
      )
      .option('--npy <file>', 'write the vectors as a NumPy array, and FILE.json with what each row is')
      .option('--csv <file>', 'write a row for each face: image, face, contract, box, score, numbers')
      .option('--json', 'print JSON with the vectors', false);
  },

  async run(call, context) {
    const paths = [call.arguments[0] ?? []].flat();
    const inFolder = (path: string): string => resolve(context.workingFolder, path);
    requireOutputs(outputsOf(call.options, context), paths.map(inFolder));
    const tools = await EmbeddingTools.open(call, context);
    try {
      const choice = call.options['face'] as FaceChoice;
      const embedded: EmbeddedImage[] = [];
      for (const path of paths) embedded.push(await embed(path, tools, choice));
      const content = contentOf(embedded, tools);
      writeFiles(content, call.options, context);
      const text = [...embedded.map(textOf), `contract ${tools.contract}`, ...tools.licenceLines()];
      answer(call, context, { json: content, text: text.join('\n') });
      const { failures } = content;
      if (failures.length > 0) {
        const colour = showsColour(context.stderr, context.environment);
        context.stderr.write(`${renderFailures(failures, { colour })}\n`);
      }
      return embedded.every(({ failure }) => failure === undefined) ? exitCode.done : exitCode.taskFailed;
    } finally {
      await tools.dispose();
    }
  },
};

/** What became of an image. */
interface EmbeddedImage {
  readonly path: string;
  readonly vectors: readonly StoredVector[];
  readonly failure?: Failure;
}

async function embed(path: string, tools: EmbeddingTools, choice: FaceChoice): Promise<EmbeddedImage> {
  try {
    const faces = await tools.read(path, choice);
    const vectors = await tools.embedder.embed(faces.map(({ crop }) => crop));
    return {
      path,
      vectors: vectors.map((vector, index) => ({ image: path, ...faces[index]?.face, vector: Array.from(vector) })),
    };
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    return { path, vectors: [], failure: error.failures[0] };
  }
}

type EmbedAnswer = VectorFile &
  Readonly<Record<'model' | 'computesWith', string>> & { readonly failures: readonly Failure[] };

function contentOf(images: readonly EmbeddedImage[], { embedder, contract, licences }: EmbeddingTools): EmbedAnswer {
  const { model, embeddingSize, computesWith } = embedder;
  const failures = images.flatMap(({ failure }) => failure ?? []);
  const vectors = images.flatMap((image) => image.vectors);
  const facts = { model, computesWith, licences };
  return { format: 'faceflow-vectors', version: 1, contract, embeddingSize, ...facts, failures, vectors };
}

/** Every file that will be written: an array has another one beside it. */
function outputsOf({ npy, csv }: OutputFiles, { workingFolder }: ProcessContext): OutputFile[] {
  const file = (option: string, path: string): OutputFile => ({ option, path: resolve(workingFolder, path) });
  return [
    ...(npy === undefined ? [] : [file('--npy', npy), file('--npy', `${npy}.json`)]),
    ...(csv === undefined ? [] : [file('--csv', csv)]),
  ];
}

interface OutputFiles {
  readonly npy?: string;
  readonly csv?: string;
}

function writeFiles(content: EmbedAnswer, { npy: npyFile, csv }: OutputFiles, { workingFolder }: ProcessContext): void {
  const { vectors, embeddingSize } = content;
  if (npyFile !== undefined) {
    const file = resolve(workingFolder, npyFile);
    const data = Float32Array.from(vectors.flatMap(({ vector }) => vector));
    const shape = [vectors.length, embeddingSize];
    writeFileAtomic(file, encodeNpy({ type: '<f4', shape, fortranOrder: false, data: littleEndianBytes(data) }));
    const rows = vectors.map(({ image, box, score, points }) => ({ image, box, score, points }));
    writeFileAtomic(`${file}.json`, `${JSON.stringify({ ...content, vectors: undefined, rows }, undefined, 1)}\n`);
  }
  if (csv !== undefined) writeFileAtomic(resolve(workingFolder, csv), csvOf(content));
}

function csvOf({ contract, embeddingSize, vectors }: EmbedAnswer): string {
  const numbers = Array.from({ length: embeddingSize }, (_, column) => `v${column}`);
  const lines = [['image', 'contract', 'left', 'top', 'right', 'bottom', 'score', ...numbers].join(',')];
  for (const { image, box, score, vector } of vectors) {
    const edges = [box?.left, box?.top, box?.right, box?.bottom, score].map((value) => value ?? '');
    lines.push([quoted(image), contract, ...edges, ...vector].join(','));
  }
  return `${lines.join('\n')}\n`;
}

/** RFC 4180. */
function quoted(text: string): string {
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function textOf({ path, vectors, failure }: EmbeddedImage): string {
  if (failure !== undefined) return `${path}: left out: ${failure.code}`;
  const lines = vectors.map(({ box, score = 1, vector }, index) => {
    const edges =
      box === undefined ? 'the whole image' : [box.left, box.top, box.right, box.bottom].map(Math.round).join(' ');
    const first = vector.slice(0, 4).map((value) => value.toFixed(4));
    return `  ${index + 1} box ${edges}, score ${score.toFixed(3)}, vector ${first.join(' ')} ... (${vector.length})`;
  });
  return [`${path}: ${counted(vectors.length, 'face')}`, ...lines].join('\n');
}
