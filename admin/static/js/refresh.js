// Lists reload themselves every 15 seconds, unless the officer has switched that off or is looking elsewhere.
const KEY = "panel:refresh";

export function refreshing() {
  const box = document.querySelector("[data-refresh-switch]");
  if (!box) return;
  box.checked = localStorage.getItem(KEY) !== "off";
  box.addEventListener("change", () => localStorage.setItem(KEY, box.checked ? "on" : "off"));
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (!event.target.matches("[data-refresh]")) return;
    if (!box.checked || document.hidden) event.preventDefault();
  });
}
