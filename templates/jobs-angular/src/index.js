angular.module('app', ['ui.router', 'btford.socket-io']);
