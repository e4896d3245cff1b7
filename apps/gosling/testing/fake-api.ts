import { createServer, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';

export interface FakeApi {
  readonly url: string;
  /** `GET /eggs?limit=200` and so on, with the token and body that came. */
  readonly requests: { line: string; token: string | undefined; body: unknown }[];
  close(): Promise<void>;
}

/** A function is told how often it was asked before; a string is plain text, a generator a stream of events. */
type Answer = Fixed | ((times: number) => Fixed);
type Fixed =
  | object
  | string
  | AsyncGenerator<string>
  | { readonly status: number; readonly code: string; readonly detail: string };

/** MotherGoose's API with fixed answers by `METHOD /path`; what is not there is 404. */
export async function startFakeApi(answers: Readonly<Record<string, Answer>>): Promise<FakeApi> {
  const requests: FakeApi['requests'] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const text = Buffer.concat(chunks).toString();
    const line = `${request.method} ${request.url}`;
    const token = request.headers.authorization?.replace('Bearer ', '');
    requests.push({ line, token, body: text === '' ? undefined : JSON.parse(text) });
    send(response, line, answerTo(line, answers, requests));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve());
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

function answerTo(
  line: string,
  answers: Readonly<Record<string, Answer>>,
  requests: FakeApi['requests'],
): Fixed {
  const path = withoutQuery(line);
  const given = answers[path];
  const times = requests.filter((before) => withoutQuery(before.line) === path).length - 1;
  const missing = { status: 404, code: 'EGG_MISSING', detail: 'not there' };
  return (typeof given === 'function' ? given(times) : given) ?? missing;
}

function send(response: ServerResponse, line: string, answer: Fixed): void {
  if (typeof answer === 'string') {
    response.writeHead(200, { 'content-type': 'text/plain' }).end(answer);
  } else if (Symbol.asyncIterator in answer) {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    Readable.from(answer)
      .once('error', () => response.destroy())
      .pipe(response);
  } else if ('status' in answer && 'code' in answer) {
    const problem = { type: 'about:blank', title: 'x', instance: '/', ...answer };
    response.writeHead(Number(answer.status), { 'content-type': 'application/problem+json' });
    response.end(JSON.stringify(problem));
  } else if (Object.keys(answer).length === 0) response.writeHead(204).end();
  else {
    const status = 'status' in answer && answer.status === 'accepted' ? 202 : createdStatus(line);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  }
}

function withoutQuery(line: string): string {
  return line.replace(/\?.*/, '');
}

function createdStatus(line: string): number {
  return line.startsWith('POST /tokens') || line.startsWith('POST /page-links') ? 201 : 200;
}
