import { strict as assert } from 'node:assert';
import type { Position } from 'vscode-languageserver';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { NestModel } from '../nest-model.ts';
import type { Snapshot } from '../snapshot.ts';

export interface Marked {
  readonly snapshot: Snapshot;
  /** Where `|` stood. */
  readonly position: Position;
}

/** A Nest of these files; `|` marks the cursor in one of them, which is the file that is looked at. */
export function marked(files: Readonly<Record<string, string>> | string): Marked {
  const texts = Object.entries(typeof files === 'string' ? { 'main.fly': files } : files);
  const model = new NestModel({ isComplete: true });
  for (const [file, text] of texts) {
    model.put(file, TextDocument.create(`file:///nest/${file}`, 'fly', 1, text.replace('|', '')));
  }
  const [file = '', text = ''] = texts.find(([, one]) => one.includes('|')) ?? texts[0] ?? [];
  const snapshot = model.snapshot(file);
  assert(snapshot !== undefined);
  return { snapshot, position: snapshot.source.document.positionAt(Math.max(0, text.indexOf('|'))) };
}
