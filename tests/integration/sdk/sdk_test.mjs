// The vendors' own SDKs against our verifier and signer: what they sign we accept and refuse once
// spoiled; what we sign they accept. Schemes are those of the connectors' manifests.
// Run by ctest: node sdk_test.mjs SIGNATURE_TOOL PLUGINS_FOLDER
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { sign as githubSign, verify as githubVerify } from '@octokit/webhooks-methods';
import { Webhook } from 'standardwebhooks';
import Stripe from 'stripe';

const [tool, plugins] = process.argv.slice(2);
const scheme = (id) =>
  JSON.parse(readFileSync(`${plugins}/${id}/manifest.json`, 'utf8')).webhook.signature;
const base64 = (text) => Buffer.from(text, 'utf8').toString('base64');

function ask(questions) {
  const input = questions.map((q) => JSON.stringify({ ...q, body: base64(q.body) })).join('\n');
  const run = spawnSync(tool, { input: input + '\n', encoding: 'utf8' });
  assert.equal(run.status, 0, run.stderr);
  return run.stdout.trim().split('\n').map((line) => JSON.parse(line));
}

// Bodies that a careless verifier changes on the way: spacing, escapes, large numbers, Unicode.
const bodies = [
  '{}',
  '{"id":820982911946154508,"text":"h\\u00e9llo"}',
  '{ "a" : [1.0, 1e3, -0],\r\n\t"b":"\u2028 \u{1F600} é" }',
  `{"big":"${'x'.repeat(30000)}"}`,
];
const nowMs = Date.now();
const now = Math.floor(nowMs / 1000);

// `signers` make headers for (body, secret); every one must pass with each live secret and fail
// when anything is spoiled.
function checkProvider(id, secrets, headersFor) {
  test(`${id}: signed by the vendor's SDK, verified by us`, async () => {
    const questions = [];
    const wanted = [];
    const add = (expected, question) => {
      questions.push({ op: 'verify', scheme: scheme(id), secrets, now_ms: nowMs, ...question });
      wanted.push(expected);
    };
    for (const body of bodies) {
      for (const secret of secrets) {
        const headers = await headersFor(body, secret);
        add(true, { body, headers });
        add(false, { body: `${body} `, headers });
        add(false, { body: body.replace('{', '['), headers });
        add(false, { body, headers, secrets: [`${secrets[0].slice(0, -4)}AAAA`] });
        for (let i = 0; i < headers.length; i++) {
          add(false, { body, headers: headers.filter((_, k) => k !== i) });
          add(false, { body, headers: [...headers, headers[i]] });
        }
      }
    }
    const answers = ask(questions);
    answers.forEach((answer, i) =>
      assert.equal(answer.ok, wanted[i], JSON.stringify([questions[i], answer]).slice(0, 600)));
    console.log(`# ${id}: ${answers.length} requests`);
  });
}

const hmac = (secret, text) => createHmac('sha256', secret).update(text, 'utf8').digest('hex');
const stripe = new Stripe('sk_test_unused');
const standardSecrets = ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', `whsec_${base64('k'.repeat(48))}`];

checkProvider('github', ["It's a Secret to Everybody", 'second-secret-of-github'],
  async (body, secret) => [['X-Hub-Signature-256', await githubSign(secret, body)]]);

checkProvider('stripe', ['whsec_first_secret_of_stripe', 'whsec_second_secret_of_stripe'],
  (body, secret) => [['Stripe-Signature', stripe.webhooks.generateTestHeaderString(
    { payload: body, secret, timestamp: now })]]);

checkProvider('standard-webhooks', standardSecrets, (body, secret) => [
  ['webhook-id', 'msg_p5jXN8AQM9LWM0D4loKWxJek'],
  ['webhook-timestamp', String(now)],
  ['webhook-signature', new Webhook(secret).sign('msg_p5jXN8AQM9LWM0D4loKWxJek', new Date(now * 1000), body)],
]);

// Slack has no signer to install; its documented formula, by node's crypto.
checkProvider('slack', ['8f742231b10e8888abcd99yyyzzz85a5', 'e6b19c573432dcc6b075501d51b51bb8'],
  (body, secret) => [
    ['X-Slack-Request-Timestamp', String(now)],
    ['X-Slack-Signature', `v0=${hmac(secret, `v0:${now}:${body}`)}`],
  ]);

test('stripe: what is too old for its SDK is too old for us', () => {
  const body = '{}';
  const secret = 'whsec_k';
  const at = (timestamp) => stripe.webhooks.generateTestHeaderString({ payload: body, secret, timestamp });
  const ages = [0, 299, 301, 3600, -10, -3600];
  const ours = ask(ages.map((age) => ({ op: 'verify', scheme: scheme('stripe'), secrets: [secret],
    now_ms: nowMs, body, headers: [['Stripe-Signature', at(now - age)]] }))).map((a) => a.ok);
  const theirs = ages.map((age) => {
    try {
      stripe.webhooks.constructEvent(body, at(now - age), secret, 300, undefined, nowMs);
      return true;
    } catch {
      return false;
    }
  });
  assert.deepEqual(ours, theirs);
});

test('what we send, standardwebhooks verifies with each live secret', () => {
  const answers = ask(bodies.map((body) => ({ op: 'send', secrets: standardSecrets, id: 'dlv_1',
    now_ms: nowMs, body })));
  for (const [i, { headers }] of answers.entries()) {
    for (const secret of standardSecrets) {
      const hook = new Webhook(secret);
      assert.deepEqual(hook.verify(bodies[i], Object.fromEntries(headers)), JSON.parse(bodies[i]));
      assert.throws(() => hook.verify(`${bodies[i]} `, Object.fromEntries(headers)));
    }
    assert.throws(() => new Webhook(base64('another key of 24 bytes.')).verify(bodies[i], Object.fromEntries(headers)));
  }
});

test('the samples we sign, the vendors verify', async () => {
  const body = bodies[2];
  const signed = (id, secret) => Object.fromEntries(
    ask([{ op: 'sign', scheme: scheme(id), secrets: [secret], now_ms: nowMs, body,
      headers: [['webhook-id', 'msg_1']] }])[0].headers);
  assert.ok(await githubVerify('s', body, signed('github', 's')['X-Hub-Signature-256']));
  assert.ok(stripe.webhooks.constructEvent(body, signed('stripe', 'whsec_s')['Stripe-Signature'], 'whsec_s'));
  assert.ok(new Webhook(standardSecrets[0]).verify(body,
    { 'webhook-id': 'msg_1', ...signed('standard-webhooks', standardSecrets[0]) }));
});
