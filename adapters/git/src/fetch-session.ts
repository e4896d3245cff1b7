import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { getCACertificates } from 'node:tls';
import type { Secret } from '@polar-gosling/kernel';
import type { NestRemote } from '@polar-gosling/ports/git';
import { settingsAsEnv } from './hardened.ts';
import { bareHost, type NestUrl } from './nest-url.ts';
import { renderSshConfig } from './ssh-config.ts';

const prefix = 'session-';

/** What a fetch adds to the hardened environment, and how its files go away. */
export interface FetchSession extends AsyncDisposable {
  readonly env: Readonly<Record<string, string>>;
}

interface SessionOptions {
  readonly dir: string;
  readonly remote: NestRemote;
  readonly url: NestUrl;
  readonly address: string | undefined;
  readonly sshBinary: string;
}

/** Writes the key, the hosts and the certificates of one fetch into a directory only we can read. */
export async function openFetchSession(options: SessionOptions): Promise<FetchSession> {
  await mkdir(options.dir, { recursive: true, mode: 0o700 });
  const dir = await mkdtemp(join(options.dir, prefix));
  const close = () => rm(dir, { recursive: true, force: true });
  try {
    const env = await writeSession(dir, options);
    return { env, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Removes what a killed process left, once it is too old to be in use. */
export async function removeOldSessions(
  dir: string,
  options: { nowMs: number; olderThanMs: number },
): Promise<void> {
  const names = await readdir(dir);
  for (const name of names.filter((candidate) => candidate.startsWith(prefix))) {
    const path = join(dir, name);
    const found = await stat(path).catch(() => undefined);
    if (found && options.nowMs - found.mtimeMs > options.olderThanMs)
      await rm(path, { recursive: true, force: true });
  }
}

function writeSession(dir: string, options: SessionOptions): Promise<Record<string, string>> {
  if (options.url.protocol === 'ssh') return writeSsh(dir, { ...options, url: options.url });
  if (options.url.protocol === 'https') return writeHttps(dir, { ...options, url: options.url });
  return Promise.resolve({});
}

async function writeSsh(
  dir: string,
  { remote, url, ...options }: SessionOptions & { url: NestUrl & { protocol: 'ssh' } },
): Promise<Record<string, string>> {
  const keyFile = remote.deployKey && (await write(join(dir, 'key'), withLastBreak(remote.deployKey)));
  const known = remote.knownHosts;
  const knownHostsFile =
    known === undefined
      ? join(options.dir, 'known_hosts')
      : await write(join(dir, 'known_hosts'), `${known.trimEnd()}\n`);
  const port = url.port ?? 22;
  const config = renderSshConfig({
    address: options.address ?? url.host,
    knownAs: port === 22 ? url.host : `[${url.host}]:${port}`,
    ...(keyFile === undefined ? {} : { keyFile }),
    knownHostsFile,
    isStrict: known !== undefined,
  });
  const configFile = await write(join(dir, 'ssh_config'), config);
  return { GIT_SSH_COMMAND: `${shellWord(options.sshBinary)} -F ${shellWord(configFile)}` };
}

async function writeHttps(
  dir: string,
  { remote, url, address }: SessionOptions & { url: NestUrl & { protocol: 'https' } },
): Promise<Record<string, string>> {
  const settings: (readonly [string, string])[] = [];
  // Before Git 2.37 this is ignored, and curl looks the name up again.
  if (address !== undefined && isIP(bareHost(url.host)) === 0) {
    settings.push(['http.curloptResolve', `${url.host}:${url.port}:${address}`]);
  }
  if (remote.token) {
    const basic = Buffer.from(`oauth2:${remote.token.reveal()}`).toString('base64');
    settings.push(['http.extraHeader', `Authorization: Basic ${basic}`]);
  }
  if (remote.caPem !== undefined) {
    const bundle = [...getCACertificates('default'), remote.caPem].join('\n');
    settings.push(['http.sslCAInfo', await write(join(dir, 'ca.pem'), bundle)]);
  }
  return settingsAsEnv(settings);
}

async function write(path: string, text: string): Promise<string> {
  await writeFile(path, text, { mode: 0o600, flag: 'wx' });
  return path;
}

/** OpenSSH refuses a key file whose last line has no end. */
function withLastBreak(key: Secret): string {
  return `${key.reveal().trimEnd()}\n`;
}

/** GIT_SSH_COMMAND is the one value Git hands to a shell. */
function shellWord(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
