// Whether the page is connected, in the bar.
(function () {
  'use strict';

  angular.module('app').component('liveState', {
    templateUrl: 'app/common/live-state.html',
    controller: LiveState,
  });

  const words = { connecting: 'Connecting', live: 'Live', reconnecting: 'Reconnecting', off: 'Not live' };

  function LiveState(realtimeFactory) {
    'ngInject';
    this.realtime = realtimeFactory;
    this.words = words;
  }
})();
