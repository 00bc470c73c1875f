import type { StageContext } from '../../src/stage-api/stage.ts';
import { counted } from '../../src/core/human.ts';
import type { DataLoader } from '../../src/kit/dataset/data-loader.ts';
import type { Arithmetic } from '../../src/kit/net/engines/arithmetic.ts';
import { bfloat16Instructions, type Precision } from '../../src/kit/net/engines/precision.ts';
import type { ShapedGraph } from '../../src/kit/net/graph/shaped-graph.ts';
import type { Pretrained } from './pretrained.ts';
import { partsInWords } from './set-parts.ts';

/** Reports what is trained on what, and from which start. */
export function announce(
  emit: StageContext['emit'],
  training: {
    readonly network: string;
    readonly shaped: ShapedGraph;
    readonly reader: DataLoader;
    /** With the arrays of its classifier that are taken, by name. */
    readonly pretrained: (Pretrained & { readonly classifier: readonly string[] }) | undefined;
    /** Names of the arrays of the loss. */
    readonly lossArrays: readonly string[];
    readonly arithmetic: Arithmetic;
    /** Steps before this start. */
    readonly done: number;
  },
): void {
  const say = (message: string): void => {
    emit({ type: 'log', level: 'info', message });
  };
  const { network, shaped, reader, pretrained, done } = training;
  const { identities, imageCount, width, height } = reader;
  say(
    `${imageCount} images of ${identities} identities, ${width} x ${height}; ` +
      `${network}: ${shaped.parameters.length} parameter arrays, ` +
      `${(shaped.multiplyAdds / 1e6).toFixed(0)} million multiply-adds`,
  );
  for (const message of partsInWords(reader.parts())) say(message);
  if (pretrained !== undefined) {
    const { report, origin, classifier } = pretrained;
    emit(report);
    const classes = counted(identities, 'identity', 'identities');
    if (classifier.length > 0) say(`starts with its classifier of ${classes} too: ${classifier.join(', ')}`);
    // The classes are those of this set, whatever the model was trained on.
    const drawn = training.lossArrays.filter((name) => !classifier.includes(name));
    if (drawn.length > 0) say(`the arrays of the loss are drawn for ${classes}: ${drawn.join(', ')}`);
    const counts = { copiedArrays: origin.copied, drawnArrays: origin.drawn, leftOutArrays: origin.leftOut };
    for (const [name, { length }] of Object.entries(counts)) emit({ type: 'metric', name, value: length });
  }
  const { precision, xla = false } = training.arithmetic;
  reportPrecision(emit, precision);
  if (xla) say('XLA compiles operations on single numbers, once steps are executed as graphs; a training that is interrupted ends the same within rounding'); // prettier-ignore
  if (done > 0) say(`resumes from the checkpoint of step ${done}`);
}

/** What really computes: a processor without the instructions does not round. */
function reportPrecision(emit: StageContext['emit'], precision: Precision = 'float32'): void {
  if (precision === 'float32') return;
  const instructions = precision === 'bfloat16' ? bfloat16Instructions() : ['the graphics processor'];
  const by = instructions?.join(' and ') ?? 'the processor, if it has instructions for it';
  const isRounded = instructions?.length !== 0;
  emit({
    type: 'log',
    level: isRounded ? 'info' : 'warning',
    message: isRounded
      ? `factors of products may be rounded to ${precision} by ${by}`
      : `this processor has no instructions for ${precision}: products are computed in float32`,
  });
}
