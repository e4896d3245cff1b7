import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { S3Client } from '@aws-sdk/client-s3';

const connectTimeoutMs = 5_000;
/** Without a byte for so long, a call has failed. */
const idleTimeoutMs = 30_000;
const maxSockets = 32;

export interface S3ClientSettings {
  /** The service's own address; AWS by region when absent. */
  readonly endpoint?: string | undefined;
  readonly region?: string | undefined;
  /** By the SDK's own rules (variables, profile, role) when absent. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string } | undefined;
  /** `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`, in upper or lower case, as the host has them. */
  readonly proxies?: Readonly<Record<string, string | undefined>> | undefined;
  /** Told of each answer as it came, for its headers. */
  readonly seeResponse?: ((response: unknown) => void) | undefined;
}

/**
 * Path style, since other services have no name for each bucket; checksums only where S3 requires one, since many of
 * them refuse the SDK's own. It repeats nothing: what may be repeated is decided above it.
 */
export function openS3Client(settings: S3ClientSettings): S3Client {
  const { endpoint, region, credentials, proxies, seeResponse } = settings;
  const agent = {
    keepAlive: true,
    maxSockets,
    ...(proxies === undefined ? {} : { proxyEnv: { ...proxies } }),
  };
  const client = new S3Client({
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: 1,
    // Without a region the SDK would look for one in files: another service does not care for its name.
    ...(region !== undefined || endpoint !== undefined ? { region: region ?? 'us-east-1' } : {}),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials: { ...credentials } }),
    requestHandler: {
      connectionTimeout: connectTimeoutMs,
      socketTimeout: idleTimeoutMs,
      httpAgent: new HttpAgent(agent),
      httpsAgent: new HttpsAgent(agent),
    },
  });
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
  return client;
}
