-- Inserts in many shapes, on the table that the policies of the mode tests name.
CREATE TABLE users (id serial PRIMARY KEY, email text CONSTRAINT users_email_key UNIQUE, name text DEFAULT 'nobody')

INSERT INTO users (email, name) VALUES ('a@example.org', 'a')

INSERT INTO users (email, name) VALUES ('a@example.org', 'again')

INSERT INTO users (email) VALUES ('b@example.org') RETURNING id, email, name

INSERT INTO users (email) VALUES ('b@example.org') RETURNING id

INSERT INTO users (email) VALUES ('c@example.org'), ('d@example.org'), ('c@example.org')

INSERT INTO users (email) SELECT 's' || g FROM generate_series(1, 3) g RETURNING *

INSERT INTO users DEFAULT VALUES

INSERT INTO users (email) VALUES ('a@example.org') ON CONFLICT (email) DO UPDATE SET name = 'kept' RETURNING name

INSERT INTO public.users AS u (email, name) VALUES ('e@example.org', 'e') RETURNING u.name

INSERT INTO users OVERRIDING SYSTEM VALUE VALUES (1, 'f@example.org', 'f')

BEGIN

INSERT INTO users (email) VALUES ('in a block')

INSERT INTO users (email) VALUES ('in a block')

INSERT INTO users (email) VALUES ('after the error')

ROLLBACK

UPDATE users SET email = 'a@example.org' WHERE email = 'b@example.org'

DELETE FROM users WHERE email = 'a@example.org' RETURNING email

SELECT email, name FROM users ORDER BY id
