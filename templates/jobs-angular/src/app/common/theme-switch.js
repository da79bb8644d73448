// Light or dark. Without a choice the system decides; public/theme.js has applied what was
// chosen before.
(function () {
  'use strict';

  angular.module('app').component('themeSwitch', {
    templateUrl: 'app/common/theme-switch.html',
    controller: ThemeSwitch,
  });

  function ThemeSwitch($window) {
    'ngInject';
    const root = $window.document.documentElement;
    const system = $window.matchMedia('(prefers-color-scheme: dark)');

    this.dark = function () {
      return root.dataset.theme ? root.dataset.theme === 'dark' : system.matches;
    };
    this.turn = function () {
      root.dataset.theme = this.dark() ? 'light' : 'dark';
      try {
        $window.localStorage.setItem('theme', root.dataset.theme);
      } catch (e) {
        // Storage is blocked: the choice holds until the page is closed.
      }
    };
  }
})();
