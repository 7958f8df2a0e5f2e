"use strict";
const moments = JSON.parse(document.getElementById("moments").textContent);
const get = (id) => document.getElementById(id);
const steps = new Map(moments.map((moment, at) => [moment.node, at]));
let at = 0, timer = null;

function cells(row, texts) {
  for (const text of texts) {
    const cell = row.insertCell();
    cell.textContent = text;
  }
}

function show(wanted, focus) {
  at = Math.max(0, Math.min(moments.length - 1, wanted));
  const moment = moments[at];
  const ran = new Set(moments.slice(1, at + 1).map((one) => one.node));
  const ready = new Set(moment.ready);
  for (const part of document.querySelectorAll("[data-node]")) {
    const node = Number(part.dataset.node);
    part.classList.toggle("coming", steps.has(node) && !ran.has(node));
    part.classList.toggle("now", moment.node === node);
    part.classList.toggle("ready", ready.has(node));
    if (part.tagName === "TR") {
      part.toggleAttribute("aria-current", moment.node === node);
      part.cells[4].textContent = ran.has(node) || !steps.has(node) ? part.dataset.grad : "–";
    }
  }
  for (const part of document.querySelectorAll("[data-from]")) {
    const node = Number(part.dataset.from);
    part.classList.toggle("coming", steps.has(node) && !ran.has(node));
    part.classList.toggle("sending", moment.node === node);
  }
  get("title").textContent = moment.title;
  get("text").textContent = moment.text;
  get("queue").textContent = moment.queue;
  get("lines").replaceChildren(...moment.lines.map((text) => {
    const line = document.createElement("li");
    line.textContent = text;
    return line;
  }));
  const ledger = get("ledger");
  ledger.hidden = !moment.cut;
  ledger.tBodies[0].replaceChildren();
  for (const row of moment.cut ? moment.cut.rows : []) cells(ledger.tBodies[0].insertRow(), row);
  get("sum").textContent = moment.cut ? moment.cut.sum : "";
  get("slider").value = at;
  get("slider").setAttribute("aria-valuetext", moment.title);
  get("start").disabled = get("back").disabled = at === 0;
  get("next").disabled = get("end").disabled = at === moments.length - 1;
  try {
    history.replaceState(null, "", "#" + at);
  } catch {} // a page within a page has no address of its own
}

function play() {
  const playing = timer !== null;
  clearInterval(timer);
  timer = playing ? null : setInterval(() => (at < moments.length - 1 ? show(at + 1) : play()), 900);
  if (!playing && at === moments.length - 1) show(0);
  get("play").textContent = playing ? "play" : "pause";
}

const keys = { ArrowRight: () => show(at + 1), n: () => show(at + 1), ArrowLeft: () => show(at - 1), p: () => show(at - 1),
  Home: () => show(0), End: () => show(moments.length - 1), " ": play };
document.addEventListener("keydown", (event) => {
  const own = event.target.closest("button") && event.key === " ";
  if (event.ctrlKey || event.altKey || event.metaKey || own || !(event.key in keys)) return;
  event.preventDefault();
  keys[event.key]();
});
const bar = { start: () => show(0), back: () => show(at - 1), next: () => show(at + 1), end: () => show(moments.length - 1), play };
for (const [id, act] of Object.entries(bar)) get(id).addEventListener("click", act);
get("slider").addEventListener("input", () => show(Number(get("slider").value)));
for (const part of document.querySelectorAll(".graph [data-node]"))
  part.addEventListener("click", () => steps.has(Number(part.dataset.node)) && show(steps.get(Number(part.dataset.node))));
get("theme").addEventListener("click", () => {
  const dark = getComputedStyle(document.documentElement).colorScheme === "dark";
  document.documentElement.dataset.theme = dark ? "light" : "dark";
});
document.body.classList.add("film");
for (const part of document.querySelectorAll("[hidden].film-only")) part.hidden = false;
show(Number(location.hash.slice(1)) || 0);
