/** What a word of a rule may be compared with. */
export type FieldType = 'duration' | 'count' | 'percent' | 'word';

export interface Field {
  /** Name of the fact it reads. */
  readonly fact: string;
  readonly type: FieldType;
  /** The words it can be; absent: any text. */
  readonly words?: readonly string[];
  readonly doc: string;
}

const tiers = ['apex', 'nadir'];
const states = [
  'requested',
  'provisioning',
  'booting',
  'idle',
  'active',
  'draining',
  'terminating',
  'terminated',
  'failed',
];
const failures: Field = {
  fact: 'failure_count',
  type: 'count',
  doc: 'Consecutive failures of the runner itself, never of a script.',
};

/** The words of UglyFox rules and the facts behind them. */
export const fields: ReadonlyMap<string, Field> = new Map<string, Field>([
  [
    'state',
    {
      fact: 'state',
      type: 'word',
      words: [...states, ...tiers],
      doc: 'State of the runner; apex and nadir read its tier.',
    },
  ],
  ['pool', { fact: 'pool', type: 'word', words: tiers, doc: 'Tier of the runner.' }],
  ['type', { fact: 'type', type: 'word', words: ['vm', 'serverless'], doc: 'Kind of the runner.' }],
  ['egg', { fact: 'egg', type: 'word', doc: 'Name of its Egg.' }],
  ['age', { fact: 'age', type: 'duration', doc: 'Time since the runner was requested.' }],
  ['idle_time', { fact: 'idle_time', type: 'duration', doc: 'Time without a job.' }],
  ['failure_count', failures],
  ['failed_count', failures],
  ['job_count', { fact: 'job_count', type: 'count', doc: 'Jobs it has done.' }],
  ['cpu_usage', { fact: 'cpu_usage', type: 'percent', doc: 'Processor load.' }],
  ['memory_usage', { fact: 'memory_usage', type: 'percent', doc: 'Memory in use.' }],
  ['disk_usage', { fact: 'disk_usage', type: 'percent', doc: 'Disk in use.' }],
]);

/** The words that `state` takes from the tier, not from the state. */
export function isTier(word: string): boolean {
  return tiers.includes(word);
}
