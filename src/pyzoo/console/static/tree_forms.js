// Of the forms about nodes: JSON is indented, files are read into the form, a long delete goes on by itself, and what was
// typed is not left behind by mistake.

const GO_ON_MS = 400;

// --- JSON

for (const button of document.querySelectorAll("button.format-json")) {
  const data = document.getElementById("data");
  const offer = () => {
    let isJson = false;
    try {
      isJson = /^\s*[[{]/.test(data.value) && JSON.parse(data.value) !== null;
    } catch {
      // It is something else.
    }
    button.hidden = !isJson;
  };
  offer();
  data.addEventListener("input", offer);
  button.addEventListener("click", () => {
    data.value = indented(data.value);
    data.dispatchEvent(new Event("input"));
  });
}

// The tokens stay as they are: numbers keep their digits.
function indented(text) {
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/gs) ?? [];
  let out = "";
  let depth = 0;
  tokens.forEach((token, at) => {
    if ("]}".includes(token)) {
      depth -= 1;
      out += "[{".includes(tokens[at - 1]) ? "" : `\n${"  ".repeat(depth)}`;
    }
    out += token;
    if ("[{".includes(token)) {
      depth += 1;
      out += "]}".includes(tokens[at + 1] ?? "") ? "" : `\n${"  ".repeat(depth)}`;
    } else if (token === ",") {
      out += `\n${"  ".repeat(depth)}`;
    } else if (token === ":") {
      out += " ";
    }
  });
  return out;
}

// --- files

for (const input of document.querySelectorAll("input[type=file][data-into]")) {
  const row = input.closest(".file-row");
  const problem = row.querySelector(".file-problem");
  row.hidden = false;
  input.addEventListener("change", async () => {
    const file = input.files[0];
    problem.textContent = "";
    if (!file) {
      return;
    }
    if (file.size > Number(input.dataset.most)) {
      problem.textContent = "The file is too large; pyzoo cli import takes it.";
      return;
    }
    document.getElementById(input.dataset.into).value = await file.text();
  });
}

// --- a long delete

const goOn = document.querySelector("form.go-on");
if (goOn) {
  goOn.querySelector(".going").hidden = false;
  const timer = setTimeout(() => goOn.requestSubmit(), GO_ON_MS);
  goOn.querySelector(".stop").addEventListener("click", () => clearTimeout(timer));
}

// --- what was typed

const data = document.getElementById("data");
if (data) {
  const before = data.value;
  let isSent = false;
  data.form.addEventListener("submit", () => {
    isSent = true;
  });
  addEventListener("beforeunload", (event) => {
    if (!isSent && data.value !== before) {
      event.preventDefault();
    }
  });
}
