// The OpenAI surface, with OpenAI's own Node client: its calls, its helpers, its exceptions.
//
// The client is the newest that runs on Node 20; from 7.0 on it asks for Node 22.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import OpenAI from "openai";
import { eventually, startDemo } from "./demo.mjs";

const MODEL = "assistant.chat";
const HELLO = [{ role: "user", content: "Say hello." }];
const ASK = [{ role: "user", content: "What is the weather in Beijing?" }];
const WEATHER = {
  name: "get_weather",
  description: "Current weather of a city",
  parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
};
const PHONE = {
  purchase_region: "US", billing_region: "US", location: ["US"], class: "phone", platform: "ios", os_version: "26.1",
  language: "en", assistant_language: "en", capabilities: ["generative"], age_band: "adult",
};

let demo;

before(async () => {
  demo = await startDemo();
});

after(() => demo?.stop());

const said = (content) => ({ model: MODEL, messages: [{ role: "user", content }] });

for (const [key, partner, marks, label] of [
  ["yk_demo_us", "chatgpt", /emulated/, /AI/],
  ["yk_demo_cn", "qwen", /模拟/, /AI/],
]) {
  describe(`an application with the key ${key}`, () => {
    let client;

    before(() => {
      client = demo.client(key);
    });

    test("lists the models", async () => {
      const ids = [];
      for await (const model of client.models.list()) ids.push(model.id);
      assert.ok(ids.includes(MODEL), ids.join());
    });

    test("gets a whole answer, with label and receipt beside it", async () => {
      const answer = await client.chat.completions.create({ model: MODEL, messages: HELLO });
      const [choice] = answer.choices;
      assert.equal(choice.message.role, "assistant");
      assert.match(choice.message.content, marks);
      assert.equal(choice.finish_reason, "stop");
      const { prompt_tokens, completion_tokens, total_tokens } = answer.usage;
      assert.equal(total_tokens, prompt_tokens + completion_tokens);
      assert.ok(completion_tokens > 0);
      const about = answer.yumen;
      assert.equal(about.served_by.tier, "partner");
      assert.equal(about.served_by.emulated, true);
      assert.equal(about.served_by.model, answer.model);
      assert.match(about.label.visible, label);
      assert.equal(about.label.embedded.AIGC.ProduceID, about.receipt.id);
      assert.equal(about.receipt.id, answer.id);
      demo.verify(about);
    });

    test("gets a stream that ends with the usage", async () => {
      const stream = await client.chat.completions.create({
        model: MODEL, messages: HELLO, stream: true, stream_options: { include_usage: true },
      });
      const chunks = [];
      for await (const chunk of stream) chunks.push(chunk);
      const last = chunks.at(-1);
      assert.deepEqual(last.choices, []);
      assert.ok(last.usage.total_tokens > 0);
      assert.ok(chunks.slice(0, -1).every((chunk) => chunk.choices.length === 1 && !chunk.usage));
      const ends = chunks.map((chunk) => chunk.choices[0]?.finish_reason).filter(Boolean);
      assert.deepEqual(ends, ["stop"]);

      const text = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("");
      const whole = await client.chat.completions.create({ model: MODEL, messages: HELLO });
      assert.equal(text, whole.choices[0].message.content);

      const abouts = chunks.map((chunk) => chunk.yumen).filter(Boolean);
      assert.equal(abouts.length, 2);
      const [opening, closing] = abouts;
      assert.equal(chunks[0].yumen, opening, "what it is stands in the first chunk");
      assert.match(opening.label.visible, label);
      assert.equal(opening.receipt.id, closing.receipt.id);
      assert.deepEqual(opening.label, closing.label);
      demo.verify(closing);
    });

    test("gets a stream without usage when it asks for none", async () => {
      const stream = await client.chat.completions.create({ model: MODEL, messages: HELLO, stream: true });
      for await (const chunk of stream) {
        assert.equal(chunk.choices.length, 1);
        assert.ok(!chunk.usage);
      }
    });

    test("has its tool called and takes the result back", async () => {
      const tools = [{ type: "function", function: WEATHER }];
      const first = await client.chat.completions.create({ model: MODEL, messages: ASK, tools });
      assert.equal(first.choices[0].finish_reason, "tool_calls");
      const { message } = first.choices[0];
      const [call] = message.tool_calls;
      assert.equal(call.function.name, "get_weather");
      assert.ok(JSON.parse(call.function.arguments).city);
      const result = { role: "tool", tool_call_id: call.id, content: '{"temperature": "21 degrees"}' };
      const second = await client.chat.completions.create({
        model: MODEL, messages: [...ASK, message, result], tools,
      });
      assert.match(second.choices[0].message.content, /21 degrees/);
      assert.equal(second.choices[0].finish_reason, "stop");
    });

    test("has its tool called in a stream, put together by the client's own helper", async () => {
      const tools = [{ type: "function", function: WEATHER }];
      const streamed = await client.chat.completions.stream({ model: MODEL, messages: ASK, tools }).finalChatCompletion();
      const whole = await client.chat.completions.create({ model: MODEL, messages: ASK, tools });
      assert.equal(streamed.choices[0].finish_reason, "tool_calls");
      const called = (answer) => answer.choices[0].message.tool_calls.map((call) => [
        call.type, call.function.name, JSON.parse(call.function.arguments),
      ]);
      assert.deepEqual(called(streamed), called(whole));
      assert.ok(streamed.choices[0].message.tool_calls[0].id);
    });

    for (const stream of [false, true]) {
      test(`runs its tools in the client's own loop, ${stream ? "streamed" : "whole"}`, async () => {
        const asked = [];
        const weather = (given) => {
          asked.push(given);
          return JSON.stringify({ temperature: "21 degrees" });
        };
        const tool = { type: "function", function: { ...WEATHER, function: weather, parse: JSON.parse } };
        const run = client.chat.completions.runTools({ model: MODEL, messages: ASK, tools: [tool], stream });
        assert.match(await run.finalContent(), /21 degrees/);
        assert.equal(asked.length, 1);
        assert.ok(asked[0].city);
      });
    }

    for (const [what, request, exception, code] of [
      ["an unknown model", { ...said("Hi."), model: "gpt-99" }, OpenAI.NotFoundError, "model_unknown"],
      ["no message", { model: MODEL, messages: [] }, OpenAI.UnprocessableEntityError, "input_invalid"],
      ["a rate limit", said("[[rate_limit]]"), OpenAI.RateLimitError, "partner_rate_limited"],
      ["a refusal", said("[[moderation_input]]"), OpenAI.UnprocessableEntityError, "partner_refused"],
      ["a partner's fault", said("[[error_500]]"), OpenAI.InternalServerError, "partner_server"],
    ]) {
      for (const stream of [false, true]) {
        test(`meets ${what} as the client's own exception, ${stream ? "streamed" : "whole"}`, async () => {
          await assert.rejects(client.chat.completions.create({ ...request, stream }), (error) => {
            assert.ok(error instanceof exception, `${error.constructor.name}: ${error.message}`);
            assert.equal(error.code, code);
            assert.ok(error.message.length > `${error.status} `.length);
            return true;
          });
        });
      }
    }

    for (const fault of ["[[cut_stream]]", "[[error_mid_stream]]"]) {
      test(`never takes a broken stream for a short answer: ${fault}`, async () => {
        const stream = await client.chat.completions.create({ ...said(fault), stream: true });
        await assert.rejects(async () => {
          for await (const _ of stream);
        }, OpenAI.APIError);
      });
    }

    test("stops the partner when it aborts a stream", async () => {
      const earlier = await demo.emulator(partner);
      const abort = new AbortController();
      const stream = await client.chat.completions.create(
        { ...said("[[slow]]"), stream: true }, { signal: abort.signal });
      let text = "";
      let end = null;
      for await (const chunk of stream) {
        text += chunk.choices[0]?.delta.content ?? "";
        end = chunk.choices[0]?.finish_reason ?? end;
        if (text) abort.abort();
      }
      assert.ok(text);
      assert.equal(end, null, "it was aborted before its end");
      await partnerStopped(earlier);
    });

    test("stops the partner when it aborts before a whole answer", async () => {
      const earlier = await demo.emulator(partner);
      const abort = new AbortController();
      const answer = client.chat.completions.create(said("[[stall_headers]]"), { signal: abort.signal });
      const aborted = assert.rejects(answer, OpenAI.APIUserAbortError);
      await eventually("the partner is asked", async () => (await demo.emulator(partner)).requests > earlier.requests);
      abort.abort();
      await aborted;
      await partnerStopped(earlier);
    });

    /** The partner saw one more answer left by its reader, and none is being written. */
    const partnerStopped = (earlier) =>
      eventually("the partner is stopped", async () => {
        const now = await demo.emulator(partner);
        return now.cancelled_streams === earlier.cancelled_streams + 1 && now.open_streams === 0;
      });
  });
}

