/**
 * Shell text that becomes OpenTofu (`exec`, so its pid is the one that was started) and leaves a guard beside it:
 * `sh -c hardEndGuard gosling-guard END SOFT_END MARKER PROGRAM ARGUMENT…`, times in seconds since 1970.
 *
 * The guard outlives us: at END it kills the whole group. If we are gone by SOFT_END, it sends the one SIGINT in our
 * place. MARKER is a directory whose making decides who sends it: a second SIGINT makes OpenTofu drop its state.
 * All values are positional parameters, none is part of the text.
 */
export const hardEndGuard = `
end=$1 soft=$2 marker=$3 owner=$PPID self=$$
shift 3
read_start() { start= && read -r stat <"/proc/$self/stat" && nth 20 \${stat##*) }; } 2>/dev/null
nth() { shift "$1" && start=$1; }
read_start
started=$start
(
  cd /
  trap '' INT TERM HUP
  while sleep 1 && kill -0 "$self"; do
    read_start
    [ "$start" = "$started" ] || exit 0
    now=$(date +%s)
    if [ "$now" -ge "$end" ]; then kill -s KILL -- "-$self"; exit 0; fi
    if [ "$now" -ge "$soft" ] && ! kill -0 "$owner"; then mkdir "$marker" && kill -s INT "$self"; fi
  done
) </dev/null >/dev/null 2>&1 &
exec "$@"
`;
