import type { CommandSpec } from './command.ts';
import { groups } from './groups.ts';

const shells = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof shells)[number];

export function isShell(text: string): text is Shell {
  return shells.some((shell) => shell === text);
}

const globalFlags = ['--json', '--offline', '--debug', '--help', '--version'];

/** Static completion of commands and flags, made from the command table. */
export function completionScript(shell: Shell, specs: readonly CommandSpec[]): string {
  const words = wordsByPath(specs);
  if (shell === 'fish') return fishScript(words);
  return shell === 'bash'
    ? bashScript(words)
    : `#compdef gosling\nautoload -U +X bashcompinit && bashcompinit\n${bashScript(words)}`;
}

/** What may follow each path: commands, then flags. */
function wordsByPath(specs: readonly CommandSpec[]): ReadonlyMap<string, readonly string[]> {
  const words = new Map<string, string[]>();
  const add = (path: string, ...more: readonly string[]) => {
    words.set(path, [...new Set([...(words.get(path) ?? []), ...more])]);
  };
  for (const spec of specs) {
    const parts = spec.path.split(' ');
    parts.forEach((part, index) => {
      add(parts.slice(0, index).join(' '), part);
    });
    add(spec.path, ...(spec.options ?? []).map((option) => option.flags.split(' ')[0] ?? ''));
  }
  for (const path of ['', ...Object.keys(groups), ...specs.map((spec) => spec.path)])
    add(path, ...globalFlags);
  return words;
}

function bashScript(words: ReadonlyMap<string, readonly string[]>): string {
  const cases = [...words].map(([path, list]) => `    ${JSON.stringify(path)}) words="${list.join(' ')}" ;;`);
  const paths = [...words.keys()].filter((path) => path !== '').map((path) => JSON.stringify(path));
  return `# gosling completion bash > /etc/bash_completion.d/gosling
_gosling() {
  local path="" word words=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) continue ;; esac
    case "\${path:+$path }$word" in
    ${paths.join(' | ')}) path="\${path:+$path }$word" ;;
    esac
  done
  case "$path" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _gosling gosling
`;
}

function fishScript(words: ReadonlyMap<string, readonly string[]>): string {
  const lines = [...words].flatMap(([path, list]) => {
    const seen = path.split(' ').filter((part) => part !== '');
    const condition =
      seen.length === 0
        ? '__fish_use_subcommand'
        : seen.map((part) => `__fish_seen_subcommand_from ${part}`).join('; and ');
    return list.map((word) =>
      word.startsWith('--')
        ? `complete -c gosling -n '${condition}' -l ${word.slice(2)}`
        : `complete -c gosling -f -n '${condition}' -a ${word}`,
    );
  });
  return `# gosling completion fish > ~/.config/fish/completions/gosling.fish\n${lines.join('\n')}\n`;
}
