import { type Failure, FailureError } from '../../../core/failure.ts';
import type { Graph } from '../graph/graph.ts';

/** Of the images of networks that embed faces; taken where neither a file nor the options say another. */
export const assumedSize = { channels: 3, height: 112, width: 112 } as const satisfies Graph['input'];

const howToSay = '--input 3xHEIGHTxWIDTH says another, in stages the parameter "input"';

/** For people: that the size was assumed, and how to give another. */
export function assumedSizeNote(input: Graph['input']): string {
  return `The file does not say how large its images are: ${sizeText(input)} was assumed; ${howToSay}.`;
}

export function sizeText({ channels, height, width }: Graph['input']): string {
  return `${channels}x${height}x${width}`;
}

/** Does what depends on an assumed size; failures say that it was assumed, which may be all that is wrong. */
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
  return `The size of the images, ${sizeText(input)}, was assumed, since the file does not say it: ${howToSay}.`;
}
