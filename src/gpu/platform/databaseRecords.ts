import type { RecordStore } from "./platform.ts";

const DATABASE = "tapegrad";
const TABLE = "tuning";

/** Records in the browser's IndexedDB, whose transactions keep pages and workers apart. */
export const openDatabaseRecords = (): RecordStore => ({
  place: (name) => `IndexedDB ${DATABASE}/${TABLE}/${name}`,
  read: async (name) => {
    const read = (table: IDBObjectStore) => resultOf<string | undefined>(table.get(name));
    return (await transact("readonly", read)) ?? null;
  },
  update: (name, merge) =>
    transact("readwrite", async (table) => {
      const known = await resultOf<string | undefined>(table.get(name));
      table.put(merge(known ?? null), name);
    }),
});

/** Resolves when what `work` asked for is stored. */
async function transact<T>(
  mode: IDBTransactionMode,
  work: (table: IDBObjectStore) => Promise<T>,
): Promise<T> {
  const database = await open();
  try {
    const transaction = database.transaction(TABLE, mode);
    const done = new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onerror = transaction.onabort = () => reject(transaction.error);
    });
    const [result] = await Promise.all([work(transaction.objectStore(TABLE)), done]);
    return result;
  } finally {
    database.close();
  }
}

function open(): Promise<IDBDatabase> {
  const request = indexedDB.open(DATABASE, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(TABLE);
  return resultOf(request);
}

const resultOf = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
