// postgres.js in ordinary use: it pipelines everything and prepares every statement.
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import postgres from 'postgres';

const step = (name) => console.log(`== ${name}`);
const show = (...values) => console.log(values.map((v) => JSON.stringify(v)).join(' '));
const digest = (bytes) => createHash('sha256').update(bytes).digest('hex').slice(0, 16);
const failure = async (promise) => {
  try {
    await promise;
    show('no error');
  } catch (e) {
    show(e.severity, e.code, e.schema_name, e.table_name, e.column_name, e.constraint_name, e.detail, e.position);
  }
};

step('connect');
const notices = [];
const sql = postgres({ max: 1, onnotice: (n) => notices.push([n.severity, n.code, n.message]) });
show(await sql`SELECT current_user, current_database() IS NOT NULL AS known`);

step('types');
const typed = await sql`SELECT 1::int2 AS a, 2::int4 AS b, 3::int8 AS c, 4.5::float4 AS d, 6.25::numeric AS e, true AS f,
  'text' AS g, '\\xdeadbeef'::bytea AS h, '2024-02-29 12:34:56.789+00'::timestamptz AS i, '{1,NULL,3}'::int[] AS j,
  '{"a": [1, null]}'::jsonb AS k, '00000000-0000-0000-0000-000000000001'::uuid AS l, NULL::int AS m`;
show(typed, typed.columns.map((c) => c.type));

step('parameters');
show(await sql`SELECT ${41}::int + 1 AS a, ${"it's"}::text AS b, ${Buffer.from([0, 255])}::bytea AS c, ${['x', null]}::text[] AS d,
  ${sql.json({ a: 1 })}::jsonb AS e`);
show(await sql`INSERT INTO item ${sql([{ name: 'helper 1', amount: 1 }, { name: 'helper 2', amount: 2 }])} RETURNING name, amount`);

step('prepared');
for (let n = 0; n < 3; n++) show(await sql`SELECT name FROM item WHERE id = ${n + 1}`);

step('simple');
show(await sql`SELECT 1 AS a; SELECT 2 AS b; UPDATE item SET amount = amount WHERE id < 4`.simple());
show((await sql.unsafe('SELECT $1::int AS n', [3])));

step('pipeline');
show((await Promise.all(Array.from({ length: 200 }, (_, n) => sql`SELECT ${n}::int AS n`))).map((r) => r[0].n));
const mixed = Array.from({ length: 20 }, (_, n) => failure(n % 5 ? sql`SELECT ${n}::int AS n` : sql`SELECT 1 / ${0}::int`));
await Promise.all(mixed);

step('cursor');
let seen = [];
for await (const rows of sql`SELECT id FROM item ORDER BY id`.cursor(30)) seen.push(rows.length);
show(seen);
seen = 0;
await sql`SELECT id FROM item`.forEach(() => ++seen);
show(seen);

step('copy');
const rows = Array.from({ length: 5000 }, (_, n) => `copied ${n}\t${n}\n`);
await pipeline(Readable.from(rows), await sql`COPY item (name, amount) FROM STDIN`.writable());
let copied = 0;  // no more than its buffer holds: behind a pause of its own it may wait for ever, with or without a proxy
for await (const chunk of await sql`COPY (SELECT * FROM item WHERE id < 100 ORDER BY id) TO STDOUT`.readable()) copied += chunk.length;
show(copied, await sql`SELECT count(*), sum(amount) FROM item`);

step('errors');
await failure(sql`INSERT INTO item (name) VALUES ('item 1')`);
await failure(sql`INSERT INTO item (name) VALUES (${'item 2'})`);
await failure(sql`INSERT INTO item (name, amount) VALUES (${'negative'}, ${-1})`);
await failure(sql`INSERT INTO item (amount) VALUES (1)`);
await failure(sql`INSERT INTO part VALUES (-1)`);
await failure(sql`SELECT * FROM missing`);
await failure(sql`SELEC`);
await sql`DO $$BEGIN RAISE NOTICE 'hello'; END$$`;
show(notices);

step('transactions');
await failure(sql.begin(async (sql) => {
  await sql`INSERT INTO item (name) VALUES ('in a block')`;
  await sql.savepoint(async (sql) => {
    await sql`INSERT INTO item (name) VALUES ('in a block')`;
  }).catch((e) => show('caught', e.code));
  await sql`INSERT INTO item (name) VALUES ('behind it')`;
}));
await failure(sql.begin('ISOLATION LEVEL SERIALIZABLE', (sql) => sql`INSERT INTO part VALUES (-2)`));
await failure(sql.begin((sql) => [sql`INSERT INTO item (name) VALUES ('a')`, sql`INSERT INTO item (name) VALUES ('a')`]));
show(await sql`SELECT count(*) FROM part`, await sql`SELECT count(*) FROM item WHERE name IN ('in a block', 'behind it', 'a')`);

step('notify');
const heard = [];
let done;
const waiting = new Promise((resolve) => (done = resolve));
await sql.listen('channel', (payload) => heard.push(payload) === 2 && done());
await sql.notify('channel', 'one');
await sql`SELECT pg_notify('channel', ${'two'})`;
await waiting;
show(heard);

step('cancel');
const slow = sql`SELECT pg_sleep(60)`;
const ended = failure(slow);
const other = postgres({ max: 1 });
while (!(await other`SELECT 1 FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND pid <> pg_backend_pid() AND wait_event = 'PgSleep'
  AND datname = current_database()`).length);
slow.cancel();
await ended;
show(await sql`SELECT 1 AS still_here`);

step('big values');
const big = 'ä'.repeat(4_000_000);
const [back] = await sql`SELECT ${big}::text AS v, length(${big}) AS n`;
show(back.n, digest(back.v) === digest(big));
const [{ v }] = await sql`SELECT decode(repeat('00ff', 8000000), 'hex') AS v`;
show(v.length, digest(v));
await other.end();
await sql.end();
