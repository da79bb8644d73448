// Express with its own file server: express.cjs PORT FOLDER
const express = require('express');
express().use(express.static(process.argv[3])).listen(+process.argv[2], '127.0.0.1');
