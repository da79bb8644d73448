// The jobs that were posted last.
(function () {
  'use strict';

  angular.module('app').component('recentJobs', {
    templateUrl: 'app/recent/recent.html',
    controller: RecentJobs,
  });

  function RecentJobs(board) {
    'ngInject';
    this.board = board;
  }
})();
