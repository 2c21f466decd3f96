"use strict";
// What comes from the server becomes text and never markup: the page's policy lets no browser take it for any.
const $ = (id) => document.getElementById(id);
const make = (name, attributes = {}, ...children) => {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "class") node.className = value; else node.setAttribute(key, value);
  }
  node.append(...children);
  return node;
};
// For screen readers, which would be lost in all that changes.
const tell = (text) => { $("news").textContent = text; };
const say = (id, text, kind = "") => { $(id).textContent = text; $(id).className = "note " + kind; };
const versions = $("version").dataset.versions.split(" ");
const jobs = new Map();   // number -> { number, version, state, timer, .. }
let newest = null;        // the newest job with an outcome: the one that has ended and stays open
let described = {};       // the OpenAPI document
let token = null;
let expires = 0;

// The token stays over a reload of this tab, with its end and whose it is; the secret is not kept. A browser may
// refuse to keep anything.
const KEPT = "token";
function keep() {
  try { sessionStorage.setItem(KEPT, JSON.stringify({ token, expires, id: $("client-id").value.trim() })); } catch { }
}
function forget() {
  try { sessionStorage.removeItem(KEPT); } catch { }
}
function kept() {
  try { return JSON.parse(sessionStorage.getItem(KEPT)); } catch { return null; }
}

async function getToken() {
  const basic = btoa($("client-id").value.trim() + ":" + $("client-secret").value.trim());
  const answer = await fetch("/auth/token", { method: "POST", headers: { Authorization: "Basic " + basic, Accept: "application/json" } });
  if (!answer.ok) throw new Error(answer.status + " " + (await answer.text()));
  const body = await answer.json();
  token = body.access_token;
  expires = Date.now() + 1000 * Number(body.expires_in ?? 1200);
  keep();
  say("token-note", "You have a token.", "good");
}

// One call with the token; a token that has expired is replaced once, if the form's credentials allow it. Nothing goes to
// the browser's cache: it would keep files of patients, and it takes ranges of a compressed file for ranges of the file.
async function call(path, options = {}) {
  for (let again = true; ; again = false) {
    const headers = { ...options.headers, Authorization: "Bearer " + token };
    let answer;
    try { answer = await fetch(path, { ...options, headers, cache: "no-store" }); } catch { return Response.error(); }
    if (answer.status !== 401 || !again) return answer;
    try { await getToken(); } catch { withoutToken("The token is no longer good; get a new one."); return answer; }
  }
}

function withoutToken(text) {
  token = null;
  forget();
  say("token-note", text, "bad");
  $("start").disabled = true;
  say("start-note", "A token comes first.");
}

async function withToken() {
  $("start").disabled = false;
  say("start-note", "");
  showVariables();
  await listJobs();
}

// Goes on with the token from before the reload, unless it has expired.
async function goOn() {
  const before = kept();
  if (!before) return;
  if (!(before.expires > Date.now())) { forget(); return; }
  ({ token, expires } = before);
  // A new token would be another client's if the form had the secret of another.
  if ($("client-id").value !== before.id) { $("client-id").value = before.id; $("client-secret").value = ""; }
  say("token-note", "You still have a token.", "good");
  await withToken();
}

async function trouble(answer) {
  if (answer.type === "error") return "the sandbox does not answer";
  const seconds = secondsToWait(answer);
  if (seconds > 0) return answer.status + ": come again in " + Math.ceil(seconds) + " s";
  const text = await answer.text();
  try { return answer.status + ": " + (JSON.parse(text).issue[0].diagnostics ?? text); } catch { return answer.status + ": " + (text || "no body"); }
}

// What Retry-After says: seconds, or a date.
function secondsToWait(answer) {
  const text = answer.headers.get("Retry-After") ?? "0";
  const seconds = /^\d+$/.test(text) ? Number(text) : (Date.parse(text) - Date.now()) / 1000;
  return seconds > 0 ? seconds : 0;
}

