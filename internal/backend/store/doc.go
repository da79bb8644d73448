// Package store is a small JSON store over HTTP: the back-end of a project that has
// none yet.
//
// One file holds everything, as a person would write it: an object whose members are
// collections, each an array of records with an id.
//
//	{ "jobs": [ { "id": "01", "title": "Welder" } ] }
//
// Under the prefix of [Options] (here /api) the store answers
//
//	GET    /api              the collections and how many records each holds
//	GET    /api/jobs         a list, newest first
//	POST   /api/jobs         create: 201 with the record and its Location
//	GET    /api/jobs/ID      one record
//	PUT    /api/jobs/ID      replace it
//	PATCH  /api/jobs/ID      JSON Merge Patch (RFC 7396)
//	DELETE /api/jobs/ID      204
//
// HEAD works where GET does, OPTIONS tells what is allowed, and anything else is 405
// with Allow. Records lie in the file in the order of their creation; a list is that
// order reversed. A list takes ?field=value (repeated: any of them), _sort=FIELD,
// _order=asc|desc, _limit=N and _page=N; X-Total-Count is the number of matches
// before paging and Link names the neighbouring pages.
//
// The store sets id, createdAt and updatedAt, whatever a client sends for them; every
// other field is kept as it came: order, unknown fields and the digits of numbers.
// A JSON Schema can be given for a collection; it describes what a client sends,
// without the three fields of the store.
//
// Mistakes are answered as application/problem+json (RFC 9457); what a schema
// refuses is a 422 whose "errors" name each field, so that a form can show them.
//
// A write must carry the type application/json (or application/merge-patch+json),
// which no page of another site can send without asking first. GET carries an ETag;
// If-None-Match and If-Match are honoured.
//
// Each write is on disk, whole, before it is answered. The file may be edited by hand
// meanwhile: it is read anew when it has changed, and a file with a mistake in it is
// reported and never overwritten.
package store
