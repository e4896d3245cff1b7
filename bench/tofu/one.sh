#!/usr/bin/env bash
# one.sh PROGRAM APPLIES BUNDLES: the same commands as one.ts on the same bundles; prints ms for each run.
set -euo pipefail
program=$1 applies=$2 bundles=$3
run() {
  cd "$bundles/$1"
  export HOME=$PWD TF_DATA_DIR=$PWD/.terraform TF_CLI_CONFIG_FILE=$PWD/tofu.rc
  "$program" plan -input=false -no-color -lock-timeout=10s -out=tfplan -json >plan.out
  "$program" show -no-color -json tfplan >show.out
  "$program" apply -input=false -no-color -lock-timeout=10s -json tfplan >apply.out
}
export TF_IN_AUTOMATION=1 TF_INPUT=0 CHECKPOINT_DISABLE=1
from=$(date +%s%N)
for size in $(seq "$applies"); do run "$size"; done
to=$(date +%s%N)
made=$(for size in $(seq "$applies"); do cat "$bundles/$size/apply.out"; done | grep '"type":"apply_complete"' | grep -c '"resource_name":"runner"')
run 0
# Empty by now; another variant of this script does not read it in this form.
state=$(sed -n 's/^ *path *= "\(.*\)"$/\1/p' "$bundles/0/versions.tf")
rm "$state" "$state.backup"
echo "{\"value\": $(awk "BEGIN { print ($to - $from) / 1e6 / $applies }"), \"result\": {\"made\": $made}}"
