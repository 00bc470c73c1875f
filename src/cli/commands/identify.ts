import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { FailureError, fail } from '../../core/failure.ts';
import { failures } from '../../embedding/failures.ts';
import { type GalleryEntry, type Match, nearestPersons } from '../../embedding/gallery.ts';
import { readVectorFile, requireContract } from '../../embedding/vector-file.ts';
import { declareEmbedding, EmbeddingTools } from '../embedding-tools.ts';
import { answer, exitCode, integerOption, type FlowCommand, type ProcessContext } from '../flow-command.ts';

export const command: FlowCommand = {
  declare(command) {
    command
      .argument('<image>', 'a photograph; all its faces are looked up')
      .argument(
        '<gallery>',
        'a folder of images, in folders of persons or by themselves, or what flow embed --json printed',
      );
    declareEmbedding(command);
    command
      .option('--top <n>', 'persons to show of each face', integerOption('--top', 1), 5)
      .option('--json', 'print JSON', false);
  },

  async run(call, context) {
    const [image = '', gallery = ''] = call.arguments.map(String);
    const tools = await EmbeddingTools.open(call, context);
    try {
      const { entries, leftOut } = await readGallery(gallery, tools, context);
      const faces = await tools.read(image, 'all');
      const vectors = await tools.embedder.embed(faces.map(({ crop }) => crop));
      const top = Number(call.options['top']);
      const found = vectors.map((vector, index) => ({
        box: faces[index]?.face?.box ?? null,
        matches: nearestPersons(vector, entries, top),
      }));
      answer(call, context, {
        json: { image, gallery, contract: tools.contract, vectors: entries.length, leftOut, faces: found },
        text: [...found.map(textOf), closingLine(entries, leftOut), ...tools.licenceLines()].join('\n'),
      });
      return exitCode.done;
    } finally {
      await tools.dispose();
    }
  },
};

interface Gallery {
  readonly entries: readonly GalleryEntry[];
  /** Images without a face, or that cannot be read, and why. */
  readonly leftOut: readonly { readonly image: string; readonly problem: string }[];
}

/** Fails with `not-vectors`, `other-embedding-contract`. */
async function readGallery(path: string, tools: EmbeddingTools, { workingFolder }: ProcessContext): Promise<Gallery> {
  const file = resolve(workingFolder, path);
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat === undefined) return fail(failures.notVectors({ found: 'nothing' }, { file: path }));
  if (stat.isDirectory()) return embedFolder(file, tools);
  const { contract, vectors } = readVectorFile(file);
  requireContract(tools.contract, contract, { other: 'the photograph', file: path });
  const entries = vectors.map(({ image, person, vector }) => ({
    name: person ?? personOf(image),
    ...{ image, vector: Float32Array.from(vector) },
  }));
  return { entries, leftOut: [] };
}

/** Endings of the formats that are read. */
const endings = new Set(['.jpg', '.jpeg', '.png', '.webp', '.gif', '.bmp', '.tif', '.tiff', '.avif', '.pgm', '.ppm']);

async function embedFolder(folder: string, tools: EmbeddingTools): Promise<Gallery> {
  const entries: GalleryEntry[] = [];
  const leftOut: { image: string; problem: string }[] = [];
  const images = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => endings.has(extname(name).toLowerCase()))
    .sort();
  for (const image of images) {
    try {
      const [face] = await tools.read(join(folder, image), 'central');
      const [vector] = await tools.embedder.embed(face === undefined ? [] : [face.crop]);
      if (vector !== undefined) entries.push({ name: personOf(image), image, vector });
    } catch (error) {
      if (!(error instanceof FailureError)) throw error;
      leftOut.push({ image, problem: error.failures[0].message });
    }
  }
  if (entries.length > 0) return { entries, leftOut };
  return fail(failures.notVectors({ found: `a folder with ${images.length} images and no face` }, { file: folder }));
}

/** The folder that an image is in, or else its own name. */
function personOf(image: string): string {
  const folder = basename(dirname(image));
  return folder === '.' || folder === '' ? basename(image, extname(image)) : folder;
}

function textOf({ matches }: { readonly matches: readonly Match[] }, index: number): string {
  const lines = matches.map(({ name, image, similarity }) => `  ${similarity.toFixed(4)} ${name} (${image})`);
  return [`face ${index + 1}`, ...lines].join('\n');
}

function closingLine(entries: readonly GalleryEntry[], leftOut: Gallery['leftOut']): string {
  const persons = new Set(entries.map(({ name }) => name)).size;
  const why = leftOut.slice(0, 3).map(({ image, problem }) => `\n  left out ${image}: ${problem}`);
  return `compared with ${entries.length} images of ${persons} persons, all of them; ${leftOut.length} left out${why.join('')}`;
}
