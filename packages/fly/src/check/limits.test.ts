// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of Fly are written like this
import { describe, expect, it } from 'vitest';
import { checkFly, type FlyCode, formatFly, parseFly } from '../index.ts';

const codesOf = (text: string) => checkFly(parseFly(text)).diagnostics.map(({ code }) => code);
const local = (value: string) => `locals {\n  a = ${value}\n}\n`;
const rule = (condition: string) =>
  `uglyfox {\n  policies {\n    rule "r" {\n      condition = "${condition}"\n      action    = "terminate"\n    }\n  }\n}\n`;
const chainOf = (length: number) => {
  const links = Array.from({ length }, (_, at) => `  a${at} = local.a${at + 1}\n`).join('');
  return `locals {\n${links}  a${length} = 1\n}\n`;
};
/** `length` characters that are one rule: spaces between its tests mean nothing. */
const longRule = (length: number) => `age > 1h${' '.repeat(length - 18)} OR age<2m`.padEnd(length);

/** What stands at its limit, and what is one beyond. */
const limits: readonly (readonly [string, FlyCode, (at: number) => string, number])[] = [
  [
    'X1 blocks, lists and maps inside one another',
    'FLY090',
    (at) => local('['.repeat(at - 1) + ']'.repeat(at - 1)),
    32,
  ],
  ['X3 a name', 'FLY092', (at) => `locals {\n  ${'n'.repeat(at)} = 1\n}\n`, 128],
  ['X3 a string', 'FLY092', (at) => local(`"${'s'.repeat(at - 2)}"`), 65_536],
  ['X3 a heredoc', 'FLY092', (at) => local(`<<-EOT\n  ${'h'.repeat(at - 15)}\n  EOT`), 262_144],
  ['X4 a list', 'FLY093', (at) => local(`[${'1,'.repeat(at)}]`), 10_000],
  [
    'X4 a map',
    'FLY093',
    (at) => local(`{${Array.from({ length: at }, (_, key) => `k${key}=1`).join(',')}}`),
    10_000,
  ],
  [
    'X4 a body',
    'FLY093',
    (at) => `locals {\n${Array.from({ length: at }, (_, key) => `k${key}=1`).join('\n')}\n}\n`,
    10_000,
  ],
  ['X6 the characters of a rule', 'FLY050', (at) => rule(longRule(at)), 2_048],
  [
    'X6 the tests of a rule',
    'FLY050',
    (at) => rule(Array.from({ length: at }, (_, test) => `age>${test}h`).join(' OR ')),
    64,
  ],
  ['X6 the parentheses of a rule', 'FLY050', (at) => rule(`${'('.repeat(at)}age > 1h${')'.repeat(at)}`), 16],
  ['R6 locals in a row', 'FLY073', chainOf, 16],
];

describe('limits', () => {
  it.each(limits)('%s: the figure of the spec is allowed, and one more is %s', (_, code, ...[make, most]) => {
    expect(codesOf(make(most))).not.toContain(code);
    expect(codesOf(make(most + 1))).toContain(code);
  });

  it('X5: a value has 256 references and a megabyte after they are filled in, and no more', () => {
    const filled = (references: number, length: number) =>
      `locals {\n  a = "${'x'.repeat(length)}"\n  b = "${'${local.a}'.repeat(references)}"\n}\n`;

    expect(codesOf(filled(256, 4096))).not.toContain('FLY094');
    expect(codesOf(filled(257, 1))).toContain('FLY094');
    expect(codesOf(filled(256, 4097))).toContain('FLY094');
  });

  it('F8: a text that would grow beyond twice its size is left as it is', () => {
    const deep = `${'a {\n'.repeat(400)}${'b=1\n'.repeat(400)}${'}\n'.repeat(400)}`;

    const formatted = formatFly(deep);

    expect(formatted.length).toBeLessThanOrEqual(2 * deep.length + 1024);
    expect(formatFly('a{b=1}\n')).not.toBe('a{b=1}\n');
  });
});
