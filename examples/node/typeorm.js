// What TypeORM sees of a key that is taken.
import 'reflect-metadata';
import { DataSource, EntitySchema } from 'typeorm';
import { report } from './report.js';

const Product = new EntitySchema({
  name: 'Product',
  tableName: 'products',
  columns: {
    id: { type: 'bigint', primary: true, generated: 'identity' },
    sku: { type: 'text', unique: true },
    name: { type: 'text' },
    stock: { type: 'int', default: 0 },
  },
});
// The line that changes: DATABASE_URL names pgconcord's host and port instead of the server's.
const source = await new DataSource({ type: 'postgres', url: process.env.DATABASE_URL, entities: [Product] }).initialize();
const products = source.getRepository(Product);
const rival = (sku) => source.query("INSERT INTO products (sku, name, stock) VALUES ($1, 'stored', 1)", [sku]);
const objects = (entities) => entities.map(({ id, sku, name }) => ({ sku, name, id: id ? Number(id) : null }));
const sent = (sku) => ({ sku, name: 'sent', stock: 2 });

await report(
  'typeorm',
  [
    ['create', 'repository.insert()', async (sku, race) => {
      await race();
      const entity = sent(sku);
      await products.insert(entity);
      return { objects: objects([entity]) };
    }],
    ['save', 'repository.save()', async (sku, race) => {
      await race();
      return { objects: objects([await products.save(sent(sku))]) };
    }],
    ['get-or-create', 'findOneBy(), then save()', async (sku, race) => {
      const found = await products.findOneBy({ sku });
      await race();
      return { objects: objects([found ?? (await products.save(sent(sku)))]), created: !found };
    }],
    ['bulk create', 'repository.insert([...])', async (sku, race) => {
      await race();
      const entities = [sent(`${sku}-new`), sent(sku)];
      await products.insert(entities);
      return { objects: objects(entities) };
    }],
    ['bulk create', 'repository.save([...])', async (sku, race) => {
      await race();
      return { objects: objects(await products.save([sent(`${sku}-new`), sent(sku)])) };
    }],
    ['upsert API', 'repository.upsert()', async (sku, race) => {
      await race();
      await products.upsert(sent(sku), ['sku']);
      return {};
    }],
    ['upsert API', 'orIgnore()', async (sku, race) => {
      await race();
      await products.createQueryBuilder().insert().values(sent(sku)).orIgnore().execute();
      return {};
    }],
    ['raw SQL', 'query()', async (sku, race) => {
      await race();
      await source.query("INSERT INTO products (sku, name, stock) VALUES ($1, 'sent', 2)", [sku]);
      return {};
    }],
  ],
  rival,
);
await source.destroy();
