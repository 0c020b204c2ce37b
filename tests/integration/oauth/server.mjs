// server.mjs mock|oidc CALLBACK: a provider whose OAuth is by others (oauth2-mock-server, or
// oidc-provider, which ends the whole grant when a refresh token is used twice) and whose API takes
// the tokens that it gave. Paths are GitHub's. Prints its port; POST /control sets, GET /stats tells.
import http from 'node:http';

const [kind, callback] = process.argv.slice(2);
const knobs = { expires_in: 3600, keep_refresh: false, delay_ms: 0, fail: 0, hang_after: false,
                refuse: false };  // refuse: the tokens of until now
const stats = { refreshes: 0, exchanges: 0, api: 0, refused: 0, revoked: 0 };
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

async function mock() {
  const { OAuth2Server } = await import('oauth2-mock-server');
  const server = new OAuth2Server(undefined, undefined, { endpoints: {
    token: '/login/oauth/access_token', authorize: '/login/oauth/authorize' } });
  await server.issuer.keys.generate('RS256');
  server.issuer.url = 'http://127.0.0.1';
  let current = '', refresh = '';
  server.service.on('beforeResponse', (answer, request) => {
    const params = request.body;
    if (params.grant_type === 'refresh_token' && params.refresh_token !== refresh) {
      answer.statusCode = 400;  // single use, and what was used ends the family
      answer.body = { error: 'invalid_grant' };
      current = refresh = '';
      return;
    }
    if (answer.statusCode !== 200) return;
    answer.body.access_token += '-' + (stats.refreshes + stats.exchanges);
    answer.body.expires_in = knobs.expires_in;
    if (params.grant_type === 'refresh_token' && knobs.keep_refresh) {
      delete answer.body.refresh_token;
    } else {
      refresh = answer.body.refresh_token;
    }
    current = answer.body.access_token;
  });
  return { handle: server.service.requestHandler, good: async (token) => token === current };
}

async function oidc() {
  const { Provider } = await import('oidc-provider');
  const issuer = 'https://github.com';  // what is simulated: a callback from elsewhere is refused
  const provider = new Provider(issuer, {
    clients: [{ client_id: 'junctor', client_secret: 'client-secret-1', redirect_uris: [callback],
                grant_types: ['authorization_code', 'refresh_token'],
                token_endpoint_auth_method: 'client_secret_post' }],
    cookies: { keys: ['a-key'] },
    features: { devInteractions: { enabled: false }, revocation: { enabled: true } },
    interactions: { url: (context, interaction) => `/interaction/${interaction.uid}` },
    issueRefreshToken: async () => true,
    pkce: { required: () => true },
    rotateRefreshToken: true,
    routes: { authorization: '/login/oauth/authorize', token: '/login/oauth/access_token',
              revocation: '/login/oauth/revoke' },
    ttl: { AccessToken: () => knobs.expires_in, RefreshToken: 86400, Grant: 86400, Session: 86400,
           Interaction: 600, AuthorizationCode: 60, IdToken: 600 },
    findAccount: async (context, id) => ({ accountId: id, claims: async () => ({ sub: id }) }),
  });
  const consent = async (request, response) => {
    const details = await provider.interactionDetails(request, response);
    const grant = new provider.Grant({ accountId: 'ann', clientId: details.params.client_id });
    grant.addOIDCScope('openid offline_access');
    const result = { login: { accountId: 'ann' }, consent: { grantId: await grant.save() } };
    await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
  };
  const standard = provider.callback();
  return {
    handle: (request, response) => request.url.startsWith('/interaction/')
      ? consent(request, response) : standard(request, response),
    good: async (token) => Boolean(await provider.AccessToken.find(token)),
  };
}

async function readBody(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts);
}

let auth;
async function token(request, response) {
  const body = await readBody(request);
  const grant = new URLSearchParams(body.toString()).get('grant_type');
  if (knobs.fail > 0) {
    --knobs.fail;
    response.writeHead(503).end('{}');
    return;
  }
  if (grant === 'refresh_token') ++stats.refreshes; else ++stats.exchanges;
  await sleep(knobs.delay_ms);
  // Hands the request on with its body read: the libraries read it from a stream of its own.
  const inner = http.request({ port: internal.address().port, host: '127.0.0.1', path: request.url,
                               method: 'POST', headers: { ...request.headers, host: request.headers.host } },
                             async (answer) => {
    const text = await readBody(answer);
    if (knobs.hang_after && grant === 'refresh_token') return;  // answered, never received
    response.writeHead(answer.statusCode, { 'content-type': 'application/json' }).end(text);
  });
  inner.end(body);
}

async function api(request, response) {
  ++stats.api;
  const given = (request.headers.authorization ?? '').replace(/^Bearer /, '');
  if (knobs.refuse === true) knobs.refuse = given;
  const good = given !== knobs.refuse && await auth.good(given);
  if (!good) ++stats.refused;
  response.writeHead(good ? 200 : 401, { 'content-type': 'application/json' });
  response.end(good ? '{"login":"octocat"}' : '{"message":"Bad credentials"}');
}

const internal = http.createServer((request, response) => auth.handle(request, response));
const front = http.createServer(async (request, response) => {
  try {
    if (request.url === '/control') {
      Object.assign(knobs, JSON.parse((await readBody(request)).toString()));
      response.end('{}');
    } else if (request.url === '/stats') {
      response.end(JSON.stringify(stats));
    } else if (request.url === '/login/oauth/access_token') {
      await token(request, response);
    } else if (/^\/(login|interaction)/.test(request.url)) {
      auth.handle(request, response);
    } else {
      await api(request, response);
    }
  } catch (error) {
    console.error(error);
    response.writeHead(500).end();
  }
});
await new Promise((done) => internal.listen(0, '127.0.0.1', done));
await new Promise((done) => front.listen(0, '127.0.0.1', done));
auth = kind === 'oidc' ? await oidc() : await mock();
console.log(front.address().port);
process.stdin.on('end', () => process.exit(0)).resume();
