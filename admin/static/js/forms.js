// A form goes out once; an answer shows its length; a filter that is not set stays out of the address.
function release(form) {
  delete form.dataset.sent;
  form.querySelector("[type=submit]")?.removeAttribute("aria-disabled");
}

function guardAgainstTwice(event) {
  const form = event.target.closest("form[data-once]");
  if (!form) return;
  if (form.dataset.sent) {
    event.preventDefault();
    event.stopImmediatePropagation();
    return;
  }
  form.dataset.sent = "1";
  form.querySelector("[type=submit]")?.setAttribute("aria-disabled", "true");
}

function countCharacters() {
  for (const count of document.querySelectorAll("[data-count-of]")) {
    const text = document.getElementById(count.dataset.countOf);
    const show = () => { count.textContent = text.value.length.toLocaleString("ko"); };
    text.addEventListener("input", show);
    show();
  }
}

function dropEmptyFilters(event) {
  const form = event.target.closest?.("form[data-filters]");
  if (!form) return;
  for (const field of form.elements) {
    if (field.name && event.detail.parameters[field.name] === (field.dataset.default ?? "")) {
      delete event.detail.parameters[field.name];
    }
  }
}

export function guardForms() {
  document.addEventListener("submit", guardAgainstTwice, true);
  document.addEventListener("htmx:configRequest", dropEmptyFilters);
  document.addEventListener("htmx:afterRequest", (event) => {
    const form = event.target.closest?.("form[data-once]");
    if (form) release(form);
  });
  // The browser may bring a page back exactly as it was left.
  window.addEventListener("pageshow", () => document.querySelectorAll("form[data-once]").forEach(release));
  countCharacters();
}
