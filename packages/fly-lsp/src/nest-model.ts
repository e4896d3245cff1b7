import { checkFly, collectScope, type Diagnostic, parseFly, type Scope } from '@polar-gosling/fly';
import { checkNest, type EffectivePool, environmentsOf, explainPool, LoadMemory } from '@polar-gosling/nest';
import { TextDocument } from 'vscode-languageserver-textdocument';
import type { FlySource, Snapshot } from './snapshot.ts';

interface Entry {
  readonly source: FlySource;
  readonly version: number;
  readonly sizeBytes: number;
}

const nothing: readonly Diagnostic[] = [];

/**
 * The files of one Nest. A file is parsed when its text changes, checked when it or a definition it uses changed;
 * the rules across files are asked again after every change.
 */
export class NestModel {
  readonly #entries = new Map<string, Entry>();
  readonly #isComplete: boolean;
  readonly #memory = new LoadMemory();
  /** Findings by file; absent: something changed since. */
  #found: ReadonlyMap<string, readonly Diagnostic[]> | undefined;

  constructor(options: { readonly isComplete: boolean }) {
    this.#isComplete = options.isComplete;
  }

  get files(): readonly string[] {
    return [...this.#entries.keys()];
  }

  get sources(): readonly FlySource[] {
    return [...this.#entries.values()].map(({ source }) => source);
  }

  /** Takes the document's text for this file; answers whether anything else is found in other files now. */
  put(file: string, document: TextDocument): boolean {
    const before = this.#found;
    this.#set(file, document);
    return before !== undefined && this.#found === undefined && differs(before, this.#findings(), file);
  }

  /** Takes what the disk says about a file that no editor has open. */
  putText(
    file: string,
    given: { readonly uri: string; readonly text: string; readonly sizeBytes?: number },
  ): void {
    const { uri, text, sizeBytes = Buffer.byteLength(text) } = given;
    const old = this.#entries.get(file);
    if (old?.source.parsed.text === text && old.sizeBytes === sizeBytes && old.version === 0) return;
    this.#set(file, TextDocument.create(uri, 'fly', 0, text), sizeBytes);
  }

  #set(file: string, document: TextDocument, size?: number): void {
    const old = this.#entries.get(file);
    if (old?.source.document === document && old.version === document.version) return;
    const text = document.getText();
    const sizeBytes = size ?? Buffer.byteLength(text);
    const isSame = old?.source.parsed.text === text && old.sizeBytes === sizeBytes;
    const parsed = isSame ? old.source.parsed : parseFly(text, { file, bytesInNest: sizeBytes });
    const source = { uri: document.uri, document, parsed };
    this.#entries.set(file, { source, version: document.version, sizeBytes });
    if (!isSame) this.#found = undefined;
  }

  remove(file: string): void {
    if (this.#entries.delete(file)) this.#found = undefined;
  }

  snapshot(file: string): Snapshot | undefined {
    const source = this.#entries.get(file)?.source;
    if (source === undefined) return undefined;
    const scope = this.#scopeFor(file);
    return {
      source,
      diagnostics: this.#findings().get(file) ?? nothing,
      nest: this.sources,
      scope,
      explain: (name) => this.#explain(name),
    };
  }

  #explain(name: string): readonly EffectivePool[] {
    if (!this.#isComplete) return [];
    return [undefined, ...environmentsOf(this.files)].flatMap((environment) => {
      const options = { embedded: true, memory: this.#memory, ...(environment && { environment }) };
      const explained = explainPool(this.#parsed(), name, options);
      return explained.kind === 'ok' ? [explained.pool] : [];
    });
  }

  /** What names stand for: in a file of an environment what it sets, elsewhere the defaults. */
  #scopeFor(file: string): Scope {
    const own = environmentsOf([file])[0];
    const parsed = this.#parsed().filter(
      (one) => !one.file.startsWith('Envs/') || one.file === `Envs/${own}.fly`,
    );
    return this.#memory.scope(parsed, own);
  }

  #parsed() {
    return this.sources.map(({ parsed }) => parsed).toSorted((a, b) => (a.file < b.file ? -1 : 1));
  }

  /** As `gosling validate` finds it; of a text that stands alone only what is wrong with itself. */
  #findings(): ReadonlyMap<string, readonly Diagnostic[]> {
    this.#found ??= this.#isComplete ? this.#checkNest() : this.#checkAlone();
    return this.#found;
  }

  #checkNest(): ReadonlyMap<string, readonly Diagnostic[]> {
    const found = checkNest(this.#parsed(), environmentsOf(this.files), { memory: this.#memory });
    return Map.groupBy(found, ({ file }) => file);
  }

  #checkAlone(): ReadonlyMap<string, readonly Diagnostic[]> {
    const parsed = this.#parsed();
    const scope = collectScope(parsed);
    return new Map(parsed.map((one) => [one.file, checkFly(one, { scope }).diagnostics]));
  }
}

type Found = ReadonlyMap<string, readonly Diagnostic[]>;

/** Is something else found in another file than this one? */
function differs(before: Found, after: Found, changed: string): boolean {
  const files = new Set([...before.keys(), ...after.keys()]);
  files.delete(changed);
  return [...files].some((file) => textOf(before.get(file)) !== textOf(after.get(file)));
}

function textOf(list: readonly Diagnostic[] = nothing): string {
  return JSON.stringify(list);
}
