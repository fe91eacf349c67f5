-- For -M extended: ten statements with parameters, one round trip, one transaction.
\set batch random(1, 100000000000000000)
\set amount random(1, 99999)
\startpipeline
INSERT INTO bench (batch, line, name, amount, created) VALUES (:batch, 1, 'a name of a row', :amount, '2024-05-06 07:08:09+00');
INSERT INTO bench (batch, line, name, amount, created) VALUES (:batch, 2, 'a name of a row', :amount, '2024-05-06 07:08:09+00');
INSERT INTO bench (batch, line, name, amount, created) VALUES (:batch, 3, 'a name of a row', :amount, '2024-05-06 07:08:09+00');
INSERT INTO bench (batch, line, name, amount, created) VALUES (:batch, 4, 'a name of a row', :amount, '2024-05-06 07:08:09+00');
INSERT INTO bench (batch, line, name, amount, created) VALUES (:batch, 5, 'a name of a row', :amount, '2024-05-06 07:08:09+00');
INSERT INTO bench (batch, line, name, amount, created) VALUES (:batch, 6, 'a name of a row', :amount, '2024-05-06 07:08:09+00');
INSERT INTO bench (batch, line, name, amount, created) VALUES (:batch, 7, 'a name of a row', :amount, '2024-05-06 07:08:09+00');
INSERT INTO bench (batch, line, name, amount, created) VALUES (:batch, 8, 'a name of a row', :amount, '2024-05-06 07:08:09+00');
INSERT INTO bench (batch, line, name, amount, created) VALUES (:batch, 9, 'a name of a row', :amount, '2024-05-06 07:08:09+00');
INSERT INTO bench (batch, line, name, amount, created) VALUES (:batch, 10, 'a name of a row', :amount, '2024-05-06 07:08:09+00');
\endpipeline
