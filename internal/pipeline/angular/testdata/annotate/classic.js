// What ng-annotate 1.2.2 annotates, in the shapes that projects write.
angular.module('app', ['ngRoute'])
  .controller('One', function ($scope, $http) { $scope.x = $http; })
  .service('two', function () {})
  .factory('three', ['$q', function ($q) { return $q; }])
  .filter('four', function ($sce) { return function (s) { return $sce.trustAsHtml(s); }; })
  .run(start);

function start($rootScope, $state) { $rootScope.$state = $state; }

(function () {
  'use strict';

  angular
    .module('app')
    .controller('MainController', MainController)
    .directive('acmeNavbar', acmeNavbar)
    .component('acmeList', {
      templateUrl: 'list.html',
      controller: function ($element) { this.e = $element; }
    })
    .provider('thing', ThingProvider)
    .provider('other', { $get: function ($log) { return $log; } })
    .animation('.slide', function ($animateCss) { return { enter: $animateCss }; })
    .config(function ($stateProvider, $provide, $httpProvider, $routeProvider) {
      $stateProvider
        .state('home', {
          url: '/',
          controller: function ($scope) { $scope.a = 1; },
          resolve: { jobs: function (jobService) { return jobService.list(); }, name: 'text' },
          onEnter: function ($log) { $log.info(1); },
          views: { side: { controller: function ($scope, jobs) { $scope.jobs = jobs; } } }
        })
        .state('late', { controller: 'MainController' });
      $provide.decorator('$log', function ($delegate) { return $delegate; });
      $httpProvider.interceptors.push(function ($q) { return { responseError: $q.reject }; });
      $routeProvider.when('/a', { controller: function ($scope) { $scope.b = 1; }, resolve: { x: function ($q) { return $q; } } });
    });

  /** @ngInject */
  function MainController($timeout, webDevTec) {
    var vm = this;
    vm.list = [1].filter(function (value) { return value; });
    vm.open = function ($uibModal) { $uibModal.open({ controller: function ($scope, $uibModalInstance) { $scope.m = $uibModalInstance; } }); };
  }

  function acmeNavbar($window) {
    var directive = {
      restrict: 'E',
      link: function (scope, element) { element.append($window.name); },
      controller: function ($scope, moment) { $scope.m = moment; }
    };
    return directive;
  }

  function ThingProvider() {
    this.$get = function ($rootScope) { return $rootScope; };
  }

  Explicit.$inject = ['$http'];
  function Explicit($http) { this.h = $http; }
  angular.module('app').controller('Explicit', Explicit);

  var Late = function ($scope) { $scope.late = true; };
  angular.module('app').controller('Late', Late);

  var marked = /* @ngInject */ function ($log) { $log.info(marked); };
  var options = { go: /* @ngInject */ function ($q) { return $q; } };
  var all = /* @ngInject */ { a: function ($a) { return $a; }, b: 1 };

  function directive($log) {
    'ngInject';
    return $log;
  }

  // @ngNoInject
  function notThis($log) { return $log; }
  angular.module('app').run(notThis);

  return [marked, options, all, directive];
})();
