import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  paginateListSecrets,
  RestoreSecretCommand,
  SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { deadline } from '@polar-gosling/kernel';
import { secretErrors } from '@polar-gosling/ports/secrets';
import { toSecretError } from './aws-failure.ts';
import { type Fields, parseFields } from './fields.ts';

export interface SecretsApiOptions {
  readonly region?: string;
  readonly endpoint?: string;
  /** The SDK's own chain (environment, profile, role) when absent. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`, in upper or lower case, as the host has them. */
  readonly proxies?: Readonly<Record<string, string | undefined>>;
  /** Told of each answer as it came, for its headers. */
  readonly seeResponse?: (response: unknown) => void;
}

interface Call {
  readonly signal: AbortSignal;
  readonly role: string;
}

/** One version of a secret. */
export interface SecretVersion {
  readonly fields: Fields;
  readonly versionId: string;
}

/** The calls of Secrets Manager that we make; `missing` and `taken` are answers, all else is a coded failure. */
export interface SecretsApi {
  get(
    at: { id: string; version?: string | undefined; stage?: string | undefined },
    call: Call,
  ): Promise<SecretVersion | undefined>;
  create(at: { id: string; text: string; token: string }, call: Call): Promise<'made' | 'taken'>;
  /** A version under a stage of its own: it is not in force yet. */
  put(
    at: { id: string; text: string; token: string; stage: string },
    call: Call,
  ): Promise<'made' | 'missing'>;
  /**
   * Puts `to` in force in the place of `from`. `moved`: the secret is on its way to be deleted. `refused`: the service
   * does not take these versions, as when another one is in force by now; it says why in words only.
   */
  promote(at: { id: string; from: string; to: string }, call: Call): Promise<'ok' | 'moved' | 'refused'>;
  unstage(at: { id: string; version: string; stage: string }, call: Call): Promise<void>;
  /** Gone for readers; can be brought back for a week. */
  delete(id: string, call: Call): Promise<void>;
  restore(id: string, call: Call): Promise<'restored' | 'missing'>;
  currentVersion(id: string, call: Call): Promise<string | undefined>;
  names(prefix: string, call: Call): Promise<readonly string[]>;
}

const timeoutMs = 15_000;
const maxSockets = 32;
/** The least that can be asked for. */
const recoveryDays = 7;
const pageSize = 100;
const current = 'AWSCURRENT';

type Reads = Pick<SecretsApi, 'get' | 'currentVersion' | 'names'>;
type Versions = Pick<SecretsApi, 'create' | 'put' | 'promote' | 'unstage'>;

export function createSecretsApi(options: SecretsApiOptions): SecretsApi {
  const { region, endpoint, credentials, proxies } = options;
  const agent = { keepAlive: true, maxSockets, ...(proxies && { proxyEnv: { ...proxies } }) };
  const client = new SecretsManagerClient({
    ...(region && { region }),
    ...(endpoint && { endpoint }),
    ...(credentials && { credentials }),
    requestHandler: { httpAgent: new HttpAgent(agent), httpsAgent: new HttpsAgent(agent) },
  });
  const { seeResponse } = options;
  if (seeResponse !== undefined) {
    client.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args);
        seeResponse(result.response);
        return result;
      },
      { step: 'deserialize', name: 'seeResponse', priority: 'low' },
    );
  }
  return { ...readsOf(client), ...versionsOf(client), ...removalOf(client) };
}

function readsOf(client: SecretsManagerClient): Reads {
  return {
    get: ({ id, version, stage }, call) =>
      reading<SecretVersion | undefined>(
        call,
        async () => {
          const command = new GetSecretValueCommand({
            SecretId: id,
            VersionId: version,
            VersionStage: stage ?? (version ? undefined : current),
          });
          const { SecretString, VersionId } = await client.send(command, until(call));
          return { fields: fieldsOf(SecretString, call.role), versionId: VersionId ?? '' };
        },
        { ResourceNotFoundException: undefined, InvalidRequestException: undefined },
      ),
    currentVersion: (id, call) =>
      reading<string | undefined>(
        call,
        async () => {
          const { VersionIdsToStages } = await client.send(
            new DescribeSecretCommand({ SecretId: id }),
            until(call),
          );
          const versions = Object.entries(VersionIdsToStages ?? {});
          return versions.find(([, stages]) => stages.includes(current))?.[0];
        },
        { ResourceNotFoundException: undefined },
      ),
    names: (prefix, call) => reading(call, () => listNames(client, prefix, call)),
  };
}

