import { type BinarySource, binaryErrors, isVersion } from '@polar-gosling/ports/binaries';
import { z } from 'zod';
import { downloadText, shownUrl } from './download.ts';
import { type FetchContext, repositoryOf, type SourceAddresses } from './fetch-release.ts';
import type { Program } from './program.ts';
import { compareVersions } from './version.ts';

const textLimitBytes = 16 * 1024 * 1024;
const pagesAtMost = 10;
const Releases = z.array(z.object({ tag_name: z.string(), draft: z.boolean().optional() }));

/**
 * Versions that a source has, newest first. A source of one's own cannot be listed. Only versions that look like one
 * (`v1.2.3`, `v1.2.3-rc1`) count, so that no name of a tag reaches a path.
 */
export async function listReleases(
  at: { program: Program; source: BinarySource; addresses: SourceAddresses },
  context: FetchContext,
): Promise<readonly string[]> {
  if (at.source.kind === 'other') {
    throw binaryErrors.badRequest({
      problem: 'an address of your own cannot be listed',
      fix: 'name the version to install',
    });
  }
  const first = `${at.addresses.githubApi}/repos/${repositoryOf(at)}/releases?per_page=100`;
  const texts = { ...context, what: at.program.title, auth: at.source.auth, limitBytes: textLimitBytes };
  const versions = new Set<string>();
  let next: string | undefined = first;
  for (let page = 0; next !== undefined && page < pagesAtMost; page++) {
    const { text, headers } = await downloadText(next, texts);
    for (const { tag_name: tag, draft } of parseReleases(text, { url: next, what: at.program.title })) {
      if (draft !== true && isVersion(tag.slice(1)) && tag.startsWith('v')) versions.add(tag.slice(1));
    }
    next = nextPage(headers['link'], first);
  }
  return [...versions].toSorted((a, b) => compareVersions(b, a));
}

function parseReleases(text: string, at: { url: string; what: string }): z.infer<typeof Releases> {
  try {
    return Releases.parse(JSON.parse(text));
  } catch (cause) {
    const reason = 'the answer is no list of releases';
    throw binaryErrors.download({ what: at.what, url: shownUrl(at.url), reason }, { cause });
  }
}

/** `Link: <…>; rel="next"`, on the same origin only. */
function nextPage(header: string | string[] | undefined, first: string): string | undefined {
  const text = [header].flat().join(', ');
  const found = /<([^>]+)>\s*;[^,]*rel="next"/.exec(text)?.[1];
  if (found === undefined) return undefined;
  return URL.parse(found)?.origin === new URL(first).origin ? found : undefined;
}
