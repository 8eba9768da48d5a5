// Keeps the list and the ladder true while nobody pauses them; what is open stays open.
const pause = document.getElementById("pause");
const state = document.getElementById("messages-state");
let isPaused = false;
let isFetching = false;
let isStale = false;

function say(words, kind = "") {
  if (state.dataset.state !== kind) state.dataset.state = kind;
  if (state.textContent !== words) state.textContent = words;
}

function tell() {
  pause.setAttribute("aria-pressed", String(isPaused));
  if (isPaused) say(isStale ? "Paused; there is more" : "Paused", "paused");
  else say("Live", "open");
}

async function refresh() {
  isStale = true;
  if (isPaused || isFetching || document.hidden) return tell();
  isFetching = true;
  try {
    while (isStale && !isPaused) {
      isStale = false;
      const response = await fetch(location.href, { headers: { accept: "text/html" } });
      if (response.redirected) return location.reload();
      if (!response.ok) return;
      swap(new DOMParser().parseFromString(await response.text(), "text/html"));
    }
  } finally {
    isFetching = false;
    tell();
  }
}

function swap(page) {
  // Before the first message there are no panes yet.
  const panes = document.getElementById("dialogs") === null ? ["messages-panes"] : ["dialogs", "ladder"];
  for (const id of [...panes, "messages-count", "messages-capture"]) {
    const old = document.getElementById(id);
    const fresh = page.getElementById(id);
    if (old === null || fresh === null || old.outerHTML === fresh.outerHTML) continue;
    for (const each of old.querySelectorAll("details[open]")) {
      fresh.querySelector(`[id="${each.id}"]`)?.setAttribute("open", "");
    }
    const focused = old.contains(document.activeElement) ? document.activeElement : null;
    const place = focused?.closest("[id]")?.id;
    const wasAtEnd = scrollY + innerHeight >= document.documentElement.scrollHeight - 40;
    const scrolled = old.scrollTop;
    old.replaceWith(fresh);
    fresh.scrollTop = scrolled;
    if (place !== undefined) {
      const target = document.getElementById(place);
      (target?.matches("a, button") ? target : target?.querySelector("a, summary, button"))?.focus();
    } else if (id === "ladder" && wasAtEnd && scrollY > 0) scrollTo({ top: document.documentElement.scrollHeight });
  }
}

pause.hidden = false;
pause.addEventListener("click", () => {
  isPaused = !isPaused;
  if (isPaused || !isStale) tell();
  else refresh();
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && isStale) refresh();
});

const source = new EventSource(
  `/messages/live?since=${encodeURIComponent(document.getElementById("messages").dataset.last)}`,
);
source.addEventListener("open", tell);
source.addEventListener("messages", refresh);
source.addEventListener("error", () => {
  say("Connection lost, trying again", "lost");
  // A refusal ends the source for good; a page without a session has to sign in again.
  if (source.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), 5000);
});
