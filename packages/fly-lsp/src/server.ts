import {
  CodeActionKind,
  type Connection,
  createConnection,
  DidChangeWatchedFilesNotification,
  DocumentDiagnosticReportKind,
  type InitializeParams,
  type InitializeResult,
  TextDocumentSyncKind,
  TextDocuments,
} from 'vscode-languageserver';
import {
  createProtocolConnection,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-languageserver/node';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { codeActions, fixAllKind } from './features/code-actions.ts';
import { complete } from './features/completion.ts';
import { definition } from './features/definition.ts';
import { diagnosticsOf } from './features/diagnostics.ts';
import { format } from './features/formatting.ts';
import { hover } from './features/hover.ts';
import { documentSymbols } from './features/symbols.ts';
import type { Snapshot } from './snapshot.ts';
import { type NestReader, Workspace } from './workspace.ts';

export interface ServerOptions {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
  readonly reader: NestReader;
  readonly version: string;
  /** Takes what a person should know who looks why something does not work; stdout belongs to the protocol. */
  readonly log: (message: string) => void;
  /** Called when an edit or a reading of files was followed by a pause: time to tidy up. */
  readonly rest?: () => void;
  /** Aborted: the server ends. */
  readonly signal: AbortSignal;
}

/** Nothing was typed for so long. */
const pauseMs = 2_000;

/** Serves one editor until it says `exit` or closes the stream; answers the exit code of the protocol. */
export async function runLanguageServer(options: ServerOptions): Promise<0 | 1> {
  const { promise, resolve } = Promise.withResolvers<0 | 1>();
  const watchDog = {
    shutdownReceived: false,
    // An editor that dies closes the stream: its process id need not be watched.
    initialize: () => undefined,
    exit: (code: number) => resolve(code === 0 ? 0 : 1),
  };
  const end = () => resolve(watchDog.shutdownReceived ? 0 : 1);
  const reader = new StreamMessageReader(options.input);
  const connection = createConnection(
    (logger) => createProtocolConnection(reader, new StreamMessageWriter(options.output), logger),
    watchDog,
  );
  reader.onClose(end);
  options.signal.addEventListener('abort', end, { once: true });
  const server = new Server(connection, options);
  server.listen();
  const code = await promise;
  server.stop();
  options.signal.removeEventListener('abort', end);
  connection.dispose();
  return code;
}

/** What the editor can do, of what the server makes use of. */
interface Abilities {
  readonly hasSnippets: boolean;
  readonly pulls: boolean;
  readonly refreshes: boolean;
  readonly watches: boolean;
}

class Server {
  readonly #connection: Connection;
  readonly #documents = new TextDocuments(TextDocument);
  readonly #workspace: Workspace;
  readonly #version: string;
  readonly #log: (message: string) => void;
  readonly #rest: () => void;
  #pause: NodeJS.Timeout | undefined;
  #can: Abilities = { hasSnippets: false, pulls: false, refreshes: false, watches: false };

  constructor(
    connection: Connection,
    {
      reader,
      version,
      log,
      rest = () => undefined,
    }: Pick<ServerOptions, 'reader' | 'version' | 'log' | 'rest'>,
  ) {
    this.#connection = connection;
    this.#version = version;
    this.#log = log;
    this.#rest = rest;
    this.#workspace = new Workspace(reader, { warn: log });
  }

  listen(): void {
    const connection = this.#connection;
    connection.onInitialize((params) => this.#initialize(params));
    connection.onInitialized(() => this.#run(this.#watchFiles()));
    connection.onDidChangeWatchedFiles(() => this.#run(this.#filesChanged()));
    this.#documents.onDidChangeContent(({ document }) => this.#run(this.#changed(document)));
    this.#documents.onDidClose(({ document }) => this.#run(this.#closed(document)));
    this.#listenForRequests();
    this.#documents.listen(connection);
    connection.listen();
  }

  stop(): void {
    clearTimeout(this.#pause);
  }

  #listenForRequests(): void {
    const connection = this.#connection;
    connection.languages.diagnostics.on(async ({ textDocument }) => ({
      kind: DocumentDiagnosticReportKind.Full,
      items: (await this.#ask(textDocument.uri, diagnosticsOf)) ?? [],
    }));
    connection.onCompletion(({ textDocument, position }) =>
      this.#ask(textDocument.uri, (snapshot) => complete(snapshot, position, this.#can)),
    );
    connection.onHover(({ textDocument, position }) =>
      this.#ask(textDocument.uri, (snapshot) => hover(snapshot, position)),
    );
    connection.onDefinition(({ textDocument, position }) =>
      this.#ask(textDocument.uri, (snapshot) => definition(snapshot, position)),
    );
    connection.onDocumentSymbol(({ textDocument }) => this.#ask(textDocument.uri, documentSymbols));
    connection.onDocumentFormatting(({ textDocument }) => this.#ask(textDocument.uri, format));
    connection.onCodeAction((params) =>
      this.#ask(params.textDocument.uri, (snapshot) => codeActions(snapshot, params)),
    );
  }

  #initialize({ capabilities: { textDocument, workspace } }: InitializeParams): InitializeResult {
    this.#can = {
      hasSnippets: textDocument?.completion?.completionItem?.snippetSupport === true,
      pulls: textDocument?.diagnostic !== undefined,
      refreshes: workspace?.diagnostics?.refreshSupport === true,
      watches: workspace?.didChangeWatchedFiles?.dynamicRegistration === true,
    };
    return {
      serverInfo: { name: 'gosling', version: this.#version },
      capabilities: {
        textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental },
        diagnosticProvider: { identifier: 'fly', interFileDependencies: true, workspaceDiagnostics: false },
        completionProvider: { triggerCharacters: ['.', '"', '{', '=', '[', ' '] },
        hoverProvider: true,
        definitionProvider: true,
        documentSymbolProvider: true,
        documentFormattingProvider: true,
        codeActionProvider: { codeActionKinds: [CodeActionKind.QuickFix, fixAllKind] },
      },
    };
  }

  /** What no request waits for: a failure is told, and the server goes on. */
  async #run(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      this.#log(`a notification failed: ${error instanceof Error ? error.stack : String(error)}`);
    }
    clearTimeout(this.#pause);
    this.#pause = setTimeout(this.#rest, pauseMs);
  }

  async #watchFiles(): Promise<void> {
    if (!this.#can.watches) return;
    await this.#connection.client.register(DidChangeWatchedFilesNotification.type, {
      watchers: [{ globPattern: '**/*.fly' }],
    });
  }

  /** Computes an answer from the document as it is now; `null` for one that is not open. */
  async #ask<Result>(uri: string, compute: (snapshot: Snapshot) => Result): Promise<Result | null> {
    const document = this.#documents.get(uri);
    const snapshot = document && (await this.#workspace.snapshot(document));
    return snapshot === undefined ? null : compute(snapshot);
  }

  async #changed(document: TextDocument): Promise<void> {
    const { snapshot, isShared } = await this.#workspace.sync(document);
    if (isShared) await this.#showAll();
    else if (snapshot !== undefined) await this.#show(document, snapshot);
  }

  async #closed(document: TextDocument): Promise<void> {
    await this.#connection.sendDiagnostics({ uri: document.uri, diagnostics: [] });
    await this.#workspace.close(document.uri, this.#documents.all());
    await this.#showAll();
  }

  async #filesChanged(): Promise<void> {
    await this.#workspace.refresh(this.#documents.all());
    await this.#showAll();
  }

  /** A definition changed: whatever uses it may be right or wrong now. */
  async #showAll(): Promise<void> {
    if (this.#can.pulls) {
      if (this.#can.refreshes) await this.#connection.languages.diagnostics.refresh();
      return;
    }
    for (const document of this.#documents.all()) {
      const snapshot = await this.#workspace.snapshot(document);
      if (snapshot !== undefined) await this.#show(document, snapshot);
    }
  }

  /** An editor that pulls diagnostics would show those that are pushed twice. */
  async #show({ uri, version }: TextDocument, snapshot: Snapshot): Promise<void> {
    if (this.#can.pulls) return;
    await this.#connection.sendDiagnostics({ uri, version, diagnostics: diagnosticsOf(snapshot) });
  }
}
