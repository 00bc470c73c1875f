import { resolve } from 'node:path';
import { fail } from '../../core/failure.ts';
import { decodeImage } from '../../embedding/decode-image.ts';
import { failures } from '../../embedding/failures.ts';
import { readBytes } from '../../kit/codec/read-file.ts';
import { declareEmbedding, EmbeddingTools } from '../embedding-tools.ts';
import { answer, exitCode, integerOption, type FlowCommand } from '../flow-command.ts';

/** The 2018 system reported 17 ms a face for these three together (README, LResNet34E-IR on a Tesla M40). */
const parts = ['detection', 'alignment', 'embedding'] as const;
type Part = (typeof parts)[number];

export const command: FlowCommand = {
  declare(command) {
    command.argument('<image>', 'a photograph or, with --detector limited, a rough crop of a face');
    declareEmbedding(command);
    command
      .option('--repeat <n>', 'how often each part is timed', integerOption('--repeat', 1), 100)
      .option('--json', 'print JSON', false);
  },

  async run(call, context) {
    const path = String(call.arguments[0]);
    const tools = await EmbeddingTools.open(call, context);
    try {
      const image = await decodeImage(readBytes(resolve(context.workingFolder, path), 'photograph'), { name: path });
      const times: Record<Part, number[]> = { detection: [], alignment: [], embedding: [] };
      let faces = 0;
      // The first two rounds make buffers, and machine code.
      for (let round = -2; round < Number(call.options['repeat']); round += 1) {
        const clock = [performance.now()];
        const [found = []] = (await tools.detector?.detect([image])) ?? [[]];
        clock.push(performance.now());
        const crops = tools.detector === undefined ? [image] : found.map((face) => tools.embedder.align(image, face));
        clock.push(performance.now());
        if (crops.length === 0) fail(failures.noFace({ size: image }, { file: path }));
        await tools.embedder.embed(crops);
        clock.push(performance.now());
        faces = crops.length;
        if (round < 0) continue;
        for (const [index, part] of parts.entries()) {
          times[part].push(((clock[index + 1] ?? 0) - (clock[index] ?? 0)) / faces);
        }
      }
      const rows = parts.map((part) => ({ part, ...quantiles(times[part]) }));
      const total = rows.reduce((sum, { median }) => sum + median, 0);
      const { computesWith } = tools.embedder;
      const text = rows.map(
        ({ part, median, p90 }) => `${part.padEnd(10)} ${median.toFixed(2).padStart(8)} ms  (90 %: ${p90.toFixed(2)})`,
      );
      const size = `${image.width} x ${image.height}`;
      answer(call, context, {
        json: {
          image: path,
          ...{ width: image.width, height: image.height, faces },
          msPerFace: rows,
          total,
          computesWith,
          licences: tools.licences,
        },
        text: [
          `ms per face, median of ${times.detection.length}; ${size} pixels, ${faces} faces; ${computesWith}`,
          ...text,
          `${'together'.padEnd(10)} ${total.toFixed(2).padStart(8)} ms`,
          ...tools.licenceLines(),
        ].join('\n'),
      });
      return exitCode.done;
    } finally {
      await tools.dispose();
    }
  },
};

function quantiles(values: readonly number[]): { readonly median: number; readonly p90: number } {
  const sorted = Float64Array.from(values).sort();
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return { median: at(0.5), p90: at(0.9) };
}
