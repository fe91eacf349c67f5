// What node-postgres sees of a key that is taken.
import pg from 'pg';
import { report } from './report.js';

// The line that changes: DATABASE_URL names pgconcord's host and port instead of the server's.
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
const INSERT = 'INSERT INTO products (sku, name, stock) VALUES ($1, $2, $3)';

const rival = (sku) => pool.query(INSERT, [sku, 'stored', 1]);
const objects = (rows) => rows.map((row) => ({ ...row, id: row.id && Number(row.id) }));

await report(
  'pg',
  [
    ['raw SQL', 'query(INSERT)', async (sku, race) => {
      await race();
      return { count: (await pool.query(INSERT, [sku, 'sent', 2])).rowCount };
    }],
    ['raw SQL', 'query(INSERT ... RETURNING)', async (sku, race) => {
      await race();
      const { rows } = await pool.query(`${INSERT} RETURNING id, sku, name`, [sku, 'sent', 2]);
      return { objects: objects(rows) };
    }],
    ['raw SQL', 'query() between BEGIN and COMMIT', async (sku, race) => {
      await race();
      const client = await pool.connect();
      try {
        await client.query('BEGIN');
        const { rows } = await client.query(`${INSERT} RETURNING id, sku, name`, [sku, 'sent', 2]);
        await client.query('COMMIT');
        return { objects: objects(rows) };
      } catch (error) {
        await client.query('ROLLBACK');
        throw error;
      } finally {
        client.release();
      }
    }],
    ['bulk create', 'query(INSERT of several rows)', async (sku, race) => {
      await race();
      const text = 'INSERT INTO products (sku, name, stock) VALUES ($1, $3, $4), ($2, $3, $4)';
      return { count: (await pool.query(text, [`${sku}-new`, sku, 'sent', 2])).rowCount };
    }],
  ],
  rival,
);
await pool.end();
