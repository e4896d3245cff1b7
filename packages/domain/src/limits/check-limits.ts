import { type EggConfig, machinesAtMost } from '../egg.ts';
import { isLike, type LimitRule, type Limits, type LimitViolation } from './limits.ts';
import { machineTypesOf, priceOf, runnerTypeOf } from './machine-types.ts';

const hoursOfDay = 24;
/** Products in binary fractions may lie a little above what they are. */
const tolerance = 1e-9;

/** What of an Egg's configuration breaks the limits; nothing: it may be in force. */
export function checkLimits(egg: EggConfig, limits: Limits): readonly LimitViolation[] {
  const rule = ruleFor(egg.name, limits);
  if (limits.rules !== undefined && rule === undefined) {
    return [{ rule: 'rules', detail: `no rule names egg ${egg.name}`, path: [] }];
  }
  const together = checkCounts(egg, { ...limits, name: '' });
  if (rule === undefined) return together;
  const own = checkCounts(egg, { ...rule, name: `rules.${rule.name}.`, prices: limits.prices });
  return [...checkRule(egg, rule), ...own, ...together];
}

/** The first rule that names an Egg: those after it are for others. */
export function ruleFor(egg: string, { rules = [] }: Limits): LimitRule | undefined {
  return rules.find(({ eggs }) => eggs.some((form) => isLike(egg, form)));
}

function checkRule(egg: EggConfig, rule: LimitRule): LimitViolation[] {
  const { cloud } = egg;
  const one = (limit: Listed, value: string, path: LimitViolation['path']) =>
    outside(rule, { limit, values: [value], path });
  return [
    ...one('clouds', cloud.provider, ['cloud', 'provider']),
    ...one('regions', cloud.region, ['cloud', 'region']),
    ...one('types', runnerTypeOf(egg), ['type']),
    ...outside(rule, {
      limit: 'instanceTypes',
      values: machineTypesOf(egg),
      path: ['resources', 'instance_type'],
    }),
    ...(cloud.image === undefined ? [] : one('machineImages', cloud.image, ['cloud', 'image'])),
    ...checkImages(egg, rule),
    ...checkSecrets(egg, rule),
  ];
}

type Listed = 'clouds' | 'regions' | 'types' | 'instanceTypes' | 'images' | 'machineImages';

const namesInFile: Readonly<Record<Listed, string>> = {
  clouds: 'clouds',
  regions: 'regions',
  types: 'types',
  instanceTypes: 'instance_types',
  images: 'images',
  machineImages: 'machine_images',
};

function outside(
  rule: LimitRule,
  at: { limit: Listed; values: readonly string[]; path: LimitViolation['path'] },
): LimitViolation[] {
  const allowed = rule[at.limit];
  if (allowed === undefined) return [];
  const name = `rules.${rule.name}.${namesInFile[at.limit]}`;
  return at.values
    .filter((value) => !allowed.some((form) => isLike(value, form)))
    .map((value) => ({ rule: name, detail: `"${value}" is none of ${allowed.join(', ')}`, path: at.path }));
}

/**
 * The image an Egg names, and those its jobs may name themselves: with `docker` they may name any unless
 * `allowed_images` says which, and raw TOML may undo that.
 */
function checkImages({ runner }: EggConfig, rule: LimitRule): LimitViolation[] {
  if (rule.images === undefined) return [];
  const name = `rules.${rule.name}.images`;
  const found: LimitViolation[] = [];
  const path = ['runner', 'image'];
  if (runner.image !== undefined) {
    found.push(...outside(rule, { limit: 'images', values: [runner.image], path }));
  }
  if (runner.executor !== 'docker') return found;
  const allowed = runner.docker?.allowedImages ?? [];
  const listed = ['runner', 'docker', 'allowed_images'];
  if (allowed.length === 0) {
    found.push({
      rule: name,
      detail: 'jobs may name any image: docker.allowed_images says none',
      path: listed,
    });
  }
  for (const image of allowed) {
    // Of these only `*` means here what it means to the runner; another could stand for an image outside.
    if (/[?[\]{}\\]/.test(image)) {
      found.push({ rule: name, detail: `in "${image}" only * may stand for other characters`, path: listed });
    } else found.push(...outside(rule, { limit: 'images', values: [image], path: listed }));
  }
  if (runner.configTomlExtra !== undefined) {
    const detail = 'config_toml_extra may allow other images, so it cannot be used';
    found.push({ rule: name, detail, path: ['runner', 'config_toml_extra'] });
  }
  return found;
}

