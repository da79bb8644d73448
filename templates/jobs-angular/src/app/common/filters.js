// How values are shown.
(function () {
  'use strict';

  angular.module('app')
    .filter('ago', ago)
    .filter('pay', function () { return pay; })
    .filter('choice', function () { return choice; })
    .filter('initials', function () { return initials; })
    .filter('tint', function () { return tint; })
    .filter('paragraphs', function () { return paragraphs; });

  const steps = [['year', 31536000], ['month', 2592000], ['week', 604800], ['day', 86400], ['hour', 3600], ['minute', 60]];

  // ago says how long ago something was, and is asked again as time goes by.
  function ago($interval) {
    'ngInject';
    $interval(angular.noop, 30000);
    const format = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
    text.$stateful = true;
    return text;

    function text(when) {
      const seconds = Math.max(0, (Date.now() - new Date(when)) / 1000);
      const step = steps.find(function (one) { return seconds >= one[1]; });
      return step ? format.format(-Math.floor(seconds / step[1]), step[0]) : format.format(0, 'second');
    }
  }

  function pay(job) {
    if (!job || typeof job.salary !== 'number') return '';
    try {
      return new Intl.NumberFormat('en', { style: 'currency', currency: job.currency, maximumFractionDigits: 0 }).format(job.salary);
    } catch (e) {
      return String(job.salary); // a currency this browser does not know
    }
  }

  const names = {
    onsite: 'On site', hybrid: 'Hybrid', remote: 'Remote',
    'full-time': 'Full time', 'part-time': 'Part time', contract: 'Contract', internship: 'Internship',
  };

  function choice(value) {
    return names[value] || value;
  }

  function initials(name) {
    return String(name).split(/\s+/).filter(function (word) { return /^[\p{L}\p{N}]/u.test(word); })
      .slice(0, 2).map(function (word) { return Array.from(word)[0].toUpperCase(); }).join('');
  }

  // tint gives a company one of the six colours of jobs.css, always the same.
  function tint(name) {
    return Array.from(String(name)).reduce(function (sum, char) { return (sum * 31 + char.codePointAt(0)) % 6151; }, 0) % 6;
  }

  function paragraphs(text) {
    return String(text || '').split(/\n\s*\n/).filter(Boolean);
  }
})();
