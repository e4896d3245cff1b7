import { expect, it } from 'vitest';
import { formatBytes } from './bytes.ts';

it.each([
  [{ received: 4_404_019, total: 34_708_224 }, '4.2 of 33.1 MiB'],
  [{ received: 1_000, total: 34_708_224 }, '0.0 of 33.1 MiB'],
  [{ received: 512, total: 2_048 }, '0.5 of 2.0 KiB'],
  [{ received: 0, total: 900 }, '0 of 900 bytes'],
  [{ received: 1_572_864 }, '1.5 MiB'],
  [{ received: 7 }, '7 bytes'],
])('%j is %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});
