// SPDX-License-Identifier: Apache-2.0
"use strict";

const report = JSON.parse(document.getElementById("data").textContent);
const { series } = report;
const ink = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const number = (value, digits = 0) =>
  value === null || value === undefined
    ? "–"
    : value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits, signDisplay: "negative" });
const day = (seconds) => new Date(seconds * 1000).toISOString().slice(0, 16).replace("T", " ");

function element(name, text = "") {
  const node = document.createElement(name);
  node.textContent = text;
  return node;
}

function section(id, title, note) {
  const node = document.getElementById(id);
  node.append(element("h2", title), element("p", note));
  return node;
}

// `columns` are [heading, row => text]; the first one names the row.
function table(into, columns, rows) {
  const node = element("table");
  const head = node.createTHead().insertRow();
  columns.forEach(([heading]) => head.append(element("th", heading)));
  const body = node.createTBody();
  rows.forEach((row) => {
    const line = body.insertRow();
    columns.forEach(([, text], i) => line.append(element(i === 0 ? "th" : "td", text(row))));
  });
  const frame = element("div");
  frame.className = "wide";
  frame.append(node);
  into.append(frame);
}

const charts = [];

// Lines are [label, values, colour variable]; steps between `from` and `to` are drawn.
function chart(into, lines, { unit, from = 0, to = series.ts.length, shade = () => false, stepped = false }) {
  const axis = { stroke: () => ink("--quiet"), grid: { stroke: () => ink("--line"), width: 1 }, ticks: { stroke: () => ink("--line") } };
  const cut = (values) => values.slice(from, to);
  const paint = (u) => {
    u.ctx.fillStyle = ink("--shade");
    for (let i = from; i + 1 < to; i++) {
      if (!shade(i)) continue;
      const x = u.valToPos(series.ts[i], "x", true);
      u.ctx.fillRect(x, u.bbox.top, u.valToPos(series.ts[i + 1], "x", true) - x, u.bbox.height);
    }
  };
  const node = element("div");
  into.append(node);
  const plot = new uPlot({
    width: node.clientWidth,
    height: Math.max(240, Math.min(360, node.clientWidth / 2.6)),
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
    axes: [axis, { ...axis, size: 74, values: (_, ticks) => ticks.map((tick) => number(tick)) }],
    hooks: { drawClear: [paint] },
    series: [
      { label: "UTC", value: (_, seconds) => (seconds === null ? "–" : day(seconds)) },
      ...lines.map(([label, , colour]) => ({
        label: `${label}, ${unit}`,
        stroke: () => ink(colour),
        width: 1.5,
        paths: stepped ? uPlot.paths.stepped({ align: 1 }) : undefined,
        value: (_, value) => number(value, unit === "USD" ? 0 : 2),
      })),
    ],
  }, [cut(series.ts), ...lines.map(([, values]) => cut(values))], node);
  charts.push([plot, node]);
}

function showPlans() {
  document.getElementById("title").textContent = `Backtest of ${report.site}`;
  document.getElementById("what").textContent =
    `${report.market}, ${day(series.ts[0])} to ${day(series.ts.at(-1))} UTC, ${number(report.steps)} steps of ` +
    `${report.step_h} h. Every policy saw only what was known when each step began.`;
  const base = report.plans.find((plan) => plan.best_static).profit_usd;
  table(section("plans", "Plans", "Gain is over the best static plan, marked *. The optimum knew every price beforehand."), [
    ["plan", (p) => p.plan + (p.best_static ? " *" : "")],
    ["profit, USD", (p) => number(p.profit_usd)],
    ["gain, USD", (p) => number(p.profit_usd - base)],
    ["gap closed, %", (p) => number(p.closed_pct, 1)],
    ["switches", (p) => number(p.switches)],
    ["USD/MWh", (p) => number(p.energy_mwh > 0 ? p.profit_usd / p.energy_mwh : null, 2)],
  ], report.plans);
}

function showUplift() {
  const runs = report.plans.filter((plan) => plan.uplift);
  const over = (name) => (p) => {
    const found = p.uplift[name];
    if (!found) return "–";
    return number(found.usd) + (found.low_usd === undefined ? "" : ` (${number(found.low_usd)} … ${number(found.high_usd)})`);
  };
  table(section("uplift", "Uplift over four baselines, USD", "In brackets the 95 % interval when weeks are drawn anew (block bootstrap)."), [
    ["plan", (p) => p.plan],
    ["over mine-only", over("mine_only")],
    ["over AI-only", over("ai_only")],
    ["over the best static plan", over("best_static")],
    ["over greedy", over("greedy")],
    ["hours without mining", (p) => number(p.stopped_h)],
  ], runs);
}

