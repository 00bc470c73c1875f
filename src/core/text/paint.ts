import { styleText } from 'node:util';

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
