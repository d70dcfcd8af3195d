// What the pages do beyond HTML and htmx. Every page works without it.
import { keepDrafts, forgetDraftOf, forgetAllDrafts } from "./drafts.js";
import { guardForms } from "./forms.js";
import { refreshing } from "./refresh.js";
import { notices } from "./notices.js";

forgetDraftOf(document.querySelector("[data-done]")?.dataset.done);
keepDrafts();
guardForms();
refreshing();
notices();
document.querySelector("[data-sign-out]")?.addEventListener("submit", forgetAllDrafts);
