// Of the tree: nodes expand in place, arrow keys move along the list, paths and links are copied.

const AT_ONCE = 100;
const list = document.querySelector("ul.tree");

// --- expanding

function span(className, text) {
  const made = document.createElement("span");
  made.className = className;
  made.textContent = text;
  return made;
}

function counted(number, one, many) {
  return `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
}

function sized(bytes) {
  if (bytes >= 1048576) {
    return `${(bytes / 1048576).toFixed(1)} MiB`;
  }
  return bytes >= 1024 ? `${(bytes / 1024).toFixed(1)} KiB` : `${bytes} B`;
}

function linkTo(path, text) {
  const link = document.createElement("a");
  link.className = "path";
  link.href = `/console/tree?path=${encodeURIComponent(path)}`;
  const name = document.createElement("bdi");
  name.textContent = text.length > 300 ? `${text.slice(0, 200)}…` : text;
  link.append(name);
  return link;
}

function lineOf(node) {
  const line = document.createElement("li");
  line.dataset.path = node.path;
  line.append(linkTo(node.path, node.name), " ");
  if (!node.readable) {
    line.append(span("badge", "not readable"));
    return line;
  }
  if (node.kind !== "persistent") {
    line.append(span(`badge kind-${node.kind}`, node.kind), " ");
  }
  const children = node.children ? `${counted(node.children, "child", "children")} · ` : "";
  line.append(span("about", children + sized(node.dataLength)));
  if (node.children) {
    line.dataset.children = node.children;
    addButton(line);
  }
  return line;
}

async function childrenOf(path) {
  const url = `${list.dataset.api}?data=0&limit=${AT_ONCE}&path=${encodeURIComponent(path)}`;
  const answer = await fetch(url, { headers: { Accept: "application/json" } });
  const value = await answer.json();
  if (!answer.ok) {
    throw new Error(value.error);
  }
  return value.children;
}

async function fill(line, below) {
  below.replaceChildren(span("muted", "…"));
  try {
    const children = await childrenOf(line.dataset.path);
    below.replaceChildren(...children.nodes.map(lineOf));
    if (children.has_later) {
      const more = document.createElement("li");
      more.append(linkTo(line.dataset.path, `all ${counted(children.total, "child", "children")}`));
      below.append(more);
    }
  } catch (error) {
    const failed = document.createElement("li");
    failed.append(span("bad", error.message));
    below.replaceChildren(failed);
  }
}

function addButton(line) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "expand";
  button.tabIndex = -1;
  button.setAttribute("aria-expanded", "false");
  button.setAttribute("aria-label", `Children of ${line.querySelector(".path").textContent.slice(0, 200)}`);
  button.addEventListener("click", () => setExpanded(line, button.getAttribute("aria-expanded") === "false"));
  line.prepend(button);
}

async function setExpanded(line, expanded) {
  const button = line.querySelector(":scope > .expand");
  if (!button || (button.getAttribute("aria-expanded") === "true") === expanded) {
    return;
  }
  button.setAttribute("aria-expanded", String(expanded));
  const before = line.querySelector(":scope > ul");
  if (before) {
    before.remove();
  }
  if (expanded) {
    const below = document.createElement("ul");
    line.append(below);
    await fill(line, below);
  }
}

// --- keys: up and down, right to expand and go in, left to collapse and go out

function move(from, step) {
  const links = [...list.querySelectorAll("a.path")];
  const to = links[links.indexOf(from) + step];
  if (to) {
    to.focus();
  }
}

function onKey(event) {
  const link = event.target.closest("a.path");
  if (!link || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) {
    return;
  }
  const line = link.closest("li");
  const button = line.querySelector(":scope > .expand");
  const isExpanded = button !== null && button.getAttribute("aria-expanded") === "true";
  const keys = {
    ArrowDown: () => move(link, 1),
    ArrowUp: () => move(link, -1),
    ArrowRight: () => (isExpanded ? move(link, 1) : setExpanded(line, true)),
    ArrowLeft: () => {
      if (isExpanded) {
        setExpanded(line, false);
      } else {
        line.parentElement.closest("li")?.querySelector("a.path").focus();
      }
    },
    Home: () => list.querySelector("a.path").focus(),
    End: () => [...list.querySelectorAll("a.path")].at(-1).focus(),
  };
  if (keys[event.key]) {
    event.preventDefault();
    keys[event.key]();
  }
}

if (list) {
  for (const line of list.querySelectorAll("li[data-children]")) {
    addButton(line);
  }
  list.addEventListener("keydown", onKey);
}

// --- copying

async function copy(text) {
  const told = document.getElementById("copied");
  try {
    await navigator.clipboard.writeText(text);
    told.textContent = "Copied.";
  } catch {
    told.textContent = text;
  }
}

for (const button of document.querySelectorAll("button.copy")) {
  const link = button.dataset.copyLink;
  if (link !== "") {
    button.hidden = false;
    button.addEventListener("click", () => copy(link === undefined ? button.dataset.copy : new URL(link, location.href).href));
  }
}