// The clock is apart from the note, which a screen reader reads at each change.
setInterval(() => {
  $("token-left").hidden = !token || expires <= Date.now();
  if (!token) return;
  const left = Math.round((expires - Date.now()) / 1000);
  const clock = Math.floor(left / 60) + ":" + String(left % 60).padStart(2, "0");
  if (left > 0) { $("token-left").textContent = "It is good for " + clock + "."; return; }
  forget();
  const text = "The token has expired; the next call gets a new one.";
  if ($("token-note").textContent !== text) say("token-note", text);
}, 1000);

$("token-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    await getToken();
    await withToken();
  } catch (error) {
    say("token-note", "No token: " + error.message, "bad");
  }
});

$("start-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const query = new URLSearchParams();
  const types = [...document.querySelectorAll("input[name=type]:checked")].map((box) => box.value);
  if (types.length && !types.includes("")) query.set("_type", types.join(","));
  if ($("since").value.trim()) query.set("_since", $("since").value.trim());
  const filter = $("filter").value.trim();
  if (filter && !$("filter-label").hidden) query.set("_typeFilter", encodeOnceMore(filter));
  const version = $("version").value;
  const path = "/api/" + version + "/" + $("endpoint").value + (query.size ? "?" + query : "");
  const answer = await call(path, { headers: { Accept: "application/fhir+json", Prefer: "respond-async" } });
  if (answer.status !== 202) { say("start-note", await trouble(answer), "bad"); return; }
  const number = answer.headers.get("Content-Location").split("/").pop();
  say("start-note", "Job " + number + " has started.", "good");
  show({ number, version, request: path, start: new Date() });
});

// The jobs of a version, with when they began and ended.
async function tasks(version) {
  const answer = await call("/api/" + version + "/jobs", { headers: { Accept: "application/fhir+json" } });
  if (!answer.ok) return [];
  return (await answer.json()).entry.map(({ resource }) => ({
    number: resource.identifier[0].value,
    version,
    request: resource.input[0].valueString.replace(/^GET https?:\/\/[^/]+/, ""),
    start: resource.executionPeriod.start,
    end: resource.executionPeriod.end,
  }));
}

// The server decodes a filter once more than the rest.
const encodeOnceMore = (filter) => filter.replaceAll("%", "%25").replaceAll("+", "%2B");
function decodeOnceMore(filter) {
  try { return decodeURIComponent(filter.replaceAll("+", " ")); } catch { return filter; }
}

async function listJobs() {
  await ready;
  const found = [];
  for (const version of versions) found.push(...await tasks(version));
  found.sort((a, b) => a.number - b.number);
  for (const task of found) show(task);
}

function show(task) {
  const { number, version, request } = task;
  const known = jobs.get(number);
  if (known) { if (!known.ended) follow(known); return; }
  const state = make("span", { class: "state" }, "Starting");
  const when = make("span", { class: "quiet when" });
  const cancel = make("button", { class: "small", type: "button", "aria-label": "Cancel job " + number }, "Cancel");
  const bar = make("progress", { max: "100", value: "0", "aria-label": "Progress of job " + number });
  const files = make("ul", { class: "files" });
  const line = make("div", { class: "line" }, make("p", { class: "quiet" }, "The same with bcda; FILE has the credentials:"),
    command(exportLine(number, version, request)));
  const node = make("details", { class: "job", id: "job-" + number, open: "" },
    make("summary", {}, make("strong", {}, "Job " + number), state, make("span", { class: "request" }, request), when),
    make("div", { class: "body" }, bar, cancel, files, line));
  if (jobs.size === 0) $("jobs").replaceChildren();
  $("jobs").prepend(node);
  const job = { number, version, node, state, when, cancel, bar, files, line, ended: false, wait: SOON, failures: 0, quarter: 0 };
  jobs.set(number, job);
  showTimes(job, task);
  cancel.addEventListener("click", async () => { await call("/api/" + version + "/jobs/" + number, { method: "DELETE" }); follow(job); });
  follow(job);
}

