/**
 * Settings put before every command. A Nest is other people's text: nothing in it, in the machine's Git
 * configuration or in a URL may start a program, ask a question or lead Git elsewhere.
 */
export const hardenedArgs: readonly string[] = [
  'protocol.ext.allow=never',
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'core.askPass=',
  'credential.helper=',
  'http.followRedirects=false',
  'fetch.recurseSubmodules=false',
  'submodule.recurse=false',
  'gc.auto=0',
  'maintenance.auto=false',
].flatMap((setting) => ['-c', setting]);

const passedOn = [
  'PATH',
  'HTTPS_PROXY',
  'https_proxy',
  'ALL_PROXY',
  'all_proxy',
  'NO_PROXY',
  'no_proxy',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
] as const;

/** An empty environment plus this list: no agent, no home, no credentials, no configuration of the host. */
export function hardenedEnv(
  host: Readonly<Record<string, string | undefined>>,
  options: { gitDir: string; home: string; allowFile: boolean },
): Record<string, string> {
  const kept = passedOn.flatMap((name) => {
    const value = host[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    ...Object.fromEntries(kept),
    LC_ALL: 'C',
    HOME: options.home,
    XDG_CONFIG_HOME: options.home,
    GIT_DIR: options.gitDir,
    GIT_ALLOW_PROTOCOL: options.allowFile ? 'https:ssh:file' : 'https:ssh',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_SSH_VARIANT: 'ssh',
    GIT_TERMINAL_PROMPT: '0',
    SSH_ASKPASS_REQUIRE: 'never',
  };
}

/** Settings that hold a secret: by the environment, which other users cannot read, never by an argument. */
export function settingsAsEnv(settings: readonly (readonly [key: string, value: string])[]) {
  const pairs = settings.flatMap(([key, value], index) => [
    [`GIT_CONFIG_KEY_${index}`, key],
    [`GIT_CONFIG_VALUE_${index}`, value],
  ]);
  return { GIT_CONFIG_COUNT: String(settings.length), ...Object.fromEntries(pairs) };
}
