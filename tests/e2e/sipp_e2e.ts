/** sipp plays the phone: subscriptions from first SUBSCRIBE to last NOTIFY, and every refusal, over UDP and TCP. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Hintd, officeConfig, PASSWORD, startHintd } from "./hintd.ts";
import { expectSipp } from "./sipp.ts";

const SECONDS = 30_000;

let hintd: Hintd;

beforeAll(async () => {
  hintd = await startHintd((office) =>
    officeConfig(office, {
      more: `
[endpoints.strict]
sub_min_expiry = 60

[endpoints.barred]
allow_subscribe = false
`,
    })
  );
});

afterAll(() => hintd?.dispose());

type Refusal = {
  title: string;
  status: number;
  /** What the answer must hold beside its status, as a regular expression of sipp. */
  explanation: string;
  method?: string;
  uri?: string;
  user?: string;
  headers: readonly string[];
  body?: string;
};

const watch = ["Max-Forwards: 70", "Event: dialog", "Accept: application/dialog-info+xml", "Expires: 600"];
const without = (name: string) => watch.filter((line) => !line.startsWith(name));

const refusals: readonly Refusal[] = [
  {
    title: "an unknown extension is 404 (RFC 3261 §21.4.5)",
    status: 404,
    explanation: "CSeq: 7 SUBSCRIBE",
    uri: "sip:9999@",
    headers: watch,
  },
  {
    title: "a method that nobody here serves is 405 with Allow (RFC 3261 §8.2.1)",
    status: 405,
    explanation: "Allow: .*SUBSCRIBE",
    method: "MESSAGE",
    headers: ["Max-Forwards: 70"],
  },
  {
    title: "a body type that nobody renders is 489, as phones know it (RFC 6665 §4.1.3)",
    status: 489,
    explanation: "CSeq: 7 SUBSCRIBE",
    headers: [...without("Accept"), "Accept: application/nothing"],
  },
  {
    title: "an unknown event package is 489 with Allow-Events (RFC 6665 §8.3.2)",
    status: 489,
    explanation: "Allow-Events: .*dialog",
    headers: [...without("Event"), "Event: weather"],
  },
  {
    title: "a SUBSCRIBE without Event is 489, as phones know it (RFC 6665 §8.2.1)",
    status: 489,
    explanation: "Allow-Events: .*presence",
    headers: without("Event"),
  },
  {
    title: "an extension that we do not know is 420 with Unsupported (RFC 3261 §8.2.2.3)",
    status: 420,
    explanation: "Unsupported: .*gin-fizz",
    headers: [...watch, "Require: gin-fizz"],
  },
  {
    title: "an Expires below the floor is 423 with Min-Expires (RFC 6665 §4.2.1.1)",
    status: 423,
    explanation: "Min-Expires: 60",
    user: "strict",
    headers: [...without("Expires"), "Expires: 30"],
  },
  {
    title: "Max-Forwards: 0 is answered and goes no further (RFC 3261 §16.3)",
    status: 483,
    explanation: "CSeq: 7 SUBSCRIBE",
    headers: [...without("Max-Forwards"), "Max-Forwards: 0"],
  },
  {
    title: "a tel: URI is 416 (RFC 3261 §8.2.2.1)",
    status: 416,
    explanation: "CSeq: 7 SUBSCRIBE",
    uri: "tel:+15551234567",
    headers: watch,
  },
  {
    title: "an endpoint that may not watch is 603",
    status: 603,
    explanation: "CSeq: 7 SUBSCRIBE",
    user: "barred",
    headers: watch,
  },
  {
    title: "a body in an encoding that nobody here reads is 415 with Accept-Encoding (RFC 3261 §8.2.3)",
    status: 415,
    explanation: "Accept-Encoding:",
    headers: [...watch, "Content-Type: text/plain", "Content-Encoding: gzip"],
    body: "not gzip at all",
  },
  {
    title: "an INVITE is refused cleanly (RFC 3261 §8.2.1)",
    status: 405,
    explanation: "Allow: ",
    method: "INVITE",
    headers: ["Max-Forwards: 70"],
  },
  {
    title: "an answer to OPTIONS says what we can do (RFC 3261 §11.2)",
    status: 200,
    explanation: "Allow-Events: .*presence",
    method: "OPTIONS",
    headers: ["Max-Forwards: 70"],
  },
];

