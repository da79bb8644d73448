// The jobs this page knows: each once, newest first.
(function () {
  'use strict';

  angular.module('app').factory('board', board);

  const base = '/api/jobs';
  const pageSize = 20;
  const newFor = 60000; // how long a job that has just come is new, in milliseconds
  const retryAfter = 5000; // how long to wait for an API that does not answer, likewise

  function board($http, $timeout, $document, realtimeFactory) {
    'ngInject';
    const self = { jobs: [], total: 0, loaded: false, failed: '', refresh: refresh, more: more, get: get, post: post };
    let retry = null;
    realtimeFactory.onJob(function (job) {
      if (add(job)) announce(job);
    });
    realtimeFactory.onStale(refresh);
    refresh();
    return self;

    // refresh asks the API for the newest jobs, and tries again until it answers. It reads
    // pages until it meets a job that is known: after a long absence there may be more
    // than one page of news.
    function refresh() {
      $timeout.cancel(retry);
      return read(1).then(function () { self.failed = ''; }, function (answer) {
        self.failed = reason(answer);
        retry = $timeout(refresh, retryAfter);
      });
    }

    function read(page) {
      const fresh = self.loaded;
      return list(page).then(function (answer) {
        const met = answer.data.some(function (job) { return find(job.id); });
        answer.data.forEach(function (job) { put(job, fresh); });
        self.total = Number(answer.headers('X-Total-Count')) || self.jobs.length;
        if (fresh && !met && page * pageSize < self.total) return read(page + 1);
        self.loaded = true;
      });
    }

    function list(page) {
      return $http.get(base, { params: { _limit: pageSize, _page: page } });
    }

    // more reads the page after what is here. It may overlap, as jobs have come since.
    function more() {
      return list(Math.floor(self.jobs.length / pageSize) + 1).then(function (answer) {
        answer.data.forEach(function (job) { put(job, false); });
      });
    }

    function get(id) {
      return $http.get(base + '/' + encodeURIComponent(id)).then(function (answer) { return answer.data; });
    }

    // post stores a job, and only then says that there is one.
    function post(job) {
      return $http.post(base, job).then(function (answer) {
        add(answer.data);
        realtimeFactory.created(answer.data);
        return answer.data;
      });
    }

    function find(id) {
      return self.jobs.find(function (job) { return job.id === id; });
    }

    // add takes one job, from an event or from our own form. Any page can emit, so
    // anything may arrive; and the page that posted a job hears of it too.
    function add(job) {
      if (!isJob(job) || find(job.id)) return false;
      put(job, true);
      self.total += 1;
      return true;
    }

    function put(job, fresh) {
      if (find(job.id)) return;
      const known = angular.extend({}, job, { fresh: fresh });
      self.jobs.push(known);
      self.jobs.sort(function (a, b) { return compare(b.createdAt, a.createdAt) || compare(b.id, a.id); });
      if (fresh) $timeout(function () { known.fresh = false; }, newFor);
    }

    function announce(job) {
      $document[0].getElementById('announcer').textContent = 'New job: ' + job.title + ', ' + job.company;
    }
  }

  function compare(a, b) {
    if (a === b) return 0;
    return a > b ? 1 : -1;
  }

  function isJob(job) {
    return angular.isObject(job) && ['id', 'title', 'company', 'place', 'createdAt'].every(function (name) {
      return angular.isString(job[name]);
    });
  }

  function reason(answer) {
    return answer.status > 0 ? answer.statusText || String(answer.status) : 'the server does not answer';
  }
})();
