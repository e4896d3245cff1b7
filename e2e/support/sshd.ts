import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';

const program = '/usr/sbin/sshd';

export interface Sshd extends AsyncDisposable {
  readonly port: number;
  /** `ssh://` URL of an absolute path on this machine. */
  url(path: string): string;
  /** A line for known_hosts. */
  readonly knownHosts: string;
  /** Replaces the public keys that may log in. Below a `root`, only those of `pushers` may push. */
  authorize(publicKeys: readonly string[], pushers?: readonly string[]): void;
  /** Gives the server another host key, as a stranger in its place would have, and ends what still had the old one. */
  changeHostKey(): Promise<void>;
  /** What the server said, for a failed test. */
  log(): string;
}

/**
 * A real OpenSSH server on loopback for the user of this process. Each connection gets an `sshd -i` of its own, so
 * the port is free by nature and nothing is left running. With a `root` it serves Git only, with paths below that
 * folder and read-only deploy keys, as GitLab does.
 */
export async function startSshd(options: {
  authorizedKeys: readonly string[];
  root?: string;
}): Promise<Sshd> {
  expect(existsSync(program), `${program} (Debian: apt-get install openssh-server)`).toBe(true);
  const dir = mkdtempSync(join(tmpdir(), 'sshd-'));
  const { root } = options;
  const gate = join(dir, 'gate');
  writeFileSync(gate, gateScript, { mode: 0o755 });
  const lineOf = (key: string, may: 'read' | 'push') =>
    root === undefined ? `restrict ${key}\n` : `restrict,command="${gate} '${root}' ${may}" ${key}\n`;
  const authorize = (keys: readonly string[], pushers: readonly string[] = []) => {
    const lines = [...pushers.map((key) => lineOf(key, 'push')), ...keys.map((key) => lineOf(key, 'read'))];
    writeFileSync(join(dir, 'authorized_keys'), lines.join(''), { mode: 0o600 });
  };
  const { username } = userInfo();
  makeSeparationDirectory();
  makeHostKey(dir);
  authorize(options.authorizedKeys);
  writeFileSync(join(dir, 'sshd_config'), renderConfig(dir));
  const running = createConnections(dir);
  const server = createServer({ pauseOnConnect: true }, running.serve);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const [kind, key] = readFileSync(join(dir, 'host_key.pub'), 'utf8').split(' ');
  return {
    port,
    url: (path) => `ssh://${username}@127.0.0.1:${port}${path}`,
    knownHosts: `[127.0.0.1]:${port} ${kind} ${key}`,
    authorize,
    async changeHostKey() {
      makeHostKey(dir);
      await running.end();
    },
    log: running.log,
    async [Symbol.asyncDispose]() {
      server.close();
      await running.end();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

const gateScript = `#!/bin/sh
verb=\${SSH_ORIGINAL_COMMAND%% *}
path=\${SSH_ORIGINAL_COMMAND#*"'"}
path=\${path%"'"}
case $verb:$2 in
  git-upload-pack:* | git-receive-pack:push) exec git "\${verb#git-}" "$1$path" ;;
esac
echo "ERROR: This deploy key does not have write access to this project." >&2
exit 1
`;

function createConnections(dir: string) {
  const running = new Set<ReturnType<typeof spawn>>();
  let said = '';
  return {
    log: () => said,
    serve(socket: Socket): void {
      const child = spawn(program, ['-i', '-e', '-f', join(dir, 'sshd_config')], {
        stdio: [socket, socket, 'pipe'],
      });
      running.add(child);
      child.stderr?.on('data', (chunk: Buffer) => {
        said += chunk.toString();
      });
      child.on('close', () => running.delete(child));
      // The child holds the connection now.
      socket.destroy();
    },
    async end(): Promise<void> {
      const ends = [...running].map(async (child) => {
        const closed = once(child, 'close');
        child.kill('SIGKILL');
        await closed;
      });
      await Promise.all(ends);
    },
  };
}

function renderConfig(dir: string): string {
  const lines = [
    `HostKey ${join(dir, 'host_key')}`,
    `AuthorizedKeysFile ${join(dir, 'authorized_keys')}`,
    'AuthenticationMethods publickey',
    'PermitRootLogin prohibit-password',
    'AcceptEnv GIT_PROTOCOL',
    'StrictModes no',
    'UsePAM no',
    'PidFile none',
    'LogLevel VERBOSE',
  ];
  return `${lines.join('\n')}\n`;
}

function makeHostKey(dir: string): void {
  const file = join(dir, 'host_key');
  rmSync(file, { force: true });
  rmSync(`${file}.pub`, { force: true });
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', file]);
}

/** sshd run by root refuses to start without it. */
function makeSeparationDirectory(): void {
  if (process.getuid?.() === 0 && !existsSync('/run/sshd')) mkdirSync('/run/sshd', { mode: 0o755 });
}
