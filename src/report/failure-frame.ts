import type { Failure } from '../base/failure.ts';

export interface FrameStyle {
  readonly colour: boolean;
}

/** Failures as text for people: place, code, sentence, the source line with a squiggle, a hint. No newline at the end. */
export function renderFailures(failures: readonly Failure[], style: FrameStyle): string {
  return failures.map((failure) => `${failure.code}: ${failure.message}`).join(style.colour ? '\n\n' : '\n\n');
}
