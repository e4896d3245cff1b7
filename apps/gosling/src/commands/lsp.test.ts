import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { applyEdits } from '@polar-gosling/fly';
import { describe, it, type TestContext } from 'vitest';
import {
  CodeActionRequest,
  CompletionRequest,
  createProtocolConnection,
  DefinitionRequest,
  DidChangeTextDocumentNotification,
  DidChangeWatchedFilesNotification,
  DidOpenTextDocumentNotification,
  DocumentDiagnosticRequest,
  DocumentFormattingRequest,
  DocumentSymbolRequest,
  ExitNotification,
  FileChangeType,
  HoverRequest,
  InitializedNotification,
  InitializeRequest,
  type ProtocolConnection,
  PublishDiagnosticsNotification,
  type PublishDiagnosticsParams,
  ShutdownRequest,
  StreamMessageReader,
  StreamMessageWriter,
  type TextEdit,
} from 'vscode-languageserver-protocol/node';
import { aDirectory, compileCache } from '../../testing/cli.ts';

const main = fileURLToPath(new URL('../main.ts', import.meta.url));

interface Editor {
  readonly connection: ProtocolConnection;
  readonly child: ReturnType<typeof spawnServer>;
  readonly root: string;
  uri(file: string): string;
  open(file: string, text: string): Promise<string>;
  /** The next diagnostics of this file that were not asked for yet. */
  nextDiagnostics(uri: string): Promise<PublishDiagnosticsParams>;
}

function spawnServer(cwd: string) {
  return spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main, 'lsp', '--stdio'], {
    cwd,
    env: { PATH: '/usr/bin:/bin', HOME: cwd, NODE_COMPILE_CACHE: compileCache },
  });
}

const nestFly = 'locals {\n  place = "eu-central-1"\n}\n';

