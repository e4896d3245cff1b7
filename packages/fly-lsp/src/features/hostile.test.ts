// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of Fly are written like this
import { strict as assert } from 'node:assert';
import { type Growth, measureGrowth, runs } from '@polar-gosling/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CompletionItem, Position } from 'vscode-languageserver';
import { TextDocument } from 'vscode-languageserver-textdocument';
import type { Snapshot } from '../snapshot.ts';
import { marked } from '../testing/marked.ts';
import { codeActions } from './code-actions.ts';
import { complete } from './completion.ts';
import { definition } from './definition.ts';
import { diagnosticsOf } from './diagnostics.ts';
import { hover } from './hover.ts';
import { documentSymbols } from './symbols.ts';

const pieces = [
  'egg "a" {',
  'eggsbucket',
  'patch "egg" "',
  'defaults "',
  'locals {',
  'values {',
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
  '🦊',
  'type',
  'constructor',
  '__proto__',
  'toString',
  'var.',
  'local.a',
  '${',
  '$${',
  '${var.a}',
  '<<-EOT',
  'EOT',
  "<<-'X'",
  '/*',
  '*/',
  '#',
  '//',
  'eggs_entities = ["',
  'condition = "',
  'schedule = "',
  ':',
  '.',
  '-1',
  '5m',
];

describe('an unfinished text', () => {
  it('never breaks a feature, at any place of it', () => {
    const texts = fc.array(fc.constantFrom(...pieces), { maxLength: 25 }).map((parts) => parts.join(''));

    fc.assert(
      fc.property(texts, fc.nat(), (text, seed) => {
        const { snapshot } = marked({
          'a.fly': text,
          'b.fly': 'locals {\n  a = { b = 1 }\n}\negg "x" {\n}\n',
        });
        const { document } = snapshot.source;
        const position = document.positionAt(seed % (text.length + 1));
        const end = document.positionAt(text.length);

        expect(strayEdits(snapshot, position)).toEqual([]);
        hover(snapshot, position);
        definition(snapshot, position);
        documentSymbols(snapshot);
        diagnosticsOf(snapshot);
        const range = { start: { line: 0, character: 0 }, end };
        for (const { edit } of codeActions(snapshot, { range, context: { diagnostics: [] } })) {
          TextDocument.applyEdits(document, edit?.changes?.[snapshot.source.uri] ?? []);
        }
      }),
      { numRuns: runs(500) },
    );
  });

  it.each(endless)(
    'is answered at its end in time that grows with its size: %s',
    { timeout: 60_000 },
    (_name, make) => {
      const [small, big] = [make(many / 2), make(many)].map(answersAtEnd);
      assert(small !== undefined && big !== undefined);

      const growth = measureGrowth({ small, big }, isInTime);

      expect(growth).toSatisfy(isInTime);
    },
  );
});

const many = 20_000;
const endless: readonly (readonly [string, (times: number) => string])[] = [
  ['lists inside lists', (times) => `a = ${'['.repeat(times)}`],
  ['blocks inside blocks', (times) => 'egg "a" {\n'.repeat(times)],
  ['references inside references', (times) => `a = "${'${var.'.repeat(times)}`],
  ['one long line', (times) => `locals { a = "${'x'.repeat(times * 10)}`],
  ['many attributes', (times) => `egg "a" {\n${'  tags = 1\n'.repeat(times)}`],
];

/** Twice the size takes twice the time; quadratic work takes four times. So little time tells nothing about growth. */
const isInTime = ({ smallMs, bigMs }: Growth) => bigMs <= 3 * smallMs + 50 && bigMs <= 1_000;

/** What an editor asks for at the end of a text. */
function answersAtEnd(text: string): () => void {
  const { snapshot } = marked({ 'a.fly': text });
  const position = snapshot.source.document.positionAt(text.length);
  return () => {
    complete(snapshot, position, { hasSnippets: true });
    hover(snapshot, position);
    definition(snapshot, position);
    documentSymbols(snapshot);
  };
}

/** Items that write to another line than that of the cursor, which editors refuse. */
function strayEdits(snapshot: Snapshot, position: Position): CompletionItem[] {
  // A carriage return alone ends a line of the editor, but none of Fly, which reports it.
  if (/\r(?!\n)/.test(snapshot.source.parsed.text)) return [];
  return complete(snapshot, position, { hasSnippets: true }).filter(
    ({ textEdit }) =>
      textEdit === undefined || !('range' in textEdit) || textEdit.range.start.line !== position.line,
  );
}
