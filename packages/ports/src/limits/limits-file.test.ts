import { describe, expect, it } from 'vitest';
import { parseLimits } from './limits-file.ts';

describe('parseLimits', () => {
  it('reads a whole file', () => {
    const rule = {
      name: 'team-a',
      eggs: ['team-a-*'],
      clouds: ['aws'],
      instance_types: ['c6i.*'],
      machine_images: ['ami-1'],
      secret_prefixes: ['aws-sm://team-a/'],
      machines_per_day: 3,
    };
    const reading = parseLimits(
      JSON.stringify({ machines: 5, money_per_day: 2.5, prices: { local: 0 }, rules: [rule] }),
    );

    expect(reading).toEqual({
      kind: 'ok',
      limits: {
        machines: 5,
        moneyPerDay: 2.5,
        prices: { local: 0 },
        rules: [
          {
            name: 'team-a',
            eggs: ['team-a-*'],
            clouds: ['aws'],
            instanceTypes: ['c6i.*'],
            machineImages: ['ami-1'],
            secretPrefixes: ['aws-sm://team-a/'],
            machinesPerDay: 3,
          },
        ],
      },
    });
  });

  it.each([
    ['no JSON', '{', 'no JSON'],
    ['another key', '{"machine": 5}', 'machine'],
    ['another key of a rule', '{"rules": [{"name": "a", "eggs": ["*"], "region": ["x"]}]}', 'rules.0'],
    ['a rule of no Egg', '{"rules": [{"name": "a", "eggs": []}]}', 'rules.0.eggs'],
    ['an empty list of rules', '{"rules": []}', 'rules'],
    ['a negative count', '{"machines": -1}', 'machines'],
    ['half a machine', '{"machines": 0.5}', 'machines'],
    ['a cloud that there is not', '{"rules": [{"name": "a", "eggs": ["*"], "clouds": ["gcp"]}]}', 'clouds'],
    ['an image with a set', '{"rules": [{"name": "a", "eggs": ["*"], "images": ["[ab]"]}]}', 'images.0'],
    [
      'two rules of one name',
      '{"rules": [{"name": "a", "eggs": ["*"]}, {"name": "a", "eggs": ["*"]}]}',
      'rules.1.name',
    ],
    ['a list', '[]', 'expected object'],
  ])('refuses %s and says where', (_what, text, place) => {
    const reading = parseLimits(text);

    expect(reading).toMatchObject({ kind: 'wrong' });
    expect(JSON.stringify(reading)).toContain(place);
  });
});
