/**
 * Shell text that becomes OpenTofu (`exec`, so its pid is the one that was started) and leaves a guard beside it:
 * `sh -c hardEndGuard gosling-guard END SOFT_END MARKER PROGRAM ARGUMENT…`, times in seconds since 1970.
 *
 * The guard outlives us: at END it kills the whole group. If we are gone by SOFT_END, it sends the one SIGINT in our
 * place. MARKER is a directory whose making decides who sends it: a second SIGINT makes OpenTofu drop its state. Who was
 * not able to make it (a full disk) and sends it nevertheless tells the guard by SIGWINCH to the group, which nobody else
 * minds. All values are positional parameters, none is part of the text.
 */
export const hardEndGuard = `
end=$1 soft=$2 marker=$3 owner=$PPID self=$$ isSent=
shift 3
read_start() { start= && read -r stat <"/proc/$self/stat" && nth 20 \${stat##*) }; } 2>/dev/null
nth() { shift "$1" && start=$1; }
read_start
started=$start
(
  cd /
  trap '' INT TERM HUP
  trap 'isSent=1' WINCH
  while sleep 1 && kill -0 "$self"; do
    read_start
    [ "$start" = "$started" ] || exit 0
    now=$(date +%s)
    if [ "$now" -ge "$end" ]; then kill -s KILL -- "-$self"; exit 0; fi
    if [ -n "$isSent" ]; then mkdir "$marker"; continue; fi
    if [ "$now" -lt "$soft" ] || kill -0 "$owner"; then continue; fi
    if mkdir "$marker" || [ ! -d "$marker" ]; then isSent=1; kill -s INT "$self"; fi
  done
) </dev/null >/dev/null 2>&1 &
exec "$@"
`;
