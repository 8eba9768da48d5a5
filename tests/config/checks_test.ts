import { describe, expect, test } from "bun:test";
import { errorsOf, warningsOf } from "./judging.ts";

/** What is wrong in a file, and all that is to be said of it. */
type Case = readonly [title: string, file: string, ...said: string[]];

const LISTENER = '[[listen]]\nname = "lan"\ntransport = "udp"\nbind = "127.0.0.1:5060"\n';

describe("parts that do not fit together", () => {
  const cases: readonly Case[] = [
    [
      "the shortest subscription is longer than the longest",
      "[server]\nmin_expiry = 100\nmax_expiry = 90",
      "config.toml:2:14: server.min_expiry: found 100; it cannot be above max_expiry (90)",
    ],
    [
      "an endpoint's shortest subscription is longer than the longest, as another one's is",
      "[endpoints.alice]\nsub_min_expiry = 5000\n[endpoints.bob]\nsub_min_expiry = 5000",
      "config.toml:2:18: endpoints.alice.sub_min_expiry: found 5000; it cannot be above [server].max_expiry (3600)",
    ],
    [
      "the shortest registration is longer than the longest",
      "[endpoints.alice]\nminimum_expiration = 7201\n[aors.hotline]\nminimum_expiration = 61\nmaximum_expiration = 60",
      "config.toml:2:22: endpoints.alice.minimum_expiration: found 7201; it cannot be above maximum_expiration (7200)",
      "config.toml:4:22: aors.hotline.minimum_expiration: found 61; it cannot be above maximum_expiration (60)",
    ],
    [
      "the page can be reached from outside without a password",
      '[http]\nbind = "0.0.0.0:8080"',
      'config.toml:2:8: http.bind: "0.0.0.0:8080" can be reached from outside: password_hash is needed ' +
      "(hintd hash-password)",
    ],
    [
      "the page can be reached from outside over IPv6",
      '[http]\nbind = "[2001:db8::1]:8080"',
      'config.toml:2:8: http.bind: "[2001:db8::1]:8080" can be reached from outside: password_hash is needed ' +
      "(hintd hash-password)",
    ],
    [
      "two tokens of one name",
      `[http]\ntokens = [\n${"  { name = 'crm', hash = 'HASH', scope = 'read' },\n".repeat(2)}]`
        .replaceAll("HASH", `SHA-256:${"0".repeat(64)}`),
      'config.toml:4:12: http.tokens[1].name: there is another token "crm"',
    ],
    [
      "an area of the log with two levels",
      '[log]\ndebug = ["uas"]\nerror = ["auth", "uas"]',
      'config.toml:3:18: log.error[1]: "uas" has a level already: debug',
    ],
    [
      "two webhooks of one name",
      '[[webhooks]]\nurl = "https://crm.example.com/a?key=1"\n[[webhooks]]\nurl = "https://crm.example.com/a?key=2"',
      'config.toml:3:3: webhooks[1].name: there is another webhook "crm.example.com/a"',
    ],
    [
      "a key of a webhook that is no base64",
      '[[webhooks]]\nurl = "https://crm.example.com/"\nsecret = "whsec_geheim!"',
      'config.toml:3:10: webhooks[0].secret: expected base64 behind "whsec_"',
    ],
    [
      "two listeners of one name",
      `${LISTENER}[[listen]]\nname = "lan"\ntransport = "tcp"\nbind = "127.0.0.1:5060"`,
      'config.toml:6:8: listen[1].name: there is another listener "lan"',
    ],
    [
      "two listeners on one socket",
      `${LISTENER}[[listen]]\nname = "wan"\ntransport = "udp"\nbind = "127.0.0.1:5060"`,
      "config.toml:8:8: listen[1].bind: there is another listener on udp 127.0.0.1:5060",
    ],
    [
      "two listeners that go by the name of one socket",
      '[[listen]]\ntransport = "udp"\nbind = "127.0.0.1:5060"\n'.repeat(2),
      'config.toml:4:3: listen[1].name: there is another listener "udp 127.0.0.1:5060"',
      "config.toml:6:8: listen[1].bind: there is another listener on udp 127.0.0.1:5060",
    ],
    [
      "tls without a certificate",
      '[[listen]]\ntransport = "tls"\nbind = "127.0.0.1:5061"\n[[listen]]\ntransport = "wss"\nbind = "127.0.0.1:443"',
      "config.toml:1:3: listen[0]: transport tls needs cert_file and key_file",
      "config.toml:4:3: listen[1]: transport wss needs cert_file and key_file",
    ],
    [
      "credentials without a password, and with two kinds of it",
      '[endpoints.alice]\nauth = { username = "alice" }\n[endpoints.bob]\n' +
      `auth = { username = "bob", password = "geheim", password_digest = ["MD5:${"0".repeat(32)}"] }`,
      "config.toml:2:8: endpoints.alice.auth: needs either password or password_digest",
      "config.toml:4:8: endpoints.bob.auth: needs either password or password_digest",
    ],
    [
      "credentials without a user",
      '[endpoints.alice]\nauth = { password = "geheim" }',
      "config.toml:2:1: endpoints.alice.auth.username: is missing; expected a text that is not empty",
    ],
    [
      "nobody can be identified",
      "[endpoints.alice]\nidentify_by = []",
      "config.toml:2:15: endpoints.alice.identify_by: is empty: no request would be known to be this endpoint's",
    ],
    [
      "two endpoints that go by one user name",
      ["alice", "bob"].map((name) =>
        `[endpoints.${name}]\nidentify_by = ["auth_username"]\nauth = { username = "desk", password = "geheim" }\n`
      ).join(""),
      'config.toml:6:21: endpoints.bob.auth.username: "desk" is also the user name of endpoint "alice"',
    ],
    [
      "a listener that is not there",
      `${LISTENER}[endpoints.alice]\ntransport = "lann"`,
      'config.toml:6:13: endpoints.alice.transport: there is no listener "lann"; did you mean "lan"?',
    ],
    [
      "an address-of-record that is not there",
      '[endpoints.alice]\naors = ["line", "hotlien"]\n[aors.hotline]\n[aors.line]',
      'config.toml:2:17: endpoints.alice.aors[1]: there is no "hotlien" in [aors]; did you mean "hotline"?',
    ],
    [
      "a context that is not there",
      '[contexts.office]\ninclude = ["huose", "office"]\n[contexts.house]',
      'config.toml:2:12: contexts.office.include[0]: there is no context "huose"; did you mean "house"?',
    ],
    [
      "a name that every object has is there only when it is written",
      '[endpoints.constructor]\naors = ["toString"]',
      'config.toml:2:9: endpoints.constructor.aors[0]: there is no "toString" in [aors]',
    ],
  ];

  for (const [title, file, ...errors] of cases) {
    test(title, async () => expect(await errorsOf(file)).toEqual(errors));
  }

  test.each(["127.0.0.1:8080", "127.9.9.9:80", "[::1]:8080", "localhost:8080"])(
    "a page on %s needs no password",
    async (bind) => expect(await errorsOf(`[http]\nbind = "${bind}"`)).toEqual([]),
  );

  test("any number of listeners may take a free port", async () => {
    const listeners = ["a", "b"].map((name) => `[[listen]]\nname = "${name}"\ntransport = "udp"\nbind = "0.0.0.0:0"\n`);
    expect(await errorsOf(listeners.join(""))).toEqual([]);
  });
});

