import { backupErrors } from './errors.ts';

// The form `ustar` of tar, so that an archive can be looked into with the system's own tools.
const blockBytes = 512;
const nameBytes = 100;
const sizeAt = 124;
const sizeBytes = 12;
const checksumAt = 148;
/** What eleven octal digits hold; bigger sizes are written as numbers, as GNU tar does. */
const octalLimit = 8 ** 11;

export interface TarEntry {
  /** At most 100 bytes. */
  readonly name: string;
  readonly sizeBytes: number;
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** An archive of the entries, one after the other, without ever holding one of them. */
export async function* writeTar(entries: AsyncIterable<TarEntry>): AsyncGenerator<Uint8Array> {
  for await (const { name, sizeBytes: announced, chunks } of entries) {
    yield headerOf(name, announced);
    let written = 0;
    for await (const chunk of chunks) {
      written += chunk.length;
      yield chunk;
    }
    if (written !== announced) throw backupErrors.changing({ what: name });
    yield Buffer.alloc(paddingOf(written));
  }
  yield Buffer.alloc(2 * blockBytes);
}

/** Each entry in turn; its chunks are read before the next one is asked for. */
export async function* readTar(source: AsyncIterable<Uint8Array>, file: string): AsyncGenerator<TarEntry> {
  const reader = readerOf(source, file);
  for (;;) {
    const header = await reader.take(blockBytes);
    if (header.every((byte) => byte === 0)) return;
    const { name, size } = readHeader(header, file);
    yield { name, sizeBytes: size, chunks: reader.chunks(size) };
    await reader.take(paddingOf(size));
  }
}

function headerOf(name: string, size: number): Buffer {
  const header = Buffer.alloc(blockBytes);
  header.write(name, 0, nameBytes, 'utf8');
  header.write('0000600\0', 100, 'latin1');
  header.write('0000000\0', 108, 'latin1');
  header.write('0000000\0', 116, 'latin1');
  if (size < octalLimit) header.write(`${size.toString(8).padStart(11, '0')}\0`, sizeAt, 'latin1');
  else {
    header[sizeAt] = 0x80;
    header.writeBigUInt64BE(BigInt(size), sizeAt + 4);
  }
  header.write('00000000000\0', 136, 'latin1');
  header.write('0', 156, 'latin1');
  header.write('ustar\x0000', 257, 'latin1');
  header.write(`${checksumOf(header).toString(8).padStart(6, '0')}\0 `, checksumAt, 'latin1');
  return header;
}

function readHeader(header: Buffer, file: string): { name: string; size: number } {
  const damaged = (reason: string) => backupErrors.damaged({ file, reason });
  const stored = Number.parseInt(header.toString('latin1', checksumAt, checksumAt + 8), 8);
  if (stored !== checksumOf(header)) throw damaged('an entry has a wrong checksum');
  const name = header.toString('utf8', 0, nameBytes).replace(/\0.*$/s, '');
  const isNumber = (header[sizeAt] ?? 0) >= 0x80;
  const size = isNumber
    ? Number(header.readBigUInt64BE(sizeAt + 4))
    : Number.parseInt(header.toString('latin1', sizeAt, sizeAt + sizeBytes), 8);
  if (!Number.isSafeInteger(size)) throw damaged('an entry has no size');
  return { name, size };
}

/** The sum of the header's bytes with spaces in the place of the sum. */
function checksumOf(header: Buffer): number {
  return header.reduce((sum, byte, at) => {
    const isChecksum = at >= checksumAt && at < checksumAt + 8;
    return sum + (isChecksum ? 0x20 : byte);
  }, 0);
}

function paddingOf(size: number): number {
  return (blockBytes - (size % blockBytes)) % blockBytes;
}

/** Takes bytes of a stream as they are asked for; BACKUP_DAMAGED when it ends too early. */
function readerOf(source: AsyncIterable<Uint8Array>, file: string) {
  const iterator = source[Symbol.asyncIterator]();
  let held = Buffer.alloc(0);
  const fill = async (): Promise<void> => {
    const next = await iterator.next();
    if (next.done === true) throw backupErrors.damaged({ file, reason: 'it ends too early' });
    held = held.length === 0 ? Buffer.from(next.value) : Buffer.concat([held, next.value]);
  };
  return {
    async take(size: number): Promise<Buffer> {
      while (held.length < size) await fill();
      const taken = held.subarray(0, size);
      held = held.subarray(size);
      return taken;
    },
    async *chunks(size: number): AsyncGenerator<Uint8Array> {
      for (let left = size; left > 0; ) {
        if (held.length === 0) await fill();
        const part = held.subarray(0, left);
        held = held.subarray(part.length);
        left -= part.length;
        yield part;
      }
    },
  };
}
