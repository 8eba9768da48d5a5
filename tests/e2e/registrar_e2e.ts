/** sipp plays phones that register: every flow of RFC 3261 §10, and what becomes of their lamps. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Hintd, officeConfig, PASSWORD, startHintd } from "./hintd.ts";
import { Lines } from "./lines.ts";
import { freePort } from "./ports.ts";
import { type Expected, Scenario, type SentRequest } from "./scenario.ts";
import { expectSipp } from "./sipp.ts";
import { documentsDuring } from "./watcher.ts";
import { okTo, openTcp, openUdp, requestFrom, startLine, type Wire } from "./wire.ts";

const SECONDS = 30_000;

/** Phones by name, each with its rules; most are believed on their word. */
const rules: Record<string, string> = {
  dora: `
auth = { username = "dora", password = "${PASSWORD}", supported_algorithms_uas = ["MD5"] }
max_contacts = 2`,
  order: "max_contacts = 4",
  full: "max_contacts = 2\nremove_existing = false",
  yielding: "max_contacts = 2\nremove_existing = true",
  lost: "max_contacts = 1\nremove_existing = false\nremove_unavailable = true",
  brief: "max_contacts = 2\nminimum_expiration = 1",
  strict: "minimum_expiration = 60\nmaximum_expiration = 7200\ndefault_expiration = 3600",
  flows: "max_contacts = 4\nsupport_path = true",
  fenced: 'contact_deny = ["0.0.0.0/0"]\ncontact_permit = ["127.0.0.0/8"]',
  closed: "max_contacts = 0",
  probed: "",
  wired: "",
  crowd: "max_contacts = 100\nremove_existing = false",
};

const isProbed = (name: string) => name === "lost" || name === "probed";

/** The hints, each extension being the name of a phone, and the phones. */
const office = [
  ...Object.keys(rules).map((name) => `${name} = "PJSIP/${name}"`),
  ...Object.entries(rules).map(([name, text]) =>
    `[endpoints.${name}]\nqualify_frequency = ${isProbed(name) ? 1 : 0}\nqualify_timeout = 0.3\n${text}`
  ),
].join("\n");

/** A REGISTER of somebody who is believed on his word. */
function register(from: string, ...headers: string[]): SentRequest {
  return { method: "REGISTER", from, headers };
}

/** Contact of a phone behind sipp, which many of them share. */
function contact(user: string, params = ""): string {
  return `Contact: <sip:${user}@[local_ip]:[local_port];transport=[transport]>${params}`;
}

/** A 200 that tells of these contacts and no others, each with its lifetime, which may have begun to pass. */
function bindings(...contacts: readonly (readonly [user: string, expires: number])[]): Expected {
  const told = contacts.map(([user, expires]) =>
    `Contact: <sip:${user}@[^>]*>;expires=(${expires}|${expires - 1})[^0-9]`
  );
  const oneMore = Array.from({ length: contacts.length + 1 }, () => "Contact: ").join(".*");
  return { holds: told, lacks: [oneMore] };
}

/** Whether somebody can be called, as one who watches learns it while `action` goes on. */
async function lampsDuring(
  hintd: Hintd,
  exten: string,
  count: number,
  action: () => Promise<unknown>,
): Promise<string[]> {
  const watched = { port: hintd.sipPort, exten, event: "presence", accept: "application/pidf+xml" };
  const documents = await documentsDuring(watched, count, action);
  return documents.map((document) => /<basic>(\w+)</.exec(document)![1]!);
}

/** The contact of an endpoint, as the API tells it. */
async function contactOf(hintd: Hintd, endpoint: string): Promise<Record<string, unknown> | undefined> {
  const { items } = await (await hintd.fetch("/contacts")).json() as { items: Record<string, unknown>[] };
  return items.find((contact) => contact.endpoint === endpoint);
}

