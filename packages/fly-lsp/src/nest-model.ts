import {
  type CheckedFile,
  checkFly,
  collectScope,
  Node,
  type ParsedFile,
  parseFly,
  type Scope,
} from '@polar-gosling/fly';
import { TextDocument } from 'vscode-languageserver-textdocument';
import type { FlySource, Snapshot } from './snapshot.ts';

interface Entry {
  readonly source: FlySource;
  readonly version: number;
  /** Text of the blocks that other files may depend on. */
  readonly definitions: string;
  checked?: { readonly scope: Scope; readonly file: CheckedFile };
}

/** The files of one Nest. A file is parsed when its text changes, and checked when it or a definition changed. */
export class NestModel {
  readonly #entries = new Map<string, Entry>();
  readonly #isComplete: boolean;
  #scope: Scope | undefined;

  constructor(options: { readonly isComplete: boolean }) {
    this.#isComplete = options.isComplete;
  }

  get files(): readonly string[] {
    return [...this.#entries.keys()];
  }

  get sources(): readonly FlySource[] {
    return [...this.#entries.values()].map(({ source }) => source);
  }

  /** Takes the document's text for this file; answers whether other files may read differently now. */
  put(file: string, document: TextDocument): boolean {
    const old = this.#entries.get(file);
    if (old?.source.document === document && old.version === document.version) return false;
    const text = document.getText();
    const isSameText = old?.source.parsed.text === text;
    const parsed = isSameText ? old.source.parsed : parseFly(text, { file });
    const definitions = isSameText ? old.definitions : definitionsOf(parsed);
    const entry: Entry = {
      source: { uri: document.uri, document, parsed },
      version: document.version,
      definitions,
    };
    if (isSameText && old.checked !== undefined) entry.checked = old.checked;
    this.#entries.set(file, entry);
    if (definitions === (old?.definitions ?? '')) return false;
    this.#scope = undefined;
    return true;
  }

  /** Takes what the disk says about a file that no editor has open. */
  putText(file: string, given: { readonly uri: string; readonly text: string }): void {
    const old = this.#entries.get(file);
    if (old?.source.parsed.text === given.text && old.version === 0) return;
    this.put(file, TextDocument.create(given.uri, 'fly', 0, given.text));
  }

  remove(file: string): void {
    if (this.#entries.delete(file)) this.#scope = undefined;
  }

  snapshot(file: string): Snapshot | undefined {
    const entry = this.#entries.get(file);
    if (entry === undefined) return undefined;
    const scope = this.#currentScope();
    if (entry.checked?.scope !== scope) {
      entry.checked = { scope, file: checkFly(entry.source.parsed, { scope }) };
    }
    return { source: entry.source, checked: entry.checked.file, nest: this.sources, scope };
  }

  /** As `gosling validate` without an environment: the files of environments define nothing for the others. */
  #currentScope(): Scope {
    this.#scope ??= collectScope(
      this.sources
        .map(({ parsed }) => parsed)
        .filter(({ file }) => !file.startsWith('Envs/'))
        .toSorted((a, b) => (a.file < b.file ? -1 : 1)),
      { isComplete: this.#isComplete },
    );
    return this.#scope;
  }
}

function definitionsOf({ tree, text, tokens }: ParsedFile): string {
  const blocks = tree.items.filter(
    (item) => item.kind === Node.block && (item.name === 'variable' || item.name === 'locals'),
  );
  return blocks.map(({ at, end }) => text.slice(tokens.starts[at], tokens.starts[end])).join('\n');
}