describe("addresses", () => {
  const networks = 'addresses or networks, such as "192.168.1.20", "192.168.1.0/24" or "fd00::/8"';
  const binds = 'an address and port, such as "0.0.0.0:5060" or "[::]:5060"';
  const hosts = 'an address or a name, with a port or without, such as "203.0.113.7" or "pbx.example.com:5060"';

  test.each([
    "192.168.1.300",
    "192.168.1",
    "192.168.1.0/33",
    "192.168.1.0/-1",
    "192.168.1.0/",
    "192.168.1.0/24/8",
    "fd00::/129",
    "fd00::/255.255.0.0",
    "[fd00::1]",
    "office.example.com",
    "*",
  ])("%s is no network", async (network) => {
    expect(await errorsOf(`[endpoints.alice]\nmatch = ["192.0.2.1", "${network}"]`)).toEqual([
      `config.toml:2:23: endpoints.alice.match[1]: found "${network}"; expected ${networks}`,
    ]);
  });

  test.each(["192.168.1.20", "192.168.1.0/24", "10.0.0.0/255.0.0.0", "0.0.0.0/0", "fd00::/8", "::/0", "2001:db8::1"])(
    "%s is one",
    async (network) => expect(await errorsOf(`[endpoints.alice]\nmatch = ["${network}"]`)).toEqual([]),
  );

  test.each([
    "5060",
    ":5060",
    "0.0.0.0",
    "0.0.0.0:",
    "0.0.0.0:65536",
    "0.0.0.0:sip",
    "0.0.0:5060",
    "::5060",
    "[::]",
    "[::1:5060",
    "[0.0.0.0]:5060",
    "pbx.example.com:5060",
    "udp:0.0.0.0:5060",
  ])("%s is nothing to listen on", async (bind) => {
    expect(await errorsOf(`[[listen]]\ntransport = "udp"\nbind = "${bind}"`)).toEqual([
      `config.toml:3:8: listen[0].bind: found "${bind}"; expected ${binds}`,
    ]);
  });

  test.each(["0.0.0.0:5060", "127.0.0.1:0", "[::]:5060", "[fd00::1]:65535", "localhost:5060"])(
    "%s is",
    async (bind) => expect(await errorsOf(`[[listen]]\ntransport = "udp"\nbind = "${bind}"`)).toEqual([]),
  );

  const outside = (address: string) =>
    `[[listen]]\ntransport = "udp"\nbind = "0.0.0.0:0"\nexternal_address = "${address}"`;

  test.each([
    "203.0.113",
    "203.0.113.300",
    "pbx example",
    "pbx.example.com:65536",
    "[203.0.113.7]:5060",
    "-pbx",
    "a:b",
  ])(
    "%s is no external address",
    async (address) => {
      expect(await errorsOf(outside(address))).toEqual([
        `config.toml:4:20: listen[0].external_address: found "${address}"; expected ${hosts}`,
      ]);
    },
  );

  test.each([
    "",
    "203.0.113.7",
    "203.0.113.7:5070",
    "pbx.example.com",
    "pbx.example.com:5070",
    "2001:db8::1",
    "[::1]:5",
  ])(
    '"%s" may be one',
    async (address) => expect(await errorsOf(outside(address))).toEqual([]),
  );

  test.each([
    ["alice@192.168.1.20", " (URI scheme expected)"],
    ["http://192.168.1.20", ""],
    ["tel:1000", ""],
    ["sip:", " (URI ends after its scheme)"],
    ["sip:alice@", " (host expected)"],
    ["sip:alice@host:port", " (port is not between 1 and 65535)"],
    ["<sip:alice@192.168.1.20>", " (URI scheme expected)"],
  ])("%s is nobody's contact", async (contact, why) => {
    for (const section of ["endpoints.alice", "aors.hotline"]) {
      expect(await errorsOf(`[${section}]\ncontact = ["${contact}"]`)).toEqual([
        `config.toml:2:12: ${section}.contact[0]: "${contact}" is no SIP URI${why}; ` +
        'accepted are such as "sip:alice@192.168.1.20:5060"',
      ]);
    }
  });

  test.each(["sip:192.168.1.20", "sips:alice@pbx.example.com", "sip:alice@[2001:db8::1]:5070;transport=tcp"])(
    "%s is somebody's",
    async (contact) => expect(await errorsOf(`[endpoints.alice]\ncontact = ["${contact}"]`)).toEqual([]),
  );
});

