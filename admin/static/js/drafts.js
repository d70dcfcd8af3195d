// An answer being written survives an expired session, a reload and a closed page: it stays in this tab's storage,
// under the officer's name and the case, until it is sent or the officer signs out.
const PREFIX = "draft:";
const key = (caseId) => `${PREFIX}${document.body.dataset.user}:${caseId}`;

export function keepDrafts() {
  for (const form of document.querySelectorAll("form[data-draft]")) {
    const text = form.querySelector("textarea");
    const kept = sessionStorage.getItem(key(form.dataset.draft));
    if (kept && !text.value) {
      text.value = kept;
      text.dispatchEvent(new Event("input"));
      form.querySelector("[data-draft-note]").hidden = false;
    }
    text.addEventListener("input", () => {
      if (text.value) sessionStorage.setItem(key(form.dataset.draft), text.value);
      else sessionStorage.removeItem(key(form.dataset.draft));
    });
  }
}

export function forgetDraftOf(caseId) {
  if (!caseId) return;
  sessionStorage.removeItem(key(caseId));
  // A reload should not say again that it was sent.
  history.replaceState(history.state, "", location.pathname);
}

export function forgetAllDrafts() {
  for (const name of Object.keys(sessionStorage)) {
    if (name.startsWith(PREFIX)) sessionStorage.removeItem(name);
  }
}
