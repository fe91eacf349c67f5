-- With pgbench -M simple the values become literals, with -M prepared parameters. 10^17 keys: no duplicates.
\set batch random(1, 100000000000000000)
\set amount random(1, 99999)
INSERT INTO bench (batch, line, name, amount, created) VALUES (:batch, 1, 'a name of a row', :amount, '2024-05-06 07:08:09+00');
