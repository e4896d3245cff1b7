import type { LimitRule, Limits } from '@polar-gosling/domain';
import { z } from 'zod';

const count = z.int().min(0).max(1_000_000);
const money = z.number().min(0).max(1_000_000_000);
const form = z.string().min(1).max(500);
const forms = z.array(form).max(1_000);
/** Of a container image: what `*` alone stands for, so that nothing else may stand for something. */
const imageForm = form.regex(/^[^?[\]{}\\]+$/, 'only * may stand for other characters');

const counts = {
  machines: count.optional(),
  machines_per_day: count.optional(),
  money_per_day: money.optional(),
};

const Rule = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/, 'letters, digits, - and _'),
  eggs: forms.min(1),
  clouds: z.array(z.enum(['aws', 'yandex', 'local'])).optional(),
  regions: forms.optional(),
  types: z.array(z.enum(['vm', 'serverless'])).optional(),
  instance_types: forms.optional(),
  images: z.array(imageForm).max(1_000).optional(),
  machine_images: forms.optional(),
  secret_prefixes: forms.optional(),
  ...counts,
});

/** The file of `GOSLING_LIMITS`. */
const LimitsFile = z
  .strictObject({
    rules: z.array(Rule).min(1).max(1_000).optional(),
    prices: z.record(z.string().min(1).max(100), money).default({}),
    ...counts,
  })
  .superRefine(({ rules = [] }, context) => {
    const seen = new Set<string>();
    for (const [index, { name }] of rules.entries()) {
      if (seen.has(name)) {
        const path = ['rules', index, 'name'];
        context.addIssue({ code: 'custom', path, message: `"${name}" is the name of another rule` });
      }
      seen.add(name);
    }
  });

export type LimitsReading =
  | { readonly kind: 'ok'; readonly limits: Limits }
  /** Every problem, with its place. */
  | { readonly kind: 'wrong'; readonly problems: readonly string[] };

/** Reads the text of limits; strict, since a misspelt limit would be none. */
export function parseLimits(text: string): LimitsReading {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // Its words would repeat the text.
    return { kind: 'wrong', problems: ['it is no JSON'] };
  }
  const parsed = LimitsFile.safeParse(json);
  if (parsed.success) return { kind: 'ok', limits: toLimits(parsed.data) };
  const problems = parsed.error.issues.map(({ path, message }) =>
    path.length === 0 ? message : `${path.join('.')}: ${message}`,
  );
  return { kind: 'wrong', problems };
}

function toLimits({ rules, prices, ...file }: z.infer<typeof LimitsFile>): Limits {
  return {
    prices,
    ...toCounts(file),
    ...(rules === undefined ? {} : { rules: rules.map(toRule) }),
  };
}

function toRule(rule: z.infer<typeof Rule>): LimitRule {
  const { name, eggs, clouds, regions, types, images } = rule;
  return defined({
    name,
    eggs,
    clouds,
    regions,
    types,
    images,
    instanceTypes: rule.instance_types,
    machineImages: rule.machine_images,
    secretPrefixes: rule.secret_prefixes,
    ...toCounts(rule),
  });
}

type Counts = Pick<z.infer<typeof Rule>, 'machines' | 'machines_per_day' | 'money_per_day'>;

function toCounts({ machines, machines_per_day: machinesPerDay, money_per_day: moneyPerDay }: Counts) {
  return defined({ machines, machinesPerDay, moneyPerDay });
}

type Defined<Fields> = { readonly [Name in keyof Fields]: Exclude<Fields[Name], undefined> };

/** Limits are kept as JSON: what is absent is absent. */
function defined<Fields extends object>(fields: Fields): Defined<Fields> {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Defined<Fields>;
}
