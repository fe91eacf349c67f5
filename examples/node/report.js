// One line of JSON per operation: what the application got.
import { readSync } from 'node:fs';

export async function report(prefix, operations, rival) {
  for (const [number, [operation, call, work]] of operations.entries()) {
    const sku = `${prefix}-${number}`;
    let result;
    try {
      result = await work(sku, () => rival(sku));
    } catch (error) {
      result = { error: error.constructor.name, sqlstate: error.code ?? error.driverError?.code ?? null };
    }
    console.log(JSON.stringify({ operation, call, sku, ...result }));
    if (process.env.STEP) readSync(0, Buffer.alloc(1));
  }
}
