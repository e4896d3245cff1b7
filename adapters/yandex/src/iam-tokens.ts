import { constants, createPrivateKey, sign } from 'node:crypto';
import { type Clock, defineErrors, isCoded, type Masker, parseJson, Secret } from '@polar-gosling/kernel';
import { z } from 'zod';
import { type CloudAnswer, type CloudCalls, reasonOf } from './cloud-calls.ts';

/** Who we are in Yandex Cloud. */
export type YandexIdentity =
  /** An authorized key of a service account, as `yc iam key create` writes it. */
  | { readonly kind: 'key'; readonly json: Secret }
  /** The service account of the VM or container that we run on, as its metadata tell. */
  | { readonly kind: 'host' };

export interface IamTokens {
  /**
   * A token with at least half an hour to live, so that it outlives the run it is for. Fails with YANDEX_KEY_WRONG,
   * YANDEX_DENIED or YANDEX_UNAVAILABLE.
   */
  current(options: { readonly signal: AbortSignal }): Promise<Secret>;
}

export interface IamTokensOptions {
  /** Asked for each new token: a key that was rotated counts from the next one. */
  readonly identity: (options: { readonly signal: AbortSignal }) => Promise<YandexIdentity>;
  readonly calls: CloudCalls;
  readonly clock: Clock;
  readonly masker: Masker;
  /** `https://iam.api.cloud.yandex.net` */
  readonly iamUrl?: string;
  readonly metadataUrl?: string;
}

export const yandexErrors = defineErrors('YANDEX', {
  keyWrong: {
    message: () =>
      'the key of the service account is none: gosling secret put clouds/yandex/service-account-key < key.json, as yc iam key create writes it',
    http: 500,
    retry: 'never',
  },
  denied: {
    message: (p: { reason: string }) =>
      `Yandex Cloud gives us no token: ${p.reason}; is the key of clouds/yandex/service-account-key still in force?`,
    http: 502,
    retry: 'never',
  },
  unavailable: {
    message: (p: { reason: string }) => `no token of Yandex Cloud could be had: ${p.reason}`,
    http: 503,
    retry: 'backoff',
  },
});

export const yandexIamUrl = 'https://iam.api.cloud.yandex.net';
export const yandexMetadataUrl = 'http://169.254.169.254';
const restMs = 30 * 60_000;
/** A key's token lives for 12 hours; a new one is asked for earlier, so that a withdrawn key counts soon. */
const longestUseMs = 60 * 60_000;
const jwtSeconds = 600;

const Key = z.object({
  id: z.string().min(1),
  service_account_id: z.string().min(1),
  private_key: z.string().min(1),
});
const KeyAnswer = z.object({ iamToken: z.string().min(1), expiresAt: z.string() });
const HostAnswer = z.object({ access_token: z.string().min(1), expires_in: z.number() });

interface Held {
  readonly token: Secret;
  readonly useUntil: number;
}

/** Tokens of IAM, one request at a time, each used for an hour at most. */
export function createIamTokens(options: IamTokensOptions): IamTokens {
  let held: Held | undefined;
  let asking: Promise<Held> | undefined;
  return {
    async current({ signal }) {
      if (held !== undefined && options.clock.now() < held.useUntil) return held.token;
      asking ??= ask(options, signal).finally(() => {
        asking = undefined;
      });
      held = await asking;
      return held.token;
    },
  };
}

async function ask(options: IamTokensOptions, signal: AbortSignal): Promise<Held> {
  const identity = await options.identity({ signal });
  try {
    const { token, expiresAtMs } =
      identity.kind === 'key' ? await byKey(options, identity.json, signal) : await fromHost(options, signal);
    options.masker.add(token);
    const now = options.clock.now();
    return { token, useUntil: Math.min(expiresAtMs - restMs, now + longestUseMs) };
  } catch (error) {
    signal.throwIfAborted();
    if (isCoded(error)) throw error;
    throw yandexErrors.unavailable({ reason: `no answer (${reasonOf(error)})` }, { cause: error });
  }
}

async function byKey(options: IamTokensOptions, json: Secret, signal: AbortSignal) {
  const { iamUrl = yandexIamUrl } = options;
  const url = new URL('/iam/v1/tokens', iamUrl);
  const body = JSON.stringify({ jwt: jwtOf(json, options.clock.now()) });
  const headers = { 'content-type': 'application/json' };
  const answer = await options.calls.send({ method: 'POST', url, headers, body }, { signal });
  const { iamToken, expiresAt } = check(KeyAnswer, answer);
  return { token: new Secret(iamToken), expiresAtMs: Date.parse(expiresAt) };
}

async function fromHost(options: IamTokensOptions, signal: AbortSignal) {
  const path = '/computeMetadata/v1/instance/service-accounts/default/token';
  const url = new URL(path, options.metadataUrl ?? yandexMetadataUrl);
  const headers = { 'metadata-flavor': 'Google' };
  const answer = await options.calls.send({ method: 'GET', url, headers }, { signal });
  const { access_token: token, expires_in: seconds } = check(HostAnswer, answer);
  return { token: new Secret(token), expiresAtMs: options.clock.now() + seconds * 1_000 };
}

function check<Answer>(schema: z.ZodType<Answer>, { status, body }: CloudAnswer): Answer {
  if (status >= 400 && status < 500 && status !== 429)
    throw yandexErrors.denied({ reason: `it answered ${status}` });
  const parsed = status === 200 ? schema.safeParse(body).data : undefined;
  if (parsed === undefined) throw yandexErrors.unavailable({ reason: `it answered ${status}` });
  return parsed;
}

/** PS256, salt as long as the hash: the one algorithm that the service takes. Its `aud` names the public address. */
function jwtOf(json: Secret, now: number): string {
  const key = Key.safeParse(parseJson(json.reveal())).data;
  if (key === undefined) throw yandexErrors.keyWrong({});
  const issuedAt = Math.floor(now / 1_000);
  const head = encode({ typ: 'JWT', alg: 'PS256', kid: key.id });
  const claims = {
    iss: key.service_account_id,
    aud: `${yandexIamUrl}/iam/v1/tokens`,
    iat: issuedAt,
    exp: issuedAt + jwtSeconds,
  };
  const text = `${head}.${encode(claims)}`;
  return `${text}.${signText(text, key.private_key)}`;
}

function signText(text: string, pem: string): string {
  try {
    // `yc` writes a line of warning before the PEM.
    const key = createPrivateKey(pem.slice(Math.max(0, pem.indexOf('-----BEGIN'))));
    const padding = constants.RSA_PKCS1_PSS_PADDING;
    const saltLength = constants.RSA_PSS_SALTLEN_DIGEST;
    return sign('sha256', Buffer.from(text), { key, padding, saltLength }).toString('base64url');
  } catch (error) {
    throw yandexErrors.keyWrong({}, { cause: error });
  }
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
