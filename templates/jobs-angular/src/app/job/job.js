// The page of one job.
(function () {
  'use strict';

  angular.module('app').component('jobPage', {
    templateUrl: 'app/job/job.html',
    bindings: { id: '<' },
    controller: JobPage,
  });

  function JobPage(board) {
    'ngInject';
    const self = this;
    self.link = '';
    self.missing = '';
    self.$onInit = function () {
      return board.get(self.id).then(function (job) {
        self.job = job;
        self.link = safeLink(job.link);
      }, function (answer) {
        self.missing = answer.status === 404 ? 'This job is gone' : 'This job cannot be read right now';
      });
    };
  }

  // safeLink lets only web addresses through: a job is what a stranger typed, and
  // javascript: is an address, too.
  function safeLink(link) {
    return /^https?:\/\//i.test(link || '') ? link : '';
  }
})();
