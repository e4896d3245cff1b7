import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type ApiClient, createApiClient } from '@polar-gosling/api-contract';
import { codeOf, Secret } from '@polar-gosling/kernel';
import { z } from 'zod';
import type { CliContext } from './cli/command.ts';
import { cliErrors } from './cli-errors.ts';
import { readProxies } from './config.ts';
import { createHttpFetch } from './http-fetch.ts';
import { goslingVersion } from './version.ts';

export interface Address {
  readonly url: string;
  readonly token: Secret | undefined;
}

/** `~/.config/gosling/config.json`. */
const Profile = z.object({
  url: z.string(),
  token: z.string().optional(),
  token_file: z.string().optional(),
});

/** The client of MotherGoose, for every command that goes through her. */
export async function connect(context: CliContext, what: string): Promise<ApiClient> {
  if (context.flags.offline) throw cliErrors.offline({ what });
  const { url, token } = await findAddress(context);
  if (token === undefined) throw cliErrors.noToken({ url });
  return apiClient(context, { url, token });
}

export async function apiClient(context: CliContext, { url, token }: Address): Promise<ApiClient> {
  if (token !== undefined && token.reveal().length >= 8) context.masker.add(token);
  const caFile = context.env['GOSLING_CA_FILE'];
  const caPem = caFile ? await readText(path.resolve(context.cwd, caFile)) : undefined;
  const { fetch } = createHttpFetch({ caPem, proxies: readProxies(context.env) });
  return createApiClient({ baseUrl: url, token, fetch, userAgent: `gosling/${goslingVersion}` });
}

/** The environment, else the profile, else the embedded instance of the data directory. */
export async function findAddress(context: Pick<CliContext, 'config' | 'cwd'>): Promise<Address> {
  const { config, cwd } = context;
  const profile = await readProfile(config.profileFile);
  const url = config.url ?? profile?.url;
  if (url === undefined) return await embeddedAddress(config.dataDir);
  const given = config.token ?? (await tokenFrom(config.tokenFile, cwd));
  if (given !== undefined) return { url, token: new Secret(given) };
  // A token goes only to the address it was written beside.
  if (profile?.url === url) {
    const kept = profile.token ?? (await tokenFrom(profile.token_file, path.dirname(config.profileFile)));
    return { url, token: kept === undefined ? undefined : new Secret(kept) };
  }
  const embedded = await embeddedAddress(config.dataDir).catch(() => undefined);
  return { url, token: embedded?.url === url ? embedded.token : undefined };
}

/** `up` writes both files. */
async function embeddedAddress(dataDir: string): Promise<Address> {
  const url = await readIfThere(path.join(dataDir, 'url'));
  if (url === undefined) throw cliErrors.noAddress({ dataDir });
  const token = await readIfThere(path.join(dataDir, 'cli-token'));
  return { url, token: token === undefined ? undefined : new Secret(token) };
}

async function readProfile(file: string): Promise<z.infer<typeof Profile> | undefined> {
  const text = await readIfThere(file);
  if (text === undefined) return undefined;
  try {
    return Profile.parse(JSON.parse(text));
  } catch (error) {
    throw cliErrors.unreadable(
      { path: file, reason: 'it should be JSON with "url" and "token"' },
      { cause: error },
    );
  }
}

async function tokenFrom(file: string | undefined, base: string): Promise<string | undefined> {
  return file === undefined ? undefined : await readText(path.resolve(base, file));
}

async function readText(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw cliErrors.unreadable({ path: file, reason }, { cause: error });
  }
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    const reason = error instanceof Error ? error.message : String(error);
    throw cliErrors.unreadable({ path: file, reason }, { cause: error });
  }
}
