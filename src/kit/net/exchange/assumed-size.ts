import { fail, type Failure, FailureError } from '../../../core/failure.ts';
import { failures } from '../failures.ts';
import type { Graph } from '../graph/graph.ts';
import type { InputSize } from './model-format.ts';

/** Of the images of networks that embed faces; assumed if neither a file nor the options state another. */
export const assumedSize = { channels: 3, height: 112, width: 112 } as const satisfies Graph['input'];

/** The size of the images that a network takes. */
export interface ImageSizeRead {
  readonly input: Graph['input'];
  /** Neither the file nor the options state height and width. */
  readonly isAssumed: boolean;
}

/**
 * What a file states, where that is a number above 0; what the options state, where it leaves a size open; else what is assumed.
 * Fails with `option-not-taken` if they contradict each other.
 */
export function statedOrAssumed(
  stated: { readonly [Side in keyof Graph['input']]: number | undefined },
  asked: InputSize | undefined,
  file: string,
): ImageSizeRead {
  const input: { -readonly [Side in keyof Graph['input']]: number } = { ...assumedSize };
  for (const side of ['channels', 'height', 'width'] as const) {
    const [size = 0, wanted] = [stated[side], asked?.[side]];
    if (size > 0 && wanted !== undefined && wanted !== size) {
      fail(failures.sizeIsFixed({ side, stated: size, asked: wanted }, { file }));
    }
    input[side] = size > 0 ? size : (wanted ?? input[side]);
  }
  const isOpen = [stated.height, stated.width].some((size = 0) => size <= 0);
  return { input, isAssumed: isOpen && asked === undefined };
}

const howToState =
  'flow convert --input 3xHEIGHTxWIDTH writes a model of another, as does the stage convert with "input"';

/** For people: that the size was assumed, and how to set another. */
export function assumedSizeNote(input: Graph['input']): string {
  return `The file does not state how large its images are: ${sizeText(input)} was assumed; ${howToState}.`;
}

export function sizeText({ channels, height, width }: Graph['input']): string {
  return `${channels}x${height}x${width}`;
}

/** Does what depends on an assumed size; failures tell that it was assumed, which may be all that is wrong. */
export function underAssumedSize<Result>(input: Graph['input'], work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    const [first, ...others] = error.failures;
    throw new FailureError([{ ...first, hint: first.hint ?? assumedSizeHint(input) }, ...others], { cause: error });
  }
}

/** Whether failures may be due to an assumed size and nothing else. */
export function mayBeDueToSize([first]: readonly Failure[]): boolean {
  return first?.hint === assumedSizeHint(assumedSize);
}

function assumedSizeHint(input: Graph['input']): string {
  return `The size of the images, ${sizeText(input)}, was assumed, since the file does not state it: ${howToState}.`;
}