async function listNames(client: SecretsManagerClient, prefix: string, call: Call): Promise<string[]> {
  const filters = prefix === '' ? {} : { Filters: [{ Key: 'name' as const, Values: [prefix] }] };
  const pages = paginateListSecrets({ client, pageSize }, filters, until(call));
  const names: string[] = [];
  for await (const page of pages) {
    names.push(...(page.SecretList ?? []).flatMap(({ Name }) => (Name?.startsWith(prefix) ? [Name] : [])));
  }
  return names;
}

function versionsOf(client: SecretsManagerClient): Versions {
  return {
    create: ({ id, text, token }, call) =>
      writing<'made' | 'taken'>(
        call,
        async () => {
          const command = new CreateSecretCommand({
            Name: id,
            SecretString: text,
            ClientRequestToken: token,
          });
          await client.send(command, until(call));
          return 'made';
        },
        // The latter: a secret of this name is on its way to be deleted.
        { ResourceExistsException: 'taken', InvalidRequestException: 'taken' },
      ),
    put: ({ id, text, token, stage }, call) =>
      writing<'made' | 'missing'>(
        call,
        async () => {
          const command = new PutSecretValueCommand({
            SecretId: id,
            SecretString: text,
            ClientRequestToken: token,
            VersionStages: [stage],
          });
          await client.send(command, until(call));
          return 'made';
        },
        { ResourceNotFoundException: 'missing', InvalidRequestException: 'missing' },
      ),
    promote: ({ id, from, to }, call) =>
      writing<'ok' | 'moved' | 'refused'>(
        call,
        async () => {
          const command = new UpdateSecretVersionStageCommand({
            SecretId: id,
            VersionStage: current,
            RemoveFromVersionId: from,
            MoveToVersionId: to,
          });
          await client.send(command, until(call));
          return 'ok';
        },
        { InvalidParameterException: 'refused', InvalidRequestException: 'moved' },
      ),
    async unstage({ id, version, stage }, call) {
      const command = new UpdateSecretVersionStageCommand({
        SecretId: id,
        VersionStage: stage,
        RemoveFromVersionId: version,
      });
      await writing(call, async () => void (await client.send(command, until(call))));
    },
  };
}

function removalOf(client: SecretsManagerClient): Pick<SecretsApi, 'delete' | 'restore'> {
  return {
    async delete(id, call) {
      const command = new DeleteSecretCommand({ SecretId: id, RecoveryWindowInDays: recoveryDays });
      await writing(call, async () => void (await client.send(command, until(call))), {
        ResourceNotFoundException: undefined,
      });
    },
    restore: (id, call) =>
      writing<'restored' | 'missing'>(
        call,
        async () => {
          await client.send(new RestoreSecretCommand({ SecretId: id }), until(call));
          return 'restored';
        },
        { ResourceNotFoundException: 'missing' },
      ),
  };
}

function until(call: Call): { abortSignal: AbortSignal } {
  return { abortSignal: deadline(call.signal, timeoutMs) };
}

function reading<Result>(
  call: Call,
  action: () => Promise<Result>,
  otherwise: Answers<Result> = {},
): Promise<Result> {
  return attempt({ ...call, op: 'unreadable' }, action, otherwise);
}

function writing<Result>(
  call: Call,
  action: () => Promise<Result>,
  otherwise: Answers<Result> = {},
): Promise<Result> {
  return attempt({ ...call, op: 'unwritable' }, action, otherwise);
}

/** What a call answers when AWS fails it with one of these names. */
type Answers<Result> = Readonly<Record<string, Result>>;

async function attempt<Result>(
  call: Call & { op: 'unreadable' | 'unwritable' },
  action: () => Promise<Result>,
  otherwise: Answers<Result>,
): Promise<Result> {
  try {
    return await action();
  } catch (error) {
    call.signal.throwIfAborted();
    const name = error instanceof Error ? error.name : '';
    if (Object.hasOwn(otherwise, name)) return otherwise[name] as Result;
    throw toSecretError(error, call);
  }
}

function fieldsOf(text: string | undefined, role: string): Fields {
  const fields = text === undefined ? undefined : parseFields(text);
  if (fields === undefined) throw secretErrors.noFields({ role, backend: 'aws-sm' });
  return fields;
}
