import { createSystemClock } from '@polar-gosling/kernel';
import { afterEach, describe, expect, it } from 'vitest';
import type { BlobStore } from './blobs.ts';
import { describeContent } from './contract/content/contract.ts';
import { describeStreams } from './contract/streams/contract.ts';
import { bytesOf, type Check, chunksOf, entriesOf, options, type Tamper } from './contract/words/contract.ts';

export interface BlobsContract {
  readonly name: string;
  /** A new, empty blob store. */
  create(): Promise<BlobStore> | BlobStore;
  readonly tamper?: Tamper;
  /** Ends what `create` started. */
  close?(): Promise<void>;
  /** Title of a case → why this engine cannot pass it. */
  readonly skip?: Readonly<Record<string, string>>;
}

const badKeys = [
  '',
  '/a',
  'a/',
  'a//b',
  '..',
  '../a',
  'a/../../b',
  'a/./b',
  'a\\..\\b',
  'a\0b',
  'a b',
  'ü',
  'x'.repeat(2_000),
];

/** What every blob store does; an adapter passes all of it against its real engine. */
export function describeBlobsContract(contract: BlobsContract): void {
  describe(`blobs contract: ${contract.name}`, () => {
    afterEach(() => contract.close?.());
    const check: Check = (title, test) => {
      it(title, async (context) => {
        const reason = contract.skip?.[title];
        if (reason !== undefined) context.skip(reason);
        await test(await contract.create());
      });
    };
    describeValues(check);
    describeKeys(check);
    describeStreams(check);
    describeContent(check, contract.tamper);
  });
}

function describeValues(check: Check): void {
  check('answers undefined for a missing key', async (blobs) => {
    expect(await blobs.read('runs/r1/log.jsonl', options)).toBeUndefined();
  });
  check('gives back the bytes, also none and many', async (blobs) => {
    const values = [new Uint8Array(), Uint8Array.of(0, 255, 10, 13), new Uint8Array(3_000_000).fill(7)];
    for (const [place, value] of values.entries()) {
      await blobs.write(`bundles/${place}`, value, options);
      const read = await blobs.read(`bundles/${place}`, options);
      expect(read && Buffer.from(read).equals(value)).toBe(true);
    }
  });
  check('replaces a value', async (blobs) => {
    await blobs.write('a/b', bytesOf('a long first value'), options);
    await blobs.write('a/b', bytesOf('second'), options);
    expect(await blobs.read('a/b', options)).toEqual(bytesOf('second'));
  });
  check('never shows a part of a value that is being replaced', async (blobs) => {
    const values = ['a', 'b'].map((letter) => bytesOf(letter.repeat(200_000)));
    await blobs.write('a', values[0] ?? new Uint8Array(), options);
    const writes = Array.from({ length: 10 }, (_, n) =>
      blobs.write('a', values[n % 2] ?? new Uint8Array(), options),
    );
    const reads = await Promise.all(Array.from({ length: 20 }, () => blobs.read('a', options)));
    await Promise.all(writes);
    for (const read of reads) {
      expect(read).toHaveLength(200_000);
      expect(new Set(read).size).toBe(1);
    }
  });
  check('writes only where there is none', async (blobs) => {
    expect(await blobs.writeIfAbsent('a/b', bytesOf('first'), options)).toBe('written');
    expect(await blobs.writeIfAbsent('a/b', bytesOf('second'), options)).toBe('exists');
    expect(await blobs.read('a/b', options)).toEqual(bytesOf('first'));
  });
  check('lets one of many first writers win', async (blobs) => {
    const writers = Array.from({ length: 10 }, (_, n) =>
      blobs.writeIfAbsent('a/b', bytesOf(`writer ${n}`), options),
    );
    const answers = await Promise.all(writers);
    expect(answers.filter((answer) => answer === 'written')).toHaveLength(1);
    expect(await blobs.read('a/b', options)).toEqual(bytesOf(`writer ${answers.indexOf('written')}`));
  });
  check('removes a value, and a missing one without complaint', async (blobs) => {
    await blobs.write('a/b', bytesOf('x'), options);
    await blobs.remove('a/b', options);
    await blobs.remove('a/b', options);
    expect(await blobs.read('a/b', options)).toBeUndefined();
    expect(await blobs.writeIfAbsent('a/b', bytesOf('y'), options)).toBe('written');
  });
  check('keeps its own copy of what it is given', async (blobs) => {
    const value = bytesOf('abc');
    await blobs.write('a', value, options);
    value.fill(0);
    expect(await blobs.read('a', options)).toEqual(bytesOf('abc'));
  });
  check('does nothing for a caller who has given up', async (blobs) => {
    const signal = AbortSignal.abort(new Error('gone'));
    await expect(blobs.write('a', bytesOf('x'), { signal })).rejects.toThrow('gone');
    await expect(blobs.read('a', { signal })).rejects.toThrow('gone');
    expect(await blobs.read('a', options)).toBeUndefined();
  });
}

