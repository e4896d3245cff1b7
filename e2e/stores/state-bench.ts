import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { env } from 'node:process';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { createS3Blobs, type S3Blobs } from '@polar-gosling/adapter-s3';
import {
  createStateEncryption,
  type StateEncryption,
  type StatesInBucket,
} from '@polar-gosling/adapter-tofu';
import { createSystemClock, createSystemIds } from '@polar-gosling/kernel';
import { createMemorySecrets } from '@polar-gosling/ports/secrets/memory';

const credentials = { accessKeyId: 'polartest', secretAccessKey: 'polartestsecret' };
const clock = createSystemClock();
const ids = createSystemIds(clock);
const prefix = 'an/installation';

export const noS3Reason = 'POLAR_S3_URL names no S3 service (scripts/engines/start-s3.sh starts one)';

export interface StateBench extends AsyncDisposable {
  readonly blobs: S3Blobs;
  readonly secrets: ReturnType<typeof createMemorySecrets>;
  readonly states: StatesInBucket;
  /** From the passphrases in `secrets`. */
  readonly encryption: StateEncryption;
  /** While set, writes of states are answered with 503. */
  failWrites(isFailing: boolean): void;
  /** How many writes of states were so answered. */
  refusedWrites(): number;
  /** The answer to the next request for a lock is lost on its way, the lock itself is made. */
  loseLockAnswer(): void;
}

/** A bucket of one's own for states, behind a proxy that can refuse to write them. */
export async function createStateBench(): Promise<StateBench> {
  const address = env['POLAR_S3_URL'] ?? '';
  const bucket = `states-${randomBytes(6).toString('hex')}`;
  const raw = new S3Client({ endpoint: address, credentials, region: 'us-east-1', forcePathStyle: true });
  await raw.send(new CreateBucketCommand({ Bucket: bucket }));
  raw.destroy();
  let isFailing = false;
  let refused = 0;
  let isLosing = false;
  const proxy = await startProxy(address, {
    refuses({ method, url }) {
      const isRefused = isFailing && method === 'PUT' && pathOf(url).endsWith('.tfstate');
      if (isRefused) refused++;
      return isRefused;
    },
    loses({ method, url }) {
      const isLost = isLosing && method === 'PUT' && pathOf(url).endsWith('.tflock');
      if (isLost) isLosing = false;
      return isLost;
    },
  });
  const { endpoint } = proxy;
  const blobs = createS3Blobs({ bucket, prefix, endpoint, credentials, clock, ids });
  const secrets = createMemorySecrets();
  return {
    blobs,
    secrets,
    states: {
      bucket: {
        ...{ bucket, prefix, endpoint, access: blobs.access },
        ...{ read: blobs.readShared, write: blobs.writeShared },
      },
      blobs,
    },
    encryption: createStateEncryption(secrets),
    failWrites: (next) => {
      isFailing = next;
    },
    refusedWrites: () => refused,
    loseLockAnswer: () => {
      isLosing = true;
    },
    async [Symbol.asyncDispose]() {
      await blobs.close();
      await proxy.close();
    },
  };
}

function pathOf(url: string): string {
  return url.split('?')[0] ?? '';
}

type Asks = (asked: { method: string; url: string }) => boolean;

/**
 * Passes everything on, host name included (it is signed); what `refuses` says is answered with 503, what `loses` says is
 * done and not answered.
 */
async function startProxy(address: string, { refuses, loses }: { refuses: Asks; loses: Asks }) {
  const { hostname, port } = new URL(address);
  const server = createServer((asked, answer) => {
    const { method = '', url = '', headers } = asked;
    if (refuses({ method, url })) {
      asked.resume();
      answer.writeHead(503, { 'retry-after': '0' }).end();
      return;
    }
    const isLost = loses({ method, url });
    const onward = send({ hostname, port, method, path: url, headers }, (got) => {
      if (isLost) {
        got.resume();
        answer.destroy();
        return;
      }
      answer.writeHead(got.statusCode ?? 502, got.headers);
      got.pipe(answer);
    });
    onward.on('error', () => answer.destroy());
    asked.on('error', () => onward.destroy());
    asked.pipe(onward);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
