// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of Fly are written like this
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runs } from '@polar-gosling/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseText } from '../syntax/parse.ts';
import { formatFly, significantTokens } from './fmt.ts';

const folder = fileURLToPath(new URL('../../../../specsuite/fly/original/', import.meta.url));
const samples = globSync('*.fly', { cwd: folder })
  .toSorted()
  .map((name) => readFileSync(`${folder}${name}`, 'utf8'));

/** A sample with some pieces cut out, put in or moved. */
const mutated = fc
  .tuple(
    fc.constantFrom(...samples),
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

const tokensOf = (text: string) => significantTokens(text, parseText(text)).filter((token) => token !== ',');
const commentsOf = (text: string) => tokensOf(text).filter((token) => /^(#|\/\/|\/\*)/.test(token));

describe('formatFly', () => {
  it('changes nothing the second time, whatever the text', () => {
    fc.assert(
      fc.property(fc.oneof(mutated, fc.string({ unit: 'binary', maxLength: 100 })), (text) => {
        const once = formatFly(text);

        expect(formatFly(once)).toBe(once);
      }),
      { numRuns: runs(1000) },
    );
  });

  it('keeps every token and every comment, in their order', () => {
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

  it('indents, aligns and leaves at most one empty line', () => {
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

  it('lets a comment line stand inside a run of aligned attributes', () => {
    const text = 'locals {\n  a = 1\n  # about bbb\n  bbb = 2\n\n  cc = 3\n}\n';

    expect(formatFly(text)).toBe('locals {\n  a   = 1\n  # about bbb\n  bbb = 2\n\n  cc = 3\n}\n');
  });

  it('moves a heredoc with its tag and keeps its value', () => {
    const text = 'locals {\na = <<-EOT\n   one\n     two\n\n   EOT\n}\n';

    expect(formatFly(text)).toBe('locals {\n  a = <<-EOT\n  one\n    two\n\n  EOT\n}\n');
  });

  it('leaves a broken block byte for byte and formats the others', () => {
    const broken = 'egg "broken" {\r\n   type   = \r\n gitlab {   project_id=1 }\r\n}';
    const text = `job   "a" {}\n\n\n${broken}\njob   "b" {}\n`;

    expect(formatFly(text)).toBe(`job "a" {}\n\n${broken}\njob "b" {}\n`);
  });

  it('gives an empty text for one of blanks', () => {
    expect(formatFly('  \n\t\n')).toBe('');
  });
});
