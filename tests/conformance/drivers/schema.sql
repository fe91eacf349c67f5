-- What every driver's program finds in its fresh database.
CREATE TABLE item (
    id serial PRIMARY KEY,
    name text NOT NULL CONSTRAINT item_name_key UNIQUE,
    amount int CONSTRAINT item_amount_check CHECK (amount >= 0)
);
CREATE TABLE part (item_id int CONSTRAINT part_item_fkey REFERENCES item DEFERRABLE INITIALLY DEFERRED);
INSERT INTO item (name, amount) SELECT 'item ' || n, n FROM generate_series(1, 100) AS n;
