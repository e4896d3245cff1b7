import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What becomes of one request; `drop` ends the connection without an answer. */
export type Fault = (forward: () => Promise<Answer>) => Promise<Answer | 'drop'>;

export interface FaultProxy {
  readonly url: string;
  /** Operations in the order they came. */
  readonly seen: string[];
  /** Asked for each request; `undefined` lets it pass. */
  decide: (op: string, body: string) => Fault | undefined;
  close(): Promise<void>;
}

/** Stands between a store and its engine. */
export async function openFaultProxy(target: string): Promise<FaultProxy> {
  const server = createServer((request, response) => {
    void (async () => {
      const body = await textOf(request);
      const op = String(request.headers['x-amz-target']).replace(/^.*\./, '');
      proxy.seen.push(op);
      const forward = () => send(target, request, body);
      const answer = await (proxy.decide(op, body)?.(forward) ?? forward());
      if (answer === 'drop') {
        request.socket.destroy();
        return;
      }
      response.writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.0', ...answer.headers });
      response.end(answer.body);
    })().catch(() => request.socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const proxy: FaultProxy = {
    url: `http://127.0.0.1:${port}`,
    seen: [],
    decide: () => undefined,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return proxy;
}

export const refusal = (name: string, status = 400, headers = {}): Answer => ({
  status,
  headers,
  body: JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${name}`, message: `told to: ${name}` }),
});
export const refuseWith =
  (name: string, status = 400, headers = {}): Fault =>
  async () =>
    refusal(name, status, headers);
/** The request never arrives. */
export const loseRequest: Fault = async () => 'drop';
/** It arrives and takes effect; nobody hears of it. */
export const loseAnswer: Fault = async (forward) => {
  await forward();
  return 'drop';
};

const writes: ReadonlySet<string> = new Set(['PutItem', 'UpdateItem', 'DeleteItem', 'TransactWriteItems']);

export function isWrite(op: string): boolean {
  return writes.has(op);
}

/** The first `count` writes fail so; all that follows passes. */
export function firstWrites(count: number, fault: Fault): FaultProxy['decide'] {
  let left = count;
  return (op) => (isWrite(op) && left-- > 0 ? fault : undefined);
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString();
}

async function send(target: string, request: IncomingMessage, body: string): Promise<Answer> {
  const headers = Object.entries(request.headers).flatMap(([name, value]): [string, string][] =>
    ['host', 'connection', 'content-length'].includes(name) ? [] : [[name, String(value)]],
  );
  const answer = await fetch(target, { method: 'POST', headers, body });
  return { status: answer.status, body: await answer.text() };
}
