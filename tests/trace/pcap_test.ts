import { describe, expect, test } from "bun:test";
import { writePcap } from "../../lib/trace/pcap.ts";
import type { RecordedMessage } from "../../lib/transport/recorder.ts";

const text = "OPTIONS sip:a SIP/2.0\r\n\r\n";

function message(more: Partial<RecordedMessage> = {}): RecordedMessage {
  const bytes = new TextEncoder().encode(text);
  return {
    id: 1,
    atMicros: 1_767_225_601_000_250,
    isSent: false,
    transport: "udp",
    local: { address: "192.168.1.5", port: 5060 },
    remote: { address: "192.168.1.20", port: 5062 },
    bytes,
    wireLength: bytes.length,
    ...more,
  };
}

/** Cuts a capture file into its packets. */
function packetsOf(file: Uint8Array) {
  const packets: { seconds: number; micros: number; captured: number; original: number; ip: DataView }[] = [];
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  for (let at = 24; at < file.length;) {
    const captured = view.getUint32(at + 8);
    packets.push({
      seconds: view.getUint32(at),
      micros: view.getUint32(at + 4),
      captured,
      original: view.getUint32(at + 12),
      ip: new DataView(file.buffer, file.byteOffset + at + 16, captured),
    });
    at += 16 + captured;
  }
  return packets;
}

/** The ones' complement sum over 16-bit words; 0xffff where a checksum is right. Source: RFC 1071 §1. */
function sum(view: DataView, start: number, end: number, before = 0): number {
  let total = before;
  for (let at = start; at < end; at += 2) total += at + 1 < end ? view.getUint16(at) : view.getUint8(at) * 256;
  while (total > 0xffff) total = (total & 0xffff) + Math.floor(total / 0x10000);
  return total;
}

const v6 = {
  local: { address: "2001:db8::5", port: 5060 },
  remote: { address: "fe80::1:2%eth0", port: 5062 },
} as const;

describe("pcap", () => {
  test("an empty capture is its file header", () => {
    expect(Buffer.from(writePcap([])).toString("hex")).toBe("a1b2c3d4000200040000000000000000" + "0000ffff00000065");
  });

  test("a datagram has its instant, addresses, ports and bytes (RFC 791 §3.1)", () => {
    const [packet] = packetsOf(writePcap([message()]));
    const { ip } = packet!;
    expect([packet!.seconds, packet!.micros]).toEqual([1_767_225_601, 250]);
    expect([packet!.captured, packet!.original]).toEqual([28 + text.length, 28 + text.length]);
    expect([ip.getUint8(0), ip.getUint16(2), ip.getUint8(9)]).toEqual([0x45, 28 + text.length, 17]);
    expect([12, 13, 14, 15, 16, 17, 18, 19].map((at) => ip.getUint8(at))).toEqual([192, 168, 1, 20, 192, 168, 1, 5]);
    expect(sum(ip, 0, 20)).toBe(0xffff);
    expect([20, 22, 24].map((at) => ip.getUint16(at))).toEqual([5062, 5060, 8 + text.length]);
    expect(Buffer.from(ip.buffer, ip.byteOffset + 28, text.length).toString()).toBe(text);
  });

  test("what hintd sent goes the other way", () => {
    const { ip } = packetsOf(writePcap([message({ isSent: true })]))[0]!;
    expect([ip.getUint8(15), ip.getUint8(19), ip.getUint16(20), ip.getUint16(22)]).toEqual([5, 20, 5060, 5062]);
  });

  for (const transport of ["udp", "tcp"] as const) {
    test(`over IPv6 ${transport} has a right checksum (RFC 8200 §8.1)`, () => {
      const { ip } = packetsOf(writePcap([message({ transport, ...v6 })]))[0]!;
      expect([ip.getUint8(0), ip.getUint8(6)]).toEqual([0x60, transport === "udp" ? 17 : 6]);
      expect(Buffer.from(ip.buffer, ip.byteOffset + 8, 16).toString("hex")).toBe("fe800000000000000000000000010002");
      expect(Buffer.from(ip.buffer, ip.byteOffset + 24, 16).toString("hex")).toBe("20010db8000000000000000000000005");
      const length = ip.getUint16(4);
      expect(length).toBe((transport === "udp" ? 8 : 20) + text.length);
      expect(sum(ip, 40, ip.byteLength, sum(ip, 8, 40) + ip.getUint8(6) + length)).toBe(0xffff);
    });
  }

  test("the numbers of a stream count its bytes in both directions (RFC 9293 §3.4)", () => {
    const tcp = { transport: "tcp" } as const;
    const packets = packetsOf(writePcap([
      message(tcp),
      message({ ...tcp, isSent: true }),
      message(tcp),
      message({ ...tcp, remote: { address: "192.168.1.21", port: 5062 } }),
    ]));
    const { length } = text;
    expect(packets.map(({ ip }) => [ip.getUint32(24), ip.getUint32(28)])).toEqual([
      [1, 1],
      [1, 1 + length],
      [1 + length, 1 + length],
      [1, 1],
    ]);
    const { ip } = packets[0]!;
    expect(sum(ip, 20, ip.byteLength, sum(ip, 12, 20) + 6 + 20 + length)).toBe(0xffff);
  });

  test("a message that was not kept whole says how long it was", () => {
    const [packet] = packetsOf(writePcap([message({ wireLength: 20_000 })]));
    expect([packet!.captured, packet!.original]).toEqual([28 + text.length, 28 + 20_000]);
    expect(packet!.ip.getUint16(2)).toBe(28 + 20_000);
  });

  test("none is longer than IP can tell", () => {
    const [packet] = packetsOf(writePcap([message({ transport: "tcp", wireLength: 65_535 })]));
    expect(packet!.original).toBe(65_535);
  });
});