/** What the other profile answers differently. */
const refusalsByTheBook: readonly Refusal[] = [
  {
    title: "a body type that nobody renders is 406 with Accept (RFC 6665 §4.2.1.1)",
    status: 406,
    explanation: "Accept: .*application/dialog-info.xml",
    headers: [...without("Accept"), "Accept: application/nothing"],
  },
  {
    title: "a SUBSCRIBE without Event is 400 that names it (RFC 6665 §8.2.1)",
    status: 400,
    explanation: "SIP/2.0 400 .*Event",
    headers: without("Event"),
  },
  {
    title: "an endpoint that may not watch is 403 (RFC 6665 §4.2.1.2)",
    status: 403,
    explanation: "CSeq: 7 SUBSCRIBE",
    user: "barred",
    headers: watch,
  },
];

/** Sends one request with sipp and expects the refusal. */
function expectRefusal(server: Hintd, transport: "udp" | "tcp", refusal: Refusal) {
  const { status, headers, uri = "sip:2000@", method = "SUBSCRIBE", user = "guest", body = "", explanation } = refusal;
  return expectSipp(server, "refused", {
    transport,
    values: {
      method,
      user,
      body,
      explanation,
      status: String(status),
      uri: uri.endsWith("@") ? `${uri}[remote_ip]:[remote_port]` : uri,
      to: "sip:2000@[remote_ip]",
      headers: headers.join("\n"),
    },
  });
}

describe("sipp in profile rfc", () => {
  let strict: Hintd;

  beforeAll(async () => {
    strict = await startHintd((office) =>
      officeConfig(office, { server: 'sip_profile = "rfc"', more: "[endpoints.barred]\nallow_subscribe = false" })
    );
  });

  afterAll(() => strict?.dispose());

  for (const refusal of refusalsByTheBook) {
    test(refusal.title, () => expectRefusal(strict, "udp", refusal), SECONDS);
  }
});

for (const transport of ["udp", "tcp"] as const) {
  describe(`sipp over ${transport}`, () => {
    const scenario = (name: string, values: Record<string, string>, more = {}) =>
      expectSipp(hintd, name, { transport, values, ...more });

    test("proves itself by digest, sees two changes, refreshes and unsubscribes (RFC 6665 §4.1.2)", async () => {
      await scenario("watch", { user: "bob", password: PASSWORD });
    }, SECONDS);

    test("watches presence until its time is up (RFC 6665 §4.2.1.4)", async () => {
      await scenario("presence", { user: "guest", expires: "3" });
    }, SECONDS);

    test("fetches the state without staying (RFC 6665 §4.4.3)", async () => {
      await scenario("fetch", { user: "guest" }, { calls: 20 });
    }, SECONDS);

    test("a wrong password gets another challenge (RFC 7616 §3.4)", async () => {
      await scenario("bad_credentials", { user: "bob", auth_user: "bob", password: "wrong" });
    }, SECONDS);

    test("the right password under another name gets another challenge (RFC 7616 §3.4)", async () => {
      await scenario("bad_credentials", { user: "bob", auth_user: "nobody", password: PASSWORD });
    }, SECONDS);

    for (const refusal of refusals) {
      test(refusal.title, () => expectRefusal(hintd, transport, refusal), SECONDS);
    }
  });
}

test("fetches succeed although half of the SUBSCRIBEs and NOTIFYs are lost (RFC 3261 §17.1.2.2)", async () => {
  const options = { transport: "udp", calls: 8, values: { lost: "50" }, timeoutSeconds: 60 } as const;
  const before = await hintd.counters("transaction");
  await expectSipp(hintd, "fetch", options);
  const after = await hintd.counters("transaction");
  // Both sides had to say things twice: hintd its NOTIFYs, and with them sipp its answers.
  expect(after.requestsResent!).toBeGreaterThan(before.requestsResent!);
  expect(after.timeouts).toBe(before.timeouts!);
}, 90_000);
