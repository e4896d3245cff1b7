import { attribute, block, cron, duration, int, oneOf, percent, rule, text, textSet } from './types.ts';

const most = 10_000;

const apexSchedule = block({
  doc: 'Other counts while the cron line holds.',
  deprecated: 'the counts of apex hold at every hour',
  labels: 1,
  repeat: 'label',
  attributes: {
    cron: attribute(cron, 'Minutes in which the counts hold.', { required: true }),
    timezone: attribute(text, 'Time zone of the cron line.', { default: 'UTC' }),
    min_count: attribute(int(0, most), 'Least number of machines.'),
    max_count: attribute(int(0, most), 'Greatest number of machines.'),
  },
  ordered: [['min_count', 'max_count']],
});

const apex = block({
  doc: 'The serving tier.',
  attributes: {
    max_count: attribute(int(0, most), 'Greatest number of machines.', {
      defaultDoc: 'runner.concurrent / runner.jobs_per_runner, rounded up',
    }),
    min_count: attribute(int(0, most), 'Least number of machines.', { default: 0 }),
    cpu_threshold: attribute(percent, 'A runner at or over it in 3 reports counts as full.'),
    memory_threshold: attribute(percent, 'A runner at or over it in 3 reports counts as full.'),
  },
  blocks: { schedule: apexSchedule },
  ordered: [['min_count', 'max_count']],
});

const nadir = block({
  doc: 'The warm tier: machines that are parked.',
  attributes: {
    max_count: attribute(int(0, most), 'Greatest number of machines.', { default: 0 }),
    min_count: attribute(int(0, most), 'Least number of machines.', { default: 0 }),
    idle_timeout: attribute(duration(), 'How long a parked runner is kept.', { default: 1_800_000 }),
    mode: attribute(oneOf('parked', 'stopped'), 'Parked machines run on, stopped ones are switched off.', {
      default: 'parked',
      deprecated: 'parked machines run on',
    }),
  },
  ordered: [['min_count', 'max_count']],
});

const policyRule = block({
  doc: 'Marks every runner for which the condition holds.',
  labels: 1,
  repeat: 'label',
  attributes: {
    condition: attribute(rule, 'A rule such as failure_count >= 3 AND age > 1h.', { required: true }),
    action: attribute(
      oneOf('drain', 'terminate', 'replace', 'demote_to_nadir', 'promote_to_apex'),
      'What is done with the runner.',
      { required: true },
    ),
  },
});

/** `uglyfox`: when runners are removed or parked. */
export const uglyfox = block({
  doc: 'Pruning: which runners are removed, parked or kept warm.',
  blocks: {
    pruning: block({
      doc: 'Limits that hold for every runner.',
      isFilled: true,
      attributes: {
        failed_threshold: attribute(int(1, 1000), 'Consecutive failures of the runner itself.', {
          default: 3,
        }),
        max_age: attribute(duration(), 'Longest life of a runner.', { default: 86_400_000 }),
        check_interval: attribute(duration(), 'How often runners are looked at.', { default: 300_000 }),
      },
    }),
    runners_condition: block({
      doc: 'Sizes of the two tiers of some Eggs.',
      labels: 1,
      repeat: 'label',
      attributes: {
        eggs_entities: attribute(textSet, 'Names of Eggs and EggsBuckets.', { required: true }),
      },
      blocks: { apex, nadir },
    }),
    policies: block({ doc: 'Rules, evaluated in this order.', blocks: { rule: policyRule } }),
  },
});
