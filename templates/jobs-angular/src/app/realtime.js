// The live part: a Socket.IO connection to the hub, inside AngularJS's digest.
(function () {
  'use strict';

  angular.module('app').factory('realtimeFactory', realtimeFactory);

  function realtimeFactory(socketFactory, $window) {
    'ngInject';
    const realtime = { state: 'connecting', created: created, onJob: onJob, onStale: onStale };
    const listeners = { job: [], stale: [] };
    // The global io comes from /socket.io/socket.io.js; without it the page still works,
    // only not live.
    const socket = $window.io && socketFactory({ ioSocket: $window.io.connect() });
    if (!socket) {
      realtime.state = 'off';
      return realtime;
    }
    socket.on('connect', function () {
      realtime.state = 'live';
      // Something may have been posted since the list was read: also the first time.
      tell('stale');
    });
    socket.on('disconnect', away);
    socket.on('connect_error', away);
    // realtimectl.yaml makes it of client:created:job.
    socket.on('server:created:job', function (job) { tell('job', job); });
    return realtime;

    function away() {
      realtime.state = 'reconnecting';
    }

    // created says that this page has posted a job. Without a connection the client
    // keeps the event and sends it once there is one.
    function created(job) {
      if (socket) socket.emit('client:created:job', job);
    }

    // onJob calls back with each job that somebody has posted; onStale when something may
    // have been missed. Both return what ends it.
    function onJob(listener) { return add('job', listener); }
    function onStale(listener) { return add('stale', listener); }

    function add(event, listener) {
      listeners[event].push(listener);
      return function () {
        listeners[event] = listeners[event].filter(function (one) { return one !== listener; });
      };
    }

    function tell(event, value) {
      listeners[event].forEach(function (listener) { listener(value); });
    }
  }
})();