for (const transport of ["udp", "tcp"] as const) {
  describe(`sipp over ${transport}`, () => {
    let hintd: Hintd;

    beforeAll(async () => {
      hintd = await startHintd((place) => officeConfig(place, { more: office }));
    });

    afterAll(() => hintd?.dispose());

    const plays = (scenario: Scenario) => expectSipp(hintd, scenario, { transport });

    test("registers by digest, asks, refreshes, moves and leaves; its lamp follows (RFC 3261 §10.2)", async () => {
      const proof = `[authentication username=dora password=${PASSWORD}]`;
      const date = "Date: [A-Z][a-z][a-z], [0-9]{2} [A-Z][a-z][a-z] 20[0-9]{2} [0-9:]{8} GMT";
      const first = bindings(["dora", 600]);
      const lamps = await lampsDuring(hintd, "dora", 3, () =>
        plays(
          new Scenario()
            .send(register("dora", contact("dora"), "Expires: 600"))
            .challenged()
            .send(register("dora", contact("dora"), "Expires: 600", proof))
            .answered(200, { ...first, holds: [...first.holds!, date] })
            .settle()
            .send(register("dora", proof))
            .answered(200, first)
            .send(register("dora", contact("dora", ";expires=300"), proof))
            .answered(200, bindings(["dora", 300]))
            .send(register("dora", contact("dora", ";expires=0"), contact("moved", ";expires=200"), proof))
            .answered(200, bindings(["moved", 200]))
            .settle()
            .send(register("dora", "Contact: *", "Expires: 0", proof))
            .answered(200, bindings())
            .send(register("dora", proof))
            .answered(200, bindings()),
        ));
      expect(lamps).toEqual(["closed", "open", "closed"]);
    }, SECONDS);

    test("what comes out of order within a Call-ID is 500 and changes nothing (RFC 3261 §10.3)", () =>
      plays(
        new Scenario()
          .send({ ...register("order", contact("a"), "Expires: 600"), cseq: 10 })
          .answered(200, bindings(["a", 600]))
          .send({ ...register("order", contact("a"), "Expires: 300"), cseq: 9 })
          .answered(500)
          .send({ ...register("order", contact("b"), contact("a", ";expires=0")), cseq: 8 })
          .answered(500)
          .send({ ...register("order", "Contact: *", "Expires: 0"), cseq: 7 })
          .answered(500)
          .send({ ...register("order"), cseq: 11 })
          .answered(200, bindings(["a", 600]))
          .send({ ...register("order", contact("a"), "Expires: 200"), cseq: 1, conversation: "restarted" })
          .answered(200, bindings(["a", 200])),
      ), SECONDS);

    test("a contact too many is refused, a refresh is not (max_contacts)", () =>
      plays(
        new Scenario()
          .send(register("full", contact("a"), contact("b"), "Expires: 600"))
          .answered(200, bindings(["a", 600], ["b", 600]))
          .send(register("full", contact("c"), "Expires: 600"))
          .answered(403)
          .send(register("full", contact("a"), "Expires: 300"))
          .answered(200, bindings(["a", 300], ["b", 600]))
          .send(register("full", contact("c"), contact("b", ";expires=0"), "Expires: 200"))
          .answered(200, bindings(["a", 300], ["c", 200])),
      ), SECONDS);

    test("a contact too many takes the place of the one that would end first (remove_existing)", () =>
      plays(
        new Scenario()
          .send(register("yielding", contact("a", ";expires=600"), contact("b", ";expires=300")))
          .answered(200, bindings(["a", 600], ["b", 300]))
          .send(register("yielding", contact("c", ";expires=400")))
          .answered(200, bindings(["a", 600], ["c", 400])),
      ), SECONDS);

    test("a contact too many takes the place of one that does not answer (remove_unavailable)", async () => {
      const nobody = `Contact: <sip:lost@127.0.0.1:${await freePort()}>`;
      const first = new Scenario().send(register("lost", nobody)).answered(200, bindings(["lost", 3600]));
      // By a datagram: what comes by a connection ends with it.
      const lamps = await lampsDuring(hintd, "lost", 3, () => expectSipp(hintd, first, { transport: "udp" }));
      expect(lamps).toEqual(["closed", "open", "closed"]);
      await plays(
        new Scenario().send(register("lost", contact("found"), "Expires: 600")).answered(200, bindings(["found", 600])),
      );
    }, SECONDS);

    test(
      "lifetimes are raised to the shortest and cut to the longest, and one of none is usual (RFC 3261 §10.3)",
      () =>
        plays(
          new Scenario()
            .send(register("strict", contact("a"), "Expires: 30"))
            .answered(200, bindings(["a", 60]))
            .send(register("strict", contact("a"), "Expires: 4294967295"))
            .answered(200, bindings(["a", 7200]))
            .send(register("strict", contact("a")))
            .answered(200, bindings(["a", 3600]))
            .send(register("strict", contact("a", ";expires=90"), "Expires: 600"))
            .answered(200, bindings(["a", 90]))
            .send(register("strict", contact("a"), "Expires: soon"))
            .answered(400),
        ),
      SECONDS,
    );

    test("a contact whose time is up is gone, and so is its lamp (RFC 3261 §10.2.1)", async () => {
      const lamps = await lampsDuring(hintd, "brief", 3, () =>
        plays(
          new Scenario()
            .send(register("brief", contact("a", ";expires=1"), contact("b", ";expires=2")))
            .answered(200, bindings(["a", 1], ["b", 2]))
            .pause(1_200)
            .send(register("brief"))
            .answered(200, bindings(["b", 1]))
            .pause(1_200)
            .send(register("brief"))
            .answered(200, bindings()),
        ));
      expect(lamps).toEqual(["closed", "open", "closed"]);
    }, SECONDS);

    const instance = ';+sip.instance="<urn:uuid:00000000-0000-1000-8000-000A95A0E128>"';

    test("an instance keeps one contact per flow, where flows are kept alive (RFC 5626 §6)", async () => {
      const flow = (user: string, number: number) =>
        register("flows", contact(user, `;reg-id=${number}${instance}`), "Supported: path, outbound", "Expires: 600");
      const isFlow = transport === "tcp";
      const after = isFlow ? [["b", 600], ["c", 600]] as const : [["a", 600], ["b", 600], ["c", 600]] as const;
      const required = (expected: Expected): Expected =>
        isFlow
          ? { ...expected, holds: [...expected.holds!, "Require: outbound"] }
          : { ...expected, lacks: [...expected.lacks!, "Require: outbound"] };
      await plays(
        new Scenario()
          .send(flow("a", 1))
          .answered(200, required(bindings(["a", 600])))
          .send(flow("b", 2))
          .answered(200, required(bindings(["a", 600], ["b", 600])))
          // The phone came back after a failure: same flow, another place.
          .send({ ...flow("c", 1), conversation: "again" })
          .answered(200, required(bindings(...after)))
          .send(register("flows", "Contact: *", "Expires: 0"))
          .answered(200, bindings()),
      );
    }, SECONDS);

    test("a flow through a proxy needs its Path with ob, else 439 (RFC 5626 §6)", () => {
      const via = "Via: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK-[branch]";
      const flow = [contact("a", `;reg-id=1${instance}`), "Supported: path, outbound", "Expires: 600", via];
      return plays(
        new Scenario()
          .send(register("flows", ...flow))
          .answered(439)
          .send(register("flows", ...flow, "Path: <sip:token@192.0.2.7;lr>"))
          .answered(439)
          .send(register("flows", ...flow, "Path: <sip:token@192.0.2.7;lr;ob>"))
          .answered(200, { holds: ["Path: <sip:token@192.0.2.7;lr;ob>", "Require: outbound"] })
          .send(register("flows", "Contact: *", "Expires: 0"))
          .answered(200, bindings()),
      );
    }, SECONDS);

    test("a Path is taken, and told, where it is allowed and asked for, else 420 (RFC 3327 §5.3)", () => {
      const path = ["Path: <sip:p2.example;lr>, <sip:p1.example;lr>", "Supported: path", "Expires: 600"];
      return plays(
        new Scenario()
          .send(register("flows", contact("a"), ...path))
          .answered(200, { holds: ["Path: <sip:p2.example;lr>.*<sip:p1.example;lr>"] })
          .send(register("flows", contact("a"), path[0]!))
          .answered(420, { holds: ["Unsupported: path"] })
          .send(register("order", contact("a"), ...path))
          .answered(420, { holds: ["Unsupported: path"] })
          .send(register("flows", "Contact: *", "Expires: 0"))
          .answered(200, bindings()),
      );
    }, SECONDS);

    test("what may not be registered is refused, each by its own code (RFC 3261 §10.3)", () =>
      plays(
        new Scenario()
          .send(register("fenced", "Contact: <sip:fenced@192.0.2.1>"))
          .answered(403)
          .send(register("fenced", contact("fenced"), "Contact: <sip:fenced@192.0.2.1>"))
          .answered(403)
          .send(register("closed", contact("closed")))
          .answered(403)
          .send({ ...register("fenced", contact("fenced")), to: "dora" })
          .answered(404)
          .send(register("fenced", "Contact: *", "Expires: 60"))
          .answered(400)
          .send(register("fenced", "Contact: *", contact("fenced"), "Expires: 0"))
          .answered(400)
          .send(register("fenced", "Contact: <mailto:fenced@example.com>"))
          .answered(400)
          .send(register("fenced", contact("fenced", ";q=2")))
          .answered(400)
          .send(register("fenced", contact("fenced"), "Require: gin"))
          .answered(420, { holds: ["Unsupported: gin"] })
          .send(register("fenced", ...Array.from({ length: 65 }, (_, i) => contact(`c${i}`))))
          .answered(403, { holds: ["Too Many Contacts"] })
          .send(register("nobody", contact("nobody")))
          .answered(401, { holds: ["WWW-Authenticate: "] })
          // None of all that left a trace.
          .send(register("fenced"))
          .answered(200, bindings()),
      ), SECONDS);

    test(
      "a phone that answers is reachable, with its round trip; once it stops, its lamp goes out (qualify)",
      async () => {
        const events = new Lines();
        const stream = new AbortController();
        void events.read((await hintd.fetch("/events", { signal: stream.signal })).body!);
        const phone = new Scenario()
          .send(register("probed", contact("probed"), "Expires: 600"))
          .answered(200, bindings(["probed", 600]))
          .pause(2_000);
        const lamps = await lampsDuring(hintd, "probed", 3, () =>
          Promise.all([
            expectSipp(hintd, phone, { transport, answersProbes: true }),
            events.line(/"endpoint":"probed".*"status":"reachable","round_trip_ms":\d/),
          ]));
        expect(lamps).toEqual(["closed", "open", "closed"]);
        // The connection was the only way back.
        if (transport === "udp") expect(await contactOf(hintd, "probed")).toMatchObject({ status: "unreachable" });
        else expect(await contactOf(hintd, "probed")).toBeUndefined();
      },
      SECONDS,
    );

    test("ten thousand contacts meet the limit of an address-of-record, and nobody else feels it", async () => {
      const one = {
        ...register("crowd", contact("c[call_number]-[pid]"), "Expires: 600"),
        conversation: "[call_number]",
      };
      const crowd = { callsAtOnce: 100, callsPerSecond: 5_000, isSilent: true, timeoutSeconds: 30 };
      const granted = new Scenario().send(one).answered(200);
      // By datagrams: what comes by a connection ends with it.
      await expectSipp(hintd, granted, { ...crowd, transport: "udp", calls: 100 });
      const { granted: before, refused } = await hintd.counters("registrar");
      const denied = new Scenario().send(one).answered(403);
      const flood = expectSipp(hintd, denied, { ...crowd, transport, calls: 10_000 - 100 });
      const neighbour = await openUdp(hintd.sipPort);
      for (let i = 0; i < 20; i++) {
        neighbour.send(requestFrom(neighbour, "UDP"));
        expect(startLine(await neighbour.next(undefined, 500))).toBe("SIP/2.0 200 OK");
      }
      neighbour.close();
      await flood;
      const after = await hintd.counters("registrar");
      expect([after.granted, after.refused! - refused!]).toEqual([before!, 10_000 - 100]);
    }, 60_000);
  });
}

