import { describe, expect, it } from 'vitest';
import { checkFly, diagnosticsToJson, maskSecrets, parseFly, renderDiagnostics } from '../../index.ts';

const file = 'Eggs/my-app/config.fly';
const secret = 'vault://secret/my-app/s3cr3t-part';
const text = `egg "my-app" {
  type = "vm"
  runner { concurent = 3 }
  gitlab {
    project_id   = 1
    group_id     = 2
    token_secret = "${secret}?wrong=1"
  }
}
`;
const diagnostics = checkFly(parseFly(text, { file })).diagnostics;
const sources = new Map([[file, text]]);

describe('renderers', () => {
  it('show a frame with the place marked and what can be done', () => {
    expect(renderDiagnostics(diagnostics.slice(0, 1), { sources })).toBe(
      [
        'error FLY030: runner has no attribute "concurent"; did you mean "concurrent"?',
        '  --> Eggs/my-app/config.fly:3:12',
        '3 |   runner { concurent = 3 }',
        '  |            ^^^^^^^^^',
        '   = fix (safe): write concurrent',
        '',
      ].join('\n'),
    );
  });

  it('give JSON with positions, fixes and related places', () => {
    const [misspelt, exclusive] = diagnosticsToJson(diagnostics, { sources });

    expect(misspelt).toMatchObject({
      v: 1,
      code: 'FLY030',
      severity: 'error',
      phase: 'schema',
      file,
      range: { start: { line: 3, col: 12 }, end: { line: 3, col: 21 } },
      snippet: '  runner { concurent = 3 }',
      fixes: [{ safety: 'safe', edits: [{ text: 'concurrent' }] }],
      doc: 'fly030',
    });
    expect(exclusive).toMatchObject({ code: 'FLY044', related: [{ file, range: { start: { line: 5 } } }] });
  });

  it('never show a reference to a secret or a token, and keep the columns', () => {
    const token = `glpat-${'x'.repeat(20)}`;
    const bad = text.replace('type = "vm"', `type = '${token}'`);
    const found = checkFly(parseFly(bad, { file })).diagnostics;
    const shown = renderDiagnostics(found, { sources: new Map([[file, bad]]), color: true });
    const json = JSON.stringify(diagnosticsToJson(found, { sources: new Map([[file, bad]]) }));

    expect(found.length).toBeGreaterThan(2);
    expect(shown).toContain('vault://*********');
    expect(`${shown}${json}`).not.toContain('s3cr3t-part');
    expect(`${shown}${json}`).not.toContain(token);
    expect(maskSecrets(`cannot read ${secret} now`)).toBe('cannot read vault://***MASKED*** now');
  });

  it('show no control characters and only a part of a long line', () => {
    const long = `locals {\n  a = "\u001b[31m${'x'.repeat(5000)}" @\n}\n`;
    const shown = renderDiagnostics(parseFly(long, { file }).diagnostics, {
      sources: new Map([[file, long]]),
    });

    expect(shown).not.toContain('\u001b');
    expect(Math.max(...shown.split('\n').map((line) => line.length))).toBeLessThan(140);
  });

  it('do without the text of a file', () => {
    expect(renderDiagnostics(diagnostics.slice(0, 1))).not.toContain('|');
  });
});