function showGain() {
  const lines = [["optimum", series.optimum_gain_usd, "--ink"]];
  series.runs.forEach((run, i) => lines.push([run.plan, run.gain_usd, `--c${(series.runs.length - 1 - i) % 7}`]));
  chart(section("gain", "Gain over the best static plan, cumulative", "Drag across the chart to look closer, double-click to return."),
    lines, { unit: "USD" });
}

function showWeeks() {
  const run = series.runs.at(-1);
  if (!run || report.weeks.length === 0) return;
  const into = document.getElementById("weeks");
  report.weeks.forEach((week) => {
    into.append(element("h2", `${week.title}: prices`),
      element("p", `Shaded: ${run.plan} was not in the best static plan's state (${report.best_static}).`));
    chart(into, [
      ["day-ahead", series.dam_usd_per_mwh, "--c4"],
      [`expected by ${run.plan} an hour before`, run.forecast_usd_per_mwh, "--c0"],
      ["settled", series.price_usd_per_mwh, "--c1"],
    ], { unit: "USD/MWh", from: week.from, to: week.to, stepped: true, shade: (i) => run.away[i] === 1 });
  });
}

function showRegret() {
  table(section("regret", "Regret by cause", "What each plan left on the table, against an ideal that switches free and at once."), [
    ["plan", (p) => p.plan],
    ["forecast, USD", (p) => number(p.regret_forecast_usd)],
    ["switching, USD", (p) => number(p.regret_switching_usd)],
    ["minimum times, USD", (p) => number(p.regret_constraints_usd)],
  ], report.plans);
}

function showRatios() {
  const plans = report.plans.filter((p) => p.competitive && p.competitive.ratio !== undefined);
  if (plans.length === 0) return;
  const ratio = (value) => (value === undefined ? "" : number(value, 2));
  table(section("ratios", "Competitive ratio", "Cost is what free and instant switching with foresight would have earned beyond a plan; the ratio is its cost over the optimum's, for the run and by day."), [
    ["plan", (p) => p.plan],
    ["cost, USD", (p) => number(p.competitive.cost_usd)],
    ["ratio", (p) => ratio(p.competitive.ratio)],
    ["days", (p) => number(p.competitive.days)],
    ["median day", (p) => ratio(p.competitive.median_day)],
    ["90 % of days under", (p) => ratio(p.competitive.p90_day)],
    ["worst day", (p) => ratio(p.competitive.max_day)],
    ["on", (p) => (p.competitive.max_day_from || "").slice(0, 10)],
  ], plans);
}

function showReliability() {
  const plan = report.plans.findLast((p) => p.reliability && p.reliability.length > 0);
  if (!plan) return;
  table(section("reliability", `Were the forecasts of ${plan.plan} right?`, "Steps by the price that was expected, USD/MWh."), [
    ["expected from", (b) => (b.from_usd_per_mwh === undefined ? "any less" : number(b.from_usd_per_mwh))],
    ["steps", (b) => number(b.steps)],
    ["mean expected", (b) => number(b.mean_expected_usd_per_mwh, 2)],
    ["mean settled", (b) => number(b.mean_settled_usd_per_mwh, 2)],
    ["std. error", (b) => number(b.std_error_usd_per_mwh, 2)],
    ["inside the 80 % range, %", (b) => number(100 * b.in_80_pct_range, 1)],
  ], plan.reliability);
  if (plan.confidence.length === 0) return;
  const error = (c) => 100 * Math.sqrt((c.right * (1 - c.right)) / c.decisions);
  table(section("confidence", `Were the decisions of ${plan.plan} as sure as they said?`,
    "Right means: the price that settled kept to the chosen side of the flip price."), [
    ["confidence from, %", (c) => number(100 * c.from, 1)],
    ["decisions", (c) => number(c.decisions)],
    ["mean stated, %", (c) => number(100 * c.mean_stated, 1)],
    ["right, %", (c) => number(100 * c.right, 1)],
    ["std. error", (c) => number(error(c), 1)],
  ], plan.confidence);
}

showPlans();
showUplift();
showGain();
showWeeks();
showRegret();
showRatios();
showReliability();
addEventListener("resize", () => charts.forEach(([plot, node]) => plot.setSize({ width: node.clientWidth, height: plot.height })));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => charts.forEach(([plot]) => plot.redraw()));
