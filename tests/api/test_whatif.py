# SPDX-License-Identifier: Apache-2.0
"""What-if questions: asked of a running platform and of its files, which neither changes."""

import hashlib
import json
import subprocess
import time
from datetime import datetime, timedelta

import pytest

import journal_reader
from daemon import ROOT, Daemon, binary, wait_until

HOURS = 4  # of platform time, which is a few seconds
PATH = "/api/v1/whatif"


def instant(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def text_of(moment):
    return moment.isoformat().replace("+00:00", "Z")


def newest(daemon):
    """Time of the last entry that the daemon's journal holds, microseconds."""
    with journal_reader.connect(daemon.data) as db:
        return db.execute("SELECT max(time_us) FROM journal_entry").fetchone()[0]


def wait_for_history(daemon, hours):
    def long_enough():
        with journal_reader.connect(daemon.data) as db:
            first, last = db.execute("SELECT min(time_us), max(time_us) FROM journal_entry").fetchone()
        return first is not None and last - first > hours * 3600e6
    wait_until(long_enough, f"the journal spans {hours} h")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A site with some hours of history, still running."""
    with Daemon(tmp_path_factory.mktemp("data") / "site", "--speed", "2000") as running:
        wait_for_history(running, HOURS)
        yield running


@pytest.fixture(scope="module")
def period(site):
    """Two hours that have passed: their answer cannot change any more."""
    end = datetime.fromtimestamp(newest(site) / 1e6, tz=instant("2026-01-01T00:00:00Z").tzinfo)
    return {"from": text_of(end - timedelta(hours=3)), "to": text_of(end - timedelta(hours=1))}


def ask(daemon, **question):
    response = daemon.post(PATH, question)
    assert response.status_code == 202, response.text
    assert response.headers["Location"] == f"{PATH}/{response.json()['whatif_id']}"
    return response.json()["whatif_id"]


def ended(daemon, whatif_id):
    return wait_until(lambda: (body := daemon.json(f"{PATH}/{whatif_id}"))["status"] in ("done", "failed") and body,
                      f"{whatif_id} has ended")


def answer(daemon, **question):
    body = ended(daemon, ask(daemon, **question))
    assert body["status"] == "done", body
    assert body["progress"] == 1 and body["took_s"] > 0 and body["error"] is None and body["stage"] is None
    return body["answer"]


def whatif(*options):
    return subprocess.run([binary(), "whatif", *options], capture_output=True, text=True, cwd=ROOT, timeout=120,
                          check=False)


def test_an_answer_adds_up(site, period):
    found = answer(site, **period, electricity_usd_per_mwh={"scale": 2})
    for column in ("actual", "unchanged", "changed"):
        row = found[column]
        assert row["profit_usd_micro"] == (row["mining_usd_micro"] + row["ai_usd_micro"]
                                           - row["electricity_usd_micro"] - row["true_up_usd_micro"])
    assert found["difference"]["profit_usd_micro"] == \
        found["changed"]["profit_usd_micro"] - found["unchanged"]["profit_usd_micro"]
    assert found["actual"]["workloads"]["submitted"] == found["unchanged"]["workloads"]["submitted"]
    # The model is near what happened.
    assert found["unchanged"]["energy_mwh"]["mining"] == pytest.approx(found["actual"]["energy_mwh"]["mining"], rel=0.05)


def test_twice_the_price_is_paid_twice_where_nothing_answers_to_it(site, period):
    one, two = (answer(site, **period, policy="rest", electricity_usd_per_mwh={"scale": scale})["changed"]
                for scale in (1, 2))
    assert two["energy_mwh"] == one["energy_mwh"]
    assert two["paid_usd_per_mwh"] == pytest.approx(2 * one["paid_usd_per_mwh"], rel=1e-4)


def test_the_same_question_has_the_same_answer_here_and_on_the_command_line(site, period):
    question = dict(period, policy="rest", caps=[{"facility": "lab", "cap_mw": 0.2}],
                    fleet=[{"facility": "lab", "class": "S21", "remove": 10}])
    first, second = answer(site, **question), answer(site, **question)
    options = ("--from", period["from"], "--to", period["to"], "--policy", "rest", "--cap", "lab=0.2",
               "--fleet", "lab/S21=-10", "--json")
    printed = whatif("--data", str(site.data), *options)
    assert printed.returncode == 0, printed.stderr
    third = json.loads(printed.stdout)
    for one in (first, second, third):
        del one["stored_until"]  # the platform goes on
    assert first == second == third
    assert first["changed_policy"] == "rest" and first["policy"] == "hcp"


def test_the_platform_does_not_notice(site, period):
    """Probes stay quick while a question is worked on, and no entry is changed or added by it."""
    before = journal_reader.verify(site.data)
    whatif_id, slowest = ask(site, policy="rest"), 0
    while site.json(f"{PATH}/{whatif_id}")["status"] in ("queued", "running"):
        began = time.monotonic()
        assert site.get("/health").status_code == 200
        slowest = max(slowest, time.monotonic() - began)
    assert ended(site, whatif_id)["status"] == "done"
    assert slowest < 1, "a probe waited for a question"
    assert journal_reader.verify(site.data) > before  # the platform itself has gone on
    with journal_reader.connect(site.data) as db:
        assert db.execute("SELECT count(*) FROM journal_entry WHERE actor = 'whatif'").fetchone() == (0,)


@pytest.mark.parametrize("question, pointer", [
    ({"btc_usd": {"scale": 2, "fixed": 3}}, "/btc_usd"),
    ({"fleet": [{"facility": "lab", "class": "S21"}]}, "/fleet"),
])
def test_parts_that_do_not_go_together(site, question, pointer):
    response = site.post(PATH, question)
    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"] == pointer


@pytest.mark.parametrize("question, pointer", [
    ({"electricity": {"scale": 2}}, "/electricity"),
    ({"threshold": 0.5}, "/threshold"),
    ({"caps": [{"facility": "lab", "cap_mw": 0}]}, "/caps/0/cap_mw"),
    ({"btc_usd": {"series": {"step_s": 60, "values": []}}}, "/btc_usd/series/values"),
])
def test_what_the_contract_refuses(site, question, pointer):
    response = site.post(PATH, question)
    assert response.status_code == 400
    assert response.json()["errors"][0]["pointer"] == pointer


@pytest.mark.parametrize("question, words", [
    ({"from": "2020-01-01T00:00:00Z"}, "from: the journal holds "),
    ({"from": "-1h", "policy": "clairvoyant"}, "there are: threshold"),
    ({"from": "-1h", "caps": [{"facility": "moon", "cap_mw": 1}]}, "the facilities are: lab"),
])
def test_what_the_journal_cannot_answer(site, question, words):
    body = ended(site, ask(site, **question))
    assert body["status"] == "failed" and words in body["error"] and body["answer"] is None


def test_a_full_queue_refuses_and_deleting_makes_room(site):
    accepted = []
    for _ in range(100):
        response = site.post(PATH, {"policy": "rest"})
        if response.status_code == 429:
            break
        accepted.append(response.json()["whatif_id"])
    assert response.status_code == 429 and response.headers["Retry-After"] == "5"
    assert "delete one" in response.json()["detail"]
    for whatif_id in accepted:
        assert site.request("DELETE", f"{PATH}/{whatif_id}").json()["whatif_id"] == whatif_id
        assert site.get(f"{PATH}/{whatif_id}").status_code == 404
        assert site.request("DELETE", f"{PATH}/{whatif_id}").status_code == 404
    # The one that ran stops by itself; nothing of it is left in the way.
    assert answer(site, **{"from": "-10min"})["unchanged"]["profit_usd_micro"] is not None


def test_pages(site):
    asked = [ask(site, **{"from": "-5min"}) for _ in range(3)]
    for whatif_id in asked:
        ended(site, whatif_id)
    found, url = [], f"{PATH}?limit=2"
    while url:
        page = site.get(url)
        found += [row["whatif_id"] for row in page.json()["questions"]]
        assert all("answer" not in row for row in page.json()["questions"])
        url = page.links.get("next", {}).get("url")
    assert found[:3] == asked[::-1]
    assert len(found) == len(set(found)) and found == sorted(found, reverse=True)


def test_unknown_ids(site):
    for whatif_id in ("wif_nonsense", "wl_000000000000a", "x"):
        assert site.get(f"{PATH}/{whatif_id}").status_code == 404


def test_a_stop_does_not_wait_for_a_question(start):
    daemon = start("--speed", "500")
    wait_for_history(daemon, 0.5)
    ask(daemon, policy="rest")
    daemon.stop()


def test_files_are_left_as_they_are(tmp_path):
    with Daemon(tmp_path / "site", "--speed", "2000") as daemon:
        wait_for_history(daemon, 1)

    def digest():
        return {name: hashlib.sha256((tmp_path / "site" / name).read_bytes()).hexdigest()
                for name in ("journal.db", "journal.ack")}

    before = digest()
    printed = whatif("--data", str(tmp_path / "site"), "--from", "-30min", "--electricity", "scale=3,shift=5")
    assert printed.returncode == 0, printed.stderr
    assert digest() == before
    assert max(len(line) for line in printed.stdout.splitlines()) <= 80
    for words in ("HAPPENED", "RERUN", "CHANGED", "DIFFERENCE", "policy hcp"):
        assert words in printed.stdout


@pytest.mark.parametrize("options, words", [
    (("--cap", "lab"), "--cap lab: give FACILITY=MW"),
    (("--cap", "lab=0"), "--cap lab=0: give FACILITY=MW"),
    (("--fleet", "lab/S21=many"), "--fleet lab/S21=many: give FACILITY/CLASS=+N"),
    (("--electricity", "double"), "give scale=FACTOR"),
    (("--electricity", "scale=x"), "the value is a number"),
    (("--hashprice", "replay=file.csv"), "use --btc replay=FILE"),
    (("--btc", "replay=/nowhere.csv"), "--btc: /nowhere.csv"),
    (("--threshold", "0.5"), "threshold: "),
    (("--from", "-9000h"), "from: the journal holds "),
    (("--to", "2020-01-01T00:00:00Z"), "must begin before it ends"),
    (("--dwell", "soon"), "min_dwell"),
    (("--data", "/nowhere"), "--data DIR says where the journal is"),
])
def test_bad_options(site, options, words):
    refused = whatif("--data", str(site.data), *options)
    assert refused.returncode == 2
    assert words in refused.stderr


def test_a_recorded_file_is_played_from_the_start(site, period, tmp_path):
    file = tmp_path / "prices.csv"
    start = instant("2024-03-01T00:00:00Z")
    rows = [f"{text_of(start + timedelta(minutes=15 * n))},{40 if n < 5 else 80}" for n in range(12)]
    file.write_text("ts_utc,rtm_usd_mwh\n" + "\n".join(rows) + "\n")
    printed = whatif("--data", str(site.data), "--from", period["from"], "--to", period["to"], "--json",
                     "--electricity", f"replay={file}")
    assert printed.returncode == 0, printed.stderr
    # The first row's price is known at its end, which is where the file begins: five quarters at 40, three at 80.
    paid = json.loads(printed.stdout)["changed"]["paid_usd_per_mwh"]
    assert 40 < paid < 80
