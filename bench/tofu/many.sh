#!/usr/bin/env bash
# many.sh PROGRAM EGGS RUNNERS AT_ONCE BUNDLES WORK: an apply of so many runners for each of so many Eggs, so many Eggs at
# once, by the bare binary; prints ms of all. Each Egg has a state of its own, and is applied for the first time: as ours,
# it begins with an init.
set -euo pipefail
program=$1 eggs=$2 all=$3 at_once=$4 bundles=$5 work=$6
export TF_IN_AUTOMATION=1 TF_INPUT=0 CHECKPOINT_DISABLE=1
rm -rf "$work"
for egg in $(seq "$eggs"); do
  for size in 0 "$all"; do
    mkdir -p "$work/$egg"
    cp -a "$bundles/$size" "$work/$egg/$size"
    # The state of the bundle lies in the place of its recording: here each Egg has one of its own.
    sed -i "s#path = .*#path = \"$work/$egg/terraform.tfstate\"#" "$work/$egg/$size/versions.tf"
    sed -i "s#web-#egg$egg-#g" "$work/$egg/$size/pg.auto.tfvars.json"
    rm -rf "$work/$egg/$size/.terraform/terraform.tfstate"
  done
done
run() {
  cd "$1"
  export HOME=$PWD TF_DATA_DIR=$PWD/.terraform TF_CLI_CONFIG_FILE=$PWD/tofu.rc
  "$program" init -input=false -no-color >init.out
  "$program" plan -input=false -no-color -lock-timeout=10s -out=tfplan -json >plan.out
  "$program" show -no-color -json tfplan >show.out
  "$program" apply -input=false -no-color -lock-timeout=10s -json tfplan >apply.out
}
export -f run
export program work all
from=$(date +%s%N)
seq "$eggs" | xargs -P "$at_once" -I EGG bash -ec "run $work/EGG/$all"
to=$(date +%s%N)
made=$(cat "$work"/*/"$all"/apply.out | grep '"type":"apply_complete"' | grep -c '"resource_name":"runner"')
seq "$eggs" | xargs -P "$at_once" -I EGG bash -ec "run $work/EGG/0"
echo "{\"value\": $(awk "BEGIN { print ($to - $from) / 1e6 }"), \"result\": {\"made\": $made}}"