describe("hints", () => {
  const devices = "accepted are PJSIP/name, SIP/name, Custom:name, MWI:box@context";
  const office = '[endpoints.alice]\nmatch = ["192.0.2.1"]\n[contexts.default.hints]\n';

  const wrongHints: readonly (readonly [hint: string, message: string])[] = [
    ["", "names neither a device nor a presence provider"],
    ["(Alice)", "names neither a device nor a presence provider"],
    ["PJSPI/alice", `nobody provides the device "PJSPI/alice"; ${devices}; did you mean "PJSIP/alice"?`],
    ["PJSIP:alice", `nobody provides the device "PJSIP:alice"; ${devices}; did you mean "PJSIP/alice"?`],
    ["PJSIP/alice&PJISP/bob", `nobody provides the device "PJISP/bob"; ${devices}; did you mean "PJSIP/bob"?`],
    ["PJSPI/${EXTEN}", `nobody provides the device "PJSPI/\${EXTEN}"; ${devices}; did you mean "PJSIP/\${EXTEN}"?`],
    ["Costum:door", `nobody provides the device "Costum:door"; ${devices}; did you mean "Custom:door"?`],
    ["Custom/door", `nobody provides the device "Custom/door"; ${devices}; did you mean "Custom:door"?`],
    ["MIW:100@default", `nobody provides the device "MIW:100@default"; ${devices}; did you mean "MWI:100@default"?`],
    ["DAHDI/1", `nobody provides the device "DAHDI/1"; ${devices}`],
    ["SCCP/100", `nobody provides the device "SCCP/100"; ${devices}`],
    ["alice", `nobody provides the device "alice"; ${devices}`],
    [
      "PJSIP/alice,CustomPresnce:alice",
      'nobody provides the presence "CustomPresnce:alice"; accepted is CustomPresence:name; ' +
      'did you mean "CustomPresence:alice"?',
    ],
    ["PJSIP/alice,Custom:away", '"Custom:away" is a device; devices stand before the comma, joined with "&"'],
    [
      "CustomPresence:alice",
      '"CustomPresence:alice" is a presence provider; presence stands behind a comma: ",CustomPresence:alice"',
    ],
    [
      "PJSIP/alice(Alice",
      '"PJSIP/alice(Alice" has a parenthesis; a name in parentheses ends the hint: "PJSIP/alice(Alice)"',
    ],
    [
      "PJSIP/${EXTN}",
      '"${EXTN}" means nothing here; accepted are ${EXTEN} and ${CONTEXT}, also as ${EXTEN:offset:length}',
    ],
  ];
  for (const [hint, message] of wrongHints) {
    test(`"${hint}" is refused`, async () => {
      expect(await errorsOf(`${office}1000 = "${hint}"`)).toEqual([
        `config.toml:4:8: contexts.default.hints.1000: ${message}`,
      ]);
    });
  }

  test.each([
    ["_", "the pattern is empty"],
    ["_[0-9", 'a "[" has no "]"'],
    ["_[]X", '"[]" allows no character'],
  ])("%s is no extension", async (exten, message) => {
    const key = `"${exten}"`;
    expect(await errorsOf(`${office}${key} = "PJSIP/alice"`)).toEqual([
      `config.toml:4:${key.length + 4}: contexts.default.hints.${exten === "_" ? exten : key}: ${message}`,
    ]);
  });

  test.each([
    [
      "PJSIP/alcie",
      'there is no endpoint "alcie": its lamp stays unavailable; did you mean "alice"?',
    ],
    ["SIP/alice&Custom:a&sip/bob,CustomPresence:a(Al)", 'there is no endpoint "bob": its lamp stays unavailable'],
    ["PJSIP/${EXTEN}", ""],
    ["PJSIP/alice", ""],
  ])("%s may name an endpoint that is not there", async (hint, message) => {
    const warnings = (await warningsOf(`${LISTENER}${office}1000 = "${hint}"`))
      .filter((warning) => warning.includes("hints"));
    expect(warnings).toEqual(message === "" ? [] : [`config.toml:8:8: contexts.default.hints.1000: ${message}`]);
  });
});

