import type { Clock, IdSource } from '@polar-gosling/kernel';

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';

/** Ids and chance that are the same in each run with the same seed and clock; ids rise as the real ones do. */
export function createSeededIds(seed: number, clock: Clock): IdSource {
  const random = mulberry32(seed);
  const tag = letters(Math.floor(random() * 32 ** 6), 6);
  let lastMs = 0;
  let count = 0;
  return {
    next() {
      lastMs = Math.max(lastMs, clock.now());
      return letters(lastMs, 10) + letters(count++, 10) + tag;
    },
    token: (bytes) => Buffer.from(Array.from({ length: bytes }, () => random() * 256)).toString('base64url'),
    random,
  };
}

function letters(value: number, length: number): string {
  let text = '';
  for (let rest = value; text.length < length; rest = Math.floor(rest / 32)) {
    text = alphabet[rest % 32] + text;
  }
  return text;
}

/** Tommy Ettinger's 32-bit generator: small, and good enough to choose test cases. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
