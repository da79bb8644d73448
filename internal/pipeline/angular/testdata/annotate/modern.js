// What ng-annotate leaves out and a minifier then breaks.
'use strict';
const app = angular.module('app')
app.controller('A', ($scope, $http) => { $scope.x = $http; })
app.factory('b', $q => ({ all: $q.all }))
app.factory('c', ($q) => ($q.defer()), 1)
app.run($rootScope => void ($rootScope.a = 1));
app.filter('plain', () => (s) => s.trim());
app.value('f', (x) => x).config(($httpProvider) => $httpProvider.interceptors.push(($q) => ({ error: $q.reject })));

class Jobs {
  constructor($http, $q) { this.$http = $http; this.$q = $q; }
  list() { return this.$http.get('/api/jobs'); }
}
app.service('jobs', Jobs);

class Done {
  static get $inject() { return ['$x']; }
  constructor(x) { this.x = x; }
}
app.service('done', Done);

class Field { static $inject = ['$y']; constructor(y) { this.y = y; } }
app.service('field', Field);

class Marked {
  constructor($log) { 'ngInject'; this.log = $log; }
  static make($log) { 'ngInject'; return new Marked($log); }
}

app.component('list', {
  templateUrl: ($element, $attrs) => $attrs.url,
  controller: class { constructor($element) { this.e = $element; } },
});

const later = ($timeout) => { 'ngInject'; return $timeout; };
app.directive('d', () => ({ controller($scope) { $scope.a = 1; } }));
app.directive('e', ($window) => ({ controller: function ($scope) { $scope.w = $window; } }));
const { run = ($x) => $x } = {};
app.config(({ x }) => x).config((x = 1) => x).config((...all) => all);
window.ns = { Ctrl: function ($scope) { 'ngInject'; $scope.n = 1; } };
ns.Other = function ($scope) { 'ngInject'; $scope.o = 1; }
ns.modal = function () { this.$uibModal.open({ controller: ($scope) => ($scope.q = 1), resolve: { a: (b) => b } }) }
app.controller({ Many: function ($scope) { $scope.m = 1; }, More: ($scope) => { $scope.m = 2; } });
app.decorator('x', ($delegate) => $delegate).constant('y', (z) => z);
[1].filter('a', (b) => b);
$stateProvider.decorator('views', function (state, parent) { return parent(state); });
