import { describe, expect, it } from 'vitest';
import { readNest } from './read-nest.ts';

const egg = (name: string, project = 7) =>
  `egg "${name}" {\n  type = "vm"\n  gitlab { project_id = ${project} }\n}\n`;

function renames(now: Readonly<Record<string, string>>, before: Readonly<Record<string, string>>): string[] {
  const listOf = (files: Readonly<Record<string, string>>) =>
    Object.entries(files).map(([path, text]) => ({ path, text }));
  return readNest(listOf(now), { embedded: true, before: listOf(before) }).diagnostics.flatMap(
    ({ code, file, message }) => (code === 'FLY083' ? [`${file} ${message.split(':')[0]}`] : []),
  );
}

describe('an Egg under another name', () => {
  it('is told in the same file, in another one, and for a bucket', () => {
    const bucket = (name: string) =>
      `eggsbucket "${name}" {\n  type = "vm"\n  repositories {\n    repo "x" { gitlab { group_id = 3 } }\n  }\n}\n`
        .replace('{ gitlab {', '{\n gitlab {')
        .replace('} }\n', '}\n}\n');

    expect(renames({ 'Eggs/a.fly': egg('b') }, { 'Eggs/a.fly': egg('a') })).toEqual([
      'Eggs/a.fly egg "a" is called "b" now',
    ]);
    expect(renames({ 'Eggs/b/config.fly': egg('b') }, { 'Eggs/a/config.fly': egg('a') })).toEqual([
      'Eggs/b/config.fly egg "a" is called "b" now',
    ]);
    expect(renames({ 'Eggs/a.fly': bucket('b') }, { 'Eggs/a.fly': bucket('a') })).toEqual([
      'Eggs/a.fly eggsbucket "a" is called "b" now',
    ]);
  });

  it('is none where only the folder changed, a new Egg came, or the project is another', () => {
    const before = { 'Eggs/a/config.fly': egg('a') };

    expect(renames({ 'Eggs/z/config.fly': egg('a') }, before)).toEqual([]);
    expect(renames({ ...before, 'Eggs/b/config.fly': egg('b') }, before)).toEqual([]);
    expect(renames({ 'Eggs/b/config.fly': egg('b', 8) }, before)).toEqual([]);
    expect(renames(before, before)).toEqual([]);
  });

  it('is none for an Egg that was there before, in a file that did not change', () => {
    const shared = { 'Eggs/b/config.fly': egg('b') };

    expect(renames(shared, { 'Eggs/a/config.fly': egg('a'), ...shared })).toEqual([]);
  });
});
