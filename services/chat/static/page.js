// The demonstration page: quick questions open the widget, a receipt number shows its case, the text grows and shrinks.

import { clockName, dateName, statusName } from "/widget.js";

const byId = (id) => document.getElementById(id);

// ---- Questions ---------------------------------------------------------------------------------------------

const assistant = document.querySelector("public-assistant");

for (const button of document.querySelectorAll("[data-ask]")) {
  button.addEventListener("click", () => assistant.ask(button.dataset.ask));
}

byId("ask-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const input = byId("ask-text");
  const text = input.value.trim();
  if (!text) return assistant.open();
  input.value = "";
  return assistant.ask(text);
});

// ---- Text size ---------------------------------------------------------------------------------------------

const sizes = [...document.querySelectorAll(".text-size button")];

function resize(size) {
  document.documentElement.dataset.size = size;
  for (const button of sizes) button.setAttribute("aria-pressed", String(button.dataset.size === size));
}

function remembered(write) {
  try {
    if (write) localStorage.setItem("text-size", write);
    return localStorage.getItem("text-size");
  } catch {
    return write; // storage is forbidden: this page view only
  }
}

for (const button of sizes) button.addEventListener("click", () => resize(remembered(button.dataset.size)));
const size = remembered();
if (sizes.some((button) => button.dataset.size === size)) resize(size);

// ---- A case by its receipt ---------------------------------------------------------------------------------

const CANNOT_CONNECT = "지금은 조회할 수 없어요. 잠시 뒤 다시 해 주세요. 급하면 120에 전화하셔도 돼요.";

function element(tag, text, attributes = {}) {
  const made = document.createElement(tag);
  made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

function complain(text, wrong = []) {
  byId("lookup-error").textContent = text;
  for (const field of [byId("receipt-no"), byId("pin")])
    field.setAttribute("aria-invalid", String(wrong.includes(field)));
  wrong[0]?.focus();
  if (text) byId("lookup-error").scrollIntoView({ block: "center" });
}

/** A case as its citizen sees it (CaseView of services/cases/schemas.py). */
function show(found) {
  const facts = [
    ["접수번호", found.receipt_no],
    ["내용", found.title],
    ["처리 상태", statusName(found.status)],
    ["담당 기관", found.agency.name],
    ["접수한 날", dateName(found.submitted_at)],
    ["처리 예정일", dateName(found.due_at)],
  ];
  const shown = facts.filter(([, value]) => value);
  byId("result-facts").replaceChildren(
    ...shown.flatMap(([name, value]) => [element("dt", name), element("dd", value)]),
  );
  byId("result-timeline").replaceChildren(...found.timeline.map(step));
  byId("lookup-result").hidden = false;
  byId("result-title").focus();
}

function step({ at, by, status, text }) {
  const item = document.createElement("li");
  item.append(element("time", `${dateName(at)} ${clockName(at)} · ${by}`, { datetime: at }));
  if (status) item.append(element("strong", statusName(status)));
  if (text) item.append(element("p", text));
  return item;
}

async function lookUp(number, pin) {
  let response;
  try {
    response = await fetch(`/api/v1/cases/${encodeURIComponent(number)}`, {
      headers: { "X-Case-Pin": pin },
      cache: "no-store",
    });
    if (response.ok) return show(await response.json());
  } catch {
    return complain(CANNOT_CONNECT);
  }
  if (response.status === 404)
    return complain("접수번호나 비밀번호가 맞지 않아요. 적어 두신 번호를 다시 확인해 주세요.");
  const problem = await response.json().catch(() => ({}));
  return complain(problem.detail ?? CANNOT_CONNECT);
}

byId("lookup-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const fields = [byId("receipt-no"), byId("pin")];
  const empty = fields.filter((field) => !field.value.trim());
  byId("lookup-result").hidden = true;
  if (empty.length) return complain("접수번호와 비밀번호를 모두 적어 주세요.", empty);
  complain("");
  const button = event.submitter ?? event.target.querySelector("button");
  button.disabled = true;
  try {
    // Header values are Latin: a PIN with other characters cannot be right, and must not throw.
    const [number, pin] = fields.map((field) => field.value.trim());
    await lookUp(number, /^[\x21-\x7e]+$/.test(pin) ? pin : "-");
  } finally {
    button.disabled = false;
  }
});
