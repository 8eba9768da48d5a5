import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type EndpointOptions, Endpoints, type IdentifyMethod } from "../../lib/auth/identify.ts";
import { parseAddress } from "../../lib/auth/networks.ts";
import { parseUri } from "../../lib/sip/uri.ts";
import { endpoint, secret } from "./support.ts";

function index(endpoints: Record<string, EndpointOptions>, ignoreUriUserOptions = false): Endpoints {
  return new Endpoints({ endpoints, realm: "hintd", ignoreUriUserOptions, secret });
}

/** Name of the endpoint that a request speaks for. */
function identified(endpoints: Endpoints, claim: { ip?: string; from?: string; auth?: string }): string | undefined {
  const { ip = "203.0.113.9", from = "sip:nobody@example.org", auth } = claim;
  return endpoints.identify({ source: parseAddress(ip)!, from: parseUri(from), authUser: auth })?.name;
}

describe("identification asks ip, username and auth_username in this order, each of endpoints that allow it", () => {
  const methods: IdentifyMethod[] = ["ip", "username", "auth_username"];
  const subsets = methods.reduce<IdentifyMethod[][]>((sets, each) => [...sets, ...sets.map((set) => [...set, each])], [
    [],
  ]);
  for (const first of subsets) {
    for (const second of subsets) {
      test(`identify_by of one is [${first}], of the other [${second}]`, () => {
        const endpoints = index({
          one: endpoint({ identify_by: first, match: ["192.168.1.1"] }),
          two: endpoint({ identify_by: second, match: ["192.168.1.2"] }),
        });
        const names = ["one", "two", undefined] as const;
        for (const ip of names) {
          for (const user of names) {
            for (const auth of names) {
              const allows = (name: string | undefined, method: IdentifyMethod) =>
                name !== undefined && (name === "one" ? first : second).includes(method) ? name : undefined;
              const claim = {
                ip: ip === undefined ? "203.0.113.9" : ip === "one" ? "192.168.1.1" : "192.168.1.2",
                from: `sip:${user ?? "nobody"}@example.org`,
                ...(auth === undefined ? {} : { auth }),
              };
              expect(identified(endpoints, claim))
                .toBe(allows(ip, "ip") ?? allows(user, "username") ?? allows(auth, "auth_username"));
            }
          }
        }
      });
    }
  }
});

describe("identification by source address", () => {
  const endpoints = index({
    office: endpoint({ match: ["192.168.0.0/16", "fd00::/8"] }),
    desk: endpoint({ match: ["192.168.1.20"] }),
    floor: endpoint({ match: ["192.168.1.0/24", "192.168.1.20"] }),
    lobby: endpoint({ match: ["fd00::20"] }),
    broken: endpoint({ match: ["not an address"] }),
  });
  const cases: [ip: string, name: string | undefined][] = [
    ["192.168.1.20", "desk"],
    ["192.168.1.21", "floor"],
    ["192.168.2.20", "office"],
    ["::ffff:192.168.1.20", "desk"],
    ["fd00::20", "lobby"],
    ["fd00:0:0::0020", "lobby"],
    ["fd00::21", "office"],
    ["10.0.0.1", undefined],
  ];
  for (const [ip, name] of cases) {
    test(`${ip} is ${name ?? "nobody"}: the longest prefix decides, then the order of the file`, () => {
      expect(identified(endpoints, { ip })).toBe(name);
    });
  }

  test("finds what a search of every prefix by hand finds", () => {
    const octet = fc.integer({ min: 0, max: 3 });
    const network = fc.record({ parts: fc.tuple(octet, octet, octet, octet), bits: fc.integer({ min: 0, max: 32 }) });
    fc.assert(
      fc.property(fc.array(network, { maxLength: 12 }), fc.tuple(octet, octet, octet, octet), (networks, parts) => {
        const valueOf = (four: number[]) => four.reduce((sum, part) => sum * 256 + part, 0);
        const cut = (value: number, bits: number) => Math.floor(value / 2 ** (32 - bits));
        const options = networks.map(({ parts, bits }, i): [string, EndpointOptions] => {
          return [`e${i}`, endpoint({ match: [`${parts.join(".")}/${bits}`] })];
        });
        const holding = networks.flatMap(({ parts: base, bits }, i) =>
          cut(valueOf(base), bits) === cut(valueOf(parts), bits) ? [{ name: `e${i}`, bits }] : []
        );
        const longest = Math.max(...holding.map(({ bits }) => bits));
        expect(identified(index(Object.fromEntries(options)), { ip: parts.join(".") }))
          .toBe(holding.find(({ bits }) => bits === longest)?.name);
      }),
    );
  });
});

