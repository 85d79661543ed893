#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Eleven checks of a running platform from outside, with curl. Each asks for what it names and looks
# at the answer. Prometheus and Grafana are not part of the platform: their lines check what they
# would read from it.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
. scripts/platform.sh

passed=0
failed=0
body=

# fetch PORT PATH [curl argument ...]: the answer's body in $body; false unless the status is 2xx.
fetch() {
    local port=$1 path=$2
    shift 2
    body=$(curl -fsS --max-time 10 "$@" "$(url "$port" "$path")" 2>&1)
}

# holds EXPRESSION: whether a Python expression over the JSON answer `it` is true.
holds() {
    # shellcheck disable=SC2016
    printf '%s' "$body" | /usr/bin/python3 -c \
        'import json, sys; it = json.load(sys.stdin); sys.exit(not eval(sys.argv[1]))' "$1" 2>/dev/null
}

check() {
    local name=$1
    shift
    printf 'Testing %s... ' "$name"
    if "$@"; then
        passed=$((passed + 1))
        echo "✓ PASS"
    else
        failed=$((failed + 1))
        echo "✗ FAIL"
        printf '   %s\n' "${body:0:400}"
    fi
}

is_healthy() {
    fetch "$1" /health && holds 'it["status"] in ("healthy", "ok")'
}

has_metrics() {
    fetch "$1" /metrics && grep -qE '^# TYPE [a-z_]+ (counter|gauge|histogram)' <<<"$body" &&
        grep -qE '^[a-z_]+(\{[^}]*\})? [-+0-9.eE]+$' <<<"$body"
}

# What a Prometheus server does: ask for the text format and insist on its content type.
scrapes() {
    has_metrics 8000 && fetch 8000 /metrics -o /dev/null -w '%{content_type}' \
        -H 'Accept: text/plain;version=0.0.4' && [[ $body == text/plain* || $body == application/openmetrics-text* ]]
}

# What a Grafana panel shows: live figures of the site.
feeds_panels() {
    fetch 8080 /status && holds 'isinstance(it, dict) and len(it) > 0'
}

submits() {
    fetch 8080 /api/v1/workloads -X POST -H 'Content-Type: application/json' -d '{
        "customer_id": "cust-001", "workload_type": "ai_inference_realtime", "priority": 1,
        "requirements": {"gpu_type": "H100", "gpu_count": 1}}' &&
        holds 'it["workload_id"] and it["status"] and it["priority"] == 1 and it["queue_position"] >= 0'
}

prices() {
    fetch 8081 /api/v1/prices/current &&
        holds 'it["timestamp"] and all(it["prices"][name]["unit"] and isinstance(it["prices"][name]["value"], (int, float)) for name in ("electricity", "btc", "gpu_spot"))'
}

profitability() {
    fetch 8081 /api/v1/profitability/calculate -X POST -H 'Content-Type: application/json' -d '{
        "resource_type": "GPU", "workload_type": "ai_inference_realtime", "power_draw_w": 700}' &&
        holds 'abs(it["expected_revenue"] - it["estimated_cost"] - it["net_profit"]) < 0.001 and it["recommendation"]'
}

queue_depth() {
    fetch 8082 /api/v1/queue/depth && holds 'it["total_depth"] == sum(it["by_priority"].values())'
}

echo "🧪 HCP System Test Suite"
echo "=============================="
echo
echo "1️⃣  Testing Infrastructure Services"
echo "-----------------------------------"
check "Orchestrator Health" is_healthy 8080
check "Optimizer Health" is_healthy 8081
check "Router Health" is_healthy 8082
check "Prometheus" scrapes
check "Grafana" feeds_panels
echo
echo "2️⃣  Testing API Endpoints"
echo "------------------------"
check "Workload Submission" submits
holds 'print("   Workload ID:", it["workload_id"]) or True'
check "Price Retrieval" prices
check "Profitability Calculation" profitability
check "Queue Depth" queue_depth
echo
echo "3️⃣  Testing Metrics"
echo "------------------"
check "Orchestrator Metrics" has_metrics 8080
check "Optimizer Metrics" has_metrics 8081
echo
echo "=============================="
echo "📊 Test Results"
echo "=============================="
echo "Passed: $passed"
echo "Failed: $failed"
echo
if [ "$failed" -gt 0 ]; then
    echo "❌ $failed TESTS FAILED"
    exit 1
fi
echo "✅ ALL TESTS PASSED!"
