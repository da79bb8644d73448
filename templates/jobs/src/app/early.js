// Runs before the first paint, so that nobody sees the other theme flash by. A classic
// script on purpose: modules run too late for this. main.js takes over from here.
(function () {
  var root = document.documentElement;
  var kept = {};
  try {
    kept = { language: localStorage.getItem('language'), theme: localStorage.getItem('theme') };
  } catch (e) {
    // Storage is blocked: the system's wishes hold.
  }
  var language = kept.language || navigator.language || 'en';
  root.lang = /^pt\b/i.test(language) ? 'pt' : 'en';
  if (kept.theme === 'light' || kept.theme === 'dark') root.dataset.theme = kept.theme;
})();
