/** Where answers and NOTIFYs go: both families, several listeners, names, routes, and what is too large for a datagram. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Hintd, officeConfig, startHintd } from "./hintd.ts";
import { within } from "./lines.ts";
import { freePort } from "./ports.ts";
import { body, header, okTo, openTcp, openUdp, requestFrom, startLine, type Wire } from "./wire.ts";

let hintd: Hintd;
let six: number;
let second: number;

beforeAll(async () => {
  six = await freePort();
  second = await freePort();
  const listener = (transport: string, bind: string) => `[[listen]]\ntransport = "${transport}"\nbind = "${bind}"\n`;
  hintd = await startHintd((office) =>
    officeConfig(office, {
      more: [
        `2002 = "Custom:long(${"A very long name ".repeat(40)})"\n`,
        listener("udp", `[::1]:${six}`),
        listener("tcp", `[::1]:${six}`),
        listener("udp", `127.0.0.1:${second}`),
        "[endpoints.direct]\nrewrite_contact = false\nallow_subscribe = true\n",
      ].join("\n"),
    })
  );
});

afterAll(() => hintd?.dispose());

const watch = ["Event: dialog", "Accept: application/dialog-info+xml", "Expires: 600"];
const isNotify = (message: string) => message.startsWith("NOTIFY ");
const isResponse = (message: string) => message.startsWith("SIP/2.0 ");
const viaSix = (request: string) => request.replaceAll("127.0.0.1", "[::1]");

function subscribe(wire: Wire, transport: "UDP" | "TCP", headers: readonly string[] = [], exten = "2000"): string {
  return requestFrom(wire, transport, {
    method: "SUBSCRIBE",
    uri: `sip:${exten}@127.0.0.1`,
    headers: [...watch, ...headers],
  });
}

test("a phone is told over IPv6, by UDP and by TCP", async () => {
  for (const transport of ["UDP", "TCP"] as const) {
    const phone = transport === "UDP" ? await openUdp(six, { host: "::1", server: "::1" }) : await openTcp(six, "::1");
    phone.send(viaSix(subscribe(phone, transport)));
    const answer = await phone.next(isResponse);
    expect(startLine(answer)).toBe("SIP/2.0 200 OK");
    expect(header(answer, "Via")).toContain("received=::1");
    expect(header(answer, "Contact")).toContain(`[::1]:${six}`);
    const first = await phone.next(isNotify);
    expect(header(first, "Via")).toContain(`SIP/2.0/${transport} [::1]:${six}`);
    phone.send(okTo(first));
    await hintd.setDevice("Custom:door", transport === "UDP" ? "RINGING" : "INUSE");
    const changed = await phone.next((message) => isNotify(message) && message !== first);
    expect(body(changed)).toContain(transport === "UDP" ? "early" : "confirmed");
    phone.send(okTo(changed));
    phone.close();
  }
});

test("NOTIFYs leave by the listener that the SUBSCRIBE came by", async () => {
  const phone = await openUdp(second);
  phone.send(subscribe(phone, "UDP"));
  expect(header(await phone.next(isResponse), "Contact")).toContain(`127.0.0.1:${second}`);
  const notify = await phone.next(isNotify);
  expect(header(notify, "Via")).toContain(`127.0.0.1:${second}`);
  phone.send(okTo(notify));
  phone.close();
});

test("without rewrite_contact a NOTIFY goes where the Contact says, a name looked up (RFC 3263 §4)", async () => {
  const phone = await openUdp(hintd.sipPort);
  const desk = await openUdp(hintd.sipPort);
  const request = subscribe(phone, "UDP").replace(/From: <sip:guest@/, "From: <sip:direct@")
    .replace(/Contact: .*/, `Contact: <sip:desk@localhost:${desk.port}>`);
  phone.send(request);
  expect(startLine(await phone.next(isResponse))).toBe("SIP/2.0 200 OK");
  const notify = await desk.next(isNotify);
  expect(startLine(notify)).toBe(`NOTIFY sip:desk@localhost:${desk.port} SIP/2.0`);
  desk.send(okTo(notify));
  phone.close();
  desk.close();
});

test("a recorded route is taken: Route in order, target in the request line (RFC 3261 §12.2.1.1)", async () => {
  const phone = await openUdp(hintd.sipPort);
  const proxy = await openUdp(hintd.sipPort);
  const route = `<sip:127.0.0.1:${proxy.port};lr>`;
  const request = subscribe(phone, "UDP", [`Record-Route: ${route}, <sip:far.example;lr>`])
    .replace(/From: <sip:guest@/, "From: <sip:direct@");
  phone.send(request);
  const answer = await phone.next(isResponse);
  expect(header(answer, "Record-Route")).toBe(`${route}, <sip:far.example;lr>`);
  const notify = await proxy.next(isNotify);
  const routes = notify.split("\r\n").filter((line) => line.startsWith("Route:")).join().replaceAll("Route: ", "");
  expect(routes.split(/,\s*/)).toEqual([route, "<sip:far.example;lr>"]);
  expect(startLine(notify)).toBe(`NOTIFY sip:guest@127.0.0.1:${phone.port} SIP/2.0`);
  proxy.send(okTo(notify));
  phone.close();
  proxy.close();
});

test("a NOTIFY too large for a datagram goes by TCP where the phone listens, else by UDP (RFC 3261 §18.1.1)", async () => {
  const long = ["Accept: application/pidf+xml", "Event: presence", "Expires: 600"];
  const ask = (phone: Wire) =>
    requestFrom(phone, "UDP", { method: "SUBSCRIBE", uri: `sip:2002@127.0.0.1;pad=${"x".repeat(900)}`, headers: long })
      .replace("sip:guest@127.0.0.1:", "sip:guest@127.0.0.1:");
  const deaf = await openUdp(hintd.sipPort);
  deaf.send(ask(deaf));
  const datagram = await deaf.next(isNotify);
  expect(datagram.length).toBeGreaterThan(1_300);
  expect(header(datagram, "Via")).toStartWith("SIP/2.0/UDP");
  deaf.send(okTo(datagram));
  deaf.close();

  const { promise, resolve } = Promise.withResolvers<string>();
  let text = "";
  const listening = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      data(socket, data) {
        text += data.toString("latin1");
        if (!text.includes("\r\n\r\n") || body(text).length < Number(header(text, "Content-Length"))) return;
        socket.write(okTo(text));
        resolve(text);
      },
    },
  });
  const phone = await openUdp(hintd.sipPort, { port: listening.port });
  phone.send(ask(phone));
  const streamed = await within(promise, () => "a NOTIFY by TCP");
  expect(header(streamed, "Via")).toStartWith("SIP/2.0/TCP");
  expect(streamed.length).toBeGreaterThan(1_300);
  listening.stop(true);
  phone.close();
});
