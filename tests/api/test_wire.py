# SPDX-License-Identifier: Apache-2.0
"""Every operation of the contract, called with success on every URL and service that it has. The client checks each
answer against api/openapi.yaml, here and in all other tests."""

import datetime
import re

import pytest

from daemon import CONTRACT, PORTS, Daemon, wait_until

WORKLOAD = {"workload_type": "model_training", "requirements": {"gpu_type": "H100", "gpu_count": 1}}


class Site:
    """A daemon with one of everything, and what the calls need to name."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.workload = daemon.submit(**WORKLOAD)["workload_id"]
        daemon.wait_for_status(self.workload, "running")
        self.device = self.first("/api/v1/resources?type=gpu&available=true", "resources", "resource_id")
        self.decision = wait_until(
            lambda: daemon.json("/api/v1/decisions")["decisions"], "a decision was made")[0]["decision_id"]
        daemon.post("/emergency/shutdown", {"reason": "drill"})
        daemon.post("/emergency/clear", {})
        self.alert = self.first("/api/v1/alerts", "alerts", "alert_id")
        self.asset = re.search(r"(?:src|href)=\"/?docs/([^\"]+)\"", daemon.get("/docs").text)[1]

    def first(self, path, member, key):
        return wait_until(lambda: self.daemon.json(path)[member], f"{path} holds something")[0][key]

    def submitted(self):
        return self.daemon.submit(**WORKLOAD)["workload_id"]

    def allocated(self):
        answer = self.daemon.post("/api/v1/allocations", {"class": "A100-80GB", "count": 1})
        assert answer.status_code == 201, answer.text
        return answer.json()["allocation_id"]

    def asked(self):
        answer = self.daemon.post("/api/v1/whatif", {"policy": "rest"})
        assert answer.status_code == 202, answer.text
        return answer.json()["whatif_id"]

    def forgotten(self):
        """Room for another question, however many the calls before asked."""
        for row in self.daemon.json("/api/v1/whatif?limit=1000")["questions"]:
            self.daemon.request("DELETE", f"/api/v1/whatif/{row['whatif_id']}")

    def shutdown(self):
        self.daemon.post("/emergency/clear", {})
        answer = self.daemon.post("/emergency/shutdown", {"require_approval": True, "requested_by": "ann"})
        return answer.json()["shutdown_id"]

    def grid_event(self):
        """An event that asks for nearly nothing, in place of the one before."""
        answer = self.daemon.post("/api/v1/grid/events", self.announcement())
        assert answer.status_code == 201, answer.text
        return answer.json()["grid_event_id"]

    def grid_offer(self):
        body = self.announcement()
        body["respond_by"] = (datetime.datetime.fromisoformat(body["start"]) - datetime.timedelta(hours=1)).isoformat()
        answer = self.daemon.post("/api/v1/grid/events", body)
        assert answer.status_code == 201, answer.text
        return answer.json()["grid_event_id"]

    def announcement(self):
        """Of an hour in two hours; the platform's clock runs ahead of ours."""
        self.cancelled()
        now = datetime.datetime.fromisoformat(self.daemon.json("/api/v1/status")["timestamp"].replace("Z", "+00:00"))
        start = now + datetime.timedelta(hours=2)
        return {"facility": "lab", "start": start.isoformat(), "end": (start + datetime.timedelta(hours=1)).isoformat(),
                "reduce_mw": 0.000001}

    def cancelled(self):
        for row in self.daemon.json("/api/v1/grid/events?open=true")["grid_events"]:
            self.daemon.request("DELETE", f"/api/v1/grid/events/{row['grid_event_id']}")

    def settled(self):
        """Nothing runs, nothing is leased or out of service, whatever the calls before did."""
        self.daemon.post("/emergency/clear", {})
        for status in ("queued", "starting", "running"):
            for row in self.daemon.json(f"/api/v1/workloads?limit=1000&status={status}")["workloads"]:
                self.daemon.request("DELETE", f"/api/v1/workloads/{row['workload_id']}")
        for row in self.daemon.json("/api/v1/allocations?limit=1000")["allocations"]:
            if row["status"] == "active":
                self.daemon.request("DELETE", f"/api/v1/allocations/{row['allocation_id']}")
        self.daemon.post(f"/api/v1/resources/{self.device}/uncordon")
        wait_until(lambda: len(self.daemon.json("/api/v1/resources?type=gpu&available=true")["resources"]) >= 9,
                   "the GPUs are free")


