// Runs before the first paint, so that nobody sees the other theme flash by. It is not
// among the scripts below src on purpose: those come at the end of the page.
(function () {
  var kept = null;
  try {
    kept = localStorage.getItem('theme');
  } catch (e) {
    // Storage is blocked: the system's wish holds.
  }
  if (kept === 'light' || kept === 'dark') document.documentElement.dataset.theme = kept;
})();
