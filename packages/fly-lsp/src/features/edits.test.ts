// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of Fly are written like this
import { applyEdits, formatFly } from '@polar-gosling/fly';
import { runs } from '@polar-gosling/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CodeAction, TextEdit } from 'vscode-languageserver';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { marked } from '../testing/marked.ts';
import { codeActions } from './code-actions.ts';
import { diagnosticsOf } from './diagnostics.ts';
import { format } from './formatting.ts';
import { documentSymbols } from './symbols.ts';

const broken = 'egg "a" {\n  tipe = "vm"\n  gitlab { project_id = 1 }\n  runner { idle_timeout = 10 }\n}\n';

function actionsIn(text: string, only?: string[]): CodeAction[] {
  const { snapshot } = marked(text);
  const end = snapshot.source.document.positionAt(text.length);
  const range = { start: { line: 0, character: 0 }, end };
  return codeActions(snapshot, { range, context: { diagnostics: [], ...(only && { only }) } });
}

function applied(text: string, action: CodeAction | undefined): string {
  const [edits = []] = Object.values(action?.edit?.changes ?? {});
  return withEdits(text, edits);
}

const withEdits = (text: string, edits: TextEdit[]) =>
  TextDocument.applyEdits(TextDocument.create('a', 'fly', 0, text), edits);

describe('diagnostics', () => {
  it('have the place in UTF-16 units, the code and the severity', () => {
    const { snapshot } = marked('locals {\n  a = "🦊🦊$${var.x} ${var.y}"\n}\n');

    expect(diagnosticsOf(snapshot)).toMatchObject([
      { code: expect.stringMatching(/^FLY/), severity: 1, source: 'fly', range: { start: { line: 1 } } },
    ]);
    const { range } = diagnosticsOf(snapshot)[0] ?? {};
    expect(range && snapshot.source.document.getText(range)).toBe('y');
  });

  it('are empty for a file that is right', () => {
    expect(diagnosticsOf(marked('locals {\n  a = 1\n}\n').snapshot)).toEqual([]);
  });
});

describe('code actions', () => {
  it('offer the fixes of the diagnostics in the range', () => {
    const actions = actionsIn(broken, ['quickfix']);

    expect(actions.length).toBeGreaterThan(0);
    expect(actions.every(({ kind, diagnostics }) => kind === 'quickfix' && diagnostics?.length === 1)).toBe(
      true,
    );
    const rename = actions.find(({ edit }) => JSON.stringify(edit).includes('"type"'));
    expect(applied(broken, rename)).toContain('  type = "vm"');
  });

  it('offer nothing outside the range, and only the kinds that are asked for', () => {
    const { snapshot } = marked(broken);
    const range = { start: { line: 0, character: 0 }, end: { line: 0, character: 1 } };

    expect(codeActions(snapshot, { range, context: { diagnostics: [], only: ['quickfix'] } })).toEqual([]);
    expect(actionsIn(broken, ['refactor'])).toEqual([]);
  });

  it('fix everything that is safe at once, as source.fixAll.fly', () => {
    const text = 'egg "a" {\n  type = \'vm\'\n  gitlab\n  {\n    project_id = 1\n  }\n}\n';

    const [all] = actionsIn(text, ['source.fixAll']);

    expect(all?.kind).toBe('source.fixAll.fly');
    expect(diagnosticsOf(marked(applied(text, all)).snapshot)).toEqual([]);
    expect(actionsIn(applied(text, all), ['source.fixAll.fly'])).toEqual([]);
  });
});

describe('formatting', () => {
  it('gives what gosling fmt writes, with CRLF and astral characters too', () => {
    const words = fc.constantFrom(
      'egg "a" {',
      '}',
      '\n',
      '\r\n',
      '  ',
      'type="vm"',
      '# 🦊',
      'a = [1,2]',
      '"',
      '\t',
      'x = "🦊"',
      '<<EOT',
    );

    fc.assert(
      fc.property(fc.array(words, { maxLength: 30 }), (parts) => {
        const text = parts.join('');
        const { snapshot } = marked({ 'a.fly': text });

        expect(withEdits(text, format(snapshot))).toBe(formatFly(text));
      }),
      { numRuns: runs(300) },
    );
  });

  it('touches only the lines that change', () => {
    const { snapshot } = marked('locals {\n  a = 1\n}\n\nlocals {\n b = 2\n}\n');

    expect(format(snapshot)).toMatchObject([
      { range: { start: { line: 5, character: 0 }, end: { line: 6, character: 0 } }, newText: '  b = 2\n' },
    ]);
    expect(format(marked('locals {\n  a = 1\n}\n').snapshot)).toEqual([]);
  });
});

describe('document symbols', () => {
  it('are the blocks as a tree, with the names of locals', () => {
    const symbols = documentSymbols(
      marked('egg "a" {\n  runner {\n    docker {\n    }\n  }\n}\nlocals {\n  x = 1\n}\n').snapshot,
    );

    expect(symbols).toMatchObject([
      { name: 'a', detail: 'egg', children: [{ name: 'runner', children: [{ name: 'docker' }] }] },
      { name: 'locals', children: [{ name: 'x' }] },
    ]);
    expect(symbols[0]?.selectionRange).toEqual({
      start: { line: 0, character: 4 },
      end: { line: 0, character: 7 },
    });
  });

  it('are there for a file with mistakes', () => {
    expect(documentSymbols(marked('egg "a" {\n  cloud {\n    x\n').snapshot)).toMatchObject([
      { name: 'a', children: [{ name: 'cloud' }] },
    ]);
  });
});

it('applies the same edits as fly itself', () => {
  const { snapshot } = marked(broken);
  const fixes = snapshot.diagnostics.flatMap((diagnostic) => diagnostic.fixes);

  for (const fix of fixes) {
    const action = actionsIn(broken, ['quickfix']).find(({ title }) => title === fix.title);
    expect(applied(broken, action)).toBe(applyEdits(broken, fix.edits));
  }
});

describe('secrets', () => {
  const letters = fc.stringMatching(/^[A-Za-z0-9]{24}$/);
  const line = fc.constantFrom<(text: string) => string>(
    (text) => `token_secret = "${text}" x`,
    (text) => `tokn_secret = "${text}"`,
    (text) => `token_secret = "${text}`,
    (text) => `token_secret = '${text}'`,
    (text) => `project_id = "${text}"`,
    (text) => `server = lower("${text}")`,
    (text) => text,
  );

  it('P10: stand in no finding and in no title of a fix', () => {
    const form = fc.constantFrom('glpat-', 'hvs.', 'vault://ci/');
    fc.assert(
      fc.property(letters, form, line, (hidden, start, toLine) => {
        const text = `egg "a" {\n  type = "vm"\n  gitlab {\n    ${toLine(start + hidden)}\n  }\n}\n`;
        const { snapshot } = marked(text);
        const found = diagnosticsOf(snapshot);
        const titles = actionsIn(text).map(({ title }) => title);

        expect(found.length).toBeGreaterThan(0);
        expect(JSON.stringify([found.map(({ message }) => message), titles])).not.toContain(hidden);
      }),
      { numRuns: runs(200) },
    );
  });
});