describe("identification by From user", () => {
  const endpoints = index({
    "alice": endpoint(),
    "bob@example.org": endpoint(),
    "bob": endpoint(),
    "dénis": endpoint(),
  });
  const cases: [from: string, name: string | undefined][] = [
    ["sip:alice@192.168.1.1", "alice"],
    ["sips:alice@192.168.1.1", "alice"],
    ["sip:%61lice@192.168.1.1", "alice"],
    ["sip:alice:pw@192.168.1.1", "alice"],
    ["sip:Alice@192.168.1.1", undefined],
    ["sip:bob@example.org", "bob@example.org"],
    ["sip:bob@EXAMPLE.org:5070", "bob@example.org"],
    ["sip:bob@example.com", "bob"],
    ["sip:d%C3%A9nis@example.com", "dénis"],
    ["sip:alice;ext=1@192.168.1.1", undefined],
    ["sip:192.168.1.1", undefined],
  ];
  for (const [from, name] of cases) {
    test(`${from} is ${name ?? "nobody"}: user and domain, then user`, () => {
      expect(identified(endpoints, { from })).toBe(name);
    });
  }

  test("cuts user options where ignore_uri_user_options says so", () => {
    expect(identified(index({ alice: endpoint() }, true), { from: "sip:alice;ext=1@192.168.1.1" })).toBe("alice");
  });
});

describe("identification by Authorization user", () => {
  const byAuth = { identify_by: ["auth_username"] as const };
  const endpoints = index({
    alice: endpoint({ ...byAuth, auth: { username: "desk-7", password: "secret" } }),
    bob: endpoint({ ...byAuth, auth: { username: "alice", password: "secret" } }),
    carol: endpoint({ ...byAuth, auth: { username: "shared", password: "secret" } }),
    dave: endpoint({ ...byAuth, auth: { username: "shared", password: "secret" } }),
  });
  const cases: [auth: string, name: string | undefined][] = [
    ["alice", "alice"],
    ["desk-7", "alice"],
    ["bob", "bob"],
    ["shared", "carol"],
    ["dave", "dave"],
    ["eve", undefined],
  ];
  for (const [auth, name] of cases) {
    test(`${auth} is ${name ?? "nobody"}: endpoint names first, then user names of auth`, () => {
      expect(identified(endpoints, { auth })).toBe(name);
    });
  }
});

describe("the offer to strangers", () => {
  const clear = endpoint({ auth: { username: "x", password: "secret" } });
  const old = endpoint({ auth: { username: "x", password_digest: [`MD5:${"0".repeat(32)}`] } });
  const strong = endpoint({ auth: { username: "x", password_digest: [`SHA-256:${"0".repeat(64)}`] } });
  const all: string[] = ["SHA-512-256", "SHA-256", "MD5"];
  const offer = (
    endpoints: Record<string, EndpointOptions>,
  ): string[] => [...index(endpoints).strangerAlgorithms("eve")];

  test("is everything where no endpoint has auth", () => expect(offer({ a: endpoint() })).toEqual(all));
  test("is what all endpoints are offered where they agree", () => {
    expect(offer({ a: clear, b: clear, c: endpoint() })).toEqual(all);
    expect(offer({ a: old, b: old })).toEqual(["MD5"]);
  });

  test("is drawn from the endpoints where they differ, always the same for a name", () => {
    const endpoints = index({ a: clear, b: old, c: old });
    const offers = Array.from({ length: 300 }, (_, i) => endpoints.strangerAlgorithms(`eve${i}`).join());
    const weakCount = offers.filter((each) => each === "MD5").length;
    expect(weakCount).toBeGreaterThan(150);
    expect(weakCount).toBeLessThan(250);
    expect(Array.from({ length: 300 }, (_, i) => endpoints.strangerAlgorithms(`eve${i}`).join())).toEqual(offers);
  });

  test("holds nothing that an endpoint known by its Authorization user cannot use", () => {
    const byAuth = { identify_by: ["auth_username"] as const };
    expect(offer({ a: clear, b: { ...old, ...byAuth }, c: { ...clear, ...byAuth } })).toEqual(["MD5"]);
    expect(index({ a: clear, b: { ...old, ...byAuth } }).mayComeWithoutName).toBe(true);
    const disjoint = offer({ b: { ...old, ...byAuth }, c: { ...strong, ...byAuth } });
    expect([["MD5"], ["SHA-256"]] as string[][]).toContainEqual(disjoint);
  });
});
