# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
# Sourced by the start, stop and test scripts: where the platform of this tree runs.
#
#   HCP_SCENARIO      demo
#   HCP_PORT_OFFSET   0; shifts every port, so that several platforms run side by side
#   HCP_RUN_DIR       build/run-OFFSET: data, log and process id
#   HCP_BINARY        build/hcp

scenario=${HCP_SCENARIO:-demo}
offset=${HCP_PORT_OFFSET:-0}
binary=$(realpath -m "${HCP_BINARY:-build/hcp}")
run_dir=${HCP_RUN_DIR:-build/run-$offset}
pid_file=$run_dir/pid
log_file=$run_dir/log

# url PORT PATH: the address of a service under the offset.
url() {
    printf 'http://localhost:%s%s' "$(($1 + offset))" "$2"
}

# The process id of this tree's platform, or nothing: a recycled id is not taken for it.
platform_pid() {
    local pid
    pid=$(cat "$pid_file" 2>/dev/null) || return 1
    [ "$(readlink "/proc/$pid/exe" 2>/dev/null)" = "$binary" ] || return 1
    printf '%s' "$pid"
}

# wait_until SECONDS COMMAND...: true as soon as the command is.
wait_until() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@"; do
        [ "$SECONDS" -lt "$deadline" ] || return 1
        sleep 0.1
    done
}
