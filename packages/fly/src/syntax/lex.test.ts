// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of Fly are written like this
import { runs } from '@polar-gosling/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkFly, formatFly, parseFly, printText } from '../index.ts';

/** Text that is likely to reach the corners of the lexer and the parser. */
const flyish = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ...[
          'egg "a" {',
          '}',
          '{',
          '[',
          ']',
          '=',
          ',',
          '"',
          "'",
          '\n',
          '\r\n',
          '\r',
          ' ',
          '  ',
          '#',
          '//',
          '/*',
        ],
        ...[
          '*/',
          '<<-EOT',
          "<<-'EOT'",
          '<<EOT',
          'EOT',
          '<<',
          '${',
          '${var.x}',
          '$${',
          '\\',
          '\\u{41}',
          '.',
          ':',
        ],
        ...[
          'true',
          'null',
          'runner',
          'tags',
          'x',
          '10m',
          '1e9',
          '-5',
          '0',
          '(',
          ')',
          '\u0000',
          '\ufeff',
          '\u202e',
        ],
        ...['\ud800', '\u2028', 'п', '😀', '__proto__', 'constructor', 'locals {', 'a = 1\n', 'job "j" {\n'],
      ),
      fc.string({ maxLength: 4 }),
    ),
    { maxLength: 60 },
  )
  .map((pieces) => pieces.join(''));

const anyText = fc.oneof(
  flyish,
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.string({ maxLength: 200 }),
);

describe('tokens', () => {
  it('P1: tile the text: for any text, printing the tokens gives the text back', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const parsed = parseFly(text);
        const { kinds, starts, count } = parsed.tokens;
        const isRising = Array.from({ length: count - 1 }, (_, token) => token).every(
          (token) => (starts[token] ?? 0) < (starts[token + 1] ?? 0),
        );

        expect(printText(parsed)).toBe(text);
        expect(starts[0]).toBe(0);
        expect(kinds[count - 1]).toBe(0);
        expect(isRising).toBe(true);
      }),
      { numRuns: runs(1000) },
    );
  });

  it('P4: never throw on the way through the checker and the formatter, and places stay inside the text', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const checked = checkFly(parseFly(text));
        const bytes = new TextEncoder().encode(text).length;

        expect(checked.diagnostics.length).toBeLessThanOrEqual(200);
        expect(depthOf(checked.blocks.map(({ values }) => values))).toBeLessThanOrEqual(32);
        for (const { range } of checked.diagnostics) {
          expect(range.start.byte).toBeLessThanOrEqual(bytes);
          expect(range.start.line).toBeGreaterThan(0);
          expect(range.start.col).toBeGreaterThan(0);
        }
        expect(formatFly(text)).toBeTypeOf('string');
      }),
      { numRuns: runs(1000) },
    );
  });

  it('count columns in code points and places in UTF-8 bytes', () => {
    const [found] = parseFly('job "😀é" { x = @ }\n').diagnostics;

    expect(found?.range.start).toEqual({ line: 1, col: 16, byte: 19 });
  });

  it('accept a BOM and CRLF line ends', () => {
    const text =
      '\ufeffjob "a" {\r\n  schedule = "0 0 * * *"\r\n  script = <<-EOT\r\n  date\r\n  EOT\r\n}\r\n';
    const checked = checkFly(parseFly(text));

    expect(checked.diagnostics).toEqual([]);
    expect(checked.blocks[0]?.values).toEqual({ schedule: '0 0 * * *', script: 'date\n' });
  });

  it('say which of a bad letter, a bad byte and an invisible one it is', () => {
    const text = 'locals {\n  а = "\u0001"\n  b = "\ufffd" # \u2066\n}\n';

    expect(parseFly(text).diagnostics.map((diagnostic) => diagnostic.code)).toEqual([
      'FLY009',
      'FLY005',
      'FLY006',
      'FLY008',
    ]);
  });
});

/** Objects and lists inside one another. */
function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}
