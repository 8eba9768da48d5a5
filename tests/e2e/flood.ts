/**
 * A process of its own that sends requests as fast as it can, for a bounded time, and reads no answer.
 *
 * Run: bun tests/e2e/flood.ts PORT MILLIS. Prints how many it sent.
 */
const [port, millis] = [Number(process.argv[2]), Number(process.argv[3])];
const ADDRESS = "127.0.0.1";
/** Requests between two looks at the time. */
const BURST = 200;

const socket = await Bun.udpSocket({ hostname: ADDRESS, socket: { data() {}, error() {} } });

function request(n: number): string {
  const method = n % 3 === 0 ? "SUBSCRIBE" : "OPTIONS";
  return `${method} sip:2000@${ADDRESS}:${port} SIP/2.0\r\nVia: SIP/2.0/UDP ${ADDRESS}:${socket.port};rport;branch=z9hG4bKf${n}\r\n` +
    `Max-Forwards: 70\r\nFrom: <sip:guest@${ADDRESS}>;tag=f${n}\r\nTo: <sip:2000@${ADDRESS}>\r\nCall-ID: flood-${n}\r\n` +
    `CSeq: 1 ${method}\r\nContact: <sip:f${n}@${ADDRESS}:${socket.port}>\r\nEvent: dialog\r\n` +
    "Accept: application/dialog-info+xml\r\nExpires: 60\r\nContent-Length: 0\r\n\r\n";
}

let count = 0;
for (const end = performance.now() + millis; performance.now() < end;) {
  const burst = Array.from({ length: BURST }, () => [request(count++), port, ADDRESS]).flat();
  // A full socket takes fewer, which is as many as there is a way for.
  socket.sendMany(burst as never);
}
process.stdout.write(`${count}\n`);
process.exit(0);
