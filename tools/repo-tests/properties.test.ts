import { expect, it } from 'vitest';
import { findFiles, readTable, readText } from './repository.ts';

const numbers = [...Array.from({ length: 42 }, (_, index) => String(index + 1)), '4a', '4b', '4c'];
const page = new Map(readTable('docs/properties.md').map(({ key, cells }) => [key, cells]));

/** `number file` of every test that carries a property's number. */
const tested = findFiles('{packages,adapters,apps,e2e}/**/*.ts').flatMap((file) => {
  const titles = readText(file).matchAll(/Feature: gitops-runner-orchestration, Property (\d+[a-c]?): /g);
  return [...new Set([...titles].map(([, number]) => `${number} ${file}`))];
});

it('lists every property of the original design, and no other', () => {
  expect([...page.keys()].toSorted()).toEqual(numbers.toSorted());
});

it('names for each property the files that test it, all of them', () => {
  const listed = [...page].flatMap(([number, [, where = '']]) =>
    [...where.matchAll(/`([^`]+)`/g)].map(([, file]) => `${number} ${file}`),
  );

  expect(tested.length).toBeGreaterThan(0);
  expect(listed.toSorted()).toEqual(tested.toSorted());
});

it('says for each other property with which part of the work it comes', () => {
  const untested = [...page].filter(([number]) => !tested.some((entry) => entry.startsWith(`${number} `)));

  for (const [number, [, where]] of untested) expect(where, `property ${number}`).toMatch(/^later: \w+/);
});
