// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of Fly are written like this
import { describe, expect, it } from 'vitest';
import { checkFly, formatFly, parseFly } from '../index.ts';

/**
 * Inputs that make a careless reader quadratic, deep or dead. Each is big enough that quadratic work would
 * take minutes: the time limit of the test is the assertion.
 */
const hostileOf = (many: number): readonly (readonly [string, string])[] => [
  ['lists inside lists', `a = ${'['.repeat(many)}${']'.repeat(many)}\n`],
  ['lists never closed', `a = ${'['.repeat(many)}`],
  ['maps never closed', `a = ${'{ a = '.repeat(many)}`],
  ['blocks inside blocks', `${'b {\n'.repeat(many)}${'}\n'.repeat(many)}`],
  ['blocks never closed', 'b {\n'.repeat(many)],
  ['blocks on one line', 'b { '.repeat(many)],
  ['parentheses', `a = f${'('.repeat(many)}`],
  ['closing braces', '}'.repeat(many)],
  ['closing braces on lines', '}\n'.repeat(many)],
  ['comments never closed', '/*\n'.repeat(many)],
  ['comments never closed on one line', '/*a='.repeat(many)],
  ['heredocs never closed', 'a = <<-EOT\n'.repeat(many)],
  ['heredocs with tags of their own', Array.from({ length: many }, (_, i) => `a = <<-T${i}\n`).join('')],
  ['heredocs with a body too shallow', `${'    a = <<-EOT\n    x\n'.repeat(many / 2)}y\n  EOT\n`],
  [
    'heredocs that open one another',
    `${Array.from({ length: many / 2 }, (_, i) => `  a = <<-T${i}\n x\n`).join('')}${Array.from({ length: many / 2 }, (_, i) => `  a = <<-T${i}\n    T${i}\n`).join('')}`,
  ],
  ['quotes', '"'.repeat(many)],
  ['quotes on lines', '"\n'.repeat(many)],
  ['single quotes', "'".repeat(many)],
  ['interpolations', `locals {\n  a = "${'${'.repeat(many)}"\n}\n`],
  ['interpolations of a shell', `locals {\n  a = <<-EOT\n  ${'${x} '.repeat(many)}\n  EOT\n}\n`],
  ['bad heredoc references', `locals {\n  a = <<-EOT\n${'  ${vra.x}\n'.repeat(many)}  EOT\n}\n`],
  ['bad characters', '@ '.repeat(many)],
  ['bad lines', '= = =\n'.repeat(many)],
  ['names on one line', 'x '.repeat(many)],
  ['attributes on one line', 'x = 1 '.repeat(many)],
  ['maps on one line', `a = [${'{ a = 1 }, '.repeat(many)}]\n`],
  ['one list of many items', `a = [${'"x", '.repeat(many)}]\n`],
  ['unknown attributes', `egg "a" {\n${'  concurent = 1\n'.repeat(many)}}\n`],
  ['unknown blocks', `egg "a" {\n${'  runer {}\n'.repeat(many)}}\n`],
  ['Eggs of one name', 'egg "a" {}\n'.repeat(many)],
  ['backslashes', `a = "${'\\'.repeat(many)}"\n`],
  ['NUL characters', '\0'.repeat(many)],
  ['lone surrogates', '\ud800'.repeat(many)],
  ['carriage returns', '\r'.repeat(many)],
  ['combining marks', `a${'\u0301'.repeat(many)} = 1\n`],
  ['blanks', ' '.repeat(many)],
  ['empty lines', '\n'.repeat(many)],
  ['digits', `a = ${'9'.repeat(many)}\n`],
  ['dots', `a = b${'.b'.repeat(many)}\n`],
  ['a host of many labels', `egg "a" {\n  gitlab { server = "${'a.'.repeat(30_000)}" }\n}\n`],
  ['a cron line of many commas', `job "a" {\n  schedule = "${'1,'.repeat(30_000)} * * * *"\n}\n`],
  ['comments behind names', `${'a /* c */ '.repeat(many)}`],
];

describe('hostile inputs', () => {
  it.each(hostileOf(50_000))('are read in time: %s', { timeout: 15_000 }, (_name, text) => {
    const checked = checkFly(parseFly(text));

    expect(checked.diagnostics.length).toBeLessThanOrEqual(200);
  });

  it.each(hostileOf(10_000))('are formatted in time: %s', { timeout: 15_000 }, (_name, text) => {
    const formatted = formatFly(text);

    expect(formatFly(formatted)).toBe(formatted);
  });

  it('say once that nothing is nested deeper than 32', () => {
    const found = parseFly(`locals {\n  a = ${'['.repeat(1000)}\n}\n`).diagnostics;

    expect(found.map((diagnostic) => diagnostic.code)).toEqual(['FLY090']);
  });

  it('count what is beyond the first 200 findings', () => {
    const checked = checkFly(parseFly('}\n'.repeat(300)));

    expect(checked.diagnostics).toHaveLength(200);
    expect(checked.omitted).toBe(100);
  });

  it('keep names like __proto__ and constructor plain data', () => {
    const text =
      'egg "a" {\n  type = "vm"\n  gitlab { project_id = 1 }\n  environment {\n    __proto__ = "x"\n    constructor = "y"\n  }\n}\n';
    const checked = checkFly(parseFly(text));
    const egg = checked.blocks.find((block) => block.kind === 'egg');

    expect(checked.diagnostics).toEqual([]);
    expect(Object.entries(egg?.values.environment ?? {})).toEqual([
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ]);
    expect(checkFly(parseFly('constructor {}\ntoString = 1\n')).diagnostics.map(({ code }) => code)).toEqual([
      'FLY030',
      'FLY030',
    ]);
  });
});
