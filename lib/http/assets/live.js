// Keeps the page true: swaps the elements the server sends, counts the ages on, filters lamps while one types.
const live = document.getElementById("live");
const search = document.getElementById("search");
let refreshTimer;
// What is told while the page is fetched anew; undefined when it is not.
let held;

function say(state, words) {
  live.dataset.state = state;
  if (live.textContent !== words) live.textContent = words;
}

function spanText(millis) {
  const seconds = Math.max(0, Math.floor(millis / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172800) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86400)} days`;
}

const forms = {
  since: (past) => spanText(past),
  ago: (past) => `${spanText(past)} ago`,
  until: (past) => past >= 0 ? "now" : `in ${spanText(-past)}`,
};

// The server's clock counts, not the browser's: a wall tablet may be hours off.
let skew = 0;

function tellTimes(root) {
  const now = Date.now() + skew;
  for (const time of root.querySelectorAll("time[data-form]")) {
    const text = forms[time.dataset.form](now - Date.parse(time.dateTime));
    if (time.textContent !== text) time.textContent = text;
  }
}

function filter() {
  if (search === null || !document.contains(search)) return;
  const wanted = search.value.trim().toLowerCase();
  let found = 0;
  for (const lamp of document.querySelectorAll(".lamp")) {
    const name = lamp.querySelector(".lamp-name").textContent;
    const exten = lamp.querySelector(".lamp-exten")?.textContent ?? "";
    lamp.hidden = wanted !== "" && !`${name} ${exten}`.toLowerCase().includes(wanted);
    if (!lamp.hidden) found++;
  }
  for (const wall of document.querySelectorAll(".wall")) {
    wall.hidden = wall.querySelector(".lamp:not([hidden])") === null;
    const head = wall.previousElementSibling;
    if (head?.classList.contains("context")) head.hidden = wall.hidden;
  }
  const nothing = document.getElementById("nothing-found");
  if (nothing !== null) nothing.hidden = found > 0;
}

function swap(old, fresh) {
  const hadFocus = old.contains(document.activeElement);
  old.replaceWith(fresh);
  if (hadFocus) (fresh.matches("a") ? fresh : fresh.querySelector("a, button"))?.focus();
}

function receiveElement(event) {
  held?.push(event);
  const { id, html } = JSON.parse(event.data);
  const old = document.getElementById(id);
  if (old === null) {
    // The page of one hint shows none of the elements, but what they tell concerns it.
    if (id === decodeHintPath() || id === "subscriptions") refreshSoon();
    return;
  }
  const template = document.createElement("template");
  template.innerHTML = html;
  const fresh = template.content.firstElementChild;
  if (fresh.dataset.state !== undefined && fresh.dataset.state !== old.dataset.state) {
    fresh.classList.add("has-changed");
  }
  tellTimes(template.content);
  swap(old, fresh);
  if (fresh.classList.contains("lamp")) filter();
}

function decodeHintPath() {
  return location.pathname.replace(/^\/hints\//, "lamp/");
}

function refreshSoon() {
  refreshAfter(150);
}

function refreshAfter(millis) {
  clearTimeout(refreshTimer);
  refreshTimer = setTimeout(refresh, millis);
}

async function refresh() {
  // Somebody is writing into a form; what they wrote must not vanish.
  if (document.activeElement?.closest(".setter input, .setter select") instanceof Element) {
    return refreshAfter(2000);
  }
  if (held !== undefined) return refreshSoon();
  held = [];
  try {
    await fetchMain();
  } catch {
    // The server is away or busy; what the page shows may be old.
    refreshAfter(2000);
  } finally {
    // The answer may have been written before what was told meanwhile.
    const again = held;
    held = undefined;
    again.forEach(receiveElement);
  }
}

async function fetchMain() {
  const response = await fetch(location.href, {
    headers: { accept: "text/html" },
    signal: AbortSignal.timeout(10_000),
  });
  if (response.redirected || response.status === 404) return location.reload();
  if (!response.ok) return;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const typed = search?.value ?? "";
  const isTyping = document.activeElement === search;
  const fresh = page.getElementById("main");
  const box = fresh.querySelector("#search");
  if (box !== null && search !== null) box.replaceWith(search);
  document.getElementById("main").replaceWith(fresh);
  if (search !== null) search.value = typed;
  if (isTyping) search.focus();
  filter();
  tellTimes(document);
}

const source = new EventSource(`/live?since=${encodeURIComponent(document.body.dataset.since)}`);
source.addEventListener("open", () => say("open", "Live"));
source.addEventListener("error", () => {
  say("lost", "Connection lost, trying again");
  // A refusal ends the source for good; a page without a session has to sign in again.
  if (source.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), 5000);
});
source.addEventListener("element", receiveElement);
source.addEventListener("refresh", refreshSoon);

const age = performance.now();
fetch("/healthz", { cache: "no-store" }).then((response) => {
  const date = Date.parse(response.headers.get("date") ?? "");
  if (Number.isNaN(date)) return;
  const off = date + 500 - Date.now() + (performance.now() - age) / 2;
  if (Math.abs(off) > 2000) skew = off;
  tellTimes(document);
}).catch(() => {});

search?.addEventListener("input", filter);
search?.form.addEventListener("submit", (event) => {
  // With more lamps than are shown the server has to look.
  if (document.querySelector(".lamps .more") === null) event.preventDefault();
});
setInterval(() => {
  if (!document.hidden) tellTimes(document);
}, 1000);
document.addEventListener("visibilitychange", () => tellTimes(document));
