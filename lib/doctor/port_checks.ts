/**
 * Owns the check of the doors: whether hintd answers at every listener and on the page, or could.
 */
import { splitBind } from "../config/options.ts";
import { isLoopback } from "../transport/listener_options.ts";
import { placeOf } from "./addresses.ts";
import { type Finding, ok, problem, warning } from "./finding.ts";
import type { Machine, Place } from "./machine.ts";
import { holderOf } from "./sockets.ts";
import { listenersOf, type Subject } from "./subject.ts";

/** Every listener, and the page. */
export async function checkPorts(subject: Subject): Promise<Finding[]> {
  const listeners = listenersOf(subject);
  const findings = await Promise.all([
    ...listeners.map((place) => checkListener(subject, place)),
    ...pageOf(subject).map((place) => checkPage(subject, place)),
  ]);
  if (subject.config.listen.length === 0) {
    findings.push(problem("port", "No [[listen]]: no phone can reach hintd", "Add one to config.toml"));
  } else if (listeners.length > 0 && listeners.every(({ address }) => isLoopback(address))) {
    findings.push(
      warning(
        "port",
        "hintd listens on this machine only: no phone can reach it",
        'bind = "0.0.0.0:5060" in [[listen]]',
      ),
    );
  }
  return findings;
}

async function checkListener(subject: Subject, place: Place): Promise<Finding> {
  const name = `${place.transport} ${placeOf(place.address, place.port)}`;
  const { machine, hintd } = subject;
  if (hintd.state === "stopped") return await checkFree(subject, place, name);
  const answer = await machine.options({ ...place, address: reachable(place.address) });
  if (answer?.startsWith("SIP/2.0 200")) return ok("port", `${name} answers`);
  if (answer !== undefined) {
    const advice = answer.startsWith("SIP/2.0 503") ? "hintd cannot serve phones now: see its problems above" : "";
    return problem("port", `${name} answers "${answer}"`, advice);
  }
  const holder = hintd.state === "runs" ? holderOf(machine, place) : undefined;
  return problem(
    "port",
    `${name} does not answer${holder === undefined ? "" : `; it is held by ${holder.name} (pid ${holder.pid})`}`,
    adviceFor(subject, "listen"),
  );
}

async function checkPage(subject: Subject, place: Place): Promise<Finding> {
  const name = `page http://${placeOf(place.address, place.port)}`;
  if (subject.hintd.state === "stopped") return await checkFree(subject, place, name);
  const answer = await subject.machine.page(reachable(place.address), place.port);
  return answer?.startsWith("HTTP/1.1 ") === true
    ? ok("port", `${name} answers`)
    : problem("port", `${name} does not answer`, adviceFor(subject, "http"));
}

/** What to do about a place that hintd should answer at. */
function adviceFor({ hintd }: Subject, section: "listen" | "http"): string {
  if (hintd.state !== "runs") return "See what is said of hintd above";
  return `\`hintd status\` says where it listens and what it complains of; after a change of ${section}: hintd reload`;
}

/** Whether hintd, which does not run, could listen there. */
async function checkFree({ machine }: Subject, place: Place, name: string): Promise<Finding> {
  const outcome = await machine.tryBind(place);
  switch (outcome) {
    case "free":
      return ok("port", `${name} is free`);
    case "taken":
      return taken(machine, place, name);
    case "denied":
      return problem(
        "port",
        `${name} is not permitted to whoever asks`,
        "Ports below 1024 need a right: `sudo hintd service install` gives it to hintd, and no other",
      );
    case "no such address":
      return problem(
        "port",
        `${name}: this machine has no such address`,
        `It has ${machine.addresses().join(", ") || "none"}; bind = "0.0.0.0:${place.port}" takes all of IPv4`,
      );
  }
}

function taken(machine: Machine, place: Place, name: string): Finding {
  const holder = holderOf(machine, place);
  if (holder === undefined) {
    const whom = machine.userId === 0 ? "`ss -lnp` may say by whom" : "`sudo hintd doctor` says by whom";
    return problem("port", `${name} is taken by another program`, whom);
  }
  const advice = holder.name.startsWith("hintd")
    ? "That is another hintd: end it, or name its configuration with -c"
    : "End that program, or give hintd another port in [[listen]] and the phones with it";
  return problem("port", `${name} is taken by ${holder.name} (pid ${holder.pid})`, advice);
}

/** Where the page is; nowhere when its port is only known once it is open. */
function pageOf({ config }: Subject): Place[] {
  const { address, port } = splitBind(config.http.bind) ?? { address: "", port: 0 };
  return port === 0 ? [] : [{ transport: "tcp", address: address === "localhost" ? "127.0.0.1" : address, port }];
}

/** Where to ask for what is bound to every address. */
function reachable(address: string): string {
  if (address === "0.0.0.0") return "127.0.0.1";
  return address === "::" ? "::1" : address;
}
