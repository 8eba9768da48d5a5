/** What hostile documents come to when somebody publishes them: each is refused at once, and nobody else notices. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { dialog, dialogs, dialogType } from "./documents.ts";
import { type Hintd, officeConfig, startHintd } from "./hintd.ts";
import { within } from "./lines.ts";
import { documentsDuring } from "./watcher.ts";
import { openTcp, openUdp, requestFrom, startLine } from "./wire.ts";

const SECONDS = 30_000;

const more = `
quiet = "PJSIP/quiet"

[endpoints.quiet]
contact = ["sip:quiet@127.0.0.1:9"]
qualify_frequency = 0
`;

/** Documents that nobody sends who means well, with the answer to each. */
const hostile: readonly { title: string; document: string; answer: string }[] = [
  {
    title: "entities of entities, a billion laughs in the end",
    document: `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a0 "ha">${
      Array.from({ length: 9 }, (_, i) => `<!ENTITY a${i + 1} "${`&a${i};`.repeat(10)}">`).join("")
    }]>${dialogs(0, "full", dialog("&a9;", "early")).slice(21)}`,
    answer: "400 Line 1: a document type is not allowed",
  },
  {
    title: "an entity that is a file of ours",
    document: `<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>${
      dialogs(0, "full", dialog("&f;", "early")).slice(21)
    }`,
    answer: "400 Line 1: a document type is not allowed",
  },
  {
    title: "ten thousand elements inside one another",
    document: "<a>".repeat(10_000),
    answer: "400 Line 1: the elements are nested too deeply",
  },
  {
    title: "thousands of attributes",
    document: dialogs(0, "full", `<x ${Array.from({ length: 3_000 }, (_, i) => `a${i}=""`).join(" ")}/>`),
    answer: "400 Line 3: an element has too many attributes",
  },
  {
    title: "thousands of calls",
    document: dialogs(
      0,
      "full",
      ...Array.from({ length: 400 }, (_, i) => `<dialog id="${i}"><state>early</state></dialog>`),
    ),
    answer: "400 No more than 64 dialogs can be published at once",
  },
  {
    title: "UTF-16",
    document: utf16(dialogs(0, "full", dialog("1", "early"))),
    answer: "400 Line 1: the document must be UTF-8",
  },
  {
    title: "bytes that are no UTF-8",
    document: dialogs(0, "full", dialog("\xC3\x28", "early")),
    answer: "400 Line 1: the document must be UTF-8",
  },
  {
    title: "a NUL",
    document: dialogs(0, "full", dialog("1\0", "early")),
    answer: "400 Line 3: not well-formed: disallowed character.",
  },
  {
    title: "nothing but blanks",
    document: " ".repeat(30_000),
    answer: "400 Line 1: not well-formed: document must contain a root element.",
  },
  {
    title: "more than is taken",
    document: dialogs(0, "full", "<!--", "-".repeat(40_000), "-->"),
    answer: "413 Request Entity Too Large",
  },
];

function utf16(text: string): string {
  return Buffer.from(`\uFEFF${text}`, "utf16le").toString("latin1");
}

for (const transport of ["UDP", "TCP"] as const) {
  describe(`hostile documents over ${transport}`, () => {
    let hintd: Hintd;

    beforeAll(async () => {
      hintd = await startHintd((office) => officeConfig(office, { more }));
    });

    afterAll(() => hintd?.dispose());

    test("are refused at once, each by its code, and nobody else notices", async () => {
      const publisher = await (transport === "UDP" ? openUdp(hintd.sipPort) : openTcp(hintd.sipPort));
      const neighbour = await openUdp(hintd.sipPort);
      const publishes = async (document: string): Promise<string> => {
        publisher.send(requestFrom(publisher, transport, {
          method: "PUBLISH",
          uri: "sip:quiet@127.0.0.1",
          from: "<sip:quiet@127.0.0.1>;tag=1",
          headers: ["Event: dialog", dialogType, "Expires: 600"],
          body: document,
        }));
        return startLine(await publisher.next((message) => message.startsWith("SIP/2.0 "))).slice("SIP/2.0 ".length);
      };
      const answersNeighbour = async (): Promise<void> => {
        neighbour.send(requestFrom(neighbour, "UDP"));
        expect(startLine(await neighbour.next(undefined, 1_000))).toBe("SIP/2.0 200 OK");
      };
      const documents = await documentsDuring({ port: hintd.sipPort, exten: "quiet" }, 2, async () => {
        for (const { title, document, answer } of hostile) {
          const begin = performance.now();
          const [answered] = await Promise.all([publishes(document), answersNeighbour()]);
          expect([title, answered]).toEqual([title, answer]);
          expect(performance.now() - begin).toBeLessThan(1_000);
        }
        expect(await publishes(dialogs(0, "full", dialog("1", "early")))).toBe("200 OK");
      });
      // Between the first document and the honest one there was none.
      expect(documents[1]).toContain('call-id="call-1"');
      publisher.close();
      neighbour.close();
    }, SECONDS);

    if (transport === "TCP") {
      test("of a megabyte end their connection, and nobody else notices", async () => {
        const publisher = await openTcp(hintd.sipPort);
        publisher.send(requestFrom(publisher, "TCP", {
          method: "PUBLISH",
          uri: "sip:quiet@127.0.0.1",
          from: "<sip:quiet@127.0.0.1>;tag=1",
          headers: ["Event: dialog", dialogType, "Expires: 600"],
          body: dialogs(0, "full", ...Array(5_000).fill(dialog("1", "early"))),
        }));
        await within(publisher.closed, () => "the connection to be closed");
        expect(publisher.received.filter((answer) => startLine(answer).includes("200"))).toEqual([]);
        expect(await hintd.isWell()).toBe(true);
      }, SECONDS);
    }
  });
}