function showTimes(job, { start, end }) {
  const began = new Date(start);
  const took = end ? ", took " + duration(new Date(end) - began) : "";
  job.when.replaceChildren("began ", make("time", { datetime: began.toISOString() }, began.toLocaleString()), took);
}

const duration = (time) => time < 59950 ? (time / 1000).toFixed(1) + " s" : Math.floor(time / 60000) + " min " + Math.floor(time / 1000) % 60 + " s";

// How many milliseconds to wait before a job is asked for again: longer each time that nothing new came.
const SOON = 700, LATE = 10000;
// What may be a bad moment of the server is one until it has come so often in a row.
const FAILURES = 4;

function askAgain(job, answer, text) {
  const isNew = job.state.textContent !== text;
  job.wait = isNew ? SOON : Math.min(1.5 * job.wait, LATE);
  job.state.textContent = text;
  job.timer = setTimeout(() => follow(job), Math.max(job.wait, 1000 * secondsToWait(answer)));
}

async function follow(job) {
  clearTimeout(job.timer);
  const answer = await call("/api/" + job.version + "/jobs/" + job.number, { headers: { Accept: "application/fhir+json" } });
  if (job.ended) return;
  const failed = answer.type === "error" || answer.status >= 500;
  job.failures = failed ? job.failures + 1 : 0;
  if (answer.status === 202) {
    const text = answer.headers.get("X-Progress") ?? "In Progress";
    const percent = Number(/(\d+)%/.exec(text)?.[1] ?? 0);
    if (percent) job.bar.value = percent;
    const quarter = Math.floor(percent / 25);
    if (quarter > job.quarter) tell("Job " + job.number + ": " + percent + " percent");
    job.quarter = quarter;
    job.wasSeen = true;
    askAgain(job, answer, text);
  } else if (answer.status === 429 || answer.status === 503) {
    askAgain(job, answer, "Waiting");
  } else if (failed && job.failures < FAILURES) {
    askAgain(job, answer, "Asking again");
  } else if (answer.status === 401) {
    job.state.textContent = "Waiting for a token";
  } else if (answer.status === 200) {
    const manifest = await answer.json();
    const count = manifest.output.length;
    const errors = manifest.error.length ? ", and a list of errors" : "";
    const deleted = manifest.deleted?.length ? ", and a list of what was deleted" : "";
    finish(job, "Completed, " + count + (count === 1 ? " file" : " files") + deleted + errors, "good");
    const isEncrypted = ({ encryptedKey, url }) => encryptedKey !== undefined || url.split("/").pop() in (manifest.KeyMap ?? {});
    for (const item of [...manifest.output, ...(manifest.deleted ?? []), ...manifest.error]) job.files.append(fileItem(item, isEncrypted(item)));
  } else if (answer.status === 404) {
    job.line.remove();
    finish(job, "Cancelled", "");
  } else {
    finish(job, await trouble(answer), "bad");
  }
}

// A job that has ended is folded, but for the newest with an outcome.
async function finish(job, text, kind) {
  job.ended = true;
  if (job.wasSeen) tell("Job " + job.number + ": " + text);
  job.state.textContent = text;
  job.state.className = "state " + kind;
  job.bar.remove();
  // Whoever pressed it with the keyboard goes on from the job.
  if (document.activeElement === job.cancel) job.node.querySelector("summary").focus();
  job.cancel.remove();
  const isNewest = kind !== "" && Number(job.number) > Number(newest?.number ?? 0);
  if (isNewest && newest) newest.node.open = false;
  if (isNewest) newest = job;
  job.node.open = isNewest;
  const task = (await tasks(job.version)).find(({ number }) => number === job.number);
  if (task) showTimes(job, task);
}

