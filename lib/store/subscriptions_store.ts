/**
 * Owns the rows of subscriptions, and the count of starts that their numbers go by.
 */
import type {
  KeptSubscription,
  SubscriptionNumbers,
  SubscriptionRecord,
  SubscriptionsPort,
} from "../event/subscription_record.ts";
import type { Database } from "./database.ts";
import type { Journal, JournalTable } from "./journal.ts";
import { packing } from "./packing.ts";

/** Where in a packed record those stand that are packed, too. */
const DIALOG = 6;
const FLOW = 17;

const records = packing<SubscriptionRecord>({
  event: 0,
  eventHeader: 1,
  eventId: 2,
  context: 3,
  exten: 4,
  endpoint: 5,
  dialog: DIALOG,
  version: 7,
  start: 8,
  phone: 9,
  sourceAddress: 10,
  userAgent: 11,
  createdAt: 12,
  entity: 13,
  mediaType: 14,
  grantedSeconds: 15,
  expiresAt: 16,
  flow: FLOW,
  list: 18,
});

const dialogs = packing<SubscriptionRecord["dialog"]>({
  callId: 0,
  localTag: 1,
  remoteTag: 2,
  localUri: 3,
  remoteUri: 4,
  localSequence: 5,
  remoteSequence: 6,
  remoteTarget: 7,
  routeSet: 8,
});

const flows = packing<NonNullable<SubscriptionRecord["flow"]>>({ listener: 0, transport: 1, address: 2, port: 3 });

function packed(record: SubscriptionRecord): string {
  const values = records.pack(record);
  values[DIALOG] = dialogs.pack(record.dialog);
  values[FLOW] = record.flow && flows.pack(record.flow);
  return JSON.stringify(values);
}

function unpacked(text: string): SubscriptionRecord {
  const values: unknown[] = JSON.parse(text);
  const flow = values[FLOW] as unknown[] | null;
  values[DIALOG] = dialogs.unpack(values[DIALOG] as unknown[]);
  values[FLOW] = flow && flows.unpack(flow);
  return records.unpack(values);
}

/** The disk of the notifier. */
export class SubscriptionsStore implements SubscriptionsPort {
  readonly start: number;
  readonly #database: Database;
  /** Packed when they are saved: a subscription goes on changing. */
  readonly #records: JournalTable<string, number>;
  readonly #numbers: JournalTable<SubscriptionNumbers, number>;
  /** The highest number that was kept. */
  #lastId = 0;

  /**
   * Counts this start.
   *
   * @param database Stays the caller's to close.
   * @throws StoreError when the count cannot be stored.
   */
  constructor(database: Database, journal: Journal) {
    this.#database = database;
    const save = database.prepare<void, [number, string]>(
      "INSERT OR REPLACE INTO subscriptions (id, record) VALUES (?, ?)",
    );
    const remove = database.prepare<void, [number]>("DELETE FROM subscriptions WHERE id = ?");
    this.#records = journal.table<string, number>({
      save: (id, record) => void save.run(id, record),
      remove: (id) => void remove.run(id),
    });
    const saveNumbers = database.prepare<void, number[]>(
      "INSERT OR REPLACE INTO subscription_numbers " +
        "(id, local_sequence, remote_sequence, version, start, granted_seconds, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
    );
    const removeNumbers = database.prepare<void, [number]>("DELETE FROM subscription_numbers WHERE id = ?");
    this.#numbers = journal.table<SubscriptionNumbers, number>({
      save: (id, { localSequence, remoteSequence, version, start, grantedSeconds, expiresAt }) =>
        void saveNumbers.run(id, localSequence, remoteSequence, version, start, grantedSeconds, expiresAt),
      remove: (id) => void removeNumbers.run(id),
    });
    const count = database.prepare<void, []>(
      "INSERT INTO starts (only_row, count) VALUES (1, 1) ON CONFLICT DO UPDATE SET count = count + 1",
    );
    database.write(() => void count.run());
    this.start = database.rows<{ count: number }>("SELECT count FROM starts")[0]!.count;
  }

  *load(): Iterable<KeptSubscription> {
    for (const { record, id, ...numbers } of this.#database.rows<LoadedRow>(LOAD)) {
      const loaded = unpacked(record);
      this.#lastId = id;
      yield { id, record: hasNumbers(numbers) ? withNumbers(loaded, numbers) : loaded };
    }
  }

  save(id: number, record: SubscriptionRecord): void {
    this.#records.save(id, packed(record));
    // A new record has no numbers yet.
    if (id <= this.#lastId) this.#numbers.remove(id);
    else this.#lastId = id;
  }

  saveNumbers(id: number, numbers: SubscriptionNumbers): void {
    this.#numbers.save(id, numbers);
  }

  remove(id: number): void {
    this.#records.remove(id);
    this.#numbers.remove(id);
  }
}

/** Records with the numbers that are newer than theirs, where there are such. */
const LOAD = `
  SELECT id, record, local_sequence AS localSequence, remote_sequence AS remoteSequence, version, start,
    granted_seconds AS grantedSeconds, expires_at AS expiresAt
  FROM subscriptions LEFT JOIN subscription_numbers USING (id)
  ORDER BY id
`;

type Numbers = { readonly [name in keyof SubscriptionNumbers]: number | null };
type LoadedRow = { readonly id: number; readonly record: string } & Numbers;

function withNumbers(record: SubscriptionRecord, numbers: SubscriptionNumbers): SubscriptionRecord {
  const { localSequence, remoteSequence, ...others } = numbers;
  return { ...record, ...others, dialog: { ...record.dialog, localSequence, remoteSequence } };
}

function hasNumbers(numbers: Numbers): numbers is SubscriptionNumbers {
  return numbers.start !== null;
}
