import { randomBytes, randomInt } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { IdSource } from '../ids.ts';

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';
const randomLetters = 16;

/** Ids from the host's clock and random source; rising also within one millisecond. */
export function createSystemIds(clock: Clock): IdSource {
  let lastMs = 0;
  let head = '';
  let tail: number[] = [];
  return {
    next() {
      const nowMs = clock.now();
      if (nowMs > lastMs) {
        lastMs = nowMs;
        head = timeLetters(nowMs);
        tail = Array.from(randomBytes(randomLetters), (byte) => byte % 32);
      } else {
        increment(tail);
      }
      let id = head;
      for (const digit of tail) id += alphabet[digit];
      return id;
    },
    token: (bytes) => randomBytes(bytes).toString('base64url'),
    random: () => randomInt(2 ** 40) / 2 ** 40,
  };
}

function timeLetters(ms: number): string {
  let text = '';
  for (let rest = ms, place = 0; place < 10; place++, rest = Math.floor(rest / 32)) {
    text = alphabet[rest % 32] + text;
  }
  return text;
}

function increment(digits: number[]): void {
  for (let place = digits.length - 1; place >= 0; place--) {
    const digit = digits[place] ?? 0;
    if (digit < 31) {
      digits[place] = digit + 1;
      return;
    }
    digits[place] = 0;
  }
}
