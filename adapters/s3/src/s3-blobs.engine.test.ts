import { randomBytes } from 'node:crypto';
import { env } from 'node:process';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { createSystemClock, createSystemIds } from '@polar-gosling/kernel';
import { describeBlobsContract } from '@polar-gosling/ports/blobs/contract';
import { beforeAll, describe, expect, it } from 'vitest';
import { createS3Blobs, type S3BlobsOptions } from './index.ts';

const endpoint = env['POLAR_S3_URL'];
const credentials = { accessKeyId: 'polartest', secretAccessKey: 'polartestsecret' };
const bucket = `blobs-${randomBytes(6).toString('hex')}`;
const clock = createSystemClock();
const ids = createSystemIds(clock);
const options = { signal: new AbortController().signal };
const bytesOf = (text: string) => new TextEncoder().encode(text);

const open = (more: Partial<S3BlobsOptions> = {}) =>
  createS3Blobs({ bucket, endpoint, credentials, clock, ids, prefix: `p/${ids.next()}`, ...more });

async function* chunksOf(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield bytesOf(text);
}

if (endpoint === undefined) {
  it('passes the blobs contract on a real S3 service', (context) => {
    context.skip('POLAR_S3_URL names no S3 service (scripts/engines/start-s3.sh starts one)');
  });
} else {
  describeWith(endpoint);
}

function describeWith(address: string): void {
  const raw = new S3Client({ endpoint: address, credentials, region: 'us-east-1', forcePathStyle: true });
  beforeAll(async () => {
    await raw.send(new CreateBucketCommand({ Bucket: bucket }));
  });
  let prefix = '';
  describeBlobsContract({
    name: 'S3',
    create: () => {
      prefix = `c/${ids.next()}`;
      return open({ prefix });
    },
    async tamper(key, value) {
      await raw.send(new PutObjectCommand({ Bucket: bucket, Key: `${prefix}/${key}`, Body: value }));
    },
  });

  describe('createS3Blobs', () => {
    it('keeps its keys below its prefix', async () => {
      const place = ids.next();
      await open({ prefix: `${place}/inner` }).write('a', bytesOf('x'), options);

      expect(await open({ prefix: place }).list('', 10, options)).toEqual(['inner/a']);
      expect(await open({ prefix: `${place}/inner` }).list('', 10, options)).toEqual(['a']);
      expect(await open({ prefix: `${place}/inn` }).list('', 10, options)).toEqual([]);
    });

    it('notices under any key that the bytes are not those it stored', async () => {
      const at = `t/${ids.next()}`;
      const blobs = open({ prefix: at });
      await blobs.write('runs/r1/log', bytesOf('whole'), options);
      const { Metadata } = await headOf(`${at}/runs/r1/log`);
      await raw.send(
        new PutObjectCommand({ Bucket: bucket, Key: `${at}/runs/r1/log`, Body: 'other', Metadata }),
      );

      await expect(blobs.read('runs/r1/log', options)).rejects.toMatchObject({ code: 'BLOB_CORRUPT' });
    });

    it('finds that this service holds conditional writes, and finds it again after a restart', async () => {
      const at = `v/${ids.next()}`;
      await open({ prefix: at }).writeIfAbsent('a', bytesOf('x'), options);
      const { Body } = await getOf(`${at}/.gosling/conditional-writes.json`);
      expect(JSON.parse((await Body?.transformToString()) ?? '')).toMatchObject({ verdict: 'held' });

      // What the record says is believed: a restart asks the service nothing.
      const verdict = { verdict: 'ignored', checked_at: clock.now() };
      await open({ prefix: at }).write('.gosling/conditional-writes.json', json(verdict), options);
      const again = open({ prefix: at });
      await expect(again.writeIfAbsent('b', bytesOf('x'), options)).rejects.toMatchObject({
        code: 'BLOB_NO_CONDITIONAL_WRITES',
      });
      expect(await again.checkConditionalWrites(options)).toBe('held');
      expect(await again.writeIfAbsent('b', bytesOf('x'), options)).toBe('written');
      expect(await again.list('', 10, options)).toEqual(['a', 'b']);
    });

    it('writes what another program writes as well only over what was read', async () => {
      const blobs = open();
      const first = await blobs.writeShared('s', bytesOf('one'), { ...options, over: undefined });
      const again = await blobs.writeShared('s', bytesOf('two'), { ...options, over: undefined });
      const read = await blobs.readShared('s', options);
      const over = await blobs.writeShared('s', bytesOf('three'), { ...options, over: read?.version });
      const late = await blobs.writeShared('s', bytesOf('four'), { ...options, over: read?.version });
      const then = await blobs.read('s', options);
      await blobs.remove('s', options);
      const gone = await blobs.writeShared('s', bytesOf('five'), { ...options, over: read?.version });

      expect([first, again, over, late, gone]).toEqual([
        'written',
        'changed',
        'written',
        'changed',
        'changed',
      ]);
      expect([read?.bytes, then]).toEqual([bytesOf('one'), bytesOf('three')]);
      expect(await blobs.readShared('s', options)).toBeUndefined();
    });

    it('lists more keys than one page holds', { timeout: 120_000 }, async () => {
      const blobs = open();
      const keys = Array.from({ length: 1_105 }, (_, n) => `k/${String(n).padStart(5, '0')}`);
      for (let first = 0; first < keys.length; first += 50) {
        const some = keys.slice(first, first + 50);
        await Promise.all(some.map((key) => blobs.write(key, bytesOf('x'), options)));
      }

      expect(await blobs.list('k/', 1_103, options)).toEqual(keys.slice(0, 1_103));
    });

    it('says which bucket is not there', async () => {
      const blobs = open({ bucket: `${bucket}-missing` });
      const refused = expect.objectContaining({ code: 'BLOB_NO_BUCKET' });

      await expect(blobs.read('a', options)).rejects.toEqual(refused);
      await expect(blobs.write('a', bytesOf('x'), options)).rejects.toEqual(refused);
      await expect(blobs.list('', 1, options)).rejects.toEqual(refused);
    });

    it('says that its keys are refused, without them', async () => {
      const secretAccessKey = randomBytes(20).toString('hex');
      const blobs = open({ credentials: { accessKeyId: 'nobody', secretAccessKey } });

      const error = await blobs.write('a', bytesOf('x'), options).catch((thrown: unknown) => thrown);

      expect(error).toMatchObject({ code: 'BLOB_DENIED', retry: 'never' });
      expect(String((error as Error).message)).not.toContain(secretAccessKey);
      await expect(blobs.read('a', options)).rejects.toMatchObject({ code: 'BLOB_DENIED' });
      await expect(blobs.putContent('c', chunksOf('x'), options)).rejects.toMatchObject({
        code: 'BLOB_DENIED',
      });
    });
  });

  async function getOf(key: string) {
    const { GetObjectCommand } = await import('@aws-sdk/client-s3');
    return raw.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  }
  async function headOf(key: string) {
    const { HeadObjectCommand } = await import('@aws-sdk/client-s3');
    return raw.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
  }
}

function json(value: unknown): Uint8Array {
  return bytesOf(JSON.stringify(value));
}
