import { PassThrough } from 'node:stream';
import { runLanguageServer } from '@polar-gosling/fly-lsp';

const uri = 'untitled:bench.fly';
const publish = 'textDocument/publishDiagnostics';

interface Message {
  readonly method?: string;
  readonly params?: { readonly version?: number; readonly diagnostics?: readonly unknown[] };
}

/** Each call types one letter into a comment in the middle of the file and waits until its diagnostics are shown. */
export function editUntilShown(): (text: string) => Promise<string> {
  const client = startServer();
  let version = 0;
  let middle = 0;
  return async (text) => {
    version++;
    if (version === 1) {
      middle = text
        .slice(0, text.length >> 1)
        .split('\n')
        .findLastIndex((line) => line.startsWith('# '));
      client.notify('textDocument/didOpen', { textDocument: { uri, languageId: 'fly', version, text } });
    } else {
      // A letter is typed, then taken back: the text stays as long as it was.
      const [end, typed] = version % 2 === 0 ? [1, '#x'] : [2, '#'];
      const range = { start: { line: middle, character: 0 }, end: { line: middle, character: end } };
      client.notify('textDocument/didChange', {
        textDocument: { uri, version },
        contentChanges: [{ range, text: typed }],
      });
    }
    const shown = await client.shown(version);
    return `${shown} diagnostics`;
  };
}

/** The server of `gosling lsp` on streams of this process, and what a test editor says to it. */
function startServer() {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const waiting = new Map<number, (count: number) => void>();
  const server = runLanguageServer({
    input,
    output,
    version: '0',
    reader: { find: async () => undefined, read: async () => [] },
    log: (message) => process.stderr.write(`${message}\n`),
    signal: new AbortController().signal,
  });
  server.catch((error: unknown) => process.stderr.write(`the server failed: ${error}\n`));
  const send = (message: object) => {
    const body = JSON.stringify({ jsonrpc: '2.0', ...message });
    input.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  };
  output.on(
    'data',
    framed(({ method, params }) => {
      if (method === publish) waiting.get(params?.version ?? 0)?.(params?.diagnostics?.length ?? 0);
    }),
  );
  send({ id: 1, method: 'initialize', params: { processId: null, rootUri: null, capabilities: {} } });
  send({ method: 'initialized', params: {} });
  return {
    notify: (method: string, params: object) => send({ method, params }),
    shown: (version: number) =>
      new Promise<number>((resolve) => {
        waiting.set(version, (count) => {
          waiting.delete(version);
          resolve(count);
        });
      }),
  };
}

/** Puts the frames of the protocol together from chunks. */
function framed(take: (message: Message) => void): (chunk: Buffer) => void {
  let rest = Buffer.alloc(0);
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    for (;;) {
      const head = rest.indexOf('\r\n\r\n');
      if (head < 0) return;
      const length = Number(/Content-Length: (\d+)/.exec(rest.toString('latin1', 0, head))?.[1]);
      if (rest.length < head + 4 + length) return;
      take(JSON.parse(rest.toString('utf8', head + 4, head + 4 + length)) as Message);
      rest = rest.subarray(head + 4 + length);
    }
  };
}
