// The page of changes: what is committed comes in above what is there.

const MOST_ROWS = 200;
const state = document.getElementById("live-state");
const rows = document.getElementById("changes");

function element(name, text, attributes = {}) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    made.setAttribute(key, value);
  }
  made.textContent = text;
  return made;
}

function link(path, parameters, text) {
  const made = element("a", "", { href: `${path}?${new URLSearchParams(parameters)}` });
  made.append(element("code", text));
  return made;
}

function cell(...parts) {
  const made = document.createElement("td");
  made.append(...parts);
  return made;
}

function whatOf(change) {
  const words = [];
  if (change.error) words.push(change.error);
  if (change.cause) words.push(`by ${change.cause}`);
  if (change.parts) words.push(`part ${change.part} of ${change.parts}`);
  if (change.ephemeral) words.push("ephemeral");
  if (change.ttl !== null) words.push(`TTL ${change.ttl} ms`);
  if (change.timeout !== null) words.push(`timeout ${change.timeout} ms`);
  if (change.version !== null) words.push(`version ${change.version}`);
  if (change.size !== null) words.push(`${change.size} bytes`);
  const parts = [`${words.join(" ")} `];
  if (change.data_hidden) {
    parts.push(element("span", "not yours to read", { class: "muted" }));
  } else if (change.text) {
    parts.push(element("code", change.text.slice(0, 120)));
  } else if (change.acl !== null && change.size === null) {
    parts.push(element("code", change.acl.map((entry) => `${entry.scheme}:${entry.id}:${entry.perms}`).join(" ")));
  }
  return parts;
}

function rowOf(change) {
  const iso = new Date(change.time).toISOString();
  const row = document.createElement("tr");
  const session = [
    change.session === "0x0"
      ? element("span", "the server", { class: "muted" })
      : link("/console/changes", { session: change.session }, change.session),
  ];
  if (change.address) session.push(element("span", ` ${change.address}`, { class: "muted" }));
  row.append(
    cell(element("time", iso.slice(11, 23), { datetime: iso, title: iso })),
    cell(link("/console/changes/tree", { zxid: change.zxid, path: change.path || "/" }, change.zxid)),
    cell(...session),
    cell(change.kind),
    change.path ? cell(link("/console/changes", { path: change.path }, change.path)) : cell(),
    cell(...whatOf(change)),
  );
  return row;
}

function put(row) {
  document.getElementById("none")?.remove();
  rows.prepend(row);
  while (rows.rows.length > MOST_ROWS) {
    rows.deleteRow(-1);
  }
}

function gap(zxid) {
  const row = document.createElement("tr");
  const wide = element("td", `Some changes up to ${zxid} came too fast to be shown; load the page anew to see them.`, {
    colspan: "6",
    class: "muted",
  });
  row.append(wide);
  put(row);
}

if (state && rows) {
  const pause = document.getElementById("live-pause");
  let source = null;

  const say = (text) => {
    state.textContent = text;
  };
  const stop = (text) => {
    source?.close();
    source = null;
    say(text);
    pause.textContent = "Go on";
  };
  const start = () => {
    source = new EventSource(state.dataset.live);
    source.addEventListener("open", () => say("Live: changes appear as they are committed."));
    source.addEventListener("error", () => say("The connection is lost; trying again."));
    source.addEventListener("change", (event) => put(rowOf(JSON.parse(event.data))));
    source.addEventListener("gap", (event) => gap(JSON.parse(event.data).zxid));
    pause.textContent = "Pause";
  };
  state.hidden = false;
  document.getElementById("live-controls").hidden = false;
  pause.addEventListener("click", () => (source ? stop("Paused.") : start()));
  window.addEventListener("pagehide", () => source?.close());
  start();
}
