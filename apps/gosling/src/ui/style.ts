import { styleText } from 'node:util';

type Colour = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

/** Colours a text, or leaves it as it is: decided once, where the stream is known. */
export type Style = (colour: Colour, text: string) => string;

export function createStyle(hasColour: boolean): Style {
  if (!hasColour) return (_colour, text) => text;
  return (colour, text) => styleText(colour, text, { validateStream: false });
}
