// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of Fly are written like this
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runs } from '@polar-gosling/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkFly, parseFly } from '../index.ts';
import { makeEgg } from '../quality/eggs.ts';
import { makeHurried } from '../quality/hurried-files.ts';
import { createRandom } from '../quality/random.ts';
import { Token } from '../syntax/kinds.ts';
import { parseText } from '../syntax/parse.ts';
import { readHeredoc } from '../syntax/template.ts';
import { formatFly, significantTokens } from './fmt.ts';

const folder = fileURLToPath(new URL('../../../../specsuite/fly/original/', import.meta.url));
const samples = globSync('*.fly', { cwd: folder })
  .toSorted()
  .map((name) => readFileSync(`${folder}${name}`, 'utf8'));

/** A sample with some pieces cut out, put in or moved. */
const mutated = fc
  .tuple(
    fc.oneof(
      fc.constantFrom(...samples),
      fc.nat().map((seed) => makeHurried(createRandom(seed), 1)),
      fc.nat().map((seed) => makeEgg(createRandom(seed), 1)),
    ),
    fc.array(
      fc.tuple(
        fc.nat(10_000),
        fc.nat(12),
        fc.constantFrom(
          '',
          '',
          ' ',
          '\n',
          '\n\n\n',
          '\r\n',
          '\t',
          '{',
          '}',
          '[',
          ']',
          ',',
          '"',
          '=',
          '# x\n',
          '/* y */',
          '/* y\nz */',
          '<<-EOT\n',
          'EOT\n',
          ' a = 1 ',
          'b {}',
          '\ufeff',
          'п',
          '\0',
        ),
      ),
      { minLength: 1, maxLength: 4 },
    ),
  )
  .map(([sample, edits]) =>
    edits.reduce((text, [at, cut, put]) => {
      const place = at % (text.length + 1);
      return text.slice(0, place) + put + text.slice(place + cut);
    }, sample),
  );