describe("a phone on a connection", () => {
  let hintd: Hintd;

  beforeAll(async () => {
    hintd = await startHintd((place) => officeConfig(place, { more: office }));
  });

  afterAll(() => hintd?.dispose());

  const registered = async (user: string): Promise<Wire> => {
    const phone = await openTcp(hintd.sipPort);
    const [from, to] = [`<sip:${user}@127.0.0.1>;tag=1`, `<sip:${user}@127.0.0.1>`];
    phone.send(requestFrom(phone, "TCP", { method: "REGISTER", from, to }));
    expect(startLine(await phone.next())).toBe("SIP/2.0 200 OK");
    return phone;
  };

  test("is gone when it closes its connection, which is the only way back", async () => {
    const lamps = await lampsDuring(hintd, "wired", 3, async () => {
      const phone = await registered("wired");
      await contactOf(hintd, "wired");
      phone.close();
    });
    expect(lamps).toEqual(["closed", "open", "closed"]);
    expect(await contactOf(hintd, "wired")).toBeUndefined();
  }, SECONDS);

  test("that answers no more probes is unreachable although it is connected, until it answers again", async () => {
    const lamps = await lampsDuring(hintd, "probed", 4, async () => {
      const phone = await registered("probed");
      const probe = () => phone.next((message) => message.startsWith("OPTIONS "));
      for (const isAnswered of [true, false, true]) {
        const options = await probe();
        if (isAnswered) phone.send(okTo(options));
      }
    });
    expect(lamps).toEqual(["closed", "open", "closed", "open"]);
    expect(await contactOf(hintd, "probed")).toMatchObject({ status: "reachable" });
  }, SECONDS);
});