function describeKeys(check: Check): void {
  check('lists keys by prefix, in the order of their text', async (blobs) => {
    const keys = ['a-b/x', 'a.b', 'a/b', 'a/c/d', 'a/c.d', 'a0', 'b'];
    for (const key of keys.toReversed()) await blobs.write(key, bytesOf('x'), options);
    expect(await blobs.list('', 100, options)).toEqual(keys.toSorted());
    expect(await blobs.list('a/', 100, options)).toEqual(['a/b', 'a/c.d', 'a/c/d']);
    expect(await blobs.list('a/c', 100, options)).toEqual(['a/c.d', 'a/c/d']);
    expect(await blobs.list('nothing/here', 100, options)).toEqual([]);
  });
  check('lists at most as many as asked for', async (blobs) => {
    for (const key of ['a/1', 'a/2', 'a/3', 'b/1']) await blobs.write(key, bytesOf('x'), options);
    expect(await blobs.list('', 2, options)).toEqual(['a/1', 'a/2']);
    expect(await blobs.list('a/', 3, options)).toEqual(['a/1', 'a/2', 'a/3']);
  });
  check('tells of each value when it was written last', async (blobs) => {
    const clock = createSystemClock();
    // Services tell whole seconds, by a clock of their own.
    const from = clock.now() - 10_000;
    for (const key of ['a/2', 'a/1', 'b']) await blobs.write(key, bytesOf('x'), options);
    const found = await entriesOf(blobs, 'a/');
    expect(found.map(({ key }) => key)).toEqual(['a/1', 'a/2']);
    for (const { writtenAt } of found) {
      expect(writtenAt).toBeGreaterThan(from);
      expect(writtenAt).toBeLessThan(clock.now() + 10_000);
    }
    await clock.sleep(1_100, options.signal);
    await blobs.write('a/1', bytesOf('x'), options);
    const [again, other] = await entriesOf(blobs, '');
    expect(again?.writtenAt).toBeGreaterThan(found[0]?.writtenAt ?? Number.NaN);
    expect(other).toEqual(found[1]);
    expect(await entriesOf(blobs, 'nothing/')).toEqual([]);
  });
  check('refuses what is no key', async (blobs) => {
    const refused = expect.objectContaining({ code: 'BLOB_BAD_KEY' });
    for (const key of badKeys) {
      await expect(blobs.read(key, options)).rejects.toEqual(refused);
      await expect(blobs.write(key, bytesOf('x'), options)).rejects.toEqual(refused);
      await expect(blobs.writeIfAbsent(key, bytesOf('x'), options)).rejects.toEqual(refused);
      await expect(blobs.remove(key, options)).rejects.toEqual(refused);
    }
    for (const key of badKeys) {
      await expect(blobs.openRead(key, options)).rejects.toEqual(refused);
      await expect(blobs.writeFrom(key, chunksOf(['x']), options)).rejects.toEqual(refused);
      await expect(blobs.putContent(key, chunksOf(['x']), options)).rejects.toEqual(refused);
    }
    await expect(blobs.list('../', 1, options)).rejects.toEqual(refused);
    await expect(blobs.list('a/..', 1, options)).rejects.toEqual(refused);
  });
  check('tells keys apart to the letter', async (blobs) => {
    await blobs.write('Runs/a', bytesOf('x'), options);
    expect(await blobs.read('runs/a', options)).toBeUndefined();
    expect(await blobs.read('Runs', options)).toBeUndefined();
    expect(await blobs.read('Runs/a/b', options)).toBeUndefined();
  });
}