/** The tokens without the comma behind a last item, which a list of several lines gets. */
function tokensOf(text: string): string[] {
  const tokens = significantTokens(text, parseText(text));
  const nextOf = (at: number) => tokens.find((token, other) => other > at && !isComment(token)) ?? '';
  return tokens.filter((token, at) => token !== ',' || !/^[\]}]$/.test(nextOf(at)));
}
const isComment = (token: string) => /^(#|\/\/|\/\*)/.test(token);
const commentsOf = (text: string) => tokensOf(text).filter(isComment);

describe('formatFly', () => {
  it('P3, F2: changes nothing the second time, whatever the text', () => {
    fc.assert(
      fc.property(fc.oneof(mutated, fc.string({ unit: 'binary', maxLength: 100 })), (text) => {
        const once = formatFly(text);

        expect(formatFly(once)).toBe(once);
      }),
      { numRuns: runs(1000) },
    );
  });

  it('P3, F1, F3: keeps every token and every comment, in their order', () => {
    fc.assert(
      fc.property(mutated, (text) => {
        const formatted = formatFly(text);

        expect(tokensOf(formatted)).toEqual(tokensOf(text));
        expect(commentsOf(formatted)).toEqual(commentsOf(text));
      }),
      { numRuns: runs(500) },
    );
  });

  it('neither adds nor removes an error', () => {
    fc.assert(
      fc.property(mutated, (text) => {
        const codes = (source: string) => parseText(source).sink.findings.map((finding) => finding.code);

        expect(codes(formatFly(text)).toSorted()).toEqual(codes(text).toSorted());
      }),
      { numRuns: runs(300) },
    );
  });

  it('F6: indents, aligns and leaves at most one empty line', () => {
    const text = `\ufeff

egg   "a"{


type="vm"
  # what it is
    gitlab{   // where
project_id=1   # id
server =   "gitlab.com" # host


url="https://gitlab.com"
  }

}
job "b"{}`;

    expect(formatFly(text)).toBe(
      `egg "a" {
  type = "vm"
  # what it is
  gitlab {  // where
    project_id = 1             # id
    server     = "gitlab.com"  # host

    url = "https://gitlab.com"
  }

}
job "b" {}
`.replace('  }\n\n}', '  }\n}'),
    );
  });

  it('puts the content of a multi-line list on lines of its own and ends it with a comma', () => {
    const text = 'locals {\n  a = ["x",\n"y" # why\n]\n  b = { c=1,\n d = [ ] }\n  e = ["z" ]\n}\n';

    expect(formatFly(text)).toBe(`locals {
  a = [
    "x",
    "y",  # why
  ]
  b = {
    c = 1,
    d = []
  }
  e = ["z"]
}
`);
  });

  it('F6: lets a comment line stand inside a run of aligned attributes', () => {
    const text = 'locals {\n  a = 1\n  # about bbb\n  bbb = 2\n\n  cc = 3\n}\n';

    expect(formatFly(text)).toBe('locals {\n  a   = 1\n  # about bbb\n  bbb = 2\n\n  cc = 3\n}\n');
  });

  it('F4: moves a heredoc with its tag and keeps its value', () => {
    const text = 'locals {\na = <<-EOT\n   one\n     two\n\n   EOT\n}\n';

    expect(formatFly(text)).toBe('locals {\n  a = <<-EOT\n  one\n    two\n\n  EOT\n}\n');
  });

  it('F5: leaves a broken block byte for byte and formats the others', () => {
    const broken = 'egg "broken" {\r\n   type   = \r\n gitlab {   project_id=1 }\r\n}';
    const text = `job   "a" {}\n\n\n${broken}\njob   "b" {}\n`;

    expect(formatFly(text)).toBe(`job "a" {}\n\n${broken}\njob "b" {}\n`);
  });

  it('P3, F3: leaves each comment with the item it stands before or behind', () => {
    fc.assert(
      fc.property(mutated, (text) => {
        expect(neighbours(formatFly(text))).toEqual(neighbours(text));
      }),
      { numRuns: runs(300) },
    );
  });

  it('F4: keeps the value of every heredoc, however its file was mutated', () => {
    const heredocs = (text: string) => {
      const { tokens } = parseText(text);
      return [...tokens.kinds.subarray(0, tokens.count).entries()]
        .filter(([, kind]) => kind === Token.heredoc)
        .map(([at]) => readHeredoc(text.slice(tokens.starts[at], tokens.starts[at + 1])).body);
    };
    fc.assert(
      fc.property(mutated, (text) => {
        expect(heredocs(formatFly(text))).toEqual(heredocs(text));
      }),
      { numRuns: runs(300) },
    );
  });

  it('F5: leaves a broken block byte for byte, whatever is broken in it and beside it', () => {
    const broken = fc.constantFrom(
      '  a  =\n',
      '  a = [1\n',
      '  a = "x\n',
      '  a =  1 2\n',
      '  $\n',
      '  b {  a: 1\n',
    );
    fc.assert(
      fc.property(broken, fc.constantFrom(...samples), (line, sample) => {
        const block = `egg   "x"   {\n${line}    c   =  3\n}`;
        const formatted = formatFly(`${sample}\n\n\n${block}\n`);

        expect(formatted).toContain(`\n${block}\n`);
        expect(formatted.startsWith(formatFly(sample))).toBe(true);
      }),
      { numRuns: runs(100) },
    );
  });

  it('F7: knows one version of the language, and refuses a later one', () => {
    const codes = (text: string) => checkFly(parseFly(text)).diagnostics.map(({ code }) => code);

    expect(codes('fly = 1\n')).toEqual([]);
    expect(codes('fly = 2\n')).toEqual(['FLY033']);
  });

  it('F8: never makes more than twice the text and 1 KiB, even of deep lists without indentation', () => {
    const deep = fc
      .tuple(
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 300 }),
        fc.integer({ min: 1, max: 60 }),
      )
      .map(
        ([depth, count, width]) =>
          `locals {\n${'x'.repeat(width)}=1\n${'a=1\n'.repeat(count)}b = ${'[\n'.repeat(depth)}${'1,\n'.repeat(count)}${']\n'.repeat(depth)}}\n`,
      );
    fc.assert(
      fc.property(fc.oneof(mutated, deep), (text) => {
        const formatted = formatFly(text);

        expect(formatted.length).toBeLessThanOrEqual(2 * text.length + 1024);
        expect(formatFly(formatted)).toBe(formatted);
      }),
      { numRuns: runs(300) },
    );
  });

  it('gives an empty text for one of blanks', () => {
    expect(formatFly('  \n\t\n')).toBe('');
  });
});

/** Each comment with the tokens before and behind it, and whether one of them shares its line. */
function neighbours(text: string): string[] {
  const { tokens } = parseText(text);
  const words: { word: string; isComment: boolean; isFirstOfLine: boolean }[] = [];
  let isFirstOfLine = true;
  for (let at = 0; at < tokens.count; at++) {
    const kind = tokens.kinds[at];
    const word = text.slice(tokens.starts[at], tokens.starts[at + 1]);
    if (kind === Token.newline) isFirstOfLine = true;
    if (kind === Token.newline || kind === Token.blank || word === ',' || word === '') continue;
    // The lines of a heredoc move with its tag: its value is what stays.
    const said = kind === Token.heredoc ? readHeredoc(word).body : word.trim();
    words.push({ word: said, isComment: kind === Token.comment, isFirstOfLine });
    isFirstOfLine = false;
  }
  return words.flatMap(({ word, isComment, isFirstOfLine: isAlone }, at) =>
    isComment ? [`${words[at - 1]?.word} ${isAlone ? '|' : ''} ${word} | ${words[at + 1]?.word}`] : [],
  );
}
