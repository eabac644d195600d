// Pages that stay as true as they were: when the server has news, the page is got again, and what has changed is shown.
//
// An element with data-live-topics names the topics and says how it goes; those with data-live="name" are kept up to date.

const marker = document.querySelector("[data-live-topics]");
const LEAST_APART_MS = 1500;

let source = null;
let busy = false;
let again = false;
let place = "";

function tell(text, state) {
  if (marker.textContent !== text) {
    marker.textContent = text;
  }
  marker.classList.toggle("on", state === "on");
  marker.classList.toggle("off", state === "off");
}

function replace(old, fresh) {
  if (old.innerHTML === fresh.innerHTML) {
    return;
  }
  const active = document.activeElement;
  const focused = old.contains(active) && active !== old ? active : null;
  const href = focused?.getAttribute("href");
  if (focused && !href) {
    return; // Somebody types or chooses something there.
  }
  const left = old.scrollLeft;
  old.replaceChildren(...document.importNode(fresh, true).childNodes);
  old.scrollLeft = left;
  if (href) {
    [...old.querySelectorAll("a[href]")].find((link) => link.getAttribute("href") === href)?.focus({ preventScroll: true });
  }
}

async function refresh() {
  if (busy) {
    again = true;
    return;
  }
  busy = true;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store" });
    if (answer.ok) {
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const fresh of page.querySelectorAll("[data-live]")) {
        const old = document.querySelector(`[data-live="${CSS.escape(fresh.dataset.live)}"]`);
        if (old) {
          replace(old, fresh);
        }
      }
    }
    await new Promise((done) => setTimeout(done, LEAST_APART_MS));
  } catch {
    // The stream says when the server is gone.
  } finally {
    busy = false;
    if (again) {
      again = false;
      refresh();
    }
  }
}

function listen() {
  if (source || document.hidden) {
    return;
  }
  const topics = marker.dataset.liveTopics;
  source = new EventSource(`/console/live?${new URLSearchParams({ topics, after: place })}`);
  source.addEventListener("open", () => tell("Live", "on"));
  source.addEventListener("error", () => {
    const over = source.readyState === EventSource.CLOSED;
    tell(over ? "Not live: the server has no room for another viewer, or does not let you look" : "The server does not answer; this is how it was", "off");
  });
  for (const topic of topics.split(",")) {
    source.addEventListener(topic, (event) => {
      place = event.lastEventId;
      refresh();
    });
  }
}

function rest() {
  source?.close();
  source = null;
  tell("", "");
}

if (marker) {
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      rest();
    } else {
      listen();
      refresh();
    }
  });
  window.addEventListener("pagehide", rest);
  window.addEventListener("pageshow", listen);
  listen();
}
