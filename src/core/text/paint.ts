import { styleText } from 'node:util';
import { unsafe, withoutUnsafe } from './terminal-text.ts';

type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

/** Wraps text in the escape sequences of a colour, or leaves it as it is if colour is off. */
export type Paint = Readonly<Record<Style, (text: string) => string>>;

/** `colour`: whether to paint at all; the caller has looked at the stream and the environment. */
export function paintWith(colour: boolean): Paint {
  const painter = (style: Style) => (text: string) =>
    colour && text !== '' ? styleText(style, text, { validateStream: false }) : text;
  return {
    bold: painter('bold'),
    dim: painter('dim'),
    red: painter('red'),
    green: painter('green'),
    yellow: painter('yellow'),
    cyan: painter('cyan'),
  };
}

/** The sequences of the styles above. */
const painted = /^\u001b\[(?:0|1|2|22|31|32|33|36|39)m$/;

/**
 * A whole text for people on its way to a terminal or pipe: as `plainText`, but tabs stay, and with `colour` the sequences
 * of {@link paintWith}. Whatever is printed passes through here, so that no name in an experiment, record or file does
 * more than be read. The return of a carriage, by which programs draw over a line, begins a new one.
 */
export function terminalText(text: string, colour = false): string {
  if (!unsafe.test(text)) return text;
  const lines = text.replaceAll(/(?<!\r)\r+\n/g, '\n').replaceAll('\r', '\n');
  return withoutUnsafe(lines, (each) => each === '\n' || each === '\t' || (colour && painted.test(each)));
}
