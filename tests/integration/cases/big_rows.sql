SELECT repeat('x', 3000000)

SELECT g, repeat(chr(65 + g % 26), 1000) FROM generate_series(1, 3000) g

SELECT string_agg(g::text, ',') FROM generate_series(1, 100000) g

SELECT decode(repeat('00ff', 100000), 'hex')

CREATE TABLE wide AS SELECT g AS id, repeat('w', 100000) AS body FROM generate_series(1, 20) g

SELECT * FROM wide ORDER BY id

SELECT array_agg(g) FROM generate_series(1, 20000) g
