import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { meetsConstraints, newestMeeting, parseConstraints } from './version-constraints.ts';

// Written by OpenTofu's own two libraries, one after the other, as it calls them: hashicorp/go-version 1.8.0, then
// apparentlymart/go-versions 1.0.3. null: one of them refuses the text.
const table: {
  readonly versions: readonly string[];
  readonly constraints: Readonly<Record<string, readonly string[] | null>>;
} = JSON.parse(readFileSync(new URL('../../testdata/version-constraints.json', import.meta.url), 'utf8'));

describe('the versions that satisfy a constraint', () => {
  it.each(Object.entries(table.constraints))('%j are those that OpenTofu takes', (text, expected) => {
    const constraints = parseConstraints(text);

    const meeting = constraints && table.versions.filter((version) => meetsConstraints(version, constraints));

    expect(meeting?.toSorted()).toEqual(expected?.toSorted());
  });

  it('is the newest of them by precedence, not by letters', () => {
    const versions = ['1.9.0', '1.10.0', '1.2.0', '2.0.0-rc.1', 'latest'];

    expect(newestMeeting(versions, parseConstraints('>= 1.0') ?? [])).toBe('1.10.0');
    expect(newestMeeting(versions, parseConstraints('= 2.0.0-rc.1') ?? [])).toBe('2.0.0-rc.1');
    expect(newestMeeting(versions, parseConstraints('> 2.0.0') ?? [])).toBeUndefined();
    expect(newestMeeting(versions, [])).toBe('1.10.0');
  });
});
