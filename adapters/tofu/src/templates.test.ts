import { describe, expect, it } from 'vitest';
import { renderTemplate } from './templates.ts';

describe('a template of ours', () => {
  it('fails where it names what is not given', () => {
    expect(() => renderTemplate('a', '{{ given.unknown }}', { given: {} })).toThrow(/undefined/);
    expect(() => renderTemplate('a', '{% if unknown %}x{% endif %}', {})).toThrow(/undefined/);
  });

  it('ends when it has worked for long enough, and leaves the next one all it may have', () => {
    const endless = '{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}';
    const long = '{% for a in range(9000) %}x{% endfor %}';

    expect(() => renderTemplate('a', endless, {})).toThrow(/fuel/);
    for (let turn = 0; turn < 5; turn++) expect(renderTemplate('b', long, {})).toHaveLength(9_000);
  });
});
