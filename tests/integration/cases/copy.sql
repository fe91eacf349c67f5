CREATE TABLE c (id int PRIMARY KEY, name text, CHECK (id <> 13))

COPY c FROM STDIN
>1	one
>2	\N
>3	tab\tinside

COPY c (name, id) FROM STDIN WITH (FORMAT csv, HEADER)
>name,id
>"four, with comma",4
>,5

-- A key that is there already: the unique violation comes when the batch is flushed.
COPY c FROM STDIN
>6	six
>1	again

-- A check violation comes at once.
COPY c FROM STDIN
>13	unlucky
>14	after

COPY c FROM STDIN
>not a number	x

COPY c FROM STDIN
>7	seven
>!

COPY c FROM STDIN

COPY missing FROM STDIN
>1	x

COPY c TO STDOUT

COPY (SELECT id, name FROM c ORDER BY id DESC) TO STDOUT WITH (FORMAT csv, HEADER)

COPY c TO STDOUT WITH (FORMAT binary)

COPY (SELECT generate_series(1, 5000), repeat('wide', 50)) TO STDOUT

COPY (SELECT 1/(id-1) FROM c ORDER BY id) TO STDOUT

SELECT count(*), sum(id) FROM c
