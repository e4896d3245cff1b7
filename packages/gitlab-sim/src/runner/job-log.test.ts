import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JobLog } from './job-log.ts';

describe('JobLog', () => {
  it('keeps every byte in order and can be read from any offset', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 9000 })), fc.nat(), (chunks, offset) => {
        const log = new JobLog(10_000_000);
        for (const chunk of chunks) log.append(Buffer.from(chunk));

        const whole = Buffer.concat(chunks);
        const start = offset % (whole.length + 1);

        expect(log.slice(start, 1_000_000).equals(whole.subarray(start))).toBe(true);
        expect(log.digest()).toEqual({
          checksum: `crc32:${crc32(whole).toString(16).padStart(8, '0')}`,
          bytesize: whole.length,
        });
      }),
    );
  });

  it('stops at its limit and says so', () => {
    const log = new JobLog(5);

    log.append('1234567');
    log.append('8');

    expect(log.slice(0, 1000).toString()).toMatch(/^12345\nJob's log exceeded limit of 5 bytes/);
    expect(log.slice(0, 1000).toString()).not.toContain('8');
  });
});
