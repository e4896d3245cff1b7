// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of Fly are written like this
import { formatFly } from '@polar-gosling/fly';
import { describe, expect, it } from 'vitest';
import { bucketFile, eggFile, repoBlock } from './egg-file.ts';
import { jobFile } from './job-file.ts';
import { namedBlocks, placeBlock, placeRepos } from './place-block.ts';
import { readNest } from './read-nest.ts';

const options = { name: 'app', tags: ['docker'], gitlab: { projectId: 7 } };
const { text: block } = eggFile(options);
const wish = { kind: 'egg', name: 'app', block } as const;

describe('bucketFile and jobFile', () => {
  it('write formatted files that read as what was asked for', () => {
    const bucket = bucketFile({ name: 'all-of-it', repos: [{ projectId: 1 }, { groupId: 2 }] });
    const job = jobFile({ name: 'tidy', schedule: '0 3 * * *', script: 'echo ${HOME}\ndate', tags: ['x'] });
    const read = readNest([bucket, job], { embedded: true });

    expect(read.diagnostics).toEqual([]);
    expect(read.eggs[0]?.scopes.map(({ scope, scopeId }) => `${scope} ${scopeId}`)).toEqual([
      'project 1',
      'group 2',
    ]);
    expect(read.jobs).toMatchObject([
      { name: 'tidy', script: 'echo ${HOME}\ndate', runner: { tags: ['x'] } },
    ]);
    expect([bucket, job].map(({ text }) => formatFly(text))).toEqual([bucket.text, job.text]);
  });
});

describe('placeBlock', () => {
  it('writes a new file, and adds to one that holds other things, which stay byte for byte', () => {
    const other = '# ours\negg   "b" {}  # odd\r\n';

    expect(placeBlock('', wish)).toEqual({ kind: 'written', text: block });
    expect(placeBlock(other, wish)).toEqual({
      kind: 'written',
      text: `${other.trimEnd()}\r\n\r\n${block.replaceAll('\n', '\r\n')}`,
    });
  });

  it('tells a block that says the same from one that says something else, however they are written', () => {
    expect(placeBlock(`# more\n${block.replace('type =', 'type   =')}`, wish)).toEqual({ kind: 'unchanged' });
    expect(placeBlock(block.replace('= 7', '= 8'), wish)).toEqual({ kind: 'different' });
    expect(placeBlock('egg "b" {\n', wish)).toEqual({ kind: 'broken' });
  });
});

describe('placeRepos', () => {
  const { text } = bucketFile({ name: 'all-of-it', repos: [{ projectId: 1 }] });
  const repos = [repoBlock({ projectId: 1 }), repoBlock({ groupId: 2 })];

  it('adds the projects and groups that a bucket lacks', () => {
    const mine = text.replace('type ', '# ours\n  type ');
    const placed = placeRepos(mine, 'all-of-it', repos);
    const grown = placed.kind === 'written' ? placed.text : '';

    expect(grown).toBe(
      mine.replace(
        / {2}\}\n\}\n$/,
        '\n    repo "group-2" {\n      gitlab {\n        group_id = 2\n      }\n    }\n  }\n}\n',
      ),
    );
    expect(placeRepos(grown, 'all-of-it', repos)).toEqual({ kind: 'unchanged' });
    expect(placeRepos(text, 'other', repos)).toEqual({ kind: 'different' });
  });
});

describe('namedBlocks', () => {
  it('finds Eggs, buckets and jobs, those with mistakes too', () => {
    expect(
      namedBlocks([{ path: 'a.fly', text: 'egg "a" {\n  typ = 1\n}\njob "b" {}\nuglyfox {\n}\n' }]),
    ).toEqual([
      { kind: 'egg', name: 'a', file: 'a.fly' },
      { kind: 'job', name: 'b', file: 'a.fly' },
    ]);
  });
});
