/** Every message of RFC 4475 and RFC 5118 against its listed outcome, and what the accepted ones must read as. */
import { describe, expect, it } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse as parseToml } from "smol-toml";
import { checkSyntax } from "../../lib/sip/check.ts";
import { Header } from "../../lib/sip/header_names.ts";
import { Message } from "../../lib/sip/message.ts";
import { parseMessage } from "../../lib/sip/parse.ts";
import { writeResponse } from "../../lib/sip/response.ts";

interface Outcome {
  readonly section: string;
  readonly about: string;
  readonly parse: "accept" | "reject";
  readonly status?: number;
  readonly header?: string;
  readonly rule?: string;
  readonly source?: string;
  readonly server: number | "silence";
}

const directory = import.meta.dir;
const outcomes = parseToml(readFileSync(join(directory, "outcomes.toml"), "utf8")) as unknown as Record<
  string,
  Outcome
>;
const files = ["rfc4475", "rfc5118"].flatMap((rfc) =>
  readdirSync(join(directory, "messages", rfc)).map((file) => `${rfc}/${file}`)
);

function load(file: string): Message {
  const bytes = new Uint8Array(readFileSync(join(directory, "messages", file)));
  const message = new Message();
  parseMessage(bytes, 0, bytes.length, message);
  return message;
}

describe("torture messages", () => {
  it("are all listed, and every listed one is there", () => {
    expect(files.toSorted()).toEqual(Object.keys(outcomes).toSorted());
    expect(files.length).toBe(62);
  });

  for (const [file, outcome] of Object.entries(outcomes)) {
    it(`${file} is ${outcome.parse}ed: ${outcome.about} (${outcome.section})`, () => {
      const message = load(file);
      const failure = message.failure ?? checkSyntax(message);
      if (outcome.parse === "accept") return expect(failure).toBeUndefined();
      const { header, rule, source, status } = failure!;
      expect({ header, rule, source, status }).toEqual({
        header: outcome.header!,
        rule: outcome.rule!,
        source: outcome.source!,
        status: outcome.status!,
      });
      expect(failure!.isAnswerable).toBe(outcome.server !== "silence");
    });

    if (outcome.parse === "reject" && outcome.server !== "silence") {
      it(`${file} gets an answer that parses and names what is wrong (RFC 3261 §8.2.6)`, () => {
        const message = load(file);
        const failure = (message.failure ?? checkSyntax(message))!;
        const answer = writeResponse(message, { status: failure.status, reason: failure.reasonPhrase, toTag: "t" });
        const response = new Message();
        const echo = parseMessage(answer, 0, answer.length, response);
        // Bad Via and CSeq values go back as they came.
        if (echo !== undefined) expect([failure.header, "Via", "CSeq"]).toContain(echo.header);
        expect(response.status).toBe(outcome.server as number);
        expect(response.text(Header.callId)).toBe(message.text(Header.callId)!);
      });
    }
  }
});

