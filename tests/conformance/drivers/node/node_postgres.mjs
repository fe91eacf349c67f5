// node-postgres in ordinary use; prints what it saw, step by step.
import { createHash } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import pg from 'pg';
import Cursor from 'pg-cursor';
import copyStreams from 'pg-copy-streams';

const step = (name) => console.log(`== ${name}`);
const show = (...values) => console.log(values.map((v) => JSON.stringify(v)).join(' '));
const digest = (bytes) => createHash('sha256').update(bytes).digest('hex').slice(0, 16);
const failure = async (promise) => {
  try {
    await promise;
    show('no error');
  } catch (e) {
    show(e.severity, e.code, e.schema, e.table, e.column, e.constraint, e.detail, e.position);
  }
};

step('connect');
const client = new pg.Client();
const notices = [];
client.on('notice', (n) => notices.push([n.severity, n.code, n.message]));
await client.connect();
show((await client.query('SELECT current_user, current_database() IS NOT NULL')).rows);

step('types');
const typed = await client.query({
  text: `SELECT 1::int2, 2::int4, 3::int8, 4.5::float4, 5.5::float8, 6.25::numeric, true, 'text', 'c'::"char",
    '\\xdeadbeef'::bytea, '2024-02-29'::date, '2024-02-29 12:34:56.789+00'::timestamptz AT TIME ZONE 'UTC',
    '{1,NULL,3}'::int[], '{"a": [1, null]}'::jsonb, '00000000-0000-0000-0000-000000000001'::uuid, NULL::int,
    '1 day 02:03:04'::interval::text, '[1,5)'::int4range::text, '127.0.0.1'::inet`,
  rowMode: 'array',
});
show(typed.rows, typed.fields.map((f) => f.dataTypeID));

step('parameters');
show((await client.query('SELECT $1::int + 1 AS a, $2::text AS b, $3::bytea AS c, $4::text[] AS d',
  [41, "it's", Buffer.from([0, 255]), ['x', null, '"']])).rows);

step('prepared');
for (let n = 0; n < 3; n++) {
  show((await client.query({ name: 'get', text: 'SELECT name FROM item WHERE id = $1', values: [n + 1] })).rows);
}
show((await client.query({ name: 'x'.repeat(63), text: 'SELECT $1::int AS n', values: [7] })).rows);

step('several statements');
show((await client.query('SELECT 1 AS a; SELECT 2 AS b; UPDATE item SET amount = amount WHERE id < 4')).map((r) => [
  r.command, r.rowCount, r.rows]));
show((await client.query('')).rows);

step('queue');
const queued = Array.from({ length: 50 }, (_, n) => client.query('SELECT $1::int AS n', [n]));
show((await Promise.all(queued)).map((r) => r.rows[0].n));

step('cursor');
const cursor = client.query(new Cursor('SELECT id FROM item ORDER BY id'));
show((await cursor.read(3)).length, (await cursor.read(50)).length, (await cursor.read(1000)).length);
await cursor.close();

step('copy');
const rows = Array.from({ length: 5000 }, (_, n) => `copied ${n}\t${n}\n`);
await pipeline(Readable.from(rows), client.query(copyStreams.from('COPY item (name, amount) FROM STDIN')));
let copied = 0;
for await (const chunk of client.query(copyStreams.to("COPY (SELECT * FROM item ORDER BY id) TO STDOUT"))) copied += chunk.length;
show(copied, (await client.query('SELECT count(*), sum(amount) FROM item')).rows);
await failure(pipeline(Readable.from(['copied 1\t1\n']), client.query(copyStreams.from('COPY item (name, amount) FROM STDIN'))));
await failure(pipeline(Readable.from(['bad\t-1\n']), client.query(copyStreams.from('COPY item (name, amount) FROM STDIN'))));
show((await client.query('SELECT 1 AS still_here')).rows);

step('errors');
await failure(client.query("INSERT INTO item (name) VALUES ('item 1')"));
await failure(client.query('INSERT INTO item (name) VALUES ($1)', ['item 2']));
await failure(client.query('INSERT INTO item (name, amount) VALUES ($1, $2)', ['negative', -1]));
await failure(client.query('INSERT INTO item (amount) VALUES (1)'));
await failure(client.query('INSERT INTO part VALUES (-1)'));
await failure(client.query('SELECT * FROM missing'));
await failure(client.query('SELECT $1::int', ['not a number']));
await failure(client.query('SELEC'));
await failure(client.query("DO $$BEGIN RAISE EXCEPTION 'own' USING ERRCODE = 'ABCDE'; END$$"));
await client.query("DO $$BEGIN RAISE NOTICE 'hello'; END$$");
show(notices);

step('transactions');
await client.query('BEGIN');
await client.query("INSERT INTO item (name) VALUES ('in a block')");
await client.query('SAVEPOINT a');
await failure(client.query("INSERT INTO item (name) VALUES ('in a block')"));
await failure(client.query('SELECT 1'));
await client.query('ROLLBACK TO a');
show((await client.query("SELECT count(*) FROM item WHERE name = 'in a block'")).rows);
await client.query('COMMIT');
await client.query('BEGIN ISOLATION LEVEL SERIALIZABLE');
await client.query('INSERT INTO part VALUES (-2)');
await failure(client.query('COMMIT'));
show((await client.query('SELECT count(*) FROM part')).rows);

step('notify');
const heard = [];
const waiting = new Promise((resolve) => client.on('notification', (n) => {
  heard.push([n.channel, n.payload]);
  if (heard.length === 2) resolve();
}));
await client.query('LISTEN channel');
await client.query("NOTIFY channel, 'own'");
const other = new pg.Client();
await other.connect();
await other.query("SELECT pg_notify('channel', 'other')");
await waiting;
show(heard);

step('cancel');
const slow = failure(client.query('SELECT pg_sleep(60)'));
const pid = client.processID;
for (;;) {
  const found = await other.query("SELECT 1 FROM pg_stat_activity WHERE pid = $1 AND query LIKE '%pg_sleep(60)%' AND wait_event = 'PgSleep'", [pid]);
  if (found.rowCount) break;
}
new pg.Client().cancel(client, client.activeQuery ?? client._activeQuery);
await slow;
show((await client.query('SELECT 1 AS still_here')).rows);

step('big values');
const big = 'ä'.repeat(4_000_000);
const back = (await client.query('SELECT $1::text AS v, length($1) AS n', [big])).rows[0];
show(back.n, digest(back.v) === digest(big));
const bytes = (await client.query("SELECT decode(repeat('00ff', 8000000), 'hex') AS v")).rows[0].v;
show(bytes.length, digest(bytes));

step('pool');
const pool = new pg.Pool({ max: 5 });
const pooled = await Promise.all(Array.from({ length: 100 }, (_, n) => pool.query('SELECT $1::int AS n', [n])));
show(pooled.reduce((sum, r) => sum + r.rows[0].n, 0));
await pool.end();
await other.end();
await client.end();
