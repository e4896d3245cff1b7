import { createReadStream, createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';

const blockBytes = 512;

/**
 * Writes the one regular file `name` of a `tar.gz` to `target`. Answers false when it is not in there. Nothing else
 * of the archive is written, so its paths and links cannot reach anything.
 */
export async function extractFile(
  archive: string,
  wanted: { name: string; target: string; limitBytes: number },
  signal: AbortSignal,
): Promise<boolean> {
  const reader = new BlockReader(createReadStream(archive).pipe(createGunzip()));
  for (;;) {
    const header = await reader.take(blockBytes);
    if (header === undefined || header.every((byte) => byte === 0)) return false;
    const { name, size, isRegular } = parseHeader(header);
    const padding = (blockBytes - (size % blockBytes)) % blockBytes;
    if (isRegular && name === wanted.name && size <= wanted.limitBytes) {
      await pipeline(reader.stream(size), createWriteStream(wanted.target, { flags: 'wx', mode: 0o600 }), {
        signal,
      });
      reader.close();
      return true;
    }
    for await (const _ of reader.stream(size + padding)) signal.throwIfAborted();
  }
}

function parseHeader(header: Uint8Array): { name: string; size: number; isRegular: boolean } {
  const text = (from: number, length: number) =>
    Buffer.from(header.subarray(from, from + length))
      .toString('utf8')
      .replace(/\0.*$/s, '');
  const type = text(156, 1);
  return {
    name: text(0, 100).replace(/^\.\//, ''),
    size: Number.parseInt(text(124, 12).trim() || '0', 8),
    isRegular: type === '0' || type === '',
  };
}

/** Takes bytes off a stream in asked-for amounts. */
class BlockReader {
  readonly #source: AsyncIterator<Buffer>;
  readonly #close: () => void;
  #rest: Buffer = Buffer.alloc(0);

  constructor(stream: NodeJS.ReadableStream & { destroy(): void }) {
    this.#source = (stream as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
    this.#close = () => stream.destroy();
  }

  async take(size: number): Promise<Buffer | undefined> {
    const parts: Buffer[] = [];
    for await (const part of this.stream(size)) parts.push(part);
    const taken = Buffer.concat(parts);
    return taken.length === size ? taken : undefined;
  }

  async *stream(size: number): AsyncGenerator<Buffer> {
    for (let left = size; left > 0; ) {
      if (this.#rest.length === 0) {
        const { value, done } = await this.#source.next();
        if (done) return;
        this.#rest = value;
      }
      const part = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(part.length);
      left -= part.length;
      yield part;
    }
  }

  close(): void {
    this.#close();
  }
}
