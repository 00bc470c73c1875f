import { resolve } from 'node:path';
import { type Match, nearestPersons } from '../../embedding/gallery.ts';
import { declareEmbedding, EmbeddingTools } from '../embedding-tools.ts';
import { answer, exitCode, integerOption, type FlowCommand } from '../flow-command.ts';
import { type OpenGallery, openGallery } from '../open-gallery.ts';

export const command: FlowCommand = {
  declare(command) {
    command
      .argument('<image>', 'a photograph; all its faces are looked up')
      .argument(
        '<gallery>',
        'a folder of images, in folders of persons or by themselves; what flow embed --json or --npy wrote; a file of flow serve --galleries',
      );
    declareEmbedding(command);
    command
      .option('--top <n>', 'persons to show of each face', integerOption('--top', 1), 5)
      .option('--gallery <name>', 'which gallery of a file of flow serve (default: its only one)')
      .option('--json', 'print JSON', false);
  },

  async run(call, context) {
    const [image = '', gallery = ''] = call.arguments.map(String);
    const tools = await EmbeddingTools.open(call, context);
    try {
      const { gallery: named } = call.options as { readonly gallery?: string };
      const opened = await openGallery(resolve(context.workingFolder, gallery), { tools, named });
      const faces = await tools.read(image, 'all');
      const vectors = await tools.embedder.embed(faces.map(({ crop }) => crop));
      const found = nearestPersons(vectors, opened.entries(), Number(call.options['top'])).map((matches, index) => ({
        box: faces[index]?.face?.box ?? null,
        matches,
      }));
      const { images, leftOut } = opened;
      answer(call, context, {
        json: {
          image,
          gallery,
          contract: tools.contract,
          vectors: images,
          leftOut,
          faces: found,
          licences: tools.licences,
        },
        text: [...found.map(textOf), closingLine(opened), ...tools.licenceLines()].join('\n'),
      });
      return exitCode.done;
    } finally {
      await tools.dispose();
    }
  },
};

function textOf({ matches }: { readonly matches: readonly Match[] }, index: number): string {
  const lines = matches.map(({ name, image, similarity }) => `  ${similarity.toFixed(4)} ${name} (${image})`);
  return [`face ${index + 1}`, ...lines].join('\n');
}

function closingLine({ images, persons, leftOut }: OpenGallery): string {
  const why = leftOut.slice(0, 3).map(({ image, code, problem }) => `\n  left out ${image}: ${code}: ${problem}`);
  return `compared with ${images} images of ${persons} persons, all of them; ${leftOut.length} left out${why.join('')}`;
}