describe("what is worth a warning", () => {
  const cases: readonly Case[] = [
    ["nowhere to listen", "", "config.toml:1:1: listen: there is no [[listen]]: no phone can reach hintd"],
    [
      "an endpoint that anybody can claim to be",
      `${LISTENER}[contexts.default]\n[endpoints.alice]`,
      "config.toml:6:2: endpoints.alice: has neither auth nor match: whoever uses this name is believed",
    ],
    [
      "the password of the demo",
      `${LISTENER}[contexts.default]\n[endpoints.alice]\nauth = { username = "alice", password = "alice-demo" }`,
      "config.toml:7:41: endpoints.alice.auth.password: is the demo password that everybody knows: change it",
    ],
    [
      "a context that is not there",
      `${LISTENER}[contexts.office]\n[endpoints.alice]\nmatch = ["::1"]\ncontext = "ofice"\nsubscribe_context = "home"`,
      'config.toml:8:11: endpoints.alice.context: there is no context "ofice": this endpoint finds no hints; ' +
      'did you mean "office"?',
      'config.toml:9:21: endpoints.alice.subscribe_context: there is no context "home": this endpoint finds no hints',
    ],
    [
      "those who are let in are not shut out",
      `${LISTENER}[contexts.default]\n[endpoints.alice]\nmatch = ["::1"]\npermit = ["192.0.2.0/24"]`,
      'config.toml:8:10: endpoints.alice.permit: shuts nobody out without deny, such as deny = ["0.0.0.0/0"]',
    ],
  ];
  for (const [title, file, ...warnings] of cases) {
    test(title, async () => {
      expect(await errorsOf(file)).toEqual([]);
      expect(await warningsOf(file)).toEqual(warnings);
    });
  }

  test("nothing is, of what an error was found in", async () => {
    const file = `${LISTENER}[endpoints.alice]\nauth = { username = "alice" }\ncontext = 7`;
    expect((await errorsOf(file)).length).toBe(2);
    expect(await warningsOf(file)).toEqual([]);
  });
});
