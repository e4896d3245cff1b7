import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Authority } from '@polar-gosling/testkit';
import { type FakeCloud, startFakeCloud } from '../../adapters/yandex/src/testing/fake-cloud.ts';

const containers = '.containers.yandexcloud.net';
/** What a certificate has to be for. */
export const yandexNames: readonly string[] = [
  'DNS:iam.api.cloud.yandex.net',
  'DNS:compute.api.cloud.yandex.net',
  `DNS:*${containers}`,
];

export interface YandexCloud extends AsyncDisposable {
  readonly cloud: FakeCloud;
  /** An HTTPS proxy behind which Yandex Cloud is, by its own names, and nothing else. */
  readonly proxy: string;
  /** Other names that were asked for. */
  readonly strangers: string[];
}

/** The strict fake behind the names and the TLS of the service: nothing of the program is told another address. */
export async function serveYandexCloud(authority: Authority): Promise<YandexCloud> {
  const cloud = await startFakeCloud({ now: () => Date.now() });
  const tls = createTlsServer(
    { cert: readFileSync(authority.certFile), key: readFileSync(authority.keyFile) },
    (request, response) => void forward(cloud, request, response),
  );
  const strangers: string[] = [];
  const proxy = createServer();
  proxy.on('connect', (request, socket) => {
    const host = request.url?.replace(/:443$/, '') ?? '';
    const isOurs = host.endsWith(containers) || yandexNames.includes(`DNS:${host}`);
    if (!isOurs) strangers.push(host);
    socket.write(`HTTP/1.1 ${isOurs ? '200 OK' : '403 Forbidden'}\r\n\r\n`);
    if (isOurs) tls.emit('connection', socket);
    else socket.end();
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return {
    cloud,
    proxy: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    strangers,
    async [Symbol.asyncDispose]() {
      tls.closeAllConnections();
      proxy.closeAllConnections();
      proxy.close();
      await cloud.close();
    },
  };
}

/** The fake has one address: what a name says is part of the path there. */
async function forward(cloud: FakeCloud, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { host = '', authorization = '' } = request.headers;
  const path = request.url ?? '/';
  const place = host.endsWith(containers) ? `/containers/${host.slice(0, -containers.length)}${path}` : path;
  const kind = 'x-ycf-container-integration-type';
  const { method = 'GET' } = request;
  const answer = await fetch(`${cloud.url}${place}`, {
    method,
    headers: { authorization, [kind]: String(request.headers[kind]) },
    ...(method === 'POST' ? { body: await text(request) } : {}),
  });
  response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text());
}
