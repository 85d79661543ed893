#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Starts the platform in the background, every service on its port, and returns when it is ready.
# Further arguments go to `hcp serve`.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/platform.sh

if [ ! -x "$binary" ]; then
    echo "$binary is missing; run scripts/quick-start.sh first" >&2
    exit 1
fi
if pid=$(platform_pid); then
    echo "Already running: process $pid, log $log_file"
    exit 0
fi
mkdir -p "$run_dir"
setsid "$binary" serve --scenario "$scenario" --port-offset "$offset" --data "$run_dir/data" "$@" \
    >"$log_file" 2>&1 </dev/null &
echo $! >"$pid_file"

is_up_or_gone() {
    ! platform_pid >/dev/null || curl -fsS -o /dev/null "$(url 8080 /readyz)" 2>/dev/null
}
# Between fork and exec the process is still this shell.
if ! wait_until 2 platform_pid >/dev/null || ! wait_until 30 is_up_or_gone || ! pid=$(platform_pid); then
    echo "The platform did not become ready. The end of $log_file:" >&2
    tail -n 20 "$log_file" >&2
    exit 1
fi
echo "Running: process $pid, API $(url 8000 /docs), log $log_file"
