import { crc32 } from 'node:zlib';

/** A job's output so far. It is kept whole, so that any offset can be sent again. */
export class JobLog {
  readonly #limitBytes: number;
  #data = Buffer.alloc(4096);
  #size = 0;
  #isFull = false;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get size(): number {
    return this.#size;
  }

  /** Adds output; what is beyond the limit is dropped, and the log says so once. */
  append(output: Buffer | string): void {
    if (this.#isFull) return;
    const bytes = Buffer.from(output);
    const room = this.#limitBytes - this.#size;
    if (bytes.length <= room) {
      this.#write(bytes);
      return;
    }
    this.#isFull = true;
    this.#write(bytes.subarray(0, room));
    this.#write(
      Buffer.from(
        `\nJob's log exceeded limit of ${this.#limitBytes} bytes.\nJob execution will continue but no more output will be collected.\n`,
      ),
    );
  }

  slice(start: number, maxBytes: number): Buffer {
    return Buffer.from(this.#data.subarray(start, Math.min(this.#size, start + maxBytes)));
  }

  /** What the final update says about the log. */
  digest(): { checksum: string; bytesize: number } {
    const sum = crc32(this.#data.subarray(0, this.#size));
    return { checksum: `crc32:${sum.toString(16).padStart(8, '0')}`, bytesize: this.#size };
  }

  #write(bytes: Buffer): void {
    if (this.#size + bytes.length > this.#data.length) {
      const grown = Buffer.alloc(Math.max(this.#data.length * 2, this.#size + bytes.length));
      this.#data.copy(grown, 0, 0, this.#size);
      this.#data = grown;
    }
    bytes.copy(this.#data, this.#size);
    this.#size += bytes.length;
  }
}
