// Holds documents against a JSON Schema with ajv, which knows nothing of us.
// stdin: {"schema": …, "documents": […]}; stdout: for each document what is wrong, "" if
// nothing is.
const Ajv = require('ajv/dist/2020');

let text = '';
process.stdin.on('data', (part) => { text += part; }).on('end', () => {
  const { schema, documents } = JSON.parse(text);
  const ajv = new Ajv({ strict: true, allowUnionTypes: true, allErrors: true });
  const validate = ajv.compile(schema);
  process.stdout.write(JSON.stringify(documents.map((one) => (validate(one) ? '' : ajv.errorsText(validate.errors)))));
});
