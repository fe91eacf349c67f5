\set ON_ERROR_STOP 1
INSERT INTO products (sku, name) VALUES ('A-1', 'Anvil') RETURNING id, name;
INSERT INTO products (sku, name) VALUES ('A-1', 'Anvil again') RETURNING id, name;
BEGIN;
INSERT INTO products (sku, name) VALUES ('A-1', 'Anvil once more') RETURNING id, name;
COMMIT;