// What fetches with bcda what a job was asked for.
function exportLine(number, version, request) {
  const url = new URL(request, location.origin);
  const [, , , first, second] = decodeURIComponent(url.pathname).split("/");
  const words = ["--base-url", location.origin, "--credentials", "FILE", "--api", version];
  words.push(...(first === "Group" ? ["--group", second] : ["--endpoint", first]));
  const types = url.searchParams.getAll("_type").join(",");
  if (types) words.push("--type", types);
  const since = url.searchParams.get("_since");
  if (since) words.push("--since", since);
  const filter = url.searchParams.get("_typeFilter");
  // bcda wants it as it is, and refuses it where the version has none.
  if (filter && takesFilter(version)) words.push("--type-filter", decodeOnceMore(filter));
  words.push("--out", "job-" + number);
  return "bcda export " + words.map((word) => /^[\w.,:\/-]+$/.test(word) ? word : quote(word)).join(" ");
}

function fileItem({ type, url }, isEncrypted) {
  const path = new URL(url).pathname;
  const name = path.split("/").pop();
  const save = make("a", { href: path, class: "file", download: name }, name);
  const size = make("span", { class: "quiet" });
  const item = make("li", {}, make("span", { class: type === "OperationOutcome" ? "kind bad" : "kind" }, type), save, size);
  if ($("no-lines").hidden && !isEncrypted) item.append(...linesOf(path, name));
  const length = showSize(path, size);
  // The link alone would come without the token.
  save.addEventListener("click", async (event) => {
    event.preventDefault();
    const total = await length;
    try {
      const place = total > LARGE && window.showSaveFilePicker ? await window.showSaveFilePicker({ suggestedName: name }) : null;
      size.textContent = "downloading…";
      const answer = await call(path);
      if (!answer.ok) throw new Error(await trouble(answer));
      size.textContent = bytes(await (place ? stream(answer, place) : hold(answer, name))) + " downloaded";
    } catch (error) {
      // Who chose no place wants no file.
      if (error.name === "AbortError") { size.textContent = bytes(total); return; }
      size.textContent = "failed: " + error.message;
    }
  });
  return item;
}

// Beyond this a file is written as it comes, to where the user says, if the browser can do so. Otherwise it is held
// until it is whole.
const LARGE = 100e6;

async function stream(answer, place) {
  await answer.body.pipeTo(await place.createWritable());
  return (await place.getFile()).size;
}