# operation: (status, body or None, {path parameter: value}); callables get the site.
CALLS = {
    "getHealth": (200, None, {}),
    "getLivez": (200, None, {}),
    "getReadyz": (200, None, {}),
    "getMetrics": (200, None, {}),
    "getDocs": (200, None, {}),
    "getDocsAsset": (200, None, {"asset": lambda s: s.asset}),
    "getOpenapi": (200, None, {}),
    "submitWorkload": (201, WORKLOAD, {}),
    "listWorkloads": (200, None, {}),
    "getWorkload": (200, None, {"id": lambda s: s.workload}),
    "deleteWorkload": (200, None, {"id": lambda s: s.submitted()}),
    "cancelWorkload": (200, {}, {"id": lambda s: s.submitted()}),
    "explainWorkload": (200, None, {"id": lambda s: s.workload}),
    "getStatus": (200, None, {}),
    "getEmergency": (200, None, {}),
    "shutdownEmergency": (200, {"dry_run": True}, {}),
    "approveEmergency": (202, lambda s: {"shutdown_id": s.shutdown(), "approved_by": "bob"}, {}),
    "clearEmergency": (200, {"reason": "drill"}, {}),
    "listEvents": (200, None, {}),
    "listAlerts": (200, None, {}),
    "getAlert": (200, None, {"id": lambda s: s.alert}),
    "acknowledgeAlert": (200, {"note": "seen"}, {"id": lambda s: s.alert}),
    "getPrices": (200, None, {}),
    "listPriceHistory": (200, None, {}),
    "listAccounts": (200, None, {}),
    "getRegret": (200, None, {}),
    "calculateProfitability": (200, {"resource_type": "GPU", "power_draw_w": 700}, {}),
    "getRecommendation": (200, None, {}),
    "listRecommendations": (200, None, {}),
    "getMeritOrder": (200, None, {}),
    "listDecisions": (200, None, {}),
    "getDecision": (200, None, {"id": lambda s: s.decision}),
    "askWhatIf": (202, lambda s: s.forgotten() or {"policy": "rest"}, {}),
    "listWhatIfs": (200, None, {}),
    "getWhatIf": (200, None, {"id": lambda s: s.forgotten() or s.asked()}),
    "deleteWhatIf": (200, None, {"id": lambda s: s.forgotten() or s.asked()}),
    "listQueue": (200, None, {}),
    "getQueueDepth": (200, None, {}),
    "getQueueStatus": (200, None, {}),
    "classifyWorkload": (200, {"type": "ai_inference_batch", "duration_hours": 3}, {}),
    "routeWorkload": (200, WORKLOAD, {}),
    "listResources": (200, None, {}),
    "getResource": (200, None, {"id": lambda s: s.device}),
    "cordonResource": (200, {"reason": "noise"}, {"id": lambda s: s.device}),
    "uncordonResource": (200, {}, {"id": lambda s: s.device}),
    "maintainResource": (200, {}, {"id": lambda s: s.device}),
    "scanDiscovery": (202, {}, {}),
    "getDiscoveryStatus": (200, None, {}),
    "createAllocation": (201, lambda s: s.settled() or {"class": "A100-80GB", "count": 1}, {}),
    "listAllocations": (200, None, {}),
    "getAllocation": (200, None, {"id": lambda s: s.settled() or s.allocated()}),
    "deleteAllocation": (200, None, {"id": lambda s: s.settled() or s.allocated()}),
    "releaseAllocation": (200, lambda s: s.settled() or {"allocation_id": s.allocated()}, {}),
    "listHealthChecks": (200, None, {}),
    "getHealthCheck": (200, None, {"id": lambda s: s.device}),
    "getCapacitySummary": (200, None, {}),
    "getCapacityUtilization": (200, None, {}),
    "getCapacityForecast": (200, None, {}),
    "listFacilities": (200, None, {}),
    "getFacility": (200, None, {"id": "lab"}),
    "setFacilityCap": (200, {"cap_w": 250_000}, {"id": "lab"}),
    "setFacilityReserve": (200, {"products": ["rrs"], "share_pct": 50, "call_usd_per_mwh": 1000}, {"id": "lab"}),
    "setFacilityStrike": (200, {"class": "S21", "usd_per_mwh": 900}, {"id": "lab"}),
    "listGridEvents": (200, None, {}),
    "announceGridEvent": (201, lambda s: s.announcement(), {}),
    "assessGridEvent": (200, lambda s: s.announcement(), {}),
    "acceptGridEvent": (200, {"reason": "worth it"}, {"id": lambda s: s.grid_offer()}),
    "declineGridEvent": (200, {"reason": "not worth it"}, {"id": lambda s: s.grid_offer()}),
    "setFacilityGridRule": (200, {}, {"id": "lab"}),
    "getGridEvent": (200, None, {"id": lambda s: s.grid_event()}),
    "getGridEventReport": (200, None, {"id": lambda s: s.grid_event()}),
    "cancelGridEvent": (200, {"reason": "drill"}, {"id": lambda s: s.grid_event()}),
    "deleteGridEvent": (200, None, {"id": lambda s: s.grid_event()}),
    "listCustomers": (200, None, {}),
    "getCustomer": (200, None, {"id": "cust-001"}),
    "listSwitches": (200, None, {}),
    "getSwitchingMetrics": (200, None, {}),
    "getSimulatorStatus": (200, None, {}),
    "listSimulatorDevices": (200, None, {}),
    "injectFault": (202, {"kind": "device_degraded", "device": "asic-lab-s21-001", "duration_s": 1}, {}),
}
STREAMS = {"streamEvents"}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with Daemon(tmp_path_factory.mktemp("wire"), "--workloads", "none", "--speed", "20", "--set",
                "scheduling.gpu_phase_deadline=10min") as daemon:
        yield Site(daemon)


