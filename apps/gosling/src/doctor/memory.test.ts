import { describe, expect, it } from 'vitest';
import { findMemory } from './memory.ts';

describe('the memory that gosling doctor looks for', () => {
  it('is enough where a launch fits beside a removal of each cloud', () => {
    expect(findMemory(['aws', 'yandex'], () => 0)).toMatchObject({ result: 'ok' });
  });

  it('is warned of where it does not, with the clouds and what is missing', () => {
    const lacks = { aws: 310, yandex: 0 };

    expect(findMemory(['aws', 'yandex'], (cloud) => lacks[cloud])).toEqual({
      result: 'warn',
      detail: expect.stringContaining('(aws): while a removal hangs nothing is launched there'),
      fix: expect.stringContaining('310 MiB more'),
    });
    expect(findMemory(['yandex'], (cloud) => lacks[cloud])).toMatchObject({ result: 'ok' });
  });
});
