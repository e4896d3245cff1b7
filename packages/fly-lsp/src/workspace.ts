import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import { NestModel } from './nest-model.ts';
import type { Snapshot } from './snapshot.ts';

/** A file of a Nest; one of more than 1 MiB has no text here. */
export interface NestText {
  readonly path: string;
  readonly text: string;
  readonly sizeBytes?: number;
}

/** How the server reads files: its only way to the disk. */
export interface NestReader {
  /** The Nest a directory lies in; `undefined` where there is none. */
  find(directory: string): Promise<string | undefined>;
  /** Every `.fly` file of the Nest, its path `/`-separated and relative to the root. */
  read(root: string): Promise<readonly NestText[]>;
}

interface Home {
  readonly model: NestModel;
  /** Path inside the Nest. */
  readonly file: string;
  /** Absent: the file stands alone. */
  readonly root?: string;
}

/** The documents of the editor, each in its Nest. A Nest is read when the first file of it is opened. */
export class Workspace {
  readonly #reader: NestReader;
  readonly #warn: (message: string) => void;
  readonly #homes = new Map<string, Promise<Home>>();
  readonly #nests = new Map<string, Promise<NestModel>>();

  constructor(reader: NestReader, options: { readonly warn: (message: string) => void }) {
    this.#reader = reader;
    this.#warn = options.warn;
  }

  /** The document as it is now; `isShared` when files that use its definitions have to be looked at again. */
  async sync(
    document: TextDocument,
  ): Promise<{ readonly snapshot: Snapshot | undefined; readonly isShared: boolean }> {
    const { model, file } = await this.#homeOf(document.uri);
    const isShared = model.put(file, document);
    return { snapshot: model.snapshot(file), isShared };
  }

  async snapshot(document: TextDocument): Promise<Snapshot | undefined> {
    return (await this.sync(document)).snapshot;
  }

  /** The editor let go of the document: what is on disk counts again. */
  async close(uri: string, stillOpen: readonly TextDocument[]): Promise<void> {
    const home = await this.#homeOf(uri);
    this.#homes.delete(uri);
    if (home.root !== undefined) await this.#reload(home.root, stillOpen);
  }

  /** Files on disk were made, changed or removed. */
  async refresh(open: readonly TextDocument[]): Promise<void> {
    for (const root of this.#nests.keys()) await this.#reload(root, open);
  }

  async #homeOf(uri: string): Promise<Home> {
    const home = this.#homes.get(uri) ?? this.#place(uri);
    this.#homes.set(uri, home);
    return await home;
  }

  async #place(uri: string): Promise<Home> {
    const absolute = pathOf(uri);
    const root = absolute && (await this.#find(path.dirname(absolute)));
    if (absolute === undefined || root === undefined) {
      return { model: new NestModel({ isComplete: false }), file: absolute ? path.basename(absolute) : uri };
    }
    const nest = this.#nests.get(root) ?? this.#load(root);
    this.#nests.set(root, nest);
    return { model: await nest, file: relative(root, absolute), root };
  }

  async #load(root: string): Promise<NestModel> {
    const texts = await this.#read(root);
    const model = new NestModel({ isComplete: texts !== undefined });
    for (const { path: file, ...given } of texts ?? []) {
      model.putText(file, { uri: pathToFileURL(path.join(root, file)).href, ...given });
    }
    return model;
  }

  async #reload(root: string, open: readonly TextDocument[]): Promise<void> {
    const model = await this.#nests.get(root);
    const texts = await this.#read(root);
    if (model === undefined || texts === undefined) return;
    const kept = new Map<string, TextDocument>();
    for (const document of open) {
      const home = await this.#homeOf(document.uri);
      if (home.model === model) kept.set(home.file, document);
    }
    const onDisk = new Set(texts.map(({ path: file }) => file));
    for (const file of model.files) if (!onDisk.has(file) && !kept.has(file)) model.remove(file);
    for (const { path: file, ...given } of texts) {
      if (!kept.has(file)) model.putText(file, { uri: pathToFileURL(path.join(root, file)).href, ...given });
    }
  }

  async #find(directory: string): Promise<string | undefined> {
    try {
      return await this.#reader.find(directory);
    } catch (error) {
      this.#warn(`no Nest can be looked for: ${reasonOf(error)}`);
      return undefined;
    }
  }

  async #read(root: string): Promise<Awaited<ReturnType<NestReader['read']>> | undefined> {
    try {
      return await this.#reader.read(root);
    } catch (error) {
      this.#warn(`the Nest cannot be read, so only open files are known: ${reasonOf(error)}`);
      return undefined;
    }
  }
}

function relative(root: string, absolute: string): string {
  return path.relative(root, absolute).split(path.sep).join('/');
}

/** The path of a file; `undefined` for a text that is none of this machine. */
function pathOf(uri: string): string | undefined {
  try {
    return uri.startsWith('file:') ? fileURLToPath(uri) : undefined;
  } catch {
    return undefined;
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
