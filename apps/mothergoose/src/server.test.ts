import { readFileSync } from 'node:fs';
import { get as getPlain } from 'node:http';
import { get } from 'node:https';
import { type AddressInfo, createServer } from 'node:net';
import { connect } from 'node:tls';
import { isCoded, Secret } from '@polar-gosling/kernel';
import { afterEach, describe, expect, it } from 'vitest';
import { type RunningServer, type ServerDeps, startServer } from './server.ts';
import { createFakeEngine } from './testing/fake-engine.ts';
import { makeCertificate } from './testing/make-certificate.ts';
import { testDeps } from './testing/test-app.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

type Config = Partial<ServerDeps['config']>;

async function start(config: Config = {}, engine = createFakeEngine().engine): Promise<RunningServer> {
  const server = await startServer({
    ...testDeps(engine),
    config: { listen: { host: '127.0.0.1', port: 0, isLoopback: true }, tls: undefined, ...config },
  });
  cleanups.push(() => server.stop(100));
  return server;
}

async function codeOf(work: Promise<unknown>): Promise<{ code: string; message: string }> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return isCoded(error) ? error : { code: 'none', message: String(error) };
}

const at = (host: string, port: number) => ({ listen: { host, port, isLoopback: true } });

describe('the server', () => {
  it('says where it listens', async () => {
    const server = await start();

    expect(server.url).toBe(`http://127.0.0.1:${server.port}`);
    expect((await fetch(`${server.url}/health`)).status).toBe(200);
  });

  it('names the port that is taken, and what to do', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    cleanups.push(() => other.close());
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as AddressInfo;

    const { code, message } = await codeOf(start(at('127.0.0.1', port)));

    expect(code).toBe('HTTP_PORT_TAKEN');
    expect(message).toContain(`port ${port} on 127.0.0.1 is taken`);
    expect(message).toContain('GOSLING_LISTEN');
  });

  it('names an address that is not this machine’s', async () => {
    expect((await codeOf(start(at('192.0.2.1', 0)))).code).toBe('HTTP_ADDRESS_UNKNOWN');
  });

  it('finishes what is under way when it stops, and takes nothing new', async () => {
    let finish: () => void = () => undefined;
    const entered = Promise.withResolvers<void>();
    const { engine } = createFakeEngine({
      background: {
        tick: () => {
          entered.resolve();
          return new Promise((resolve) => {
            finish = resolve;
          });
        },
      },
    });
    const server = await start({}, engine);
    const headers = { 'x-trigger-auth': 'trigger-secret' };
    const underWay = fetch(`${server.url}/internal/tick`, { method: 'POST', headers });
    await entered.promise;

    const stopped = server.stop(60_000);
    await expect.poll(() => fetch(`${server.url}/health`).catch(() => 'refused')).toBe('refused');
    finish();

    expect((await underWay).status).toBe(202);
    await stopped;
  });

  it('cuts what lasts longer than its grace', async () => {
    const entered = Promise.withResolvers<void>();
    const { engine } = createFakeEngine({
      background: {
        tick: () => {
          entered.resolve();
          return new Promise(() => undefined);
        },
      },
    });
    const server = await start({}, engine);
    const headers = { 'x-trigger-auth': 'trigger-secret' };
    const underWay = fetch(`${server.url}/internal/tick`, { method: 'POST', headers }).catch(() => 'cut');
    await entered.promise;

    await server.stop(50);

    expect(await underWay).toBe('cut');
  });
});

describe('TLS', () => {
  function withCertificate() {
    const files = makeCertificate();
    cleanups.push(files.remove);
    return files;
  }

  it('serves HTTPS, and says so to browsers', async () => {
    const files = withCertificate();
    const server = await start({ tls: files });

    const answer = await new Promise<{ status: number | undefined; hsts: unknown; protocol: unknown }>(
      (resolve, reject) => {
        get(`${server.url}/health`, { ca: readFileSync(files.certFile) }, (response) => {
          const { statusCode: status, headers } = response.resume();
          const protocol = 'getProtocol' in response.socket ? connectProtocol(response.socket) : undefined;
          resolve({ status, hsts: headers['strict-transport-security'], protocol });
        }).on('error', reject);
      },
    );

    expect(server.url).toMatch(/^https:/);
    expect(answer).toEqual({ status: 200, hsts: 'max-age=31536000', protocol: 'TLSv1.3' });
  });

  it('gives the cookie of the status page to no plain connection, also on loopback', async () => {
    const cookieOver = async (tls: Config['tls'], ca?: Buffer) => {
      const server = await start({ tls });
      const link = server.pageLink(new Secret('read-token'));
      const load = tls === undefined ? getPlain : get;
      return new Promise<string>((resolve, reject) => {
        load(link, { ca }, (response) => {
          resolve(String(response.resume().headers['set-cookie']));
        }).on('error', reject);
      });
    };
    const files = withCertificate();

    expect(await cookieOver(files, readFileSync(files.certFile))).toContain('; Secure');
    expect(await cookieOver(undefined)).not.toContain('Secure');
  });

  it('Feature: gitops-runner-orchestration, Property 35: Communication Encryption — TLS below 1.3 is refused', async () => {
    const server = await start({ tls: withCertificate() });

    const outcome = await new Promise<string>((resolve) => {
      const socket = connect({
        port: server.port,
        host: '127.0.0.1',
        maxVersion: 'TLSv1.2',
        rejectUnauthorized: false,
      });
      socket.once('secureConnect', () => {
        resolve('connected');
        socket.destroy();
      });
      socket.once('error', (error) => resolve('code' in error ? String(error.code) : error.message));
    });

    expect(outcome).toBe('ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION');
  });

  it('names the file that cannot be read', async () => {
    const { code, message } = await codeOf(
      start({ tls: { certFile: '/nowhere/cert.pem', keyFile: '/nowhere/key.pem' } }),
    );

    expect(code).toBe('HTTP_TLS_UNREADABLE');
    expect(message).toContain('/nowhere/cert.pem for TLS (ENOENT)');
  });

  it('names a certificate that is none, without repeating the file', async () => {
    const files = withCertificate();

    const { code, message } = await codeOf(
      start({ tls: { certFile: files.keyFile, keyFile: files.certFile } }),
    );

    expect(code).toBe('HTTP_TLS_UNREADABLE');
    expect(message).not.toContain('PRIVATE KEY');
  });
});

function connectProtocol(socket: object): unknown {
  return 'getProtocol' in socket && typeof socket.getProtocol === 'function'
    ? socket.getProtocol()
    : undefined;
}