def places_of(operation_id):
    """(service, method, template) of every URL; on each service that is open by default."""
    document, places = CONTRACT.document, []
    for template, item in document["paths"].items():
        for method, operation in item.items():
            if operation["operationId"] != operation_id:
                continue
            own = operation["x-hcp-services"]
            own = list(PORTS) if own == "all" else ["gateway", *own]
            places += [(service, method, template) for service in own]
            for alias in operation.get("x-hcp-aliases", []):
                text, services = (alias, own) if isinstance(alias, str) else (alias["path"], alias["services"])
                places += [(service, method, text) for service in services]
    return [place for place in dict.fromkeys(places) if place[0] in PORTS]


def test_the_table_is_the_contract():
    assert set(CALLS) | STREAMS == set(CONTRACT.operations)


@pytest.mark.parametrize("operation_id", CALLS)
def test_an_operation_on_each_of_its_urls(site, operation_id):
    status, body, params = CALLS[operation_id]
    places = places_of(operation_id)
    assert places
    for service, method, template in places:
        path = template
        for name, value in params.items():
            path = path.replace("{%s}" % name, value(site) if callable(value) else value)
        payload = body(site) if callable(body) else body
        response = site.daemon.request(method.upper(), path, service, **({} if payload is None else {"json": payload}))
        assert response.status_code == status, f"{method} {path} on {service}: {response.text}"
        assert CONTRACT.find(service, method.upper(), path) == operation_id


def test_an_operation_is_not_on_a_service_that_lacks_it(site):
    assert site.daemon.get("/api/v1/prices/current", service="orchestrator").status_code == 404
    assert site.daemon.get("/api/v1/queue", service="optimizer").status_code == 404


def test_problems_carry_the_trace_of_the_request(site):
    trace = "0123456789abcdef0123456789abcdef"
    response = site.daemon.get("/api/v1/workloads/none", headers={"traceparent": f"00-{trace}-0123456789abcdef-01"})
    assert response.json()["trace_id"] == trace == response.headers["X-Trace-Id"]


def test_readiness_names_each_dependency_with_its_age(site):
    brief, verbose = site.daemon.json("/readyz"), site.daemon.json("/readyz?verbose")
    assert "dependencies" not in brief
    ages = {row["name"]: row["age_ms"] for row in verbose["dependencies"]}
    assert ages["journal"] is None and ages["devices"] >= 0 and ages["price:btc"] >= 0


def test_a_route_is_where_the_submission_then_goes(site):
    site.settled()
    question = {"workload_type": "model_training", "requirements": {"gpu_type": "H100", "gpu_count": 2}}
    wait_until(lambda: site.daemon.post("/route", question, service="router").json()["placeable"], "two H100 are free")
    route = site.daemon.post("/route", question, service="router").json()
    assert len(route["devices"]) == 2 and route["facility"] == "lab" and route["class"] == "H100-80GB"
    queued = site.daemon.json("/api/v1/status")["workloads"]["submitted"]
    assert site.daemon.post("/route", question, service="router").json()["devices"] == route["devices"]
    assert site.daemon.json("/api/v1/status")["workloads"]["submitted"] == queued
    workload = site.daemon.workload(site.daemon.submit(**question)["workload_id"])
    assert workload["facility"] == route["facility"]
    assert len(workload["devices"]) == 2


@pytest.mark.parametrize("question, priority, feature", [
    ({"type": "ai_inference_realtime"}, 1, None),
    ({"type": "ai_inference_realtime", "max_latency_ms": 50}, 1, "max_latency_ms"),
    ({"type": "ai_inference_batch", "duration_hours": 3}, 2, None),
    ({"type": "model_training", "gpu_count": 8, "duration_hours": 12}, 3, None),
    ({"type": "bitcoin_mining"}, 4, None)])
def test_a_classification_explains_itself(site, question, priority, feature):
    answer = site.daemon.post("/workload/classify", question, service="router").json()
    assert answer["priority"] == priority and answer["class"] == f"P{priority}"
    assert 0 <= answer["margin"] <= 1
    if answer["counterfactual"] is not None:
        assert answer["counterfactual"]["priority"] != priority
        assert answer["counterfactual"]["feature"] in answer["reason"] or answer["counterfactual"]["unit"]
    assert feature is None or answer["features"]["max_latency_ms"] == 50
