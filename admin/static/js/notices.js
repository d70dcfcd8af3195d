// What htmx cannot say by itself: that the server was out of reach, and where the keyboard goes next.
const UNREACHABLE = "서버에 연결하지 못했습니다. 연결을 확인한 뒤 다시 시도해 주십시오.";

export function notices() {
  const region = document.getElementById("notice");
  if (!region) return;
  document.addEventListener("htmx:sendError", () => {
    const text = document.createElement("p");
    text.className = "note bad";
    text.textContent = UNREACHABLE;
    region.replaceChildren(text);
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.successful) region.replaceChildren();
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.matches?.("[data-focus]")) event.target.focus();
  });
}