describe("accepted torture messages read as the RFC says", () => {
  it("wsinv: folds, blanks and compact names (RFC 4475 §3.1.1.1)", () => {
    const message = load("rfc4475/wsinv.dat");
    expect(message.to.tag).toBe("1918181833n");
    expect(message.from.display).toBe('J Rosenberg \\"');
    expect(message.from.tag).toBe("98asjd8");
    expect(message.maxForwards).toBe(68);
    expect(message.cseq.sequence).toBe(9);
    expect(message.text(Header.subject)).toBe("");
    expect(message.extension("newfangledheader")).toBe("newfangled value continued newfangled value");
    expect(message.extension("unknownheaderwithunusualvalue")).toBe(";;,,;;,;");
    expect(message.vias.map(({ transport, host, branch }) => [transport, host, branch])).toEqual([
      ["UDP", "192.0.2.2", "390skdjuw"],
      ["TCP", "spindle.example.com", "z9hG4bK9ikj8"],
      ["UDP", "192.168.255.111", "z9hG4bK30239"],
    ]);
    expect(message.branch).toBe("390skdjuw");
    expect(message.routes).toEqual(["<sip:services.example.com;lr;unknownwith=value;unknown-no-value>"]);
    const contacts = message.contacts;
    expect(contacts).not.toBe("*");
    expect((contacts as Exclude<typeof contacts, "*">)[0]!.display).toBe('Quoted string ""');
  });

  it("intmeth: every character that tokens, users and Call-ID may hold (RFC 4475 §3.1.1.2)", () => {
    const message = load("rfc4475/intmeth.dat");
    expect(message.methodText).toBe("!interesting-Method0123456789_*+`.%indeed'~");
    expect(message.requestUri.user).toBe("1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*");
    expect(message.requestUri.password).toBe("&it+has=1,weird!*pas$wo~d_too.(doesn't-it)");
    expect(message.to.display).toBe("BEL:\x07 NUL:\x00 DEL:\x7f");
    expect(message.from.display).toBe("token1~` token2'+_ token3*%!.-");
    expect(message.from.tag).toBe("_token~1'+`*%!-.");
    expect(message.callId).toBe("intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{");
    expect(message.extension("extensionheader-!.%*+_`'~")).toBe("\ufeff大停電");
  });

  it("esc01, escnull: escapes are undone (RFC 4475 §3.1.1.3, §3.1.1.4)", () => {
    const message = load("rfc4475/esc01.dat");
    expect(message.requestUri.user).toBe("sips:user@example.com");
    expect(message.to.uri.user).toBe("user");
    const contacts = load("rfc4475/escnull.dat").contacts;
    expect((contacts as Exclude<typeof contacts, "*">).map(({ uri }) => uri.user)).toEqual(["\0", "\0\0"]);
  });

  it("esc02: a percent sign outside URIs is itself (RFC 4475 §3.1.1.5)", () => {
    const message = load("rfc4475/esc02.dat");
    expect(message.methodText).toBe("RE%47IST%45R");
    expect(message.to.display).toBe("%Z%45");
    expect(message.count(Header.contact)).toBe(2);
  });

  it("longreq: nothing is cut (RFC 4475 §3.1.1.7)", () => {
    const message = load("rfc4475/longreq.dat");
    expect(message.vias).toHaveLength(34);
    expect(message.to.display.length).toBeGreaterThan(0);
    expect(message.callId).toStartWith("longreq.one" + "really".repeat(20) + "longcallid");
  });

  it("dblreq: the body ends at Content-Length (RFC 4475 §3.1.1.8)", () => {
    const message = load("rfc4475/dblreq.dat");
    expect(message.body.length).toBe(0);
    expect(message.bodyEnd).toBeLessThan(message.end);
  });

  it("semiuri: semicolons belong to the user (RFC 4475 §3.1.1.9)", () => {
    expect(load("rfc4475/semiuri.dat").requestUri.user).toBe("user;par=u@example.net");
  });

  it("inv2543: no branch (RFC 4475 §3.4.1)", () => {
    const message = load("rfc4475/inv2543.dat");
    expect(message.branchStart).toBe(-1);
    expect(message.to.params).toEqual([{ name: "user", value: "phone" }]);
  });

  it("regaut01: other schemes than Digest are passed over (RFC 4475 §3.3.7)", () => {
    expect(load("rfc4475/regaut01.dat").authorizations).toEqual([]);
  });

  it("cparam01, cparam02: bare URIs leave parameters to the header (RFC 4475 §3.3.12, §3.3.13)", () => {
    const [outside, inside] = ["cparam01", "cparam02"].map((name) => {
      const contacts = load(`rfc4475/${name}.dat`).contacts;
      return (contacts as Exclude<typeof contacts, "*">)[0]!;
    });
    expect([outside!.params.length, outside!.uri.params.length]).toEqual([1, 0]);
    expect([inside!.params.length, inside!.uri.params.length]).toEqual([0, 1]);
  });

  const hosts: [string, string, number | undefined][] = [
    ["ipv6-good", "2001:db8::10", undefined],
    ["port-ambiguous", "2001:db8::10:5070", undefined],
    ["port-unambiguous", "2001:db8::10", 5070],
    ["ipv6-bug-abnf-3-colons", "2001:db8::192.0.2.1", undefined],
    ["ipv6-correct-abnf-2-colons", "2001:db8::192.0.2.1", undefined],
  ];
  for (const [name, host, port] of hosts) {
    it(`${name}: host and port of the Request-URI (RFC 5118 §4)`, () => {
      const { requestUri } = load(`rfc5118/${name}.dat`);
      expect([requestUri.host, requestUri.port]).toEqual([host, port]);
    });
  }

  for (const name of ["via-received-param-with-delim", "via-received-param-no-delim"]) {
    it(`${name}: received reads the same (RFC 5118 §4.5)`, () => {
      const { topVia } = load(`rfc5118/${name}.dat`);
      expect([topVia.host, topVia.received]).toEqual(["2001:db8::9:1", "2001:db8::9:255"]);
    });
  }
});
