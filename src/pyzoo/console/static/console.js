// Of every page: the switch between light and dark, which the browser remembers.

const CHOICES = ["auto", "light", "dark"];
const root = document.documentElement;

function show(choice) {
  if (choice === "auto") {
    root.removeAttribute("data-theme");
  } else {
    root.setAttribute("data-theme", choice);
  }
}

function chosen() {
  try {
    const choice = localStorage.getItem("theme");
    return CHOICES.includes(choice) ? choice : "auto";
  } catch {
    return "auto";
  }
}

function keep(choice) {
  try {
    localStorage.setItem("theme", choice);
  } catch {
    // Without storage it holds for this page.
  }
}

let choice = chosen();
show(choice);

const button = document.getElementById("theme");
if (button) {
  const label = () => {
    button.textContent = `Theme: ${choice}`;
  };
  label();
  button.hidden = false;
  button.addEventListener("click", () => {
    choice = CHOICES[(CHOICES.indexOf(choice) + 1) % CHOICES.length];
    keep(choice);
    show(choice);
    label();
  });
}
