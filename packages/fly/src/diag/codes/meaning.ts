// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of Fly are written like this
import { type CodeEntry, eggWith, fileOf, jobWith, ruleWith } from './entry.ts';

const twoEggs = (second: string) => `${eggWith()}\n${eggWith().replace('my-app', second)}`;

/** FLY050–089: rules and references; FLY100–199: lints. */
export const meaningCodes = {
  FLY050: {
    severity: 'error',
    title: 'rule not readable',
    why: "A rule is made of tests such as age > 1h or state == 'idle', joined by AND, OR, NOT and parentheses.",
    wrong: ruleWith('age > 1h AND'),
    right: ruleWith('age > 1h AND failed_count >= 3'),
  },
  FLY051: {
    severity: 'error',
    title: 'unknown word in a rule',
    why: 'A rule speaks of state, pool, type, egg, age, idle_time, failure_count (failed_count), job_count, cpu_usage, memory_usage and disk_usage.',
    wrong: ruleWith('idel_time > 30m'),
    right: ruleWith('idle_time > 30m'),
  },
  FLY052: {
    severity: 'error',
    title: 'unit or type in a rule',
    why: 'Both sides of a comparison are of one kind: a duration with a duration, a percentage with a percentage, a word with a word.',
    wrong: ruleWith('age > 60'),
    right: ruleWith('age > 60m'),
  },
  FLY070: {
    severity: 'error',
    title: 'unknown reference',
    why: 'References start with var, local, egg, bucket, job, env or nest, and name something that exists.',
    wrong: jobWith('script = "echo ${vra.env}"'),
    right: `variable "env" {\n  type    = "string"\n  default = "dev"\n}\n\n${jobWith('script = "echo ${var.env}"')}`,
  },
  FLY071: {
    severity: 'error',
    title: 'unknown Egg or job',
    why: 'The name has to be that of an Egg, EggsBucket or job of this Nest.',
    phase: 'nest',
    wrong: fileOf('uglyfox {', '  runners_condition "big" { eggs_entities = ["no-such-egg"] }', '}'),
    right: fileOf('uglyfox {', '  runners_condition "big" { eggs_entities = ["my-app"] }', '}'),
  },
  FLY072: {
    severity: 'error',
    title: 'not a reference',
    why: 'In a quoted string ${…} is a reference with a dot, such as ${var.env}; literal text is written $${…}. In a heredoc ${NAME} is left to the shell.',
    wrong: jobWith('script = "echo ${HOME}"'),
    right: jobWith('script = "echo $${HOME}"'),
  },
  FLY073: {
    severity: 'error',
    title: 'references in a circle',
    why: 'A local may use other locals, but not itself, and at most 16 in a row.',
    wrong: 'locals {\n  a = "${local.b}"\n  b = "${local.a}"\n}\n',
    right: 'locals {\n  a = "${local.b}"\n  b = "end"\n}\n',
  },
  FLY080: {
    severity: 'error',
    title: 'one name, two blocks',
    why: 'Eggs, EggsBuckets and jobs share one name space, in which upper and lower case do not differ.',
    phase: 'nest',
    wrong: `${eggWith()}\n${jobWith('script = "date"').replace('nightly', 'My-App')}`,
    right: twoEggs('other-app'),
  },
  FLY081: {
    severity: 'warning',
    title: 'two Eggs for the same jobs',
    why: 'Two Eggs with the same tags on one project take the same jobs; which one runs a job is then decided by room and name.',
    phase: 'nest',
    wrong: twoEggs('other-app'),
    right: `${eggWith()}\n${eggWith('runner { tags = ["gpu"] }').replace('my-app', 'other-app')}`,
  },
  FLY085: {
    severity: 'error',
    title: 'no cloud',
    why: 'An Egg runs on the cloud of its own block, of defaults "egg", or of MG/config.fly; one of them has to say which.',
    phase: 'nest',
    wrong: eggWith(),
    right: eggWith('cloud { provider = "local" }'),
  },
  FLY101: {
    severity: 'warning',
    title: 'a secret in the clear',
    why: 'What stands in Git is known to everyone who ever cloned it. Put the value into the secret store and write its reference.',
    wrong: eggWith('environment {', `  TOKEN = "glpat-${'a'.repeat(20)}"`, '}'),
    right: eggWith('environment {', '  TOKEN = "vault://secret/my-app/token"', '}'),
  },
  FLY102: {
    severity: 'warning',
    title: 'name of an earlier time',
    why: 'This name belongs to the Python services that this system once was; it is accepted and has no effect of its own.',
    wrong:
      'mothergoose {\n  api {\n    image   = "cr.example/gosling:1"\n    runtime = "python312"\n  }\n}\n',
    right: 'mothergoose {\n  api {\n    image = "cr.example/gosling:1"\n  }\n}\n',
  },
  FLY106: {
    severity: 'warning',
    title: 'folder and label differ',
    why: 'An Egg is found more easily when its folder under Eggs/ has its name. The label decides.',
    phase: 'nest',
    wrong: eggWith(),
    right: eggWith(),
  },
} as const satisfies Record<string, CodeEntry>;
