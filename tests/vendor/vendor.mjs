// The vendors' own signers and an independent verifier, spoken to in JSON lines on stdin and stdout.
import { createInterface } from "node:readline";
import { sign as githubSign } from "@octokit/webhooks-methods";
import { Webhook } from "standardwebhooks";
import Stripe from "stripe";

const stripe = new Stripe("sk_test_unused");

const operations = {
  "github-sign": ({ secret, body }) => githubSign(secret, body),
  "stripe-sign": ({ secret, body }) =>
    stripe.webhooks.generateTestHeaderString({ payload: body, secret }),
  "standard-sign": ({ secret, id, at, body }) =>
    new Webhook(secret).sign(id, new Date(at * 1000), body),
  "standard-verify": ({ secret, headers, body }) => {
    new Webhook(secret).verify(body, headers); // throws unless it verifies
    return true;
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  let answer;
  try {
    answer = { value: await operations[request.op](request) };
  } catch (error) {
    answer = { error: String(error) };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
}
