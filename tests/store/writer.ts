/** A process that stores one state after the other until it is killed, and prints each one after it was acknowledged. */
import { systemClock } from "../../lib/runtime/clock.ts";
import { silentLog } from "../../lib/runtime/log.ts";
import { openDatabase } from "../../lib/store/database.ts";
import { StatesStore } from "../../lib/store/states_store.ts";

const [directory, first] = process.argv.slice(2);
const store = new StatesStore(openDatabase({ directory: directory!, log: silentLog, clock: systemClock }));
for (let serial = Number(first);; serial++) {
  store.saveMailbox(`${serial % 7}@default`, { value: { new: serial, old: 0 }, changedAt: serial });
  process.stdout.write(`${serial}\n`);
}