async function hold(answer, name) {
  const blob = await answer.blob();
  const link = make("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  return blob.size;
}

// How much is shown of a file, and how much is fetched for it.
const LINES = 5, CHARACTERS = 300, BYTES = 512 * 1024;

// A button and what it shows and hides: the file's first lines.
function linesOf(path, name) {
  const id = "lines-" + path.split("/").slice(2).join("-");
  const button = make("button", { class: "small", type: "button", "aria-expanded": "false", "aria-controls": id, "aria-label": "First lines of " + name }, "First lines");
  const shown = make("div", { class: "lines", id, role: "group", "aria-label": "The first lines of " + name, hidden: "" });
  button.addEventListener("click", async () => {
    shown.hidden = !shown.hidden;
    button.setAttribute("aria-expanded", String(!shown.hidden));
    if (shown.hidden) return;
    try {
      const lines = await firstLines(path);
      shown.replaceChildren(lines.length ? make("ol", {}, ...lines.map((line) => make("li", {}, make("code", {}, line)))) : make("p", { class: "quiet" }, "The file is empty."));
      tell(lines.length + (lines.length === 1 ? " line" : " lines") + " of " + name);
    } catch (error) {
      shown.replaceChildren(make("p", { class: "note bad" }, "Not shown: " + error.message));
      tell("Not shown: " + error.message);
    }
  });
  return [button, shown];
}

async function firstLines(path) {
  const answer = await call(path, { headers: { Range: "bytes=0-" + (BYTES - 1) } });
  if (answer.status === 416) return [];
  if (!answer.ok) throw new Error(await trouble(answer));
  // A server that does not know of ranges begins to send all of it.
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (let part; text.length < BYTES && text.split("\n").length <= LINES && !(part = await reader.read()).done;) text += part.value;
  reader.cancel().catch(() => {});
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines.slice(0, LINES).map((line) => line.length > CHARACTERS ? [...line].slice(0, CHARACTERS).join("") + " …" : line);
}

async function showSize(path, size) {
  // Whoever asks for a range is answered without compression: the size is that of the saved file.
  const answer = await call(path, { method: "HEAD", headers: { Range: "bytes=0-" } });
  const length = answer.headers.get("Content-Length");
  if (!answer.ok || length === null || answer.headers.has("Content-Encoding")) return 0;
  if (!size.textContent) size.textContent = bytes(Number(length)) + heldWhole(Number(length));
  return Number(length);
}

const heldWhole = (count) => count > LARGE && !window.showSaveFilePicker ? "; this browser holds all of it until it is whole" : "";
const bytes = (count) => count < 1e3 ? count + " B" : count < 1e6 ? (count / 1e3).toFixed(1) + " kB" : (count / 1e6).toFixed(1) + " MB";

function command(text) {
  const copy = make("button", { class: "small", type: "button" }, "Copy");
  copy.addEventListener("click", async () => {
    try { await navigator.clipboard.writeText(text); copy.textContent = "Copied"; }
    catch { getSelection().selectAllChildren(copy.previousSibling); copy.textContent = "Selected"; }
    setTimeout(() => { copy.textContent = "Copy"; }, 1500);
  });
  return make("div", { class: "command" }, make("pre", {}, text), copy);
}

function quote(text) { return "'" + text.replaceAll("'", "'\\''") + "'"; }

function showVariables() {
  const text = "CLIENT_ID=" + quote($("client-id").value) + "\nCLIENT_SECRET=" + quote($("client-secret").value) +
    "\nTOKEN=$(curl -s -X POST \"" + location.origin + "/auth/token\" --user \"$CLIENT_ID:$CLIENT_SECRET\" | sed 's/.*\"access_token\":\"\\([^\"]*\\)\".*/\\1/')";
  $("variables").replaceChildren(command(text));
}

async function showEndpoints() {
  described = await (await fetch("/api/" + versions[0] + "/swagger")).json();
  const all = Object.entries(described.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })));
  all.sort((a, b) => a.operation["x-order"] - b.operation["x-order"]);
  for (const { path, method, operation } of all) {
    $("endpoints").append(make("details", {},
      make("summary", {}, make("span", { class: "method " + method }, method.toUpperCase()),
        make("span", { class: "path" }, path), make("span", { class: "quiet" }, operation.summary)),
      command(operation["x-codeSamples"][0].source)));
  }
  showVersion();
}

const exportsOf = (version) => Object.keys(described.paths).filter((path) => path.startsWith("/api/" + version + "/") && path.endsWith("$export"));
const takesFilter = (version) => exportsOf(version).some((path) => described.paths[path].get.parameters.some(({ $ref }) => $ref.endsWith("/TypeFilter")));

// What can be asked for in a version, as the document describes it.
function showVersion() {
  const base = "/api/" + $("version").value + "/";
  const exports = exportsOf($("version").value);
  exports.sort((a, b) => described.paths[a].get["x-order"] - described.paths[b].get["x-order"]);
  const groups = described.components.parameters.Group.schema.enum;
  const names = exports.flatMap((path) => path.includes("{group}") ? groups.map((group) => path.replace("{group}", group)) : [path]);
  const chosen = $("endpoint").value;
  $("endpoint").replaceChildren(...names.map((path) => make("option", {}, path.slice(base.length))));
  if (names.includes(base + chosen)) $("endpoint").value = chosen;
  $("filter-label").hidden = !takesFilter($("version").value);
  $("filter").placeholder = described.components.parameters.TypeFilter.schema.example;
}

for (const version of versions) $("version").append(make("option", {}, version));
$("version").addEventListener("change", showVersion);
showVariables();
const ready = showEndpoints();
goOn();
for (const id of ["client-id", "client-secret"]) $(id).addEventListener("input", showVariables);
