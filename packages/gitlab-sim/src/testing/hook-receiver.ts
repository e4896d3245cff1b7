import { createServer, type IncomingHttpHeaders } from 'node:http';

export interface ReceivedHook {
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly body: string;
}

/** A server that keeps every webhook it gets and answers with the next status of its list, then 200. */
export interface HookReceiver {
  readonly url: string;
  readonly received: ReceivedHook[];
  /** Statuses of the next answers; `hang` never answers. */
  readonly statuses: (number | 'hang')[];
  close(): Promise<void>;
}

export async function createHookReceiver(): Promise<HookReceiver> {
  const received: ReceivedHook[] = [];
  const statuses: (number | 'hang')[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { headers, rawHeaders } = request;
      received.push({ headers, rawHeaders, body: Buffer.concat(chunks).toString() });
      const status = statuses.shift() ?? 200;
      if (status !== 'hang') response.writeHead(status).end('seen');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}/hook`,
    received,
    statuses,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
