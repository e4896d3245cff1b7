/** What one ssh connection may use: our files, the checked address, and nothing of the host's own set-up. */
export interface SshSession {
  readonly address: string;
  /** Name under which the host's key is known: `host`, or `[host]:port` off port 22. */
  readonly knownAs: string;
  readonly keyFile?: string;
  readonly knownHostsFile: string;
  /** Refuses a host whose key is not in the file, instead of learning it. */
  readonly isStrict: boolean;
}

/** The whole client configuration as a file for `ssh -F`, which then reads no other. */
export function renderSshConfig(session: SshSession): string {
  const lines = [
    'Host *',
    `HostName ${literal(session.address)}`,
    `HostKeyAlias ${session.knownAs}`,
    `UserKnownHostsFile ${quoted(session.knownHostsFile)}`,
    'GlobalKnownHostsFile /dev/null',
    `StrictHostKeyChecking ${session.isStrict ? 'yes' : 'accept-new'}`,
    'UpdateHostKeys no',
    session.keyFile === undefined ? 'IdentityFile none' : `IdentityFile ${quoted(session.keyFile)}`,
    'IdentitiesOnly yes',
    'IdentityAgent none',
    'PreferredAuthentications publickey',
    'BatchMode yes',
    'CanonicalizeHostname no',
    'CheckHostIP no',
    'ClearAllForwardings yes',
    'ForwardAgent no',
    'ControlMaster no',
    'ControlPath none',
    'PermitLocalCommand no',
    'ConnectTimeout 15',
    'ServerAliveInterval 15',
    'ServerAliveCountMax 4',
    'LogLevel ERROR',
  ];
  return `${lines.join('\n  ')}\n`;
}

/** ssh expands `%` in these values. */
function literal(value: string): string {
  return value.replaceAll('%', '%%');
}

function quoted(path: string): string {
  return `"${literal(path)}"`;
}