function checkSecrets(egg: EggConfig, rule: LimitRule): LimitViolation[] {
  const { secretPrefixes } = rule;
  if (secretPrefixes === undefined) return [];
  return secretsOf(egg)
    .filter(({ reference }) => !secretPrefixes.some((prefix) => isBelow(reference, prefix)))
    .map(({ path }) => ({
      rule: `rules.${rule.name}.secret_prefixes`,
      detail: `this secret is below none of ${secretPrefixes.join(', ')}`,
      path,
    }));
}

/** Every reference that is resolved for the Egg because its text says so. */
function secretsOf({ environment, scopes, runner }: EggConfig) {
  const found: { reference: string; path: (string | number)[] }[] = [];
  for (const [name, value] of Object.entries(environment)) {
    if (typeof value !== 'string') found.push({ reference: value.secret, path: ['environment', name] });
  }
  for (const scope of scopes) {
    const place = scope.repo === undefined ? [] : ['repositories', 'repo', scope.repo];
    const named = [
      ['api_token_secret', scope.apiTokenSecret],
      ['token_secret', scope.tokenSecret],
      ['webhook_secret', scope.webhookSecret],
    ] as const;
    for (const [name, reference] of named) {
      if (reference !== undefined) found.push({ reference, path: [...place, 'gitlab', name] });
    }
  }
  const auth = runner.docker?.authConfigSecret;
  if (auth !== undefined) found.push({ reference: auth, path: ['runner', 'docker', 'auth_config'] });
  return found;
}

/** A prefix ends where a part of the path ends: `…/team` is no prefix of `…/team-b/token`. */
function isBelow(reference: string, prefix: string): boolean {
  if (/(^|\/)\.{1,2}(\/|$)|%|\\/.test(reference.replace(/^[a-z-]+:\/\//, ''))) return false;
  if (!reference.startsWith(prefix)) return false;
  const next = reference[prefix.length];
  return /[/#]$/.test(prefix) || next === undefined || next === '/' || next === '#';
}

/** Counts that say by themselves that an Egg can never keep them. */
function checkCounts(
  egg: EggConfig,
  limit: { name: string; prices: Limits['prices'] } & Pick<
    LimitRule,
    'machines' | 'machinesPerDay' | 'moneyPerDay'
  >,
): LimitViolation[] {
  const found: LimitViolation[] = [];
  const { apex, nadir } = egg.pool;
  const most = Math.min(apex.max, machinesAtMost(egg.runner)) + nadir.max;
  if (limit.machines !== undefined && most > limit.machines) {
    const detail = `it may have ${most} machines at once, ${limit.machines} are allowed`;
    found.push({ rule: `${limit.name}machines`, detail, path: ['runner', 'concurrent'] });
  }
  if (limit.moneyPerDay === undefined) return found;
  const rule = `${limit.name}money_per_day`;
  const path = ['resources', 'instance_type'];
  const price = priceOf(egg, limit.prices);
  if (price === undefined) {
    const unknown = machineTypesOf(egg).filter((type) => !Object.hasOwn(limit.prices, type));
    found.push({ rule, detail: `the limits have no price of ${unknown.join(', ')}`, path });
  } else if (price * hoursOfDay > limit.moneyPerDay * (1 + tolerance)) {
    const detail = `one machine may cost ${round(price * hoursOfDay)} a day, ${limit.moneyPerDay} are allowed`;
    found.push({ rule, detail, path });
  }
  return found;
}

function round(money: number): number {
  return Math.round(money * 100) / 100;
}
