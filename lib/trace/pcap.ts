/**
 * Owns the capture file that Wireshark, tshark and sngrep read: recorded messages behind IP, UDP and TCP headers made anew.
 *
 * What hintd sees is messages, not packets, so the packets here are what they might have been: one per message, no handshakes,
 * TCP sequence numbers that count the bytes of this file. Addresses, ports, instants and messages are true.
 *
 * Source: draft-ietf-opsawg-pcap (libpcap 2.4, LINKTYPE_RAW); RFC 791 §3.1, RFC 8200 §3, RFC 768, RFC 9293 §3.1.
 */
import { isIPv4 } from "node:net";
import type { RecordedMessage, SocketAddress } from "../transport/recorder.ts";

/** Microseconds, host order told by itself. */
const magic = 0xa1b2c3d4;
/** Packets begin with an IPv4 or IPv6 header. */
const linkTypeRaw = 101;
const fileHeaderBytes = 24;
const packetHeaderBytes = 16;
/** Longest packet that IP can tell the length of. */
const packetBytes = 65_535;

const udpProtocol = 17;
const tcpProtocol = 6;
/** PSH and ACK: data, and all of it so far was heard. */
const tcpFlags = 0x18;

/** Writes the messages, in their order, as a capture file. */
export function writePcap(messages: Iterable<RecordedMessage>): Uint8Array<ArrayBuffer> {
  const head = new DataView(new ArrayBuffer(fileHeaderBytes));
  head.setUint32(0, magic);
  head.setUint16(4, 2);
  head.setUint16(6, 4);
  head.setUint32(16, packetBytes);
  head.setUint32(20, linkTypeRaw);
  const chunks = [new Uint8Array(head.buffer)];
  const streams = new Map<string, number>();
  for (const message of messages) chunks.push(packetOf(message, streams));
  return Buffer.concat(chunks) as Uint8Array<ArrayBuffer>;
}

function packetOf(message: RecordedMessage, streams: Map<string, number>): Uint8Array<ArrayBuffer> {
  const { isSent, transport, local, remote, bytes } = message;
  const [from, to] = isSent ? [local, remote] : [remote, local];
  const isV4 = isIPv4(from.address) && isIPv4(to.address);
  const ipBytes = isV4 ? 20 : 40;
  const protocol = transport === "udp" ? udpProtocol : tcpProtocol;
  const portBytes = protocol === udpProtocol ? 8 : 20;
  const headerBytes = ipBytes + portBytes;
  const wireLength = Math.min(message.wireLength, packetBytes - headerBytes);
  const captured = Math.min(bytes.length, wireLength);

  const packet = new Uint8Array(packetHeaderBytes + headerBytes + captured);
  const view = new DataView(packet.buffer);
  view.setUint32(0, Math.floor(message.atMicros / 1_000_000));
  view.setUint32(4, message.atMicros % 1_000_000);
  view.setUint32(8, headerBytes + captured);
  view.setUint32(12, headerBytes + wireLength);
  packet.set(bytes.subarray(0, captured), packetHeaderBytes + headerBytes);

  const ip = new DataView(packet.buffer, packetHeaderBytes);
  const length = portBytes + wireLength;
  const pseudo = isV4 ? writeIpv4(ip, from, to, protocol, length) : writeIpv6(ip, from, to, protocol, length);
  ip.setUint16(ipBytes, from.port);
  ip.setUint16(ipBytes + 2, to.port);
  if (protocol === udpProtocol) {
    ip.setUint16(ipBytes + 4, length);
    // RFC 768: over IPv4 a checksum of 0 means that there is none.
    if (!isV4) ip.setUint16(ipBytes + 6, checksum(ip, ipBytes, ip.byteLength, pseudo) || 0xffff);
    return packet;
  }
  const sentBy = streamKey(from, to);
  const sequence = streams.get(sentBy) ?? 1;
  ip.setUint32(ipBytes + 4, sequence);
  ip.setUint32(ipBytes + 8, streams.get(streamKey(to, from)) ?? 1);
  ip.setUint8(ipBytes + 12, (portBytes / 4) << 4);
  ip.setUint8(ipBytes + 13, tcpFlags);
  ip.setUint16(ipBytes + 14, 0xffff);
  streams.set(sentBy, (sequence + wireLength) % 2 ** 32);
  ip.setUint16(ipBytes + 16, checksum(ip, ipBytes, ip.byteLength, pseudo));
  return packet;
}

function streamKey(from: SocketAddress, to: SocketAddress): string {
  return `${from.address} ${from.port} ${to.address} ${to.port}`;
}

/** Returns the sum of the pseudo header, for the checksum of what follows. Source: RFC 791 §3.1, RFC 9293 §3.1. */
function writeIpv4(ip: DataView, from: SocketAddress, to: SocketAddress, protocol: number, length: number): number {
  ip.setUint8(0, 0x45);
  ip.setUint16(2, 20 + length);
  // Don't fragment: nobody wonders where the other pieces are.
  ip.setUint16(6, 0x4000);
  ip.setUint8(8, 64);
  ip.setUint8(9, protocol);
  writeAddress(ip, 12, from.address.split(".").map(Number));
  writeAddress(ip, 16, to.address.split(".").map(Number));
  ip.setUint16(10, checksum(ip, 0, 20, 0));
  return sumOf(ip, 12, 20) + protocol + length;
}

/** As `writeIpv4`. Source: RFC 8200 §3, §8.1. */
function writeIpv6(ip: DataView, from: SocketAddress, to: SocketAddress, protocol: number, length: number): number {
  ip.setUint8(0, 0x60);
  ip.setUint16(4, length);
  ip.setUint8(6, protocol);
  ip.setUint8(7, 64);
  writeAddress(ip, 8, ipv6Bytes(from.address));
  writeAddress(ip, 24, ipv6Bytes(to.address));
  return sumOf(ip, 8, 40) + protocol + length;
}

function writeAddress(ip: DataView, at: number, bytes: readonly number[]): void {
  for (const [i, byte] of bytes.entries()) ip.setUint8(at + i, byte);
}

/** The 16 bytes of an IPv6 address, its zone left out; an IPv4 address becomes a mapped one. Source: RFC 4291 §2.2. */
function ipv6Bytes(address: string): number[] {
  if (isIPv4(address)) return ipv6Bytes(`::ffff:${address}`);
  const text = address.split("%")[0]!.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, a, b, c, d) => {
    const group = (high: string, low: string) => (Number(high) * 256 + Number(low)).toString(16);
    return `${group(a, b)}:${group(c, d)}`;
  });
  const [head = "", tail] = text.split("::");
  const groups = (part: string | undefined) => part ? part.split(":").map((group) => parseInt(group, 16)) : [];
  const [front, back] = [groups(head), groups(tail)];
  const zeros = new Array(Math.max(0, 8 - front.length - back.length)).fill(0);
  return [...front, ...zeros, ...back].slice(0, 8).flatMap((group) => [group >> 8 & 0xff, group & 0xff]);
}

/** The ones' complement checksum. Source: RFC 1071 §1. */
function checksum(view: DataView, start: number, end: number, sum: number): number {
  let folded = sum + sumOf(view, start, end);
  while (folded > 0xffff) folded = (folded & 0xffff) + Math.floor(folded / 0x10000);
  return ~folded & 0xffff;
}

function sumOf(view: DataView, start: number, end: number): number {
  let sum = 0;
  let at = start;
  for (; at + 1 < end; at += 2) sum += view.getUint16(at);
  return at < end ? sum + view.getUint8(at) * 256 : sum;
}
