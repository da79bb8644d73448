angular.module('app').component('mainPage', { templateUrl: 'app/main/main.html' });
