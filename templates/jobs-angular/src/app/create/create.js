// The form. It checks what can be checked here, posts the rest, and shows what the API
// says field by field. Nothing appears in the list before the API has stored it.
(function () {
  'use strict';

  angular.module('app').component('createJob', {
    templateUrl: 'app/create/create.html',
    controller: CreateJob,
  });

  const labels = {
    title: 'Job title', company: 'Company', place: 'Place', salary: 'Pay per month',
    currency: 'Currency', link: 'Where to apply', description: 'What the work is',
  };

  // The same limits as data/job.schema.json, so that most mistakes need no round trip. The
  // API has the last word.
  const shortest = { title: 3, company: 2, place: 2, description: 20 };

  function CreateJob(board, realtimeFactory, $element, $timeout) {
    'ngInject';
    const self = this;
    self.errors = [];
    self.sending = false;
    self.done = '';
    self.submit = submit;
    self.mend = mend;
    self.errorOf = errorOf;
    self.goTo = goTo;
    clear();

    function clear() {
      self.job = { mode: 'onsite', kind: 'full-time', currency: 'EUR' };
    }

    function submit() {
      if (self.sending) return;
      const job = read(self.job);
      self.done = '';
      self.errors = check(job);
      if (self.errors.length > 0) return show();
      self.sending = true;
      board.post(job).then(posted, refused).finally(function () { self.sending = false; });
    }

    function posted() {
      self.done = realtimeFactory.state === 'live'
        ? 'Posted. Every open page has it now.'
        : 'Posted. The other pages hear of it once this one is connected again.';
      clear();
    }

    function refused(answer) {
      const mistakes = (answer.data && answer.data.errors) || [];
      self.errors = mistakes.map(function (one) { return { field: one.field, text: sentence(one) }; });
      if (self.errors.length === 0) {
        self.errors = [{ field: '', text: 'The job was not posted: ' + (answer.statusText || 'the server does not answer') }];
      }
      show();
    }

    // mend takes away the mark of a field that is being corrected.
    function mend(field) {
      self.done = '';
      self.errors = self.errors.filter(function (one) { return one.field !== field; });
    }

    function errorOf(field) {
      const error = self.errors.find(function (one) { return one.field === field; });
      return error ? error.text : '';
    }

    function goTo(field, $event) {
      $event.preventDefault();
      $element[0].querySelector('[name="' + field + '"]').focus();
    }

    function show() {
      $timeout(function () { $element[0].querySelector('.form-errors').focus(); });
    }
  }

  // read returns the job as the API wants it: trimmed, and without what was left empty.
  function read(form) {
    const job = { mode: form.mode, kind: form.kind };
    ['title', 'company', 'place', 'link', 'description'].forEach(function (name) {
      const value = (form[name] || '').trim();
      if (value) job[name] = value;
    });
    const salary = (form.salary || '').replace(/[\s.,']/g, '');
    if (salary) {
      job.salary = /^\d+$/.test(salary) ? Number(salary) : NaN;
      job.currency = form.currency;
    }
    return job;
  }

  function check(job) {
    const errors = [];
    Object.keys(labels).forEach(function (field) {
      const limit = shortest[field];
      if (limit && !job[field]) errors.push(mistake(field, 'required'));
      else if (limit && Array.from(job[field]).length < limit) errors.push(mistake(field, 'minLength', limit));
    });
    if (Number.isNaN(job.salary)) errors.push(mistake('salary', 'type'));
    if (job.link && !/^https?:\/\/\S+$/.test(job.link)) errors.push(mistake('link', 'format'));
    return errors;
  }

  function mistake(field, rule, limit) {
    return { field: field, text: sentence({ field: field, rule: rule, limit: limit }) };
  }

  function sentence(one) {
    const name = labels[one.field] || one.field;
    switch (one.rule) {
      case 'required': return name + ': please fill this in';
      case 'minLength': return name + ': at least ' + one.limit + ' characters, please';
      case 'maxLength': return name + ': at most ' + one.limit + ' characters, please';
      case 'minimum': return name + ': at least ' + one.limit + ', please';
      case 'maximum': return name + ': at most ' + one.limit + ', please';
      case 'type': return name + ': a whole number, please';
      case 'format': case 'pattern': return name + ': a web address that begins with https://, please';
    }
    return name + ': ' + one.message;
  }
})();
