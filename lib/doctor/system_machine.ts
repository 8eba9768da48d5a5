/**
 * Owns the machine itself, as the examination asks it. The outer ring of this directory.
 */
import { Database } from "bun:sqlite";
import { spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { lookup } from "node:dns/promises";
import { accessSync, constants, readdirSync, readFileSync, readlinkSync, statfsSync, statSync } from "node:fs";
import { connect, createServer } from "node:net";
import { networkInterfaces, userInfo } from "node:os";
import { type Clock, systemClock } from "../runtime/clock.ts";
import type { BindOutcome, Machine } from "./machine.ts";

const ANSWER_MILLIS = 2_000;
const COMMAND_MILLIS = 3_000;

/** Makes the machine that this runs on. */
export function systemMachine(clock: Clock = systemClock): Machine {
  return {
    userId: userInfo().uid,
    now: () => clock.wall(),
    read: (path) => orUndefined(() => readFileSync(path, "utf8")),
    names: (path) => orUndefined(() => readdirSync(path)) ?? [],
    linkOf: (path) => orUndefined(() => readlinkSync(path)),
    modeOf: (path) =>
      orUndefined(() => {
        const { mode, uid } = statSync(path);
        return { mode: mode & 0o777, userId: uid };
      }),
    mayWrite: (path) => orUndefined(() => (accessSync(path, constants.W_OK), true)) ?? false,
    roomAt: (path) =>
      orUndefined(() => {
        const { bavail, bsize, ffree } = statfsSync(path);
        return { bytes: bavail * bsize, files: ffree };
      }),
    run(command, args) {
      const { status, stdout, error } = spawnSync(command, [...args], { encoding: "utf8", timeout: COMMAND_MILLIS });
      return error !== undefined || status === null ? undefined : { exitCode: status, text: stdout };
    },
    addresses: () =>
      Object.values(networkInterfaces()).flatMap((each) => each ?? []).filter(({ internal }) => !internal)
        .map(({ address }) => address),
    tryBind: (transport, address, port) => transport === "udp" ? tryUdp(address, port) : tryTcp(address, port),
    options: (transport, address, port) => transport === "udp" ? askUdp(address, port) : askTcp(address, port),
    async resolve(name) {
      const startedAt = clock.now();
      try {
        const found = await lookup(name, { all: true });
        return { addresses: found.map(({ address }) => address), millis: Math.round(clock.now() - startedAt) };
      } catch (error) {
        return reasonOf(error);
      }
    },
    databaseTrouble(path) {
      try {
        using database = new Database(path, { readonly: true });
        using check = database.prepare<{ quick_check: string }, []>("PRAGMA quick_check(1)");
        const finding = check.get()!.quick_check;
        return finding === "ok" ? undefined : finding;
      } catch (error) {
        return reasonOf(error);
      }
    },
  };
}

function tryUdp(address: string, port: number): Promise<BindOutcome> {
  const socket = createSocket(familyOf(address));
  return new Promise((resolve) => {
    socket.once("error", (error) => resolve(bindOutcome(error))).bind({ address, port, exclusive: true }, () => {
      socket.close();
      resolve("free");
    });
  });
}

function tryTcp(address: string, port: number): Promise<BindOutcome> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", (error) => resolve(bindOutcome(error))).listen(
      { host: address, port, exclusive: true },
      () => {
        server.close();
        resolve("free");
      },
    );
  });
}

function bindOutcome(error: Error): BindOutcome {
  const { code } = error as { code?: string };
  if (code === "EACCES" || code === "EPERM") return "denied";
  return code === "EADDRNOTAVAIL" ? "no such address" : "taken";
}

function askUdp(address: string, port: number): Promise<string | undefined> {
  const socket = createSocket(familyOf(address));
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const giveUp = AbortSignal.timeout(ANSWER_MILLIS);
  giveUp.addEventListener("abort", () => resolve(undefined));
  socket.once("error", () => resolve(undefined));
  socket.once("message", (bytes) => resolve(firstLine(bytes)));
  socket.connect(port, address, () => socket.send(optionsText("UDP", address, port, socket.address().port)));
  return promise.finally(() => socket.close());
}

function askTcp(address: string, port: number): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const socket = connect({ host: address, port });
  socket.setTimeout(ANSWER_MILLIS, () => resolve(undefined));
  socket.once("error", () => resolve(undefined));
  socket.once("data", (bytes) => resolve(firstLine(bytes)));
  socket.once("connect", () => socket.write(optionsText("TCP", address, port, socket.localPort ?? 0)));
  return promise.finally(() => socket.destroy());
}

/** Source: RFC 3261 §11.1. */
function optionsText(transport: string, address: string, port: number, localPort: number): string {
  const host = address.includes(":") ? `[${address}]` : address;
  return [
    `OPTIONS sip:${host}:${port} SIP/2.0`,
    `Via: SIP/2.0/${transport} ${host}:${localPort};rport;branch=z9hG4bKdoctor${localPort}`,
    "Max-Forwards: 70",
    `From: <sip:doctor@${host}>;tag=doctor${localPort}`,
    `To: <sip:${host}:${port}>`,
    `Call-ID: doctor-${localPort}@${host}`,
    "CSeq: 1 OPTIONS",
    "Content-Length: 0",
    "",
    "",
  ].join("\r\n");
}

function firstLine(answer: Uint8Array | string): string {
  return (typeof answer === "string" ? answer : new TextDecoder().decode(answer)).split("\r\n")[0]!;
}

function familyOf(address: string): "udp4" | "udp6" {
  return address.includes(":") ? "udp6" : "udp4";
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function orUndefined<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}