describe("an application whose key asks for an assertion", () => {
  test("is told that the assertion is missing", async () => {
    await assert.rejects(demo.client("yk_demo").chat.completions.create(said("Hi.")), (error) => {
      assert.ok(error instanceof OpenAI.PermissionDeniedError, error.constructor.name);
      assert.equal(error.code, "assertion_missing");
      return true;
    });
  });

  test("is served with the device's assertion in the header", async () => {
    const defaultHeaders = { "Yumen-Assertion": await demo.assertion(PHONE) };
    const answer = await demo.client("yk_demo", { defaultHeaders }).chat.completions.create(said("Hi."));
    assert.match(answer.choices[0].message.content, /emulated ChatGPT/);
    demo.verify(answer.yumen);
  });

  test("is refused with an assertion that was changed", async () => {
    const assertion = await demo.assertion(PHONE);
    const changed = (assertion[0] === "a" ? "b" : "a") + assertion.slice(1);
    const client = demo.client("yk_demo", { defaultHeaders: { "Yumen-Assertion": changed } });
    await assert.rejects(client.chat.completions.create(said("Hi.")), OpenAI.PermissionDeniedError);
  });
});

test("a key that nobody has is an authentication error", async () => {
  await assert.rejects(demo.client("yk_nobody").models.list(), OpenAI.AuthenticationError);
});
