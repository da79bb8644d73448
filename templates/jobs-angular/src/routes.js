(function () {
  'use strict';

  angular.module('app').config(routes).run(follow);

  function routes($stateProvider, $urlRouterProvider, $locationProvider) {
    'ngInject';
    $locationProvider.html5Mode(true);
    $urlRouterProvider.otherwise(function ($injector) {
      $injector.get('$state').go('missing', null, { location: false });
    });
    $stateProvider
      .state('main', { url: '/', component: 'mainPage' })
      .state('job', { url: '/jobs/:id', component: 'jobPage', resolve: { id: idOf } })
      .state('missing', { component: 'missingPage' });
  }

  function idOf($stateParams) {
    'ngInject';
    return $stateParams.id;
  }

  // After a change of page a keyboard and a screen reader start at its heading.
  function follow($transitions, $timeout, $document) {
    'ngInject';
    $transitions.onSuccess({}, function (transition) {
      if (!transition.from().name) return; // the first page: the browser has done it
      $timeout(function () {
        const heading = $document[0].querySelector('main h1');
        if (heading) heading.focus({ preventScroll: true });
        $document[0].defaultView.scrollTo(0, 0);
      });
    });
  }
})();
