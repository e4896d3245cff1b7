import { parseFly, positionOf } from '@polar-gosling/fly';
import { runs } from '@polar-gosling/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { offsetOf } from './positions.ts';

const texts = fc.array(
  fc.constantFrom('a', 'é', '🦊', '\u{10ffff}', '\n', '\r\n', '"', ' ', 'egg', '{', '}', '\u200d', '\ud83e'),
  { maxLength: 40 },
);

describe('positions', () => {
  it('P13: come back from the columns of Fly and from those of the editor, astral characters included', () => {
    fc.assert(
      fc.property(texts, (parts) => {
        const text = parts.join('');
        const parsed = parseFly(text);
        const document = TextDocument.create('file:///a.fly', 'fly', 1, text);
        for (const offset of boundariesOf(text)) {
          expect(offsetOf(parsed, positionOf(parsed, offset))).toBe(offset);
          const isInLineEnd = text[offset - 1] === '\r' && text[offset] === '\n';
          if (!isInLineEnd) expect(document.offsetAt(document.positionAt(offset))).toBe(offset);
        }
      }),
      { numRuns: runs(300) },
    );
  });
});

/** Offsets that are not inside a character. */
function boundariesOf(text: string): number[] {
  const found = [0];
  for (const character of text) found.push((found.at(-1) ?? 0) + character.length);
  return found;
}
