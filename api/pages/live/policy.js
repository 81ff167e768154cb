const MARK = 'showrunner.reloaded';
const ONCE_IN_MS = 60_000;

/** A media host that was added after the page was loaded is not in its policy yet: loading it anew is what helps, once in a minute at most. */
export function reloadForNewHosts() {
  document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) => {
    if (effectiveDirective !== 'connect-src' || Date.now() - Number(sessionStorage.getItem(MARK) ?? 0) < ONCE_IN_MS) return;
    sessionStorage.setItem(MARK, String(Date.now()));
    location.reload();
  });
}
