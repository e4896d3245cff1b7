import { gitErrors } from '@polar-gosling/ports/git';

/** A Nest's URL taken apart; `text` is what Git gets, put together again from the checked parts. */
export type NestUrl =
  | { readonly protocol: 'file'; readonly text: string }
  | { readonly protocol: 'https'; readonly text: string; readonly host: string; readonly port: number }
  | { readonly protocol: 'ssh'; readonly text: string; readonly host: string; readonly port?: number };

const user = '[A-Za-z0-9_][A-Za-z0-9._-]{0,63}';
const host = '[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252})|\\[[0-9A-Fa-f:.]{2,45}\\]';
const path = '[A-Za-z0-9._~+%@/ -]{1,1024}';
const sshForm = new RegExp(`^ssh://(?:(${user})@)?(${host})(?::(\\d{1,5}))?/(${path})$`);
const scpForm = new RegExp(`^(${user})@(${host}):(?![-/]{2}|-)(${path})$`);

/**
 * Reads a Nest's URL. Anything else than `https://`, `ssh://`, `user@host:path` (and `file:///` where allowed) is
 * refused: Git would take other forms for options, commands (`ext::`) or local paths.
 */
export function parseNestUrl(text: string, options: { allowFile: boolean }): NestUrl {
  if (text.startsWith('-')) throw refused('it starts with a dash');
  if (/\p{Cc}/u.test(text)) throw refused('it has control characters');
  if (text.startsWith('file://')) return parseFile(text, options.allowFile);
  if (text.startsWith('https://')) return parseHttps(text);
  if (text.startsWith('ssh://')) return parseSsh(text);
  return parseScp(text);
}

/** Checks a branch by Git's rules for names; `refs/heads/` is put before it wherever it is used. */
export function checkBranch(branch: string): string {
  const isName =
    branch.length > 0 &&
    branch.length <= 255 &&
    !/^-|^@$|[\p{Cc}\p{Zs}~^:?*[\\]|\.\.|@\{|\/\/|\.$|^\/|\/$/u.test(branch) &&
    branch.split('/').every((part) => !part.startsWith('.') && !part.endsWith('.lock'));
  if (!isName) throw refused('its branch is not a name Git allows');
  return branch;
}

function parseFile(text: string, isAllowed: boolean): NestUrl {
  if (!isAllowed) throw refused('file:// is not allowed here');
  if (!/^file:\/\/\/[^?#]+$/.test(text)) throw refused('a file URL is written file:///path');
  return { protocol: 'file', text };
}

function parseHttps(text: string): NestUrl {
  const url = URL.parse(text);
  if (!url || url.hostname === '') throw refused('it is not a URL');
  if (url.username !== '' || url.password !== '') {
    throw refused('it carries a user or a password: put the token into the secret store');
  }
  if (url.search !== '' || url.hash !== '') throw refused('it has a query or a fragment');
  return { protocol: 'https', text: url.href, host: url.hostname, port: Number(url.port || 443) };
}

function parseSsh(text: string): NestUrl {
  const [, login, name, port, rest] = sshForm.exec(text) ?? [];
  if (name === undefined) throw refused('an ssh URL is written ssh://git@host[:port]/group/project.git');
  if (Number(port ?? 22) > 65_535) throw refused('its port is above 65535');
  const at = `${login === undefined ? '' : `${login}@`}${name}${port === undefined ? '' : `:${port}`}`;
  const address = { protocol: 'ssh', text: `ssh://${at}/${rest}`, host: bareHost(name) } as const;
  return port === undefined ? address : { ...address, port: Number(port) };
}

function parseScp(text: string): NestUrl {
  const [, login, name, rest] = scpForm.exec(text) ?? [];
  if (name === undefined) throw refused('it is neither https://, ssh:// nor git@host:path');
  return { protocol: 'ssh', text: `${login}@${name}:${rest}`, host: bareHost(name) };
}

/** A host without the brackets of an IPv6 address. */
export function bareHost(name: string): string {
  return name.replace(/^\[(.*)\]$/, '$1');
}

function refused(reason: string) {
  return gitErrors.refusedUrl({ reason });
}
