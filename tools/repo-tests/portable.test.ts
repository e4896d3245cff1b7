import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { findFiles, readJson, readText, rootUrl } from './repository.ts';

const text = findFiles([
  '*',
  '.*',
  '.ci/**',
  '{packages,adapters,apps,infra,e2e,docs,scripts,tools,specsuite}/**',
]).filter((path) => path !== '.git' && !path.endsWith('package-lock.json')); // in a worktree, .git is a file

it('names no place of the machine that it was written on', () => {
  const checkout = fileURLToPath(rootUrl);
  const names = (content: string) => content.includes(checkout) || /\/work\/(?:main|shared)\b/.test(content);

  expect(text.length).toBeGreaterThan(500);
  expect(text.filter((path) => names(readText(path)))).toEqual([]);
});

it('installs from the public registry and no other', () => {
  const { packages } = readJson('package-lock.json');
  const entries: { resolved?: string; link?: boolean }[] = Object.values(packages);
  const elsewhere = entries
    .filter(({ link, resolved }) => !link && resolved !== undefined)
    .filter(({ resolved }) => !resolved?.startsWith('https://registry.npmjs.org/'));

  expect(elsewhere).toEqual([]);
  expect(findFiles('**/.npmrc')).toEqual([]);
  expect(
    text.filter((path) =>
      /https?:\/\/[^\s/]*\b(?:artifactory|jfrog|nexus|verdaccio)\b/i.test(readText(path)),
    ),
  ).toEqual([]);
});
