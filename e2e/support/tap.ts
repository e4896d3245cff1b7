import { createServer, request, type ServerResponse } from 'node:http';

export interface Tap extends AsyncDisposable {
  readonly url: string;
  /** Every body that went by, of requests and answers. */
  text(): string;
}

/** Told of a request before it goes on: may hold it back, or end its connection. */
type Gate = (path: string, answer: ServerResponse) => Promise<void> | void;

/** Stands before an HTTP server, passes everything on and keeps what went by. */
export async function tapServer(target: string, gate: Gate = () => undefined): Promise<Tap> {
  const bodies: Buffer[] = [];
  const server = createServer(async (asked, answer) => {
    const { method, headers } = asked;
    await gate(asked.url ?? '/', answer);
    if (answer.destroyed) return;
    const onward = request(new URL(asked.url ?? '/', target), { method, headers }, (answered) => {
      answer.writeHead(answered.statusCode ?? 502, answered.headers);
      answered.on('data', (chunk: Buffer) => bodies.push(chunk)).pipe(answer);
    });
    onward.once('error', () => answer.destroy());
    answer.once('close', () => onward.destroy());
    asked.on('data', (chunk: Buffer) => bodies.push(chunk)).pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    text: () => Buffer.concat(bodies).toString('latin1'),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
