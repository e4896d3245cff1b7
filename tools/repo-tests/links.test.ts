import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { findFiles, readText, rootUrl } from './repository.ts';

const pages = findFiles('**/*.md');

it.each(pages)('%s links to what exists', (page) => {
  const broken = linksOf(page).filter(({ target }) => !resolves(page, target));

  expect(broken).toEqual([]);
});

it('reaches every page of docs/ from the README', () => {
  const seen = new Set<string>();
  const open = ['README.md'];
  for (let page = open.pop(); page !== undefined; page = open.pop()) {
    if (seen.has(page)) continue;
    seen.add(page);
    open.push(
      ...linksOf(page)
        .map(({ target }) => pathOf(page, target))
        .filter((path) => pages.includes(path)),
    );
  }

  expect(pages.filter((page) => page.startsWith('docs/') && !seen.has(page))).toEqual([]);
});

/** Links of a page to places of this repository: not to the web, and not inside examples of code. */
function linksOf(page: string): { target: string }[] {
  const prose = readText(page)
    .replace(/^```[\s\S]*?^```/gm, '')
    .replace(/`[^`\n]*`/g, '`');
  const targets = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => ({ target }));
  return targets.filter(({ target }) => !/^[a-z]+:/.test(target));
}

function resolves(page: string, target: string): boolean {
  const path = pathOf(page, target);
  const anchor = target.split('#')[1];
  if (!existsSync(new URL(path, rootUrl))) return false;
  return anchor === undefined || anchorsOf(path).includes(anchor);
}

function pathOf(page: string, target: string): string {
  const file = target.split('#')[0];
  return file === ''
    ? page
    : new URL(file ?? '', new URL(page, rootUrl)).pathname.slice(rootUrl.pathname.length);
}

/** Anchors as GitLab and GitHub make them of headings. */
function anchorsOf(path: string): string[] {
  const headings = [...readText(path).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) => heading);
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replace(/\s/g, '-'),
  );
}
