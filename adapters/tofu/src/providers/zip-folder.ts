import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { pipeline } from 'node:stream';
import { constants, crc32, createDeflateRaw } from 'node:zlib';
import { kernelErrors } from '@polar-gosling/kernel';

/** What the format takes without its 64-bit form. */
const mostBytes = 0xffff_ffff;
/** 1980-01-01: equal folders give equal archives. */
const fixedDate = 0x0021;
const sizesFollow = 0x0008;
const namesAreUtf8 = 0x0800;
const flags = sizesFollow | namesAreUtf8;
const deflated = 8;
const madeOnUnix = 0x031e;

interface Entry {
  readonly name: Buffer;
  readonly mode: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  readonly offset: number;
}

/** The regular files below a folder as a zip archive, in order, in chunks; equal folders give equal bytes. */
export async function* zipFolder(root: string): AsyncGenerator<Uint8Array> {
  const entries: Entry[] = [];
  let offset = 0;
  const count = (chunk: Buffer) => {
    offset += chunk.length;
    if (offset > mostBytes) throw kernelErrors.impossible({ what: `${root} is too big for an archive` });
    return chunk;
  };
  for (const path of await listFiles(root)) {
    const name = Buffer.from(relative(root, path).split(sep).join('/'), 'utf8');
    const { mode } = await stat(path);
    const start = offset;
    yield count(localHeader(name));
    const seen = { crc: 0, packed: 0, size: 0 };
    for await (const chunk of deflateFile(path, seen)) {
      seen.packed += chunk.length;
      yield count(chunk);
    }
    yield count(descriptor(seen));
    entries.push({ name, mode, ...seen, offset: start });
  }
  const directoryAt = offset;
  for (const entry of entries) yield count(centralHeader(entry));
  yield count(directoryEnd(entries.length, { at: directoryAt, size: offset - directoryAt }));
}

async function listFiles(root: string): Promise<string[]> {
  const found = await readdir(root, { recursive: true, withFileTypes: true });
  return found
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
}

async function* deflateFile(path: string, seen: { crc: number; size: number }): AsyncGenerator<Buffer> {
  // Providers are hundreds of megabytes: the fastest level is a third bigger and several times as fast.
  const packer = createDeflateRaw({ level: constants.Z_BEST_SPEED });
  const source = createReadStream(path, { highWaterMark: 1 << 20 });
  source.on('data', (chunk) => {
    seen.crc = crc32(chunk, seen.crc);
    seen.size += chunk.length;
  });
  pipeline(source, packer, () => undefined); // what fails here fails the reading of the packer below
  yield* packer as AsyncIterable<Buffer>;
}

function localHeader(name: Buffer): Buffer {
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt16LE(20, 4);
  header.writeUInt16LE(flags, 6);
  header.writeUInt16LE(deflated, 8);
  header.writeUInt16LE(fixedDate, 12);
  header.writeUInt16LE(name.length, 26);
  return Buffer.concat([header, name]);
}

function descriptor({ crc, packed, size }: Pick<Entry, 'crc' | 'packed' | 'size'>): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt32LE(0x08074b50, 0);
  bytes.writeUInt32LE(crc, 4);
  bytes.writeUInt32LE(packed, 8);
  bytes.writeUInt32LE(size, 12);
  return bytes;
}

function centralHeader({ name, mode, crc, packed, size, offset }: Entry): Buffer {
  const header = Buffer.alloc(46);
  header.writeUInt32LE(0x02014b50, 0);
  header.writeUInt16LE(madeOnUnix, 4);
  header.writeUInt16LE(20, 6);
  header.writeUInt16LE(flags, 8);
  header.writeUInt16LE(deflated, 10);
  header.writeUInt16LE(fixedDate, 14);
  header.writeUInt32LE(crc, 16);
  header.writeUInt32LE(packed, 20);
  header.writeUInt32LE(size, 24);
  header.writeUInt16LE(name.length, 28);
  header.writeUInt32LE(((mode & 0xffff) << 16) >>> 0, 38);
  header.writeUInt32LE(offset, 42);
  return Buffer.concat([header, name]);
}

function directoryEnd(count: number, { at, size }: { at: number; size: number }): Buffer {
  const bytes = Buffer.alloc(22);
  bytes.writeUInt32LE(0x06054b50, 0);
  bytes.writeUInt16LE(count, 8);
  bytes.writeUInt16LE(count, 10);
  bytes.writeUInt32LE(size, 12);
  bytes.writeUInt32LE(at, 16);
  return bytes;
}
