#!/bin/sh
# Process 1 of a runner's container: makes the user of its jobs, starts the way to MotherGoose where she listens on the
# host's loopback only, and the agent, whose end is the container's. It hands signals on, and takes in processes whose
# parents have ended.
# Arguments: Node, the relay's program, socket, host and port (empty: no relay), then the agent's command.
node=$1 relay=$2 socket=$3 host=$4 port=$5
shift 5
(umask 077; : >>agent.log)
exec >>agent.log 2>&1
id -u "$GOSLING_JOB_USER" >/dev/null 2>&1 ||
  useradd --system --no-create-home --shell /usr/sbin/nologin "$GOSLING_JOB_USER" ||
  adduser -S -D -H -s /sbin/nologin "$GOSLING_JOB_USER" ||
  { echo "the image has no user $GOSLING_JOB_USER and no tool to make one"; exit 1; }
if [ -n "$socket" ]; then "$node" "$relay" "$socket" "$host" "$port" & fi
"$@" &
agent=$!
trap 'kill -TERM "$agent" 2>/dev/null' TERM
trap 'kill -INT "$agent" 2>/dev/null' INT
while kill -0 "$agent" 2>/dev/null; do wait "$agent"; code=$?; done
exit "$code"
