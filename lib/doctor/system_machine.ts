/**
 * Owns the machine itself, as the examination asks it. The outer ring of this directory.
 */
import { execFile } from "node:child_process";
import { createSocket } from "node:dgram";
import { lookup } from "node:dns/promises";
import { readdirSync, readFileSync, readlinkSync, statfsSync, statSync } from "node:fs";
import { connect, createServer } from "node:net";
import { hostname, networkInterfaces, userInfo } from "node:os";
import { env } from "node:process";
import { type Clock, systemClock } from "../runtime/clock.ts";
import { systemEntropy } from "../runtime/entropy.ts";
import { inspectDatabase } from "../store/inspection.ts";
import { Resolver, systemDns } from "../transport/resolver.ts";
import { placeOf } from "./addresses.ts";
import type { BindOutcome, Machine, Place, Resolved } from "./machine.ts";

const answerMillis = 2_000;
const patienceMillis = 3_000;

/** Makes the machine that this runs on. */
export function systemMachine(clock: Clock = systemClock): Machine {
  const resolver = new Resolver({ dns: systemDns(), clock, entropy: systemEntropy, transports: () => ["udp", "tcp"] });
  return {
    userId: userInfo().uid,
    hostName: hostname(),
    now: () => clock.wall(),
    read: (path) => orUndefined(() => readFileSync(path, "utf8")),
    names: (path) => orUndefined(() => readdirSync(path)) ?? [],
    linkOf: (path) => orUndefined(() => readlinkSync(path)),
    factsOf: (path) =>
      orUndefined(() => {
        const { mode, uid, gid, mtimeMs } = statSync(path);
        return { mode: mode & 0o777, userId: uid, groupId: gid, changedAt: mtimeMs };
      }),
    roomAt: (path) =>
      orUndefined(() => {
        const { bavail, bsize, files, ffree } = statfsSync(path);
        // Some file systems count no files.
        return { bytes: bavail * bsize, files: files === 0 ? Infinity : ffree };
      }),
    run,
    addresses: () =>
      Object.values(networkInterfaces()).flatMap((each) => each ?? [])
        .filter(({ internal, address }) => !internal && !address.startsWith("fe80:")).map(({ address }) => address),
    tryBind: (place) => place.transport === "udp" ? tryUdp(place) : tryTcp(place),
    options: (place) => place.transport === "udp" ? askUdp(place) : askTcp(place, (port) => optionsText(place, port)),
    page: (address, port) =>
      askTcp({ address, port }, () => `GET /healthz HTTP/1.1\r\nHost: ${placeOf(address, port)}\r\n\r\n`),
    resolve: (name) => timed(clock, async () => (await lookup(name, { all: true })).map(({ address }) => address)),
    resolveSip: (target) => timed(clock, async () => (await resolver.resolve(target)).map(({ address }) => address)),
    inspectDatabase,
  };
}

/** Commands of administrators are not on everybody's PATH, and ufw speaks the language of the terminal. */
function run(command: string, ...args: readonly string[]): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const surroundings = { ...env, PATH: `${env.PATH ?? ""}:/usr/sbin:/sbin`, LC_ALL: "C" };
  try {
    execFile(
      command,
      [...args],
      { timeout: patienceMillis, env: surroundings, maxBuffer: 8_388_608 },
      (error, stdout) => resolve(error === null ? stdout : undefined),
    );
  } catch {
    resolve(undefined);
  }
  return promise;
}

function tryUdp({ address, port }: Place): Promise<BindOutcome> {
  const { promise, resolve } = Promise.withResolvers<BindOutcome>();
  const socket = createSocket({ type: kindOf(address), ipv6Only: true });
  socket.once("error", (error) => resolve(bindOutcome(error)));
  socket.bind({ address, port, exclusive: true }, () => socket.close(() => resolve("free")));
  return promise;
}

function tryTcp({ address, port }: Place): Promise<BindOutcome> {
  const { promise, resolve } = Promise.withResolvers<BindOutcome>();
  const server = createServer();
  server.once("error", (error) => resolve(bindOutcome(error)));
  server.listen({ host: address, port, exclusive: true, ipv6Only: true }, () => server.close(() => resolve("free")));
  return promise;
}

function bindOutcome(error: Error): BindOutcome {
  const { code } = error as { code?: string };
  if (code === "EACCES" || code === "EPERM") return "denied";
  return code === "EADDRNOTAVAIL" ? "no such address" : "taken";
}

function askUdp(place: Place): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const socket = createSocket(kindOf(place.address));
  AbortSignal.timeout(answerMillis).addEventListener("abort", () => resolve(undefined));
  socket.once("error", () => resolve(undefined));
  socket.once("message", (bytes) => resolve(firstLine(bytes)));
  socket.connect(place.port, place.address, () => socket.send(optionsText(place, socket.address().port)));
  return promise.finally(() => socket.close());
}

function askTcp({ address, port }: Omit<Place, "transport">, text: (localPort: number) => string) {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const socket = connect({ host: address, port });
  socket.setTimeout(answerMillis, () => resolve(undefined));
  socket.once("error", () => resolve(undefined));
  socket.once("close", () => resolve(undefined));
  socket.once("data", (bytes) => resolve(firstLine(bytes)));
  socket.once("connect", () => socket.write(text(socket.localPort ?? 0)));
  return promise.finally(() => socket.destroy());
}

/** Source: RFC 3261 §11.1. */
function optionsText({ transport, address, port }: Place, localPort: number): string {
  const host = placeOf(address, port);
  const own = placeOf(address, localPort);
  return [
    `OPTIONS sip:${host} SIP/2.0`,
    `Via: SIP/2.0/${transport.toUpperCase()} ${own};rport;branch=z9hG4bK-doctor-${localPort}`,
    "Max-Forwards: 70",
    `From: <sip:doctor@${own}>;tag=doctor-${localPort}`,
    `To: <sip:${host}>`,
    `Call-ID: doctor-${localPort}`,
    "CSeq: 1 OPTIONS",
    "User-Agent: hintd doctor",
    "Content-Length: 0",
    "",
    "",
  ].join("\r\n");
}

function firstLine(answer: Uint8Array | string): string {
  return (typeof answer === "string" ? answer : new TextDecoder().decode(answer)).split("\r\n")[0]!;
}

function kindOf(address: string): "udp4" | "udp6" {
  return address.includes(":") ? "udp6" : "udp4";
}

/** What `resolve` finds, with the time it took; why it finds nothing, or not in time. */
async function timed(clock: Clock, resolve: () => Promise<readonly string[]>): Promise<Resolved | string> {
  const startedAt = clock.now();
  const { promise: late, resolve: giveUp } = Promise.withResolvers<string>();
  AbortSignal.timeout(patienceMillis).addEventListener(
    "abort",
    () => giveUp(`no answer in ${patienceMillis / 1_000} s`),
  );
  const found = resolve().then(
    (addresses) =>
      addresses.length === 0
        ? "there is no such name"
        : { addresses: [...new Set(addresses)], millis: Math.round(clock.now() - startedAt) },
    (error) => (error as { code?: string }).code === "ENOTFOUND" ? "there is no such name" : String(error.message),
  );
  return await Promise.race([found, late]);
}

function orUndefined<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}
