/** The smallest possible Action: one axios POST over a keep-alive connection. https://axios-http.com/docs/post_example */
const http = require('node:http');
const axios = require('axios');

const httpAgent = new http.Agent({ keepAlive: true });
let payload;

exports.onExecutePostLogin = async (event) => {
  const { url, body, authorization } = event.secrets;
  payload ??= JSON.parse(body);
  await axios.post(url, payload, { headers: { authorization }, httpAgent });
};