/** An editor with a Nest on disk, and the real server behind it. */
async function anEditor({ onTestFinished }: TestContext): Promise<Editor> {
  const { path: root, remove } = await aDirectory();
  onTestFinished(remove);
  await mkdir(path.join(root, 'Eggs/app'), { recursive: true });
  await writeFile(path.join(root, 'Nest.fly'), nestFly);
  const child = spawnServer(root);
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const connection = createProtocolConnection(
    new StreamMessageReader(child.stdout),
    new StreamMessageWriter(child.stdin),
  );
  const seen: PublishDiagnosticsParams[] = [];
  let wake = () => {};
  connection.onNotification(PublishDiagnosticsNotification.type, (params) => {
    seen.push(params);
    wake();
  });
  connection.listen();
  const uri = (file: string) => pathToFileURL(path.join(root, file)).href;
  return {
    connection,
    child,
    root,
    uri,
    open: async (file, text) => {
      const textDocument = { uri: uri(file), languageId: 'fly', version: 1, text };
      await connection.sendNotification(DidOpenTextDocumentNotification.type, { textDocument });
      return textDocument.uri;
    },
    nextDiagnostics: async (wanted) => {
      for (;;) {
        const index = seen.findIndex((params) => params.uri === wanted);
        const [found] = index < 0 ? [] : seen.splice(index, 1);
        if (found !== undefined) return found;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}

async function initialize({ connection, root }: Editor, capabilities = {}) {
  const result = await connection.sendRequest(InitializeRequest.type, {
    processId: process.pid,
    rootUri: pathToFileURL(root).href,
    capabilities,
  });
  await connection.sendNotification(InitializedNotification.type, {});
  return result;
}

async function exitCode({ connection, child }: Editor): Promise<unknown> {
  const exit = once(child, 'exit');
  await connection.sendRequest(ShutdownRequest.type);
  await connection.sendNotification(ExitNotification.type);
  return (await exit)[0];
}

const broken = `egg "app" {
  tipe = "vm"
  cloud {
    provider = "aws"
    region = local.place
  }
  gitlab { project_id = 1 }
}
`;

describe.concurrent('gosling lsp', { timeout: 60_000 }, () => {
  it('serves an editor from the first mistake to a clean file, and ends with 0', async (test) => {
    const editor = await anEditor(test);
    const { expect } = test;
    const { connection } = editor;

    const { capabilities, serverInfo } = await initialize(editor);
    expect(serverInfo?.name).toBe('gosling');
    expect(capabilities).toMatchObject({ hoverProvider: true, documentFormattingProvider: true });

    const uri = await editor.open('Eggs/app/config.fly', broken);
    const { diagnostics } = await editor.nextDiagnostics(uri);
    expect(diagnostics).toMatchObject([{ code: 'FLY030', range: { start: { line: 1, character: 2 } } }]);

    const textDocument = { uri };
    const items = await connection.sendRequest(CompletionRequest.type, {
      textDocument,
      position: { line: 4, character: 19 },
    });
    expect(items).toMatchObject([{ label: 'place' }]);

    const position = { line: 4, character: 22 };
    const hover = await connection.sendRequest(HoverRequest.type, { textDocument, position });
    expect(hover?.contents).toMatchObject({ value: expect.stringContaining('eu-central-1') });
    expect(await connection.sendRequest(DefinitionRequest.type, { textDocument, position })).toMatchObject([
      { uri: editor.uri('Nest.fly'), range: { start: { line: 1, character: 2 } } },
    ]);
    expect(await connection.sendRequest(DocumentSymbolRequest.type, { textDocument })).toMatchObject([
      { name: 'app', detail: 'egg' },
    ]);

    const range = diagnostics[0]?.range ?? { start: position, end: position };
    const actions = await connection.sendRequest(CodeActionRequest.type, {
      textDocument,
      range,
      context: { diagnostics, only: ['quickfix'] },
    });
    const [action] = actions ?? [];
    const edits = action && 'edit' in action ? (action.edit?.changes?.[uri] ?? []) : [];
    const fixed = apply(broken, edits);
    await change(connection, { uri, version: 2, text: fixed });
    expect(await editor.nextDiagnostics(uri)).toMatchObject({ version: 2, diagnostics: [] });

    const options = { tabSize: 2, insertSpaces: true };
    const formatting = await connection.sendRequest(DocumentFormattingRequest.type, {
      textDocument,
      options,
    });
    expect(apply(fixed, formatting ?? [])).toContain('    region   = local.place\n');

    expect(await exitCode(editor)).toBe(0);
  });

  it('looks again at the files that use a definition when it changes, in an editor or on disk', async (test) => {
    const editor = await anEditor(test);
    const { expect } = test;
    await initialize(editor);
    const app = await editor.open('Eggs/app/config.fly', broken.replace('tipe', 'type'));
    expect((await editor.nextDiagnostics(app)).diagnostics).toEqual([]);

    const nest = await editor.open('Nest.fly', nestFly);
    await editor.nextDiagnostics(nest);
    await change(editor.connection, { uri: nest, version: 2, text: nestFly.replace('place', 'spot') });
    expect((await editor.nextDiagnostics(app)).diagnostics).toMatchObject([{ code: 'FLY070' }]);

    await writeFile(path.join(editor.root, 'other.fly'), nestFly);
    await editor.connection.sendNotification(DidChangeWatchedFilesNotification.type, {
      changes: [{ uri: editor.uri('other.fly'), type: FileChangeType.Created }],
    });
    expect((await editor.nextDiagnostics(app)).diagnostics).toEqual([]);
    expect(await exitCode(editor)).toBe(0);
  });

  it('lets an editor that can pull diagnostics pull them, also for a text that is in no Nest', async (test) => {
    const editor = await anEditor(test);
    const { expect } = test;
    await initialize(editor, { textDocument: { diagnostic: {} } });
    const textDocument = { uri: 'untitled:new', languageId: 'fly', version: 1, text: broken };
    await editor.connection.sendNotification(DidOpenTextDocumentNotification.type, { textDocument });

    const report = await editor.connection.sendRequest(DocumentDiagnosticRequest.type, { textDocument });

    expect(report).toMatchObject({ kind: 'full', items: [{ code: 'FLY030' }] });
  });

  it('ends with 1 when the editor is gone without a word', async (test) => {
    const editor = await anEditor(test);
    await initialize(editor);
    const exit = once(editor.child, 'exit');

    editor.child.stdin.end();

    test.expect((await exit)[0]).toBe(1);
  });
});

function change(
  connection: ProtocolConnection,
  { uri, version, text }: { uri: string; version: number; text: string },
): Promise<void> {
  return connection.sendNotification(DidChangeTextDocumentNotification.type, {
    textDocument: { uri, version },
    contentChanges: [{ text }],
  });
}

function apply(text: string, edits: readonly TextEdit[]): string {
  const lines = text.split('\n');
  const offset = ({ line, character }: TextEdit['range']['start']) =>
    lines.slice(0, line).join('\n').length + (line > 0 ? 1 : 0) + character;
  return applyEdits(
    text,
    edits.map(({ range, newText }) => ({
      start: offset(range.start),
      end: offset(range.end),
      text: newText,
    })),
  );
}
