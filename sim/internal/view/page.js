(() => {
"use strict";

// ---- The run, unpacked (see payload.go) ----

const $ = id => document.getElementById(id);
const run = JSON.parse($("run").textContent);
const texts = run.t;
const R = run.r.length;
const D = run.d;
const FATE = { delivered: 0, lost: 1, cut: 2, duplicate: 3, down: 4, stale: 5 };
const FATES = Object.keys(FATE);

function sums(list) {
  const out = new Float64Array(list.length);
  let t = 0;
  for (let i = 0; i < list.length; i++) out[i] = t += list[i];
  return out;
}

const ops = { n: run.o.t.length, t: sums(run.o.t), r: run.o.r, k: run.o.k, l: run.o.l, id: run.o.i };
const opsOf = Array.from({ length: R }, () => []);
for (let i = 0; i < ops.n; i++) opsOf[ops.r[i]].push(i);

const msgs = (() => {
  const m = run.m, n = m.s.length;
  const s = sums(m.s), e = new Float64Array(n), first = new Uint32Array(n + 1), late = new Float64Array(n);
  const usual = new Map(); // the mean latency of a link, for messages that never arrived
  for (let i = 0; i < n; i++) {
    if (m.a[i] < 0) continue;
    const u = usual.get(m.f[i] * R + m.g[i]) || [0, 0];
    u[0] += m.a[i]; u[1]++;
    usual.set(m.f[i] * R + m.g[i], u);
  }
  let max = 0;
  for (let i = 0; i < n; i++) {
    const u = usual.get(m.f[i] * R + m.g[i]);
    e[i] = s[i] + (m.a[i] >= 0 ? m.a[i] : u ? u[0] / u[1] : D / 100);
    late[i] = max = Math.max(max, e[i]); // so that what is in view is found by halving
    first[i + 1] = first[i] + m.n[i];
  }
  const o = Int32Array.from(m.o);
  for (let i = 0; i < n; i++) for (let j = first[i] + 1; j < first[i + 1]; j++) o[j] += o[j - 1];
  return { n, s, e, late, a: m.a, f: m.f, g: m.g, k: m.k, x: Uint8Array.from(m.x), b: m.b, l: m.l, first, o };
})();
const ack = texts.indexOf("ack");
const isAck = i => ack >= 0 && msgs.k[i] === ack;
const carries = i => msgs.first[i + 1] > msgs.first[i];
const teaches = i => msgs.x[i] === FATE.delivered || msgs.x[i] === FATE.duplicate;
const broken = i => msgs.x[i] === FATE.lost || msgs.x[i] === FATE.cut || msgs.x[i] === FATE.down;
const name = r => run.r[r][0];

const cuts = run.c.map(c => {
  const group = new Int32Array(R).fill(-1);
  c.g.forEach((members, g) => members.forEach(r => { group[r] = g; }));
  return { f: c.f, t: Math.min(c.t, D), open: c.t > D, group, label: "partition: " + c.g.map(g => g.map(name).join(" ")).join(" | ") };
}).filter(c => c.f <= D);
const downs = run.w.map(w => ({ r: w[0], f: w[1], t: Math.min(w[2], D), open: w[2] > D })).filter(w => w.f <= D);
const states = { t: run.v[0], n: run.v[1] };
const most = states.n.reduce((a, b) => Math.max(a, b), 2);

// ---- Words and numbers ----

function commas(n) { return String(n).replace(/\B(?=(\d{3})+$)/g, ","); }
function plural(n, thing) { return commas(n) + " " + thing + (n === 1 ? "" : "s"); }
function span(us) {
  const s = us < 0 ? "−" : "";
  us = Math.abs(us);
  if (us >= 60e6) return s + Math.floor(us / 60e6) + " min " + String(Math.floor(us % 60e6 / 1e6)).padStart(2, "0") + " s";
  if (us >= 10e6) return s + (us / 1e6).toFixed(1) + " s";
  if (us >= 1e6) return s + (us / 1e6).toFixed(2) + " s";
  if (us >= 10e3) return s + (us / 1e3).toFixed(0) + " ms";
  if (us >= 1e3) return s + (us / 1e3).toFixed(1) + " ms";
  return s + us.toFixed(0) + " µs";
}
function clock(us) { return D < 2e6 ? (us / 1e3).toFixed(3) + " ms" : (us / 1e6).toFixed(3) + " s"; }
function bytes(n) {
  if (n >= 1 << 20) return (n / (1 << 20)).toFixed(1) + " MiB";
  if (n >= 10 << 10) return (n / 1024).toFixed(1) + " KiB";
  return commas(n) + " B";
}
function short(s, n) { const c = Array.from(s); return c.length > n ? c.slice(0, n - 1).join("") + "…" : s; }
function opText(i) { return texts[ops.k[i]] + "  " + texts[ops.l[i]]; }

// ---- What is shown ----

const show = { delivered: true, ack: true, lost: true, cut: true, duplicate: true, down: true, stale: true, carrying: false };
const withWrites = (() => { let n = 0; for (let i = 0; i < msgs.n; i++) if (carries(i)) n++; return n; })();
show.carrying = msgs.n > 400 && withWrites > 0 && withWrites < msgs.n;

function visible(i) {
  if (show.carrying && !carries(i)) return false;
  if (isAck(i)) { if (!show.ack) return false; if (msgs.x[i] === FATE.delivered) return true; }
  return show[FATES[msgs.x[i]]];
}

let v0 = 0, v1 = D;              // the time in view
let picked = null;               // {op} or {msg}: what was clicked
let hover = null;                // what is under the pointer
const minSpan = Math.min(D, 1000);

// ---- Measures ----

const base = $("base"), over = $("over"), stage = $("stage"), tip = $("tip"), info = $("info");
const ctx = base.getContext("2d"), top2 = over.getContext("2d");
const FONT = '12px system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif';
const BOLD = "600 13" + FONT.slice(2);
let W = 0, H = 0, L = 0, PW = 0, laneH = 0, laneTop = 0, laneEnd = 0, stripTop = 0, stripH = 0, dpr = 1, colour = {};
const AXIS = 28, ROW = 20, cutRows = Math.min(3, cuts.length ? rowsNeeded() : 0);

// rowsNeeded is how many partitions overlap, at most three.
function rowsNeeded() {
  const free = [];
  for (const c of cuts) {
    const r = free.findIndex(t => t <= c.f);
    if (r < 0) free.push(c.t); else free[r] = c.t;
  }
  return Math.min(3, Math.max(free.length, cuts.length > 1 ? 2 : 1));
}

function measure(width) {
  W = Math.max(320, Math.floor(width));
  dpr = window.devicePixelRatio || 1;
  if (printing) dpr = Math.max(2, dpr);
  ctx.font = BOLD;
  let wide = ctx.measureText("different states").width;
  for (let r = 0; r < R; r++) wide = Math.max(wide, ctx.measureText(run.r[r][0]).width, ctx.measureText(sub(r)).width);
  L = Math.round(Math.min(wide + 24, W * 0.25, 200));
  PW = W - L - 18;
  laneH = Math.max(24, Math.min(112, Math.round(340 / R)));
  laneTop = AXIS + cutRows * ROW + 4;
  laneEnd = laneTop + R * laneH;
  stripH = states.t.length ? Math.max(30, Math.min(64, most * 16)) : 0;
  stripTop = laneEnd + 30;
  H = stripH ? stripTop + stripH + 12 : laneEnd + 10;
  for (const c of [base, over]) {
    c.width = Math.round(W * dpr);
    c.height = Math.round(H * dpr);
    c.style.height = printing ? "auto" : H + "px";
  }
}

// sub is the small print under a replica's name.
function sub(r) {
  const region = run.r[r][1] && run.r[r][1] !== run.r[r][0] ? run.r[r][1] + ", " : "";
  return region + plural(writes[r], "write");
}
const writes = run.n;

function readColours() {
  const css = getComputedStyle(document.documentElement);
  for (const k of ["bg", "panel", "ink", "mute", "line", "grid", "lane", "lanesolid", "op", "hi", "ok", "bad", "warn", "band",
    "delivered", "ack", "lost", "cut", "duplicate", "down", "stale", "g0", "g1", "g2", "g3", "g4", "g5"]) colour[k] = css.getPropertyValue("--" + k).trim();
}

const X = t => L + (t - v0) / (v1 - v0) * PW;
const T = x => v0 + (x - L) / PW * (v1 - v0);
const Y = r => laneTop + (r + 0.5) * laneH;
const half = v => Math.round(v) + 0.5;

// ---- Finding things by time ----

function atLeast(list, t, n) {
  let a = 0, b = n;
  while (a < b) { const m = (a + b) >> 1; if (list[m] < t) a = m + 1; else b = m; }
  return a;
}
const inView = (t0, t1) => [atLeast(msgs.late, t0, msgs.n), atLeast(msgs.s, t1, msgs.n)];

// ---- Drawing: the base picture ----

const CLASS = ["delivered", "ack", "lost", "cut", "duplicate", "down", "stale"];
const classOf = i => msgs.x[i] === FATE.delivered ? (isAck(i) ? "ack" : "delivered") : FATES[msgs.x[i]];
let drawn = { stride: 1, brokenStride: 1, of: 0 };

// partOf is how much of its way a message is drawn: a lost one ends midway
// between two lanes, one stopped by a partition at the break it could not pass.
function partOf(i) {
  const x = msgs.x[i];
  if (x === FATE.down) return 0.94;
  if (x !== FATE.lost && x !== FATE.cut) return 1;
  const lanes = Math.abs(msgs.f[i] - msgs.g[i]);
  if (x === FATE.cut) for (const t of [msgs.s[i], msgs.e[i]]) {
    for (const c of cuts) if (c.f <= t && t <= c.t && apart(c, msgs.f[i], msgs.g[i])) return (wall(c, msgs.f[i], msgs.g[i]) + 0.5) / lanes;
  }
  return (Math.floor((lanes - 1) / 2) + 0.5) / lanes;
}
const apart = (c, a, b) => c.group[a] >= 0 && c.group[b] >= 0 && c.group[a] !== c.group[b];

// wall is how many lanes a message passes before the first break on its way.
function wall(c, from, to) {
  const by = from < to ? 1 : -1;
  for (let r = from, n = 0; r !== to; r += by, n++) if (c.group[r] !== c.group[r + by]) return n;
  return 0;
}

const parts = new Float32Array(msgs.n).map((_, i) => partOf(i));

function ends(i) {
  const x0 = X(msgs.s[i]), x1 = X(msgs.e[i]), y0 = Y(msgs.f[i]), y1 = Y(msgs.g[i]), p = parts[i];
  return [x0, y0, x0 + (x1 - x0) * p, y0 + (y1 - y0) * p];
}

function prepare(c) {
  c.setTransform(dpr, 0, 0, dpr, 0, 0);
  c.textBaseline = "middle";
  c.font = FONT;
}

function clipPlot(c) {
  c.save();
  c.beginPath();
  c.rect(L, 0, PW, H);
  c.clip();
}

function draw() {
  prepare(ctx);
  ctx.fillStyle = colour.bg;
  ctx.fillRect(0, 0, W, H);
  drawGrid();
  clipPlot(ctx);
  drawCuts();
  drawLanes();
  drawMessages();
  drawOps();
  drawStates();
  ctx.restore();
  drawGutter();
  drawOver();
}

function tickStep() {
  const want = (v1 - v0) / Math.max(2, PW / 110);
  let step = Math.pow(10, Math.floor(Math.log10(want)));
  for (const f of [1, 2, 5, 10]) if (step * f >= want) { step *= f; break; }
  return Math.max(1, step);
}

function drawGrid() {
  const step = tickStep();
  const ms = D < 2e6 || step < 1000;
  const unit = ms ? 1e3 : 1e6;
  const digits = Math.max(0, Math.ceil(-Math.log10(step / unit) - 1e-9));
  ctx.textAlign = "center";
  for (let k = Math.ceil(v0 / step); k * step <= v1; k++) {
    const x = half(X(k * step));
    ctx.strokeStyle = colour.grid;
    ctx.lineWidth = 1;
    ctx.beginPath();
    ctx.moveTo(x, AXIS - 6);
    ctx.lineTo(x, H - 8);
    ctx.stroke();
    ctx.fillStyle = colour.mute;
    const label = (k * step / unit).toFixed(digits) + (ms ? " ms" : " s");
    const w = ctx.measureText(label).width / 2;
    ctx.fillText(label, Math.min(Math.max(x, L + w - 8), W - w - 4), 12);
  }
  ctx.strokeStyle = colour.line;
  ctx.beginPath();
  ctx.moveTo(L, AXIS - 5.5);
  ctx.lineTo(L + PW, AXIS - 5.5);
  ctx.stroke();
  if (v1 - v0 < D) { // which part of the run is in view
    ctx.fillStyle = colour.hi;
    const a = L + v0 / D * PW, b = L + v1 / D * PW;
    ctx.fillRect(a, AXIS - 7, Math.max(3, b - a), 3);
  }
}

function drawCuts() {
  const ends = new Array(cutRows).fill(-1e9);
  for (const c of cuts) {
    if (c.t < v0 || c.f > v1) continue;
    const a = Math.max(X(c.f), L - 2), b = Math.min(X(c.t), W + 2), w = Math.max(1, b - a);
    ctx.globalAlpha = Number(colour.band);
    for (let r = 0; r < R; r++) {
      if (c.group[r] < 0) continue;
      ctx.fillStyle = colour["g" + c.group[r] % 6];
      ctx.fillRect(a, laneTop + r * laneH, w, laneH);
    }
    ctx.globalAlpha = 1;
    ctx.strokeStyle = colour.cut;
    ctx.lineWidth = 1;
    ctx.beginPath();
    for (const t of c.open ? [c.f] : [c.f, c.t]) {
      const x = half(X(t));
      ctx.moveTo(x, laneTop - 4);
      ctx.lineTo(x, H - 8);
    }
    ctx.globalAlpha = 0.6;
    ctx.stroke();
    ctx.globalAlpha = 1;
    cutLabel(c, a, b, ends);
  }
}

// drawBreaks draws the dashed lines between the separated lanes.
function drawBreaks() {
  ctx.setLineDash([7, 5]);
  ctx.lineWidth = 2;
  ctx.strokeStyle = colour.cut;
  ctx.beginPath();
  for (const c of cuts) {
    if (c.t < v0 || c.f > v1) continue;
    const a = Math.max(X(c.f), L - 2), b = Math.min(X(c.t), W + 2);
    for (let r = 0; r + 1 < R; r++) {
      if (!apart(c, r, r + 1)) continue;
      const y = Math.round(laneTop + (r + 1) * laneH);
      ctx.moveTo(a, y);
      ctx.lineTo(b, y);
    }
  }
  ctx.stroke();
  ctx.setLineDash([]);
}

// cutLabel writes what a partition separates above it, where there is room.
function cutLabel(c, a, b, ends) {
  const lo = Math.max(a, L), hi = Math.min(b, L + PW);
  for (const text of [c.label + ", for " + span(c.t - c.f), c.label, "partition"]) {
    ctx.font = "600 " + FONT;
    const w = ctx.measureText(text).width + 12;
    if (w > PW || text === "partition" && w > hi - lo) continue;
    let x = Math.min(Math.max((lo + hi) / 2 - w / 2, L), L + PW - w);
    let row = ends.findIndex(e => e + 8 <= x);
    if (row < 0) { // aside, where it still touches what it names
      row = ends.findIndex(e => e + 8 <= Math.min(lo, L + PW - w));
      if (row >= 0) x = Math.max(ends[row] + 8, lo - w);
    }
    if (row < 0) continue;
    ends[row] = x + w;
    const y = AXIS + row * ROW;
    ctx.fillStyle = colour.bg;
    ctx.fillRect(x, y, w, ROW - 2);
    ctx.fillStyle = colour.cut;
    ctx.globalAlpha = 0.16;
    ctx.fillRect(Math.max(lo, L), y, hi - lo, ROW - 2);
    ctx.globalAlpha = 1;
    ctx.fillStyle = colour.ink;
    ctx.textAlign = "left";
    ctx.fillText(text, x + 6, y + ROW / 2 - 0.5);
    break;
  }
  ctx.font = FONT;
}

function drawLanes() {
  ctx.lineWidth = 1.5;
  for (let r = 0; r < R; r++) {
    const y = Math.round(Y(r));
    ctx.strokeStyle = colour.lanesolid;
    ctx.beginPath();
    ctx.moveTo(Math.max(L, X(0)), y);
    ctx.lineTo(Math.min(L + PW, X(D)), y);
    ctx.stroke();
  }
  for (const w of downs) {
    if (w.t < v0 || w.f > v1) continue;
    const a = Math.max(X(w.f), L - 2), b = Math.min(X(w.t), W + 2), y = Math.round(Y(w.r)), h = Math.min(22, laneH - 6);
    ctx.fillStyle = colour.bg;
    ctx.fillRect(a, y - h / 2, Math.max(2, b - a), h);
    ctx.save();
    ctx.beginPath();
    ctx.rect(a, y - h / 2, Math.max(2, b - a), h);
    ctx.clip();
    ctx.strokeStyle = colour.down;
    ctx.globalAlpha = 0.35;
    ctx.lineWidth = 1;
    ctx.beginPath();
    for (let x = a - h - a % 8; x < b; x += 8) { ctx.moveTo(x, y + h / 2); ctx.lineTo(x + h, y - h / 2); }
    ctx.stroke();
    ctx.restore();
    ctx.strokeStyle = colour.down;
    ctx.lineWidth = 1;
    ctx.strokeRect(half(a), half(y - h / 2), Math.max(2, b - a) - 1, h - 1);
  }
}

// drawDownLabels comes after the messages, which would cross the words.
function drawDownLabels() {
  ctx.textAlign = "center";
  for (const w of downs) {
    if (w.t < v0 || w.f > v1) continue;
    const a = Math.max(X(w.f), L), b = Math.min(X(w.t), L + PW);
    for (const text of ["down " + span(w.t - w.f), "down"]) {
      const width = ctx.measureText(text).width + 8;
      if (width > b - a - 4) continue;
      ctx.fillStyle = colour.bg;
      ctx.fillRect((a + b) / 2 - width / 2, Math.round(Y(w.r)) - 8, width, 16);
      ctx.fillStyle = colour.down;
      ctx.fillText(text, (a + b) / 2, Math.round(Y(w.r)) + 0.5);
      break;
    }
  }
}

function power(n, cap) { let s = 1; while (n / s > cap) s *= 2; return s; }

function drawMessages() {
  const [a, b] = inView(v0, v1);
  const lists = {};
  for (const c of CLASS) lists[c] = [];
  let whole = 0, bad = 0;
  for (let i = a; i < b; i++) {
    if (msgs.e[i] < v0 || !visible(i)) continue;
    lists[classOf(i)].push(i);
    if (broken(i)) bad++; else whole++;
  }
  drawn = { stride: power(whole, moving ? 1500 : 4000), brokenStride: power(bad, moving ? 500 : 1200), of: whole + bad };
  const dim = picked ? 0.22 : 1;
  const narrow = Math.max(1, 1100 / PW), n = whole / drawn.stride * narrow, k = bad / drawn.brokenStride * narrow;
  for (const c of CLASS) {
    const list = lists[c];
    if (!list.length) continue;
    const bust = c === "lost" || c === "cut" || c === "down";
    const stride = bust ? drawn.brokenStride : drawn.stride;
    ctx.strokeStyle = colour[c];
    ctx.lineWidth = c === "delivered" || c === "ack" || c === "stale" ? 1 : 1.25;
    const faint = c === "ack" ? 0.4 : c === "delivered" ? 0.5 : 0.8;
    const faded = c === "cut" ? 0.55 : 1; // a partition stops many, and all alike
    ctx.globalAlpha = dim * (bust ? faded * Math.max(0.2, Math.min(0.9, 10 / Math.sqrt(k))) : Math.max(0.07, Math.min(1, Math.sqrt(350 / n)) * faint));
    const few = list.length < 1500;
    ctx.setLineDash(few && (c === "duplicate" || c === "stale") ? [4, 3] : []);
    lines(list, stride);
    ctx.setLineDash([]);
    if (bust) ctx.globalAlpha = Math.min(1, 1.5 * ctx.globalAlpha / faded);
    if (bust) crosses(ctx, list, stride, k > 700 ? 2 : k > 250 ? 3 : 4);
  }
  ctx.globalAlpha = 1;
  drawBreaks();
  drawDownLabels();
}

function lines(list, stride) {
  let m = 0;
  ctx.beginPath();
  for (const i of list) {
    if (i % stride) continue;
    const [x0, y0, x1, y1] = ends(i);
    ctx.moveTo(x0, y0);
    ctx.lineTo(x1, y1);
    if (++m % 256 === 0) { ctx.stroke(); ctx.beginPath(); } // long paths are slow to stroke
  }
  ctx.stroke();
}

function crosses(c, list, stride, size) {
  c.lineWidth = size > 3 ? 1.75 : 1.25;
  c.beginPath();
  for (const i of list) {
    if (i % stride) continue;
    const e = ends(i), x = e[2], y = e[3];
    c.moveTo(x - size, y - size);
    c.lineTo(x + size, y + size);
    c.moveTo(x + size, y - size);
    c.lineTo(x - size, y + size);
  }
  c.stroke();
}

function dot(c, x, y, r) {
  c.beginPath();
  c.arc(x, y, r, 0, 2 * Math.PI);
}

function opRadius() {
  const seen = atLeast(ops.t, v1, ops.n) - atLeast(ops.t, v0, ops.n);
  const room = PW * R / Math.max(1, seen);
  return room > 14 ? 4.5 : room > 6 ? 3.5 : 2.5;
}

function drawOps() {
  const radius = opRadius();
  let seen = 0;
  ctx.lineWidth = radius > 3 ? 1.5 : 0.5;
  ctx.strokeStyle = colour.bg;
  ctx.fillStyle = colour.op;
  ctx.globalAlpha = picked ? 0.35 : 1;
  for (let r = 0; r < R; r++) {
    let last = -1;
    const y = Y(r);
    for (const i of opsOf[r]) {
      const x = X(ops.t[i]);
      if (x < L - 6 || x > L + PW + 6) continue;
      seen++;
      if (x - last < 0.5) continue;
      last = x;
      dot(ctx, x, y, radius);
      ctx.stroke();
      ctx.fill();
    }
  }
  if (!picked && laneH >= 36 && PW * R > 90 * seen) for (let r = 0; r < R; r++) opLabels(r, radius);
  ctx.globalAlpha = 1;
}

// opLabels writes what the writes of a lane did, where zoomed in far enough.
function opLabels(r, radius) {
  ctx.textAlign = "left";
  ctx.lineJoin = "round";
  const list = opsOf[r];
  for (let j = 0; j < list.length; j++) {
    const x = X(ops.t[list[j]]);
    if (x < L || x > L + PW) continue;
    const next = j + 1 < list.length ? X(ops.t[list[j + 1]]) : L + PW;
    const space = Math.min(next, L + PW) - x - 10;
    let text = opText(list[j]);
    if (ctx.measureText(text).width > space) {
      const fit = Math.floor(space / 7);
      if (fit < 11) continue;
      text = short(text, fit);
    }
    halo(ctx, text, x - radius, Y(r) - radius - 9, colour.ink);
  }
}

function halo(c, text, x, y, fill) {
  c.lineJoin = "round";
  c.strokeStyle = colour.bg;
  c.lineWidth = 4;
  c.strokeText(text, x, y);
  c.fillStyle = fill;
  c.fillText(text, x, y);
}

function drawStates() {
  if (!stripH) return;
  const level = n => stripTop + stripH - Math.max(0, n - 1) / (most - 1) * (stripH - 8);
  const n = states.t.length;
  const x0 = Math.max(L, Math.floor(X(0))), x1 = Math.min(L + PW, X(D));
  let j = Math.max(0, atLeast(states.t, T(x0), n) - 1);
  let from = x0, lo = -1, hi = -1;
  const flush = to => { // one stretch with the same least and most states
    if (hi < 0 || to <= from) return;
    if (hi > 1) {
      ctx.fillStyle = colour.warn;
      ctx.globalAlpha = 0.22;
      ctx.fillRect(from, level(hi), to - from, stripTop + stripH - level(hi));
      ctx.globalAlpha = 0.3;
      if (lo > 1) ctx.fillRect(from, level(lo), to - from, stripTop + stripH - level(lo));
      ctx.globalAlpha = 1;
      ctx.fillRect(from, level(hi) - 1, to - from, 2);
    }
    if (lo <= 1) {
      ctx.fillStyle = colour.ok;
      ctx.globalAlpha = hi > 1 ? 0.55 : 1;
      ctx.fillRect(from, stripTop + stripH - 2, to - from, 4);
      ctx.globalAlpha = 1;
    }
  };
  for (let x = x0; x < x1; x++) {
    const end = T(x + 1);
    let l = states.n[j], h = l;
    if (states.t[j] > end) continue;
    while (j + 1 < n && states.t[j + 1] < end) { j++; l = Math.min(l, states.n[j]); h = Math.max(h, states.n[j]); }
    if (l !== lo || h !== hi) { flush(x); from = x; lo = l; hi = h; }
  }
  flush(x1);
}

function fit(c, text, width) {
  if (c.measureText(text).width <= width) return text;
  let n = text.length;
  while (n > 1 && c.measureText(short(text, n)).width > width) n--;
  return short(text, n);
}

function drawGutter() {
  ctx.fillStyle = colour.bg;
  ctx.fillRect(0, AXIS - 4, L - 8, H);
  ctx.textAlign = "left";
  ctx.fillStyle = colour.mute;
  ctx.fillText("time", 12, 12);
  for (let r = 0; r < R; r++) {
    const two = laneH >= 36;
    ctx.font = BOLD;
    ctx.fillStyle = colour.ink;
    ctx.fillText(fit(ctx, name(r), L - 18), 12, Y(r) - (two ? 8 : 0));
    ctx.font = FONT;
    if (!two) continue;
    ctx.fillStyle = colour.mute;
    ctx.fillText(fit(ctx, sub(r), L - 18), 12, Y(r) + 9);
  }
  if (!stripH) return;
  ctx.font = BOLD;
  ctx.fillStyle = colour.ink;
  ctx.fillText("different states", 12, stripTop - 12);
  ctx.font = FONT;
  ctx.fillStyle = colour.mute;
  ctx.textAlign = "right";
  const step = most <= 5 ? 1 : most - 1;
  for (let k = 1; k <= most; k += step) {
    const y = stripTop + stripH - (k - 1) / (most - 1) * (stripH - 8);
    ctx.fillText(k === 1 ? "1 = all equal" : String(k), L - 12, y);
  }
}

// ---- Drawing: what is picked or under the pointer ----

// learnt returns, for the write, the message that brought it to each replica first.
function learnt(op) {
  const first = new Array(R).fill(-1), all = [];
  for (let i = atLeast(msgs.late, ops.t[op], msgs.n); i < msgs.n; i++) {
    let a = msgs.first[i], b = msgs.first[i + 1];
    while (a < b) { const m = (a + b) >> 1; if (msgs.o[m] < op) a = m + 1; else b = m; }
    if (a === msgs.first[i + 1] || msgs.o[a] !== op) continue;
    all.push(i);
    const to = msgs.g[i];
    if (teaches(i) && msgs.e[i] <= D && to !== ops.r[op] && (first[to] < 0 || msgs.e[i] < msgs.e[first[to]])) first[to] = i;
  }
  return { first, all };
}

function stroke(c, i, width, alpha, fill) {
  const [x0, y0, x1, y1] = ends(i);
  c.globalAlpha = alpha;
  c.strokeStyle = fill;
  c.lineWidth = width;
  c.beginPath();
  c.moveTo(x0, y0);
  c.lineTo(x1, y1);
  c.stroke();
  if (broken(i)) { c.lineWidth = 1.5; crosses(c, [i], 1, 4); }
  c.globalAlpha = 1;
}

function ring(c, i, radius) {
  dot(c, X(ops.t[i]), Y(ops.r[i]), radius);
  c.fillStyle = colour.op;
  c.fill();
  c.lineWidth = 2;
  c.strokeStyle = colour.bg;
  c.stroke();
  dot(c, X(ops.t[i]), Y(ops.r[i]), radius + 2.5);
  c.strokeStyle = colour.hi;
  c.stroke();
}

// drawOver draws on the canvas above the picture, but on the picture itself
// for paper, where a cleared canvas would hide what is under it.
function drawOver() {
  const c = printing ? ctx : top2;
  prepare(c);
  if (!printing) c.clearRect(0, 0, W, H);
  clipPlot(c);
  if (picked && picked.op !== undefined) overOp(c, picked.op);
  if (picked && picked.msg !== undefined) overMessage(c, picked.msg);
  if (hover && hover.msg !== undefined) stroke(c, hover.msg, 2.5, 1, colour[classOf(hover.msg)]);
  if (hover && hover.op !== undefined) ring(c, hover.op, 5);
  c.restore();
}

function overOp(c, op) {
  const { first, all } = picked.learnt;
  for (const i of all) if (!broken(i) && first[msgs.g[i]] !== i) stroke(c, i, 1, 0.55, colour[classOf(i)]);
  const many = all.length > 30 ? 0.5 : 0.9;
  for (const i of all) if (broken(i)) stroke(c, i, 1.25, many, colour[classOf(i)]);
  for (const i of first) if (i >= 0) stroke(c, i, 2.5, 1, colour.hi);
  ring(c, op, 5.5);
  c.font = "600 " + FONT;
  label(c, short(opText(op), 60), X(ops.t[op]), Y(ops.r[op]), true);
  for (let r = 0; r < R; r++) {
    if (first[r] < 0) continue;
    const t = msgs.e[first[r]], x = X(t);
    dot(c, x, Y(r), 5.5);
    c.fillStyle = colour.bg;
    c.fill();
    c.lineWidth = 2.5;
    c.strokeStyle = colour.hi;
    c.stroke();
    label(c, "+" + span(t - ops.t[op]), x, Y(r), true);
  }
  c.font = FONT;
}

// label writes beside a point on a lane, or at the edge of the picture with an
// arrow if the point is out of view.
function label(c, text, x, y, above) {
  const w = c.measureText(text).width;
  const dy = y + (above ? -15 : 15);
  c.textAlign = "left";
  if (x > L + PW) return halo(c, text + " ▸", L + PW - w - 22, dy, colour.ink);
  if (x < L) return halo(c, "◂ " + text, L + 6, dy, colour.ink);
  halo(c, text, x + 6 + w > L + PW ? x - 6 - w : x + 6, dy, colour.ink);
}

function overMessage(c, i) {
  stroke(c, i, 3, 1, colour[classOf(i)]);
  for (let j = msgs.first[i]; j < msgs.first[i + 1] && j < msgs.first[i] + 2000; j++) ring(c, msgs.o[j], 4);
}

// ---- Under the pointer ----

function find(px, py) {
  if (px < L || px > L + PW) return null;
  let best = null, near = 9;
  const dt = 10 / PW * (v1 - v0), t = T(px);
  for (let i = atLeast(ops.t, t - dt, ops.n); i < ops.n && ops.t[i] <= t + dt; i++) {
    const d = Math.hypot(X(ops.t[i]) - px, Y(ops.r[i]) - py);
    if (d < near) { near = d; best = { op: i }; }
  }
  if (best) return best;
  near = 6;
  if (py > laneTop && py < laneEnd) {
    if (picked && picked.learnt) { // a highlighted message comes first
      for (const i of picked.learnt.all) { const d = distance(i, px, py); if (d < near) { near = d; best = { msg: i }; } }
      if (best) return best;
    }
    const [a, b] = inView(t - dt, t + dt);
    for (let i = a; i < b; i++) {
      if (msgs.e[i] < t - dt || i % (broken(i) ? drawn.brokenStride : drawn.stride) || !visible(i)) continue;
      const d = distance(i, px, py);
      if (d < near) { near = d; best = { msg: i }; }
    }
    if (best) return best;
    for (let j = 0; j < downs.length; j++) if (downs[j].f <= t && t <= downs[j].t && Math.abs(py - Y(downs[j].r)) < 12) return { down: j };
  }
  if (stripH && py >= stripTop - 4 && py <= stripTop + stripH + 6 && t >= 0 && t <= D) {
    const j = atLeast(states.t, t, states.t.length) - 1;
    if (j >= 0) return { state: j };
  }
  if (py > AXIS - 4 && py < laneEnd) {
    for (let j = 0; j < cuts.length; j++) if (cuts[j].f <= t && t <= cuts[j].t && py < laneTop) return { cut: j };
  }
  return null;
}

function distance(i, px, py) {
  const [x0, y0, x1, y1] = ends(i), dx = x1 - x0, dy = y1 - y0;
  const k = Math.max(0, Math.min(1, ((px - x0) * dx + (py - y0) * dy) / (dx * dx + dy * dy || 1)));
  return Math.hypot(px - x0 - k * dx, py - y0 - k * dy);
}

const WORDS = { delivered: "delivered", lost: "lost by the network", cut: "stopped by the partition", duplicate: "second copy, delivered", down: "receiver was down", stale: "arrived too late to be of use" };

function describe(h) {
  if (h.op !== undefined) {
    const i = h.op;
    return [texts[ops.k[i]] + ": " + texts[ops.l[i]], "written at " + name(ops.r[i]) + ", " + clock(ops.t[i]), "write " + ops.id[i] + ", click to follow it"];
  }
  if (h.msg !== undefined) {
    const i = h.msg, k = msgs.first[i + 1] - msgs.first[i];
    const out = [texts[msgs.k[i]] + ": " + name(msgs.f[i]) + " → " + name(msgs.g[i]), WORDS[FATES[msgs.x[i]]] + ", " + bytes(msgs.b[i])];
    out.push("sent " + clock(msgs.s[i]) + (msgs.a[i] >= 0 && !broken(i) ? ", arrived " + clock(msgs.e[i]) + " (" + span(msgs.a[i]) + ")" : ""));
    if (texts[msgs.l[i]]) out.push(short(texts[msgs.l[i]], 160));
    if (k) {
      const some = [];
      for (let j = msgs.first[i]; j < msgs.first[i + 1] && some.length < 4; j++) some.push(short(opText(msgs.o[j]), 44));
      out.push("carries " + plural(k, "write") + ": " + some.join("; ") + (k > some.length ? " …" : ""));
    } else out.push("carries no write");
    return out;
  }
  if (h.down !== undefined) {
    const w = downs[h.down];
    return [name(w.r) + " is down", w.open ? "from " + clock(w.f) + " to the end" : clock(w.f) + " to " + clock(w.t) + " (" + span(w.t - w.f) + ")"];
  }
  if (h.cut !== undefined) {
    const c = cuts[h.cut];
    return [c.label, c.open ? "from " + clock(c.f) + " to the end" : clock(c.f) + " to " + clock(c.t) + " (" + span(c.t - c.f) + ")"];
  }
  const n = states.n[h.state], to = h.state + 1 < states.t.length ? states.t[h.state + 1] : D;
  return [n === 1 ? "all replicas equal" : plural(n, "different state"), clock(states.t[h.state]) + " to " + clock(to) + " (" + span(to - states.t[h.state]) + ")"];
}

function showTip(px, py) {
  tip.hidden = !hover;
  if (!hover) return;
  const text = describe(hover);
  tip.textContent = "";
  const b = document.createElement("b");
  b.textContent = short(text[0], 160);
  tip.append(b, text.slice(1).join("\n"));
  const w = tip.offsetWidth, h = tip.offsetHeight;
  tip.style.left = Math.max(4, px + 16 + w > W ? px - w - 12 : px + 16) + "px";
  tip.style.top = Math.max(4, Math.min(py + 14, H - h - 6)) + "px";
}

// ---- Picking ----

function el(tag, text, cls) {
  const e = document.createElement(tag);
  if (text !== undefined) e.textContent = text;
  if (cls) e.className = cls;
  return e;
}
function button(text, act) {
  const b = el("button", text);
  b.type = "button";
  b.addEventListener("click", act);
  return b;
}

function pick(p) {
  picked = p;
  hover = null;
  tip.hidden = true;
  if (p && p.op !== undefined) p.learnt = learnt(p.op);
  fillInfo();
  redraw();
}

function fillInfo() {
  info.textContent = "";
  info.classList.toggle("hint", !picked);
  if (!picked) {
    info.append("Dots are writes; slanted lines are messages from one replica to another. Point at anything for details; click a write to see when each replica learnt of it. Wheel or + and − zoom, drag or arrows pan, 0 shows the whole run, N and P step through the writes, Esc clears.");
    return;
  }
  const acts = el("span", undefined, "acts");
  info.append(acts);
  if (picked.op !== undefined) infoOp(picked.op, acts); else infoMessage(picked.msg, acts);
  acts.append(button("clear", () => pick(null)));
}

function infoOp(op, acts) {
  const { first, all } = picked.learnt;
  info.append(el("h3", opText(op)), el("span", "  written at " + name(ops.r[op]) + ", " + clock(ops.t[op]) + ", carried by " + plural(all.length, "message") + " (" + all.filter(broken).length + " did not arrive)", "who"));
  const list = el("ul");
  let last = ops.t[op];
  for (let r = 0; r < R && r < 24; r++) {
    if (r === ops.r[op]) continue;
    const li = el("li");
    li.append(el("b", name(r)), " ");
    if (first[r] < 0) li.append(el("span", "no message in this picture brought it", "late"));
    else {
      const i = first[r];
      last = Math.max(last, msgs.e[i]);
      li.append("learnt of it after ", el("b", span(msgs.e[i] - ops.t[op])), el("span", " by " + texts[msgs.k[i]] + " from " + name(msgs.f[i]) + " at " + clock(msgs.e[i]), "who"));
    }
    list.append(li);
  }
  if (R > 24) list.append(el("li", "and " + (R - 24) + " more replicas"));
  info.append(list);
  acts.append(button("zoom to it", () => { const pad = Math.max((last - ops.t[op]) * 0.15, minSpan); look(ops.t[op] - pad, last + pad * 1.5); }));
}

function infoMessage(i) {
  const text = describe({ msg: i });
  info.append(el("h3", text[0]), el("span", "  " + text.slice(1, -1).join(", "), "who"));
  const list = el("ul");
  for (let j = msgs.first[i]; j < msgs.first[i + 1] && list.childElementCount < 12; j++) {
    const op = msgs.o[j], li = el("li");
    li.append(button(short(opText(op), 60), () => pick({ op })));
    list.append(li);
  }
  const k = msgs.first[i + 1] - msgs.first[i];
  if (k > 12) list.append(el("li", "and " + commas(k - 12) + " more writes"));
  if (k) info.append(list); else info.append(el("span", ", carries no write", "who"));
}

function step(by) {
  if (!ops.n) return;
  const from = picked && picked.op !== undefined ? picked.op + by : by > 0 ? atLeast(ops.t, v0, ops.n) : atLeast(ops.t, v1, ops.n) - 1;
  const op = Math.max(0, Math.min(ops.n - 1, from));
  const t = ops.t[op];
  if (t < v0 || t > v1) look(t - (v1 - v0) / 2, t + (v1 - v0) / 2);
  pick({ op });
}

// ---- Moving ----

function look(a, b) {
  let w = Math.max(minSpan, Math.min(D, b - a));
  const mid = (a + b) / 2;
  v0 = Math.max(0, Math.min(D - w, mid - w / 2));
  v1 = v0 + w;
  hover = null;
  tip.hidden = true;
  clearTimeout(moving); // fewer lines while moving, the rest when at rest
  moving = setTimeout(() => { moving = 0; if (drawn.stride > 1 || drawn.brokenStride > 1) redraw(); }, 160);
  redraw();
}
function zoom(factor, at) {
  const w = Math.max(minSpan, Math.min(D, (v1 - v0) * factor)), k = (at - v0) / (v1 - v0);
  look(at - k * w, at - k * w + w);
}
function pan(part) { const d = (v1 - v0) * part; look(v0 + d, v1 + d); }
const middle = () => (v0 + v1) / 2;

let pending = 0, moving = 0, only = false, printing = false;
function redraw() { only = false; plan(); }
function redrawOver() { if (!pending) { only = true; plan(); } }
function plan() {
  if (pending) return;
  pending = requestAnimationFrame(() => { pending = 0; if (only) drawOver(); else { draw(); note(); } });
}

function note() {
  const s = drawn.stride, b = drawn.brokenStride, parts = [];
  if (drawn.of) parts.push(plural(drawn.of, "message") + " in view");
  if (s > 1) parts.push("drawing one in " + s + " of those that arrived");
  if (b > 1) parts.push("one in " + b + " of those that did not");
  if (s > 1 || b > 1) parts.push("zoom in to see every one");
  const hidden = show.carrying && withWrites < msgs.n ? commas(msgs.n - withWrites) + " that carry no write are hidden." : "";
  $("note").textContent = parts.length ? parts.join(", ") + ". " + hidden : hidden;
}

over.addEventListener("wheel", e => {
  if (Math.abs(e.deltaX) > Math.abs(e.deltaY) || e.shiftKey) {
    if (v1 - v0 >= D) return;
    e.preventDefault();
    pan((e.deltaX || e.deltaY) / PW);
    return;
  }
  if (e.deltaY > 0 && v1 - v0 >= D) return; // nothing left to zoom out: the page scrolls
  e.preventDefault();
  zoom(Math.pow(1.0018, Math.max(-240, Math.min(240, e.deltaY * (e.deltaMode === 1 ? 30 : 1)))), T(e.clientX - over.getBoundingClientRect().left));
}, { passive: false });

let drag = null;
over.addEventListener("pointerdown", e => {
  if (e.button) return;
  drag = { x: e.clientX, v0, v1, moved: false };
  over.setPointerCapture(e.pointerId);
});
over.addEventListener("pointermove", e => {
  const box = over.getBoundingClientRect(), px = e.clientX - box.left, py = e.clientY - box.top;
  if (drag) {
    if (Math.abs(e.clientX - drag.x) > 4) drag.moved = true;
    if (!drag.moved) return;
    over.classList.add("drag");
    const d = (drag.x - e.clientX) / PW * (drag.v1 - drag.v0);
    look(drag.v0 + d, drag.v1 + d);
    return;
  }
  hover = find(px, py);
  over.classList.toggle("point", !!hover && (hover.op !== undefined || hover.msg !== undefined));
  showTip(px, py);
  redrawOver();
});
over.addEventListener("pointerup", e => {
  const was = drag;
  drag = null;
  over.classList.remove("drag");
  if (!was || was.moved) return;
  const box = over.getBoundingClientRect(), h = find(e.clientX - box.left, e.clientY - box.top);
  pick(h && h.op !== undefined ? { op: h.op } : h && h.msg !== undefined ? { msg: h.msg } : null);
});
over.addEventListener("pointercancel", () => { drag = null; over.classList.remove("drag"); });
over.addEventListener("pointerleave", () => { if (!drag) { hover = null; tip.hidden = true; redrawOver(); } });

document.addEventListener("keydown", e => { if (e.key === "Escape") { hover = null; tip.hidden = true; pick(null); } });
over.addEventListener("keydown", e => {
  if (e.ctrlKey || e.metaKey || e.altKey) return;
  const keys = {
    "+": () => zoom(0.6, middle()), "=": () => zoom(0.6, middle()), "-": () => zoom(1 / 0.6, middle()), "_": () => zoom(1 / 0.6, middle()),
    "0": () => look(0, D), Home: () => look(0, v1 - v0), End: () => look(D - (v1 - v0), D),
    ArrowLeft: () => pan(-0.15), ArrowRight: () => pan(0.15), ArrowUp: () => zoom(0.6, middle()), ArrowDown: () => zoom(1 / 0.6, middle()),
    n: () => step(1), N: () => step(1), p: () => step(-1), P: () => step(-1),
  };
  const act = keys[e.key];
  if (act) { e.preventDefault(); act(); }
});
$("in").addEventListener("click", () => zoom(0.5, middle()));
$("out").addEventListener("click", () => zoom(2, middle()));
$("all").addEventListener("click", () => look(0, D));
$("next").addEventListener("click", () => step(1));
$("prev").addEventListener("click", () => step(-1));

// ---- Legend ----

const LEGEND = [["delivered", "delivered", ""], ["ack", "acks", ""], ["lost", "lost", "x"], ["cut", "cut off", "x"], ["duplicate", "duplicates", "dash"], ["down", "receiver down", "x"], ["stale", "stale", "dash"]];

function legend() {
  const box = $("legend");
  box.textContent = "";
  const tally = {}, any = {};
  for (let i = 0; i < msgs.n; i++) {
    any[classOf(i)] = 1;
    if (isAck(i)) any.ack = 1;
    if (show.carrying && !carries(i)) continue;
    if (isAck(i)) tally.ack = (tally.ack || 0) + 1;
    if (classOf(i) !== "ack") tally[classOf(i)] = (tally[classOf(i)] || 0) + 1;
  }
  if (ops.n) {
    const w = el("label");
    const sw = el("span", undefined, "sw dot");
    sw.style.color = "var(--op)";
    w.append(sw, "write", el("span", commas(ops.n), "n"));
    box.append(w);
  }
  for (const [key, text, cls] of LEGEND) {
    if (!any[key]) continue;
    const l = toggle(key, text, tally[key] || 0);
    const sw = el("span", undefined, "sw " + cls);
    sw.style.color = "var(--" + key + ")";
    l.insertBefore(sw, l.childNodes[1]);
    if (!tally[key]) { l.classList.add("off"); l.title = "none of them carries a write"; }
    box.append(l);
  }
  if (withWrites > 0 && withWrites < msgs.n) box.append(el("span", undefined, "sep"), toggle("carrying", "only messages that carry writes"));
}

function toggle(key, text, n) {
  const l = el("label"), c = el("input");
  c.type = "checkbox";
  c.checked = show[key];
  c.id = "show-" + key;
  c.addEventListener("change", () => {
    show[key] = c.checked;
    if (key === "carrying") { legend(); $("show-carrying").focus(); }
    redraw();
  });
  l.append(c, text);
  if (n !== undefined) l.append(el("span", commas(n), "n"));
  return l;
}

// ---- Start ----

function resize() { measure(stage.clientWidth); draw(); note(); }

// The address may ask for a write and a stretch of time: #select=12&from=3.5&to=9
function fromHash() {
  const q = new URLSearchParams(location.hash.slice(1));
  if (q.has("from") || q.has("to")) look((Number(q.get("from")) || 0) * 1e6, q.has("to") ? (Number(q.get("to")) || 0) * 1e6 : D);
  const op = q.has("select") ? ops.id.indexOf(Number(q.get("select"))) : -1;
  if (op >= 0) pick({ op });
}

const copy = $("copy");
if (copy && navigator.clipboard) {
  copy.hidden = false;
  copy.addEventListener("click", () => navigator.clipboard.writeText($("command").textContent).then(
    () => { copy.textContent = "Copied"; setTimeout(() => { copy.textContent = "Copy"; }, 1500); },
    () => getSelection().selectAllChildren($("command"))));
}

readColours();
legend();
fillInfo();
resize();
fromHash();
new ResizeObserver(() => { if (!printing && Math.floor(stage.clientWidth) !== W) resize(); }).observe(stage);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { readColours(); redraw(); });
matchMedia("(resolution: " + (window.devicePixelRatio || 1) + "dppx)").addEventListener("change", resize);
addEventListener("hashchange", fromHash);

// Printing: the page's colours are the light ones then, and the picture is drawn for paper.
matchMedia("print").addEventListener("change", e => {
  printing = e.matches;
  readColours();
  measure(printing ? 1000 : stage.clientWidth);
  draw();
});
})();
