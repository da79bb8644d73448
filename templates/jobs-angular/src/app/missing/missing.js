angular.module('app').component('missingPage', { templateUrl: 'app/missing/missing.html' });
